"""Markdown for the text part of a mail: quotes, lists and links as people type them, wrapped at 72 columns.

A column is half the width of a Chinese character; a line of Korean breaks at spaces, one of Chinese or Japanese
anywhere. A link is ``text (address)``; where lines run from right to left the address is isolated from them.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from markdown_it.token import Token

from newsletter.rendering.localise import Localisation

COLUMNS = 72
_NBSP = "\u00a0"
_NO_START = frozenset("、。，．・：；？！」』）】〉》”’ー…")  # what may not begin a line in Chinese and Japanese


def width(text: str) -> int:
    """The columns that ``text`` takes in a terminal or a plain mail: 2 for wide characters, 0 for combining ones."""
    return sum(_columns(char) for char in text)


def wrap(text: str, columns: int = COLUMNS, *, first: str = "", rest: str = "") -> str:
    """``text`` in lines of at most ``columns``; a word longer than that, such as an address, keeps a line of its own.

    ``first`` and ``rest`` begin the first and the other lines. Line breaks in ``text`` stay.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        room = columns - max(width(first), width(rest))
        for line in _lines(paragraph, max(room, 10)):
            lines.append(((rest if lines else first) + line).rstrip(" "))
    return "\n".join(lines)


def render(tokens: Sequence[Token], localisation: Localisation) -> str:
    """The text of a parsed Markdown document; its links must be absolute."""
    return _Writer(localisation=localisation).write(tokens)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _lines(text: str, columns: int) -> Iterator[str]:
    line, used = "", 0
    for piece in _pieces(text):
        wide = width(piece)
        if line and used + width(piece.rstrip(" ")) > columns:
            yield line
            line, used = "", 0
            piece = piece.lstrip(" ")
            wide = width(piece)
        line, used = line + piece, used + wide
    yield line


def _pieces(text: str) -> Iterator[str]:
    """What may not be broken: a word with the spaces after it, or one ideograph with the closing marks after it."""
    for word in re.findall(r"[^ ]+ *| +", text):
        start = 0
        for index in range(1, len(word)):
            if (
                (_ideograph(word[index]) or _ideograph(word[index - 1]))
                and word[index] not in _NO_START
                and word[index] != " "
            ):
                yield word[start:index]
                start = index
        yield word[start:]


def _ideograph(char: str) -> bool:
    """Chinese or Japanese: wide, and not the Hangul of Korean, which breaks at spaces."""
    return (
        unicodedata.east_asian_width(char) in "WF"
        and not ("\uac00" <= char <= "\ud7a3" or "\u1100" <= char <= "\u11ff" or "\u3131" <= char <= "\u318e")
        and char < "\U0001f000"
    )


@dataclass(kw_only=True, slots=True)
class _Writer:
    """Walks the blocks of a document and keeps how deep it is in lists, quotes and tables."""

    localisation: Localisation
    blocks: list[str] = field(default_factory=list)
    margins: list[str] = field(default_factory=list)  # what begins each line: "> " of a quote, the indent of a list
    marks: list[str] = field(default_factory=list)  # of each open list: "- " or the next number
    last: list[str] = field(default_factory=list)  # the margins of the block before
    mark: str = ""  # of the item that begins
    gap: str = "\n\n"
    cells: list[str] | None = None  # of the open row of a table

    def write(self, tokens: Sequence[Token]) -> str:
        for token in tokens:
            if token.nesting == 1:
                self._open(token)
            elif token.nesting == -1:
                self._close(token)
            elif self.cells is not None:
                self.cells.append(self._inline(token.children or []))
            else:
                self._block(self._text(token))
        return "".join(self.blocks)

    def _open(self, token: Token) -> None:
        if token.type == "blockquote_open":
            self.margins.append("> ")
        elif token.type == "bullet_list_open":
            self.marks.append("- ")
        elif token.type == "ordered_list_open":
            self.marks.append(f"{token.attrGet('start') or 1}. ")
        elif token.type == "list_item_open":
            self.mark = self.marks[-1]
            self.marks[-1] = _next(self.mark)
            self.margins.append(" " * len(self.mark))
        elif token.type == "tr_open":
            self.cells = []

    def _close(self, token: Token) -> None:
        if token.type in ("blockquote_close", "list_item_close"):
            self.margins.pop()
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self.marks.pop()
            self.gap = "\n\n"
        elif token.type == "tr_close" and self.cells is not None:
            row, self.cells = " | ".join(self.cells), None
            self._block(row)
            self.gap = "\n"
        elif token.type == "table_close":
            self.gap = "\n\n"
        elif token.type == "paragraph_close":
            self.gap = "\n" if token.hidden else "\n\n"  # a paragraph is hidden in a list without blank lines

    def _block(self, text: str) -> None:
        if not text:
            return
        rest = "".join(self.margins)
        quoted = "".join(self.margins[: _shared(self.margins, self.last)]).rstrip(" ")
        gap = self.gap.replace("\n\n", f"\n{quoted}\n")
        first = rest.removesuffix(" " * len(self.mark)) + self.mark if self.mark else rest
        self.mark = ""
        self.blocks.append((gap if self.blocks else "") + wrap(text, first=first, rest=rest))
        self.last = list(self.margins)
        self.gap = "\n\n"

    def _text(self, token: Token) -> str:
        if token.type == "inline":
            return self.localisation.lead(self._inline(token.children or []))
        if token.type in ("fence", "code_block"):
            return token.content.strip("\n")
        return "* * *" if token.type == "hr" else ""

    def _inline(self, tokens: Sequence[Token]) -> str:
        parts: list[str] = []
        links: list[tuple[str, int]] = []
        for token in tokens:
            if token.type == "link_open":
                links.append((str(token.attrGet("href")), len(parts)))
            elif token.type == "link_close":
                url, start = links.pop()
                parts[start:] = [self._link(url, "".join(parts[start:]))]
            elif token.type in ("softbreak", "hardbreak"):
                parts.append("\n" if token.type == "hardbreak" else " ")
            elif token.type == "image":
                parts.append(f"[{token.content}]" if token.content else "")
            else:
                parts.append(token.content)
        return "".join(parts).strip()

    def _link(self, url: str, text: str) -> str:
        shown = url.removeprefix("mailto:")
        # A no-break space before the closing isolate, or address detection would make that a part of the address.
        rtl = self.localisation.direction == "rtl"
        isolated = self.localisation.isolate(f"{shown}{_NBSP}") if rtl else shown
        return isolated if text.strip() in ("", url, shown) else f"{text} ({isolated})"


def _shared(margins: Sequence[str], last: Sequence[str]) -> int:
    """How many margins two blocks share, so that the empty line between paragraphs of a quote is quoted too."""
    pairs = zip(margins, last, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _next(mark: str) -> str:
    number = re.match(r"\d+", mark)
    return f"{int(number[0]) + 1}. " if number else mark
