"""How a document is spelt: the plain way, which is soon checked, and every other way put into it.

A plain tag is ``<name attribute="value">``, with ``/`` at its end if nothing ever stands in it; a plain document has no
comments but Outlook's, and its named entities are those of XML. ``plain`` writes any well-formed document like that.
"""

import re
from functools import lru_cache
from html import escape, unescape
from html.entities import html5
from typing import NamedTuple

from newsletter.rendering.components import VOID

OUTLOOK = ("[if", "<![endif]")
"""How the comments begin that are written for Outlook."""

_XML_ENTITIES = frozenset(("amp;", "lt;", "gt;", "quot;", "apos;"))
_NUMBER = re.compile(r"#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")
# XML has no controls but these three, no surrogates, no U+FFFE or U+FFFF; HTML reads 128 to 159 as windows-1252.
_SAME = (range(0x20, 0x7F), range(0xA0, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000), (9, 10, 13))
_TAG = re.compile(r"([a-z][a-z0-9-]*+)((?:\s++[A-Za-z_][\w.-]*+=\"[^\"<\n\r\t]*+\")*+)\s*+(/?)", re.ASCII)
_PAIR = re.compile(r"([\w.-]+)=\"([^\"]*)\"", re.ASCII)
_ANY = re.compile(
    r"<!--(?P<comment>.*?)-->"
    r"|<(?P<end>/?)(?P<name>[^\s/>!?]+)(?P<attributes>(?:[^>\"'/]++|/(?!>)|\"[^\"]*\"|'[^']*')*+)(?P<close>/?)>",
    re.DOTALL,
)
_VALUE = re.compile(r"\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ESCAPED = str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;", '"': "&quot;", ">": "&gt;"})


class Tag(NamedTuple):
    """A start tag; ``closed`` if it is its own end.

    What its values refer to stands in them as characters, which is sure to be right if they are ``referenced``.
    """

    name: str
    attributes: tuple[tuple[str, str], ...]
    closed: bool
    referenced: bool


def tag(text: str) -> Tag | None:
    """What a start tag without its brackets says, such as ``p class="accent"``; None unless it is plain."""
    found = _TAG.fullmatch(text)
    if not found:
        return None
    attributes = _PAIR.findall(found[2])
    names = dict(attributes)
    if len(names) < len(attributes) or "xmlns" in names:
        return None
    if "&" in text:
        attributes = [(name, unescape(value)) for name, value in attributes]
    return Tag(found[1], tuple(attributes), bool(found[3]), referenced(text))


def characters(text: str) -> str:
    """Named entities become characters, for XML knows five of them; those five stay."""
    for reference in _references(text) - _XML_ENTITIES:
        if reference in html5:
            text = text.replace(f"&{reference}", escape(html5[reference]))
    return text


def referenced(text: str) -> bool:
    """Whether every ``&`` begins a reference, one of XML or to a character that HTML and XML take for the same."""
    return "&" not in text or all(map(_same, _references(text)))


def _references(text: str) -> set[str]:
    """What follows each ``&`` up to the next semicolon, such as ``nbsp;``; empty where there is none."""
    return {piece[: piece.find(";") + 1] for piece in set(text.split("&")[1:])}


@lru_cache(maxsize=256)
def _same(reference: str) -> bool:
    if not (found := _NUMBER.fullmatch(reference)):
        return reference in _XML_ENTITIES
    code = int(found[1], 16) if found[1] else int(found[2])
    return any(code in codes for codes in _SAME)


def plain(text: str) -> str:
    """A well-formed document in plain spelling, without comments but Outlook's; what is plain stays as it is."""
    return _ANY.sub(lambda found: _respelt(found[0]), characters(text))


@lru_cache(maxsize=4096)
def _respelt(text: str) -> str:
    """One tag or comment in plain spelling; kept, for a document has few kinds of tags."""
    return _ANY.sub(_plain, text)


def _plain(found: re.Match[str]) -> str:
    if found["comment"] is not None:
        return found[0] if found["comment"].startswith(OUTLOOK) else ""
    name, void = found["name"], found["name"].lower() in VOID
    if found["end"]:
        return "" if void else f"</{name}>"
    start = f"<{name}{_VALUE.sub(_quoted, found['attributes'])}"
    if void or (found["close"] and name.startswith("mj")):
        return f"{start}{found['close'] or ' /'}>"
    return f"{start}></{name}>" if found["close"] else f"{start}>"


def _quoted(found: re.Match[str]) -> str:
    value = found[1] if found[1] is not None else found[2]
    return f'="{value.translate(_ESCAPED)}"'
