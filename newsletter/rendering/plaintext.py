"""Markdown for the text part of a mail: quotes, lists, tables and links as people type them, wrapped at 72 columns.

A column is half the width of a Chinese character; a line of Korean breaks at spaces, one of Chinese or Japanese
anywhere. The addresses of links stand below their block, each on a line of its own, so that they stay whole, and keep
their order where lines run from right to left.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from markdown_it.token import Token

from newsletter.columns import width
from newsletter.rendering.localise import Localisation

COLUMNS = 72
_NBSP = "\u00a0"
# What may not begin a line in Chinese and Japanese, and what may not end one (JIS X 4051, shortened).
_NO_START = frozenset(
    "、。，．・：；？！」』）】〉》〕］｝”’ー…‥々〻ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ％℃"
)
_NO_END = frozenset("「『（【〈《〔［｛“‘￥＄￡")
_OPENS, _CLOSES = frozenset("\u2066\u2067\u2068"), "\u2069"  # isolates: their order begins and ends inside a line
_DEEPEST = 32  # columns of margins: whoever quotes deeper gets no narrower lines
_PLACE = re.compile("\0(\\d+)\0")  # of an address in a text


def wrap(text: str, columns: int = COLUMNS, *, first: str = "", rest: str = "") -> str:
    """``text`` in lines of at most ``columns``; a word longer than that, such as an address, keeps a line of its own.

    ``first`` and ``rest`` begin the first and the other lines. Line breaks in ``text`` stay. Every direction isolate
    is closed on its line, and opened again on the next one.
    """
    room = max(columns - max(width(first), width(rest)), 10)
    lines = [line for paragraph in text.split("\n") for line in _balanced(_lines(paragraph, room))]
    return "\n".join(((rest if number else first) + line).rstrip(" ") for number, line in enumerate(lines))


def render(tokens: Sequence[Token], localisation: Localisation) -> str:
    """The text of a parsed Markdown document; its links must be absolute."""
    return _Writer(localisation=localisation).write(tokens)


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


def _balanced(lines: Iterator[str]) -> Iterator[str]:
    """The lines of one paragraph, each of which is one to the bidirectional algorithm."""
    opened: list[str] = []
    for line in lines:
        shown = "".join(opened)
        for char in line:
            if char in _OPENS:
                opened.append(char)
            elif char == _CLOSES:
                if not opened:
                    continue
                opened.pop()
            shown += char
        yield shown.rstrip(" ") + _CLOSES * len(opened) if opened else shown


def _pieces(text: str) -> Iterator[str]:
    """What may not be broken: a word with the spaces after it, or one ideograph with the signs that belong to it."""
    for word in re.findall(r"[^ ]+ *| +", text):
        start = 0
        for index in range(1, len(word)):
            if _breakable(word[index - 1], word[index]):
                yield word[start:index]
                start = index
        yield word[start:]


def _breakable(before: str, after: str) -> bool:
    if not (_ideograph(before) or _ideograph(after)) or before in _NO_END:
        return False
    return after not in _NO_START and after != " " and unicodedata.category(after)[0] != "M" and after != "\u200d"


def _ideograph(char: str) -> bool:
    """Chinese or Japanese: wide, and neither the Hangul of Korean, which breaks at spaces, nor an emoji."""
    return (
        unicodedata.east_asian_width(char) in "WF"
        and not ("\uac00" <= char <= "\ud7a3" or "\u1100" <= char <= "\u11ff" or "\u3131" <= char <= "\u318e")
        and not "\U0001f000" <= char <= "\U0001faff"
    )


@dataclass(kw_only=True, slots=True)
class _Writer:
    """Walks the blocks of a document and keeps how deep it is in lists, quotes and tables."""

    localisation: Localisation
    blocks: list[str] = field(default_factory=list)
    margins: list[str] = field(default_factory=list)  # what begins each line: "> " of a quote, the indent of a list
    begun: list[str] = field(default_factory=list)  # the same for the next line, with the marks of items that begin
    marks: list[str] = field(default_factory=list)  # of each open list: "- " or the next number
    last: list[str] = field(default_factory=list)  # the margins of the block before
    gap: str = "\n\n"
    rows: list[list[str]] | None = None  # of the open table
    addresses: list[str] = field(default_factory=list)  # of the links in the open block

    def write(self, tokens: Sequence[Token]) -> str:
        for token in tokens:
            if token.nesting == 1:
                self._open(token)
            elif token.nesting == -1:
                self._close(token)
            elif self.rows is not None:
                cell = self._inline(token.children or []).replace("\n", " ")
                self.rows[-1].append("".join(_balanced(iter([cell]))))
            else:
                self._block(self._text(token))
        return "".join(self.blocks)

    def _open(self, token: Token) -> None:
        if token.type == "blockquote_open":
            self._indent("> ", "> ")
        elif token.type == "bullet_list_open":
            self.marks.append("- ")
        elif token.type == "ordered_list_open":
            start = token.attrGet("start")
            self.marks.append(f"{1 if start is None else start}. ")
        elif token.type == "list_item_open":
            mark = self.marks[-1]
            self.marks[-1] = _next(mark)
            self._indent(" " * len(mark), mark)
        elif token.type == "table_open":
            self.rows = []
        elif token.type == "tr_open" and self.rows is not None:
            self.rows.append([])

    def _indent(self, margin: str, begun: str) -> None:
        self.begun = [*(self.begun or self.margins), begun]
        self.margins.append(margin)

    def _close(self, token: Token) -> None:
        if token.type in ("blockquote_close", "list_item_close"):
            if self.begun:  # an item without a text
                self._lined([""])
                self.gap = "\n"
            self.margins.pop()
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self.marks.pop()
            self.gap = "\n\n"
        elif token.type == "table_close" and self.rows is not None:
            rows, self.rows = self.rows, None
            self._table(rows)
        elif token.type == "paragraph_close":
            self.gap = "\n" if token.hidden else "\n\n"  # a paragraph is hidden in a list without blank lines

    def _block(self, text: str) -> None:
        """A block of text, then the addresses of its links; they have numbers if there are several."""
        if not text:
            return
        several = len(self.addresses) > 1
        marked = _PLACE.sub(lambda found: f" [{int(found[1]) + 1}]" if several else "", text)
        lines = [self.localisation.lead(line) for line in wrap(marked, self._room).split("\n")]
        self._lined([*lines, *self._addresses()])

    def _addresses(self) -> list[str]:
        found, self.addresses = self.addresses, []
        return [f"[{number}] {url}" for number, url in enumerate(found, 1)] if len(found) > 1 else found

    @property
    def _room(self) -> int:
        return COLUMNS - min(width("".join(self.margins)), _DEEPEST)

    def _lined(self, lines: Sequence[str]) -> None:
        rest = "".join(self.margins)[:_DEEPEST]
        first = "".join(self.begun or self.margins)[:_DEEPEST]
        quoted = "".join(self.margins[: _shared(self.margins, self.last)])[:_DEEPEST].rstrip(" ")
        gap = self.gap.replace("\n\n", f"\n{quoted}\n")
        shown = [((rest if number else first) + line).rstrip(" ") for number, line in enumerate(lines)]
        self.blocks.append((gap if self.blocks else "") + "\n".join(shown))
        self.last, self.begun = list(self.margins), []
        self.gap = "\n\n"

    def _table(self, rows: list[list[str]]) -> None:
        """In columns if they fit, else each row as its cells below one another, with their headings."""
        several = len(self.addresses) > 1
        shown = [[_PLACE.sub(lambda m: f" [{int(m[1]) + 1}]" if several else "", cell) for cell in row] for row in rows]
        wide = [max(width(row[column]) for row in shown) for column in range(len(shown[0]))]
        if sum(wide) + 3 * (len(wide) - 1) <= self._room:
            lines = [
                " | ".join(cell + " " * (size - width(cell)) for cell, size in zip(row, wide, strict=True))
                for row in shown
            ]
            self._lined(
                [
                    *map(self.localisation.lead, (lines[0], "-+-".join("-" * size for size in wide), *lines[1:])),
                    *self._addresses(),
                ]
            )
            return
        head, *body = shown
        for row in body or [[""] * len(head)]:
            pairs = [": ".join(filter(None, pair)) for pair in zip(head, row, strict=True)]
            text = "\n".join(wrap(pair, self._room) for pair in pairs if pair)
            self._lined([self.localisation.lead(line) for line in text.split("\n")])
        if addresses := self._addresses():
            self._lined(addresses)

    def _text(self, token: Token) -> str:
        if token.type == "inline":
            return self._inline(token.children or [])
        if token.type in ("fence", "code_block"):
            return token.content.strip("\n").expandtabs(4)
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
            elif token.type in ("s_open", "s_close"):
                parts.append("~~")  # without a sign, the text would say what it takes back
            elif token.type == "image":
                parts.append(f"[{_words(token)}]" if token.content else "")
            else:
                parts.append(token.content)
        return "".join(parts).strip()

    def _link(self, url: str, text: str) -> str:
        """The words of a link, and the place of its address; an address that is shown as such stays in the text."""
        shown = url.removeprefix("mailto:")
        if text.strip() in ("", url, shown):
            # A no-break space before the closing isolate, or address detection would make that a part of the address.
            return self.localisation.isolate(f"{shown}{_NBSP}") if self.localisation.direction == "rtl" else shown
        if shown not in self.addresses:
            self.addresses.append(shown)
        return f"{text}\0{self.addresses.index(shown)}\0"


def _words(image: Token) -> str:
    """What a picture shows, without Markdown."""
    parts = (_words(child) if child.type == "image" else child.content or " " for child in image.children or [])
    return " ".join("".join(parts).split())


def _shared(margins: Sequence[str], last: Sequence[str]) -> int:
    """How many margins two blocks share, so that the empty line between paragraphs of a quote is quoted too."""
    pairs = zip(margins, last, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _next(mark: str) -> str:
    number = re.match(r"\d+", mark)
    return f"{int(number[0]) + 1}. " if number else mark
