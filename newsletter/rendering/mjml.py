"""The one door to the MJML compiler: nothing else in the library calls it.

mjml-python 1.4.2 (mrml 6.0.1) corrupts attributes in many scripts, panics, overflows the stack and validates nothing.
``compile`` works around all of that, and its errors name a line and a column.
"""

import re
from collections.abc import Iterator
from html import escape
from html.entities import html5
from typing import Any

import mjml
from lxml import etree

from newsletter.errors import RenderError
from newsletter.rendering.components import ATTRIBUTES, BANNED, CHILDREN

_Element = Any  # lxml's stubs lack half of what an element has

MAX_DEPTH = 200  # about 9,000 nested tags overflow the compiler's stack and kill the process

# What XML 1.0 forbids, DEL, the C1 controls (browsers read &#133; as windows-1252) and what the parser cannot encode.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_FORBIDDEN = re.compile(r"<!DOCTYPE|<!\[CDATA\[", re.IGNORECASE)
_TAG = re.compile(r"<[A-Za-z][\w:.-]*(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))+\s*/?>")
_VALUE = re.compile(r"(=\s*)(?:\"([^\"]*)\"|'([^']*)')")
_REFERENCE = re.compile(r"&#(\d{2,7});")
_POSITION = re.compile(r"at position (\d+)")


def strip(text: str) -> str:
    """``text`` without the control characters that abort the compiler and that no reader sees."""
    return _CONTROL.sub("", text)


def compile(source: str, name: str) -> str:  # noqa: A001 - MJML's own word
    """The HTML of an MJML document; ``name`` is its template, for errors as in ``newsletter.mjml.j2:48:3``.

    Every fault is a RenderError. No web font is ever requested; ordinary comments are dropped, Outlook's are kept.
    """
    source = _characters(strip(source))
    _lint(source, name)
    transport = _ascii(source)
    try:
        html: str = mjml.mjml2html(transport, fonts={}, disable_comments=True)
    except ValueError as error:
        raise RenderError(f"MJML: {error}.", where=_place(transport, str(error), name), hint="Correct it.") from None
    except BaseException as error:
        # A Rust panic is a BaseException of a module that cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise RenderError("the MJML compiler gave up on this template.", where=name, hint="Simplify it.") from None
    return _REFERENCE.sub(_decoded, html)


def _characters(source: str) -> str:
    """Named entities become characters, for XML knows five of them; those five stay."""

    def character(match: re.Match[str]) -> str:
        name = f"{match[1]};"
        return match[0] if match[1] in _XML_ENTITIES or name not in html5 else escape(html5[name])

    return _ENTITY.sub(character, source)


def _ascii(source: str) -> str:
    """``source`` in ASCII: the compiler writes attributes as Rust debug strings, where only plain ASCII survives.

    Character references pass through it verbatim. Quotes, backslashes and line breaks in attributes become such too.
    """
    source = _TAG.sub(lambda tag: _VALUE.sub(_quoted, tag[0]), source)
    return source.replace("\\", "&#92;").encode("ascii", "xmlcharrefreplace").decode("ascii")


def _quoted(match: re.Match[str]) -> str:
    value = match[2] if match[2] is not None else match[3].replace('"', "&quot;")
    return f'{match[1]}"' + value.replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;") + '"'


def _decoded(match: re.Match[str]) -> str:
    """The inverse of ``_ascii`` for what is safe as a character anywhere in HTML; ``&#60;`` and its like stay."""
    number = int(match[1])
    surrogate = 0xD800 <= number <= 0xDFFF
    return chr(number) if number == 92 or (160 <= number <= 0x10FFFF and not surrogate) else match[0]


def _place(transport: str, message: str, name: str) -> str:
    found = _POSITION.search(message)
    if not found:
        return name
    before = transport[: int(found[1])]
    return f"{name}:{before.count(chr(10)) + before.count('&#10;') + 1}"


def _lint(source: str, name: str) -> None:
    """Refuse what is not well-formed, too deep, or no MJML; the first fault in the document is reported."""
    if found := _FORBIDDEN.search(source):
        line, start = source.count("\n", 0, found.start()) + 1, source.rfind("\n", 0, found.start())
        raise RenderError(
            f"MJML takes no {found[0]}.", where=f"{name}:{line}:{found.start() - start}", hint="Remove it."
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, strip_cdata=False)
    try:
        root = etree.fromstring(source.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        what = str(error.msg).partition(", line ")[0]
        raise RenderError(
            f"the template is not well-formed: {what}.", where=f"{name}:{line}:{column}", hint=_near(source, line)
        ) from None
    for element, what, hint in _faults(root):
        line = element.sourceline or 1
        tag = element.tag if isinstance(element.tag, str) else ""
        raise RenderError(
            what, where=f"{name}:{line}:{_column(source, line, tag)}", hint=f"{hint} {_near(source, line)}"
        )


def _faults(root: _Element) -> Iterator[tuple[_Element, str, str]]:
    """Each fault as its element, what is wrong, and the next step."""
    if root.tag != "mjml":
        yield root, f"the document begins with <{root.tag}>.", "Begin it with <mjml>."
        return
    if len(root.findall("mj-body")) != 1:
        yield root, "the document must have exactly one <mj-body>.", "Keep one."
    stack: list[tuple[_Element, int]] = [(root, 1)]
    while stack:
        element, depth = stack.pop()
        if depth > MAX_DEPTH:
            yield element, f"more than {MAX_DEPTH} elements stand in one another.", "Simplify the template or the text."
            return
        yield from _element_faults(element)
        stack.extend((child, depth + 1) for child in reversed(element))


def _element_faults(element: _Element) -> Iterator[tuple[_Element, str, str]]:
    if element.tag is etree.Comment:
        return
    tag = element.tag
    if not isinstance(tag, str):
        yield element, "processing instructions have no place in a mail.", "Remove it."
        return
    parent = element.getparent()
    holder = str(parent.tag) if parent is not None else ""
    if tag in BANNED:
        yield element, f"<{tag}> is not supported.", f"Leave it out: {BANNED[tag]}."
    elif tag.startswith("mj") and tag not in ATTRIBUTES and tag != "mj-all":
        yield element, f"<{tag}> is no MJML component.", "Correct its name."
    elif holder in CHILDREN and tag not in CHILDREN[holder]:
        allowed = ", ".join(sorted(CHILDREN[holder]))
        yield element, f"<{tag}> cannot stand in <{holder}>.", f"It may hold: {allowed}."
    elif tag.startswith("mj-") and parent is not None and holder not in CHILDREN:
        yield element, f"<{tag}> cannot stand in <{holder}>.", "Put it into an mj-column or mj-section."
    elif holder != "mj-attributes" and tag in ATTRIBUTES:
        yield from _attribute_faults(element, tag)


def _attribute_faults(element: _Element, tag: str) -> Iterator[tuple[_Element, str, str]]:
    for attribute in element.attrib:
        if tag == "mj-style" and attribute == "inline":
            yield element, "mj-style inline is not inlined by the compiler.", "Write the style on the elements."
        elif str(attribute) not in ATTRIBUTES[tag]:
            known = ", ".join(sorted(ATTRIBUTES[tag]))
            yield element, f"<{tag}> has no attribute {str(attribute)!r}.", f"It has: {known}."
    if tag == "mj-image" and "alt" not in element.attrib:
        yield element, "<mj-image> has no alt.", 'Describe the picture, or write alt="" if it only decorates.'


def _column(source: str, line: int, tag: str) -> int:
    """The column of a tag on its line; libxml2 keeps only the line where the opening tag ends."""
    lines = source.split("\n")
    text = lines[line - 1] if line <= len(lines) else ""
    return max(text.find(f"<{tag}"), 0) + 1


def _near(source: str, line: int) -> str:
    lines = source.split("\n")
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return f"The line reads: {text[:120]}" if text else "Correct the template."
