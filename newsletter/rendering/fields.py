"""Merge fields: what differs per reader, left open in an edition and filled once per message.

A template prints ``{{ recipient.name }}`` as an ASCII marker that survives the MJML compiler. An edition is split once
at its markers, each of which learns where it stands; a message is the join of the pieces, every value written so that
it cannot leave its place. Many readers are filled in at a time, field by field. ``provider_fields`` gives the same
edition to a provider that joins on its side.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from html import escape
from itertools import repeat
from typing import Literal, NamedTuple
from urllib.parse import quote

from newsletter.errors import RenderError
from newsletter.model import Columns, Edition

NAMES = ("name", "email", "organisation", "unsubscribe_url")
FIELDS = tuple(f"recipient.{name}" for name in NAMES)

Context = Literal["text", "html", "link", "part"]
"""Where a field stands: in plain text, in HTML text or an attribute, as a whole address, inside an address."""

Slot = tuple[str, Context]
"""A field and where it stands; the same field in another place is written in another way."""

_BREAK = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNSEEN = re.compile(r"[\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")  # would turn the words after a name around
_OPENS = ("https://", "http://", "mailto:")

# What HTML is made of besides text. Outlook's conditional comments are left out: their content is HTML to Outlook.
_TAG = r"<[A-Za-z](?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>"
_CONSTRUCT = re.compile(rf"<!--(?!\[if).*?-->|<style\b.*?</style>|{_TAG}", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([^\s=\"'<>/]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ADDRESSES = frozenset(("href", "src", "background", "action", "cite"))
_PROGRAMS = re.compile(r"style|srcset|srcdoc|on\w+", re.IGNORECASE)


class Filled(NamedTuple):
    """An edition for one reader."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A text split at its markers: ``pieces`` with empty ones at ``holes``, which name a place and a slot's number."""

    pieces: tuple[str, ...]
    holes: tuple[tuple[int, int], ...]

    def join(self, columns: Sequence[Sequence[str]], count: int) -> list[str]:
        """The text for so many readers, with what each slot has for them in its holes."""
        if not self.holes:
            return [self.pieces[0]] * count
        parts: list[Iterable[str]] = list(map(repeat, self.pieces))
        for place, slot in self.holes:
            parts[place] = columns[slot]
        return list(map("".join, zip(*parts, strict=False)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Compiled:
    """An edition split at its markers, ready to be filled as often as there are readers."""

    subject: Part
    html: Part
    text: Part
    slots: tuple[Slot, ...]
    fields: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> Filled:
        """The edition with ``values`` in place, such as ``{"recipient.name": "Ana"}``; a missing one is empty.

        A value is one line everywhere. It is escaped in HTML, percent-encoded inside an address, and an address of its
        own only if it opens a page or a mailbox.
        """
        return Filled(*next(self.fill_all({field: [value] for field, value in values.items()}, 1)))

    def fill_all(self, columns: Columns, count: int) -> Iterator[tuple[str, str, str]]:
        """The edition for so many readers, each as ``fill`` would give it."""
        return self.join(self.written(columns, count), count)

    def written(self, columns: Columns, count: int) -> list[list[str]]:
        """For each of the ``slots`` what stands there for so many readers."""
        lines = {field: _lines(columns.get(field, [""] * count)) for field in self.fields}
        return [_written(lines[field], context) for field, context in self.slots]

    def join(self, columns: Sequence[Sequence[str]], count: int) -> Iterator[tuple[str, str, str]]:
        """Subject, HTML and text for so many readers, with finished texts for each of the ``slots``."""
        subject, html, text = (part.join(columns, count) for part in (self.subject, self.html, self.text))
        return zip(subject, html, text, strict=True)


class Recipient:
    """What templates call ``recipient``: its attributes are the markers of the known fields."""

    __slots__ = NAMES

    def __init__(self, nonce: str) -> None:
        for name in NAMES:
            setattr(self, name, marker(f"recipient.{name}", nonce))


def nonce(texts: Iterable[str]) -> str:
    """The secret part of an edition's markers: the same content gives the same nonce, and so the same hash."""
    digest = blake2b(digest_size=8)
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def marker(field: str, nonce: str) -> str:
    """The place of a field: ASCII letters, digits, dots and underscores alone, which nothing escapes or corrupts."""
    return f"Xq{nonce}{field}{nonce}qX"


def compile(edition: Edition) -> Compiled:  # noqa: A001 - as re.compile
    """Split an edition at its markers; a RenderError where one is unknown, damaged, or where no value is safe."""
    slots: dict[Slot, int] = {}
    return Compiled(
        subject=_split(edition.subject, edition, slots, _plain),
        html=_split(edition.html, edition, slots, _contexts),
        text=_split(edition.text, edition, slots, _plain),
        slots=tuple(slots),
        fields=tuple(dict.fromkeys(field for field, _ in slots)),
    )


def _split(
    text: str,
    edition: Edition,
    slots: dict[Slot, int],
    contexts: Callable[[str, Sequence[re.Match[str]], str], Iterable[Context]],
) -> Part:
    where = f"{edition.issue}, language {edition.language}"
    markers = list(re.finditer(f"Xq{edition.nonce}([a-z_.]+){edition.nonce}qX", text))
    pieces, holes, end = list[str](), list[tuple[int, int]](), 0
    for found, context in zip(markers, contexts(text, markers, where), strict=True):
        if found[1] not in FIELDS:
            known = ", ".join(FIELDS)
            raise RenderError(f"there is no merge field {found[1]!r}.", where=where, hint=f"The fields are: {known}.")
        pieces += [text[end : found.start()], ""]
        holes.append((len(pieces) - 1, slots.setdefault((found[1], context), len(slots))))
        end = found.end()
    pieces.append(text[end:])
    if any(edition.nonce in piece.lower() for piece in pieces):
        raise RenderError(
            "a merge field was changed by the template, or its marker stands in the text.",
            where=where,
            hint="Print merge fields without filters.",
        )
    return Part(pieces=tuple(pieces), holes=tuple(holes))


def _plain(_text: str, markers: Sequence[re.Match[str]], _where: str) -> Iterator[Context]:
    return iter(["text"] * len(markers))


def _contexts(html: str, markers: Sequence[re.Match[str]], where: str) -> Iterator[Context]:
    """Where each marker stands in the HTML; a RenderError for places in which no value would be safe."""
    constructs = _CONSTRUCT.finditer(html) if markers else iter(())
    construct = next(constructs, None)
    for found in markers:
        while construct and construct.end() <= found.start():
            construct = next(constructs, None)
        if not construct or found.end() <= construct.start():
            yield "html"
        else:
            yield _within(construct[0], found.start() - construct.start(), found[1], where)


def _within(construct: str, place: int, field: str, where: str) -> Context:
    attributes = _ATTRIBUTE.finditer(construct) if construct[1].isalpha() and construct[:6].lower() != "<style" else ()
    for attribute in attributes:
        value = 2 if attribute[2] is not None else 3
        if attribute.start(value) <= place < attribute.end(value) and not _PROGRAMS.fullmatch(attribute[1]):
            if attribute[1].lower() not in _ADDRESSES:
                return "html"
            return "part" if construct[attribute.start(value) : place].strip() else "link"
    raise RenderError(
        f"the merge field {field!r} stands where a reader's own words could change the mail: {construct[:60]}",
        where=where,
        hint="Print it in the text, or in an attribute such as href, alt or title.",
    )


def _lines(column: Sequence[str]) -> list[str]:
    """The values, each in one line."""
    if "".join(column).isprintable():  # nearly always, and faster than to ask each
        return list(map(str.strip, column))
    return [_UNSEEN.sub("", _BREAK.sub(" ", value)).strip() for value in column]


def _written(lines: list[str], context: Context) -> list[str]:
    return lines if context == "text" else list(map(_WRITTEN[context], lines))


def _escaped(line: str) -> str:
    # Nearly no name or address needs it, and to ask five times is faster than to replace five times.
    if "&" in line or "<" in line or ">" in line or '"' in line or "'" in line:
        return escape(line)
    return line


def _link(line: str) -> str:
    """A whole address, or nothing: another scheme could be a program."""
    return _escaped(line.replace(" ", "%20")) if line[:8].lower().startswith(_OPENS) else ""


def _part(line: str) -> str:
    return quote(line, safe="@")


# How a value that is one line is written; in a text as it is.
_WRITTEN: Mapping[Context, Callable[[str], str]] = {"html": _escaped, "link": _link, "part": _part}
