"""What the MJML compiler does not check: whether a document is well-formed, and whether it is MJML that it renders.

Every fault has a line and a column, and the next step. Faults in what the compiler would pass on without a word
(a wrong tag, an attribute that nobody reads, text that lands outside its column) are faults as well.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, starmap
from typing import Any

from lxml import etree

from newsletter.errors import RenderError
from newsletter.rendering import spelling
from newsletter.rendering.components import ATTRIBUTES, BANNED, CHILDREN, EMPTY, UNSAFE, VALUES, VOID, WORDS
from newsletter.rendering.skeleton import Skeleton

_Element = Any  # lxml's stubs lack half of what an element has

MAX_DEPTH = 200  # about 9,000 nested tags overflow the compiler's stack and kill the process

_SOON_DEEP = MAX_DEPTH // 2  # within one mj-text, which is not deep itself
_TAG = re.compile(r"<([^>]++)>")

_FORBIDDEN = re.compile(r"<!DOCTYPE|<!\[CDATA\[|<\?", re.IGNORECASE)
_START = re.compile(r"<!--.*?-->|<([^\s/>!?][^\s/>]*)", re.DOTALL)
_ATTRIBUTE = re.compile(r"\s+([^\s=/>]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_SCRIPT = re.compile(r"[\s\x00-\x20]*(?:javascript|vbscript|data\s*:\s*text)\b", re.IGNORECASE)
_ADDRESSES = frozenset(("href", "src", "action", "background", "background-url", "formaction", "poster", "xlink:href"))
_REMOTE = re.compile(r"@(import|font-face)\b", re.IGNORECASE)
# Names for which the compiler turns the address into one of a share dialogue.
_SHARING = frozenset(("facebook", "google", "linkedin", "pinterest", "tumblr", "twitter", "x", "xing"))


_TOO_DEEP = f"//*[count(ancestor::*) >= {MAX_DEPTH}]"

_NO_HTML = frozenset(CHILDREN) | EMPTY | WORDS

_Attributes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fault:
    """What is wrong with an element, or with one ``attribute`` of it."""

    what: str
    hint: str
    attribute: str = ""


def sound(document: Skeleton) -> bool:
    """Whether a document is surely without fault; ``check`` takes several times as long to find out of any."""
    roots = [tag.name for tag, holder in document.elements if not holder]
    bodies = [tag for tag, holder in document.elements if holder == "mjml" and tag.name == "mj-body"]
    return (
        roots == ["mjml"]
        and len(bodies) == 1
        and all(tag.referenced for tag, _ in document.elements)
        and not any(_element(tag.name, holder, tag.attributes) for tag, holder in document.elements)
        and all(starmap(_harmless, document.contents))
    )


def _harmless(holder: str, text: str) -> bool:
    """Whether what an element holds is surely well-formed, in plain spelling, and without fault."""
    if "]]>" in text or not spelling.referenced(text):
        return False
    if holder in WORDS:
        return "<" not in text and not (holder == "mj-style" and ("&" in text or _REMOTE.search(text)))
    tags = _TAG.findall(text)
    if len(tags) != text.count("<"):
        return False
    ends = [""]  # of the elements that are open
    for tag in tags:
        if tag[0] == "/":
            if ends.pop() != tag:
                return False
        elif (end := _end(tag)) is None or len(ends) > _SOON_DEEP:
            return False
        elif end:
            ends.append(end)
    return ends == [""]


@lru_cache(maxsize=4096)
def _end(text: str) -> str | None:
    """The end that a tag of HTML needs, such as ``/p``, empty if it needs none; None if there may be a fault in it."""
    tag = spelling.tag(text)
    if not tag or tag.closed != (tag.name in VOID) or _element(tag.name, "mj-text", tag.attributes):
        return None
    return "" if tag.closed else f"/{tag.name}"


def check(source: str, name: str, *, written: str) -> None:
    """A RenderError at the first fault of an MJML document; ``name`` is its template, for the error's place.

    ``source`` has characters where ``written``, which people see, may have named entities.
    """
    if found := _FORBIDDEN.search(written):
        raise RenderError(f"MJML takes no {found[0]}.", where=_where(name, written, found.start()), hint="Remove it.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, strip_cdata=False)
    try:
        root = etree.fromstring(source.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        what = str(error.msg).partition(", line ")[0]
        where = f"{name}:{line}:{max(column, 1)}"
        raise RenderError(f"the template is not well-formed: {what}.", where=where, hint=_near(written, line)) from None
    for element, fault in _faults(root):
        offset = _offset(written, element, fault.attribute)
        line = written.count("\n", 0, offset) + 1
        raise RenderError(fault.what, where=_where(name, written, offset), hint=f"{fault.hint} {_near(written, line)}")


def _faults(root: _Element) -> Iterator[tuple[_Element, _Fault]]:
    """The elements with a fault, those that are wrong as a whole document first."""
    if root.tag != "mjml":
        yield root, _Fault(what=f"the document begins with <{root.tag}>.", hint="Begin it with <mjml>.")
    elif len(root.findall("mj-body")) != 1:
        yield root, _Fault(what="the document must have exactly one <mj-body>.", hint="Keep one.")
    if any(map(_for_outlook, (*root.itersiblings(preceding=True), *root.itersiblings()))):
        yield root, _Fault(what="a comment for Outlook stands outside of <mjml>.", hint="Put it into an mj-raw.")
    for element in root.xpath(_TOO_DEEP):
        what = f"more than {MAX_DEPTH} elements stand in one another."
        yield element, _Fault(what=what, hint="Simplify the template or the text.")
    for element in root.iter("*"):
        tag, parent = element.tag, element.getparent()
        holder = "" if parent is None else parent.tag
        fault = _element(tag, holder, tuple(element.items()))
        if not fault and (tag in _NO_HTML or tag.lower() in VOID or holder == "mj-attributes"):
            fault = _content(element)
        if fault:
            yield element, fault


@lru_cache(maxsize=4096)
def _element(tag: str, holder: str, attributes: _Attributes) -> _Fault | None:
    """The first fault of an element in a ``holder``; kept, for a theme has few kinds of elements."""
    if "}" in tag:
        return _Fault(what="namespaces have no place in a mail.", hint="Remove xmlns.")
    if tag in BANNED:
        return _Fault(what=f"<{tag}> is not supported.", hint=f"Leave it out: {BANNED[tag]}.")
    if tag.startswith("mj") and tag not in ATTRIBUTES and tag != "mj-all":
        return _Fault(what=f"<{tag}> is no MJML component.", hint="Correct its name.")
    if tag.lower() in UNSAFE:
        return _Fault(what=f"<{tag}> has no place in a mail.", hint=f"Leave it out: {UNSAFE[tag.lower()]}.")
    if fault := _place(tag, holder):
        return fault
    known = _known(tag)
    for attribute, value in attributes:
        if fault := _attribute(tag, attribute, value, known):
            return fault
    return None if known is None else _together(tag, holder, dict(attributes))


def _place(tag: str, holder: str) -> _Fault | None:
    what = f"<{tag}> cannot stand in <{holder}>."
    if holder in CHILDREN and tag not in CHILDREN[holder]:
        return _Fault(what=what, hint=f"It may hold: {', '.join(sorted(CHILDREN[holder]))}.")
    if holder in EMPTY:
        return _Fault(what=what, hint="Close that one with />.")
    if holder in WORDS:
        return _Fault(what=what, hint="It takes words alone.")
    if tag.startswith("mj-") and holder and holder not in CHILDREN:
        return _Fault(what=what, hint="Put it into an mj-column or mj-section.")
    return None


def _content(element: _Element) -> _Fault | None:
    """What the compiler drops, what it stops at, and what it lets out of its column."""
    tag = element.tag
    texts = [element.text or "", *(one.tail or "" for one in element)]
    if tag == "mj-style" and (found := _REMOTE.search("".join(texts))):
        what = f"@{found[1].lower()} asks a server for each reader."
        return _Fault(what=what, hint="Name fonts that readers have.")
    if any(map(_for_outlook, element)):
        return _Fault(what=f"a comment for Outlook cannot stand in <{tag}> itself.", hint="Put it into an mj-raw.")
    if tag in WORDS:
        return None
    if tag not in CHILDREN and (inside := next(element.iterchildren("*"), None)) is not None:
        return _Fault(what=f"<{inside.tag}> cannot stand in <{tag}>.", hint="Close that one with />.")
    stray = next((text.strip() for text in texts if text and not text.isspace()), "")
    what = f"text cannot stand in <{tag}> itself: {stray[:40]!r}."
    return _Fault(what=what, hint="Put it into an mj-text.") if stray else None


def _for_outlook(node: _Element) -> bool:
    return node.tag is etree.Comment and node.text.startswith(spelling.OUTLOOK)


def _attribute(tag: str, attribute: str, value: str, known: frozenset[str] | None) -> _Fault | None:
    if tag == "mj-style" and attribute == "inline":
        what, hint = "mj-style inline is not inlined by the compiler.", "Write the style on the elements."
    elif known is not None and attribute not in known:
        what, hint = f"<{tag}> has no attribute {attribute!r}.", f"It has: {', '.join(sorted(known)) or 'none'}."
    elif known and attribute in VALUES and not VALUES[attribute][0].fullmatch(value):
        what, hint = f"{attribute}={value[:60]!r} is not understood.", f"Write {VALUES[attribute][1]}."
    elif attribute.lower().startswith("on") and known is None:
        what, hint = f"{attribute!r} is a script, and no mail program runs it.", "Remove it."
    elif attribute.lower() in _ADDRESSES and _SCRIPT.match(value):
        what, hint = f"{attribute}={value[:60]!r} is a script.", "Link to an https: address."
    else:
        return None
    return _Fault(attribute=attribute, what=what, hint=hint)


def _together(tag: str, holder: str, has: Mapping[str, str]) -> _Fault | None:
    """Attributes that are missing, or that the compiler gets wrong side by side (compared with npm mjml)."""
    if tag == "mj-class" and "name" not in has:
        return _Fault(what="<mj-class> has no name.", hint="Give it the one that elements call it by.")
    if holder == "mj-attributes":
        return None
    if tag == "mj-image" and "alt" not in has:
        hint = 'Describe the picture, or write alt="" if it only decorates.'
        return _Fault(what="<mj-image> has no alt.", hint=hint)
    if tag == "mj-button" and "width" in has and has.get("border", "none") != "none":
        what = "<mj-button> with a width and a border becomes too wide."
        return _Fault(what=what, hint="Leave out one of them.", attribute="border")
    if tag in ("mj-section", "mj-wrapper") and has.get("full-width") and has.get("border-radius"):
        what = f"<{tag}> over the full width has its corners in the wrong place."
        return _Fault(what=what, hint="Leave out the border-radius.", attribute="border-radius")
    if tag == "mj-social-element" and "src" not in has:
        what = "<mj-social-element> has no src."
        return _Fault(what=what, hint="Name a picture; else a third party's server is asked.")
    if tag == "mj-social-element" and has.get("name") in _SHARING:
        what, hint = f"name={has['name']!r} makes a share link.", f'Write name="{has["name"]}-noshare".'
        return _Fault(what=what, hint=hint, attribute="name")
    return None


def _known(tag: str) -> frozenset[str] | None:
    """The attributes an MJML element may have; None for HTML, which may have any."""
    if tag in ("mj-all", "mj-class"):
        return frozenset().union(*ATTRIBUTES.values())
    return ATTRIBUTES.get(tag)


def _offset(source: str, element: _Element, attribute: str) -> int:
    """Where an element, or its attribute, begins; libxml2 itself only keeps the line on which a tag ends."""
    number = next(n for n, one in enumerate(element.getroottree().getroot().iter("*")) if one is element)
    start = next(islice((match for match in _START.finditer(source) if match[1]), number, None))
    at = start.end()
    while attribute and (found := _ATTRIBUTE.match(source, at)):
        if found[1] == attribute:
            return found.start(1)
        at = found.end()
    return start.start()


def _where(name: str, source: str, offset: int) -> str:
    return f"{name}:{source.count(chr(10), 0, offset) + 1}:{offset - source.rfind(chr(10), 0, offset)}"


def _near(source: str, line: int) -> str:
    lines = source.split("\n")
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return f"The line reads: {text[:120]}" if text else "Correct the template."
