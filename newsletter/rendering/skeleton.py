"""A document's skeleton: what the MJML compiler is shown of it, without what it would only pass on.

The HTML in an mj-text, the address of a link, the description of a picture: the compiler corrupts such text in many
scripts, panics at some of it, drops line breaks between elements so that words join, and takes its time. So it sees a
mark in place of each, and of the blocks that have one skeleton only the first; ``filled`` puts everything back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from newsletter.rendering import spelling
from newsletter.rendering.components import CONTENT

# The compiler writes attributes as Rust debug strings, where only plain ASCII without backslashes survives.
_TAKEN = re.compile(r'\s(?:alt|href|lang|src|title)="([^"]+)|([^\x00-\x5b\x5d-\x7f]+)')
_ENDS = re.compile(r"(?:\s*</mj[a-z-]*>)*\s*")
_END = re.compile(r"</(mj[a-z-]*)>")
_AROUND_BLOCKS = ["", "mjml", "mj-body"]

Element = tuple[spelling.Tag, str]
"""An MJML start tag, and the name of the element that it stands in."""

Content = tuple[str, str]
"""The name of an element that holds HTML, CSS or words, and what it holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skeleton:
    """``source`` is for the compiler; ``elements`` and ``contents`` are the whole document's, for validation.

    ``blocks`` are the parts of the document in their order: which part of ``source`` each looks like, and its values.
    """

    source: str
    mark: str
    blocks: Sequence[tuple[int, Sequence[str]]]
    elements: Sequence[Element]
    contents: Sequence[Content]

    def filled(self, html: str) -> str:
        """The HTML of the document, from what the compiler made of ``source``."""
        compiled, pieces = html.split(self.mark), list[str]()
        borders = [2 * number + 1 for number, piece in enumerate(compiled[1::2]) if piece == "|"]
        begins, ends = [0, *(border + 1 for border in borders)], [*borders, len(compiled)]
        for number, values in self.blocks:
            block = compiled[begins[number] : ends[number]]
            block[1::2] = [values[int(place)] for place in block[1::2]]
            pieces += block
        return "".join(pieces)


def read(source: str) -> Skeleton | None:
    """The skeleton of a document; None unless its MJML is spelt plainly, without text between the elements."""
    before, *pieces = source.split("<mj")
    if before and not before.isspace():
        return None
    # The parts of each block in turn: what the compiler sees, a value, what it sees, and so on.
    blocks, holders, elements, contents = [[""]], [""], list[Element](), list[Content]()
    for piece in pieces:
        start, _, rest = piece.partition(">")
        if not (known := _start(start)):
            return None
        tag, parts, end = known
        block, holder = blocks[-1], holders[-1]
        elements.append((tag, holder))
        block[-1] += parts[0]
        block += parts[1:]
        if end and holder != "mj-attributes":
            held, found, rest = rest.partition(end)
            if not found:
                return None
            if held := _held(tag.name, held):
                contents.append((tag.name, held))
                block += (held, "")
            block[-1] += end
        elif not tag.closed:
            holders.append(tag.name)
        if (ends := _left(holders, rest)) is None:
            return None
        block[-1] += ends
        if holders == _AROUND_BLOCKS:
            blocks.append([""])
    return _skeleton(blocks, elements, contents) if holders == [""] else None


def _skeleton(blocks: Sequence[list[str]], elements: Sequence[Element], contents: Sequence[Content]) -> Skeleton:
    mark, seen = "Zq", "".join([text for block in blocks for text in block[::2]])
    while mark in seen:
        mark += "q"
    numbers: dict[str, int] = {}
    order = []
    # The head's values, which may be defaults for elements of every block, are counted from the end of each block's.
    head = blocks[0][1::2]
    for block in blocks:
        values = block[1::2]
        first = -len(head) if block is blocks[0] else 0
        block[1::2] = [f"{mark}{first + place}{mark}" for place in range(len(values))]
        order.append((numbers.setdefault("".join(block), len(numbers)), values + head))
    shown = f"<mj-raw>{mark}|{mark}</mj-raw>".join(numbers)
    return Skeleton(source=shown, mark=mark, blocks=order, elements=elements, contents=contents)


def _held(holder: str, text: str) -> str:
    """What an element holds, as it stands in the HTML; empty if that is spaces alone."""
    if "&" in text:
        text = spelling.characters(text)
    if text.isspace() and text.isascii():
        return ""
    if holder == "mj-title":
        return text.replace('"', "&quot;")  # it becomes the mail's label as well, an attribute
    return text.strip() if holder == "mj-style" else text


@lru_cache(maxsize=4096)
def _start(text: str) -> tuple[spelling.Tag, Sequence[str], str] | None:
    """What a start tag says that goes on with ``text`` after its ``<mj``, and the end tag of what it holds, if that is
    content. Its parts: what the compiler sees, a value, what it sees, and so on.
    """
    text = f"mj{spelling.characters(text)}"
    if not (tag := spelling.tag(text)):
        return None
    parts, end = ["<"], 0
    for found in _TAKEN.finditer(text):
        start, after = found.span(found.lastindex or 0)
        parts[-1] += text[end:start]
        parts += (text[start:after], "")
        end = after
    parts[-1] += f"{text[end:]}>"
    return tag, parts, f"</{tag.name}>" if tag.name in CONTENT and not tag.closed else ""


def _left(holders: list[str], text: str) -> str | None:
    """The end tags in ``text``, which leave the innermost holders; None if there is more than that and spaces."""
    if (ends := _ends(text)) is None:
        return None
    for name in ends[1]:
        if holders.pop() != name:
            return None
    return ends[0]


@lru_cache(maxsize=1024)
def _ends(text: str) -> tuple[str, Sequence[str]] | None:
    """The end tags in ``text`` and their names, if spaces are all else."""
    return ("".join(text.split()), tuple(_END.findall(text))) if _ENDS.fullmatch(text) else None
