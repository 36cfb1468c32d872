"""Lines become blocks: wrapped lines run on, bullets become list items, and a page break is closed on evidence only.

Rule for page breaks, tested on real ones: what comes next is the same paragraph where the two words that meet occur
together elsewhere in the text, or where it starts in lower case with a word the text knows. A word that starts in lower
case and is unknown is the rest of a longer one: text is missing there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import regex

from newsletter.content import dates
from newsletter.content.characters import Line
from newsletter.content.repair import Repair
from newsletter.model import Flag

WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
SENTENCE_ENDS = ".!?…:。！？：؟۔।॥"
_CLOSING = "\"'”’»)]）」』】*_"
_LONG = 60  # characters of a block that is no heading
_HEADING = 120
_NARROWEST, _WIDEST = 40, 120  # columns of a text with hard line ends
_FILLED = 0.8  # of the width: a wrapped line is that full at least, whatever the font

_BULLET = re.compile(r"(?P<kind>[•‣◦▪●○■□⁃∙])\s*")
_WEAK_BULLET = re.compile(r"(?P<kind>[-*])\s+(?=\S)")
_NUMBERED = re.compile(r"(?P<number>\d{1,3})(?P<kind>[.)])\s+(?=\S)")
_HYPHEN = regex.compile(r"(?P<head>[\p{L}\p{M}]+)(?P<sign>[-‐\u00ad])\Z")
_TAIL = regex.compile(r"\p{Ll}[\p{L}\p{M}]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A paragraph or, with a ``marker``, a list item; ``marks`` are the offsets in ``text`` at which lines begin."""

    text: str
    marks: tuple[tuple[int, int], ...]
    marker: str = ""

    def line(self, offset: int = 0) -> int:
        """The original's line that the character at ``offset`` stood on."""
        return next(line for start, line in reversed(self.marks) if start <= offset)


@dataclass(frozen=True, kw_only=True, slots=True)
class Blocks:
    """The text's blocks, what was done to make them, and what is in doubt."""

    blocks: tuple[Block, ...]
    repairs: tuple[Repair, ...] = ()
    flags: tuple[Flag, ...] = ()


def split(lines: Sequence[Line]) -> Blocks:
    """The blocks of a text: blank lines, page breaks and list markers part them, and so do lines that are not full."""
    markers = _markers(lines)
    known = frozenset(word.casefold() for line in lines for word in WORD.findall(line.text))
    blocks: list[Block] = []
    findings: list[Repair | Flag] = []
    unwrapped: list[int] = []
    for group in _groups(lines):
        width = max(len(line.text) for line in group)
        for number, line in enumerate(group):
            marker, text = markers.get(id(line), ("", line.text))
            last = group[number - 1] if number else None
            if last and not marker and _continues(last, line, blocks[-1], width):
                blocks[-1] = _run_on(blocks[-1], line, known, findings)
                unwrapped.append(line.number)
            else:
                blocks.append(Block(text=text, marks=((0, line.number),), marker=marker))
    repairs = [one for one in findings if isinstance(one, Repair)]
    if unwrapped:
        note = f"{len(unwrapped)} lines run on from the line before"
        repairs.append(Repair(kind="wrapped", line=unwrapped[0], before="", after="", note=note))
    flags = tuple(one for one in findings if isinstance(one, Flag))
    return Blocks(blocks=tuple(block for block in blocks if block.text), repairs=tuple(repairs), flags=flags)


def close_breaks(blocks: Sequence[Block], known: Sequence[str]) -> Blocks:
    """Join the paragraphs that a page break cut in two, and flag the breaks where text is missing.

    ``known`` are all texts that show which words belong together.
    """
    evidence = "\n".join(known)
    closed: list[Block] = []
    repairs: list[Repair] = []
    flags: list[Flag] = []
    for block in blocks:
        before = closed[-1] if closed else None
        if before is None or before.marker or block.marker or len(before.text) < _LONG or ended(before.text):
            closed.append(block)
            continue
        place = f"{_last_words(before.text)} … {_first_words(block.text)}"
        if why := _evidence(before.text, block.text, evidence):
            after = f"{_last_words(before.text)} {_first_words(block.text)}"
            repairs.append(Repair(kind="join", line=block.line(), before=place, after=after, note=why))
            closed[-1] = _joined(before, block, " ")
            continue
        if len(before.text) > _HEADING or _TAIL.match(block.text):
            note = "Text may be missing before this: the paragraph above has no end."
            flags.append(Flag(kind="gap", line=block.line(), text=place, note=note))
        closed.append(block)
    return Blocks(blocks=tuple(closed), repairs=tuple(repairs), flags=tuple(flags))


def ended(text: str) -> bool:
    """Whether a paragraph ends as a sentence, a web or a mail address does."""
    last = text.rsplit(maxsplit=1)[-1]
    return text.rstrip(_CLOSING).endswith(tuple(SENTENCE_ENDS)) or "@" in last or "://" in last or "www." in last


def replaced(block: Block, start: int, end: int, new: str) -> Block:
    """``block`` with ``new`` for the text from ``start`` to ``end``."""
    longer = len(new) - (end - start)
    marks = tuple(
        (offset + longer if offset >= end else min(offset, start + len(new)), line) for offset, line in block.marks
    )
    return replace(block, text=block.text[:start] + new + block.text[end:], marks=marks)


def _groups(lines: Sequence[Line]) -> Iterator[list[Line]]:
    group: list[Line] = []
    for line in lines:
        if group and (line.apart or not line.text):
            yield group
            group = []
        if line.text:
            group.append(line)
    if group:
        yield group


def _markers(lines: Sequence[Line]) -> dict[int, tuple[str, str]]:
    """The list marker and the rest of each line that is a list item, by the line's identity.

    A bullet always makes one; a hyphen, an asterisk or a number only beside another one of its kind, for a single line
    may begin with them by accident.
    """
    found: dict[int, tuple[str, str]] = {}
    weak: list[tuple[int, str, int, Line, str]] = []  # which list it may be of, kind, number, line, marker as written
    part = 0
    for group in _groups(lines):
        for number, line in enumerate(group):
            if bullet := _BULLET.match(line.text):
                found[id(line)] = ("-", line.text[bullet.end() :])
            elif sign := _WEAK_BULLET.match(line.text):
                weak.append((part, sign["kind"], 0, line, sign[0]))
            elif sign := _NUMBERED.match(line.text):
                weak.append((part, sign["kind"], int(sign["number"]), line, sign[0]))
            elif number == 0:
                part += 1
    for one, two in pairwise(weak):
        if one[:2] == two[:2] and (two[2] == one[2] + 1 or one[2] == two[2] == 0):
            for _, kind, number, item, start in (one, two):
                found[id(item)] = (f"{number}{kind}" if kind in ".)" else "-", item.text[len(start) :])
    return found


def _continues(last: Line, line: Line, block: Block, width: int) -> bool:
    """Whether ``line`` goes on where ``last`` ended only for want of room."""
    if not block.text or _HYPHEN.search(last.text):
        return True
    if _is_date(last.text) or _is_date(line.text) or not _NARROWEST <= width <= _WIDEST:
        return False
    needed = len(last.text) + 1 + len(line.text.split(" ", 1)[0])
    return needed > _FILLED * width and not (ended(last.text) and len(last.text) < 0.9 * width)


def _is_date(text: str) -> bool:
    if len(text) > _LONG or not any(char.isdecimal() for char in text):
        return False
    reading = dates.read(text, order="DMY")
    return reading is not None and not reading.rest


def _run_on(block: Block, line: Line, known: frozenset[str], findings: list[Repair | Flag]) -> Block:
    """``block`` with ``line`` after it; a word parted by a hyphen becomes one where the text has it elsewhere."""
    after = Block(text=line.text, marks=((0, line.number),))
    head, tail = _HYPHEN.search(block.text), _TAIL.match(line.text)
    if not head or not tail:
        return _joined(block, after, " " if block.text and not head else "")
    whole = head["head"] + tail[0]
    if head["sign"] == "\u00ad" or whole.casefold() in known:
        before = f"{head[0]} {tail[0]}"
        findings.append(
            Repair(kind="hyphen", line=line.number, before=before, after=whole, note="parted at a line end")
        )
        return _joined(replace(block, text=block.text[:-1]), after, "")
    note = f"If this is one word, write {whole}."
    findings.append(Flag(kind="hyphen", line=line.number, text=f"{head[0]}{tail[0]}", note=note))
    return _joined(block, after, "")


def _joined(one: Block, two: Block, glue: str) -> Block:
    start = len(one.text) + len(glue)
    marks = (*one.marks, *((start + offset, line) for offset, line in two.marks))
    return Block(text=f"{one.text}{glue}{two.text}", marks=marks, marker=one.marker)


def _evidence(before: str, after: str, known: str) -> str:
    """Why the two texts are one, or an empty string."""
    one, two = WORD.findall(before), WORD.findall(after)
    if not one or not two or not after.startswith(two[0]):
        return ""
    if regex.search(_whole(rf"{regex.escape(one[-1])} {regex.escape(two[0])}"), known):
        return f"“{one[-1]} {two[0]}” occurs elsewhere in the text"
    uses = regex.findall(_whole(regex.escape(two[0])), known, regex.IGNORECASE)
    if two[0][0].islower() and len(uses) > 1:
        return f"it goes on in lower case with “{two[0]}”, which occurs elsewhere in the text"
    return ""


def _whole(pattern: str) -> str:
    return rf"(?<![\p{{L}}\p{{M}}\p{{N}}])(?:{pattern})(?![\p{{L}}\p{{M}}\p{{N}}])"


def _last_words(text: str) -> str:
    return " ".join(text.split(" ")[-3:])


def _first_words(text: str) -> str:
    return " ".join(text.split(" ")[:3])
