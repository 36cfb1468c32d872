"""The one door to the MJML compiler: nothing else in the library calls it.

mjml-python 1.4.2 (mrml 6.0.1) corrupts attributes in many scripts, panics, overflows the stack and validates nothing.
``compile`` works around all of that; the errors of ``validation``, which it asks first, name a line and a column.
"""

import re
from functools import lru_cache
from html import escape
from html.entities import html5

import mjml

from newsletter.errors import RenderError
from newsletter.rendering import validation

# What XML 1.0 forbids, DEL, the C1 controls (browsers read &#133; as windows-1252) and what the parser cannot encode.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_WIDE = re.compile(r"([^\x00-\x5b\x5d-\x7f](?:[ .,]?[^\x00-\x5b\x5d-\x7f]+)*)")  # with backslashes
_BROKEN = re.compile(r"""=\s*(?:"[^"<\n\r\t]*+[\n\r\t]|'[^'"<\n\r\t]*+["\n\r\t])""")
_TAG = re.compile(r"<[A-Za-z][\w:.-]*(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))+\s*/?>")
_VALUE = re.compile(r"(=\s*)(?:\"([^\"]*)\"|'([^']*)')")
_POSITION = re.compile(r"at position (\d+)")


def strip(text: str) -> str:
    """``text`` without the control characters that abort the compiler and that no reader sees."""
    return _CONTROL.sub("", text)


def compile(source: str, name: str) -> str:  # noqa: A001 - MJML's own word
    """The HTML of an MJML document; ``name`` is its template, for errors as in ``newsletter.mjml.j2:48:3``.

    Every fault is a RenderError. No web font is ever requested; ordinary comments are dropped, Outlook's are kept.
    """
    written = strip(source)
    source = _characters(written)
    validation.check(source, name, written=written)
    transport, runs, mark = _ascii(source)
    try:
        html: str = mjml.mjml2html(transport, fonts={}, disable_comments=True)
    except ValueError as error:
        raise RenderError(f"MJML: {error}.", where=_place(transport, str(error), name), hint="Correct it.") from None
    except BaseException as error:
        # A Rust panic is a BaseException of a module that cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise RenderError("the MJML compiler gave up on this template.", where=name, hint="Simplify it.") from None
    pieces = html.split(mark)
    pieces[1::2] = [runs[int(number)] for number in pieces[1::2]]
    return "".join(pieces)


def _characters(source: str) -> str:
    """Named entities become characters, for XML knows five of them; those five stay."""
    return _ENTITY.sub(lambda match: _character(match[1]), source)


@lru_cache(maxsize=256)
def _character(name: str) -> str:
    known = f"{name};" in html5 and name not in _XML_ENTITIES
    return escape(html5[f"{name};"]) if known else f"&{name};"


def _ascii(source: str) -> tuple[str, list[str], str]:
    """``source`` in ASCII, what was taken out of it, and the mark around each number that stands for such a run.

    The compiler writes attributes as Rust debug strings, where only plain ASCII without backslashes survives, and it
    panics at a ``>`` after other letters. Line breaks and quotes in attributes become character references.
    """
    if _BROKEN.search(source):
        source = _TAG.sub(lambda tag: _VALUE.sub(_quoted, tag[0]), source)
    mark = "Zq"
    while mark in source:
        mark += "q"
    pieces = _WIDE.split(source)
    runs = pieces[1::2]
    pieces[1::2] = [f"{mark}{number}{mark}" for number in range(len(runs))]
    return "".join(pieces), runs, mark


def _quoted(match: re.Match[str]) -> str:
    value = match[2] if match[2] is not None else match[3].replace('"', "&quot;")
    return f'{match[1]}"' + value.replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;") + '"'


def _place(transport: str, message: str, name: str) -> str:
    found = _POSITION.search(message)
    if not found:
        return name
    before = transport[: int(found[1])]
    return f"{name}:{before.count(chr(10)) + before.count('&#10;') + 1}"
