"""A text pasted from a web page, a mail or a PDF becomes an item.

Only what is certain is repaired; every doubt becomes a flag, which blocks sending until a person acknowledges it. No
word of the original is lost: each stands in the section, the title, the dateline or the body, or in a repair.
"""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from newsletter import dialect
from newsletter.content import characters, dates, paragraphs, repair
from newsletter.content.dates import Order, Reading
from newsletter.content.paragraphs import Block
from newsletter.content.repair import Repair
from newsletter.model import Flag, Item
from newsletter.names import Name

UNTITLED = "Untitled"
SECTIONS = frozenset(
    (
        *(
            "news",
            "news release",
            "press release",
            "events",
            "event",
            "projects",
            "project",
            "announcements",
            "members",
        ),
        *("noticias", "eventos", "proyectos", "actualités", "actualité", "événements", "notícies", "notícias"),
        *("projetos", "أخبار", "فعاليات", "اخبار", "رویدادها", "소식", "뉴스", "행사", "समाचार", "新闻", "活动"),
    )
)

_LONGEST_TITLE = 120
_LONGEST_SECTION = 20
_LONGEST_DATELINE = 60
_HEAD = 12  # blocks among which the section, the title and the dateline are looked for
_SLUG = 60
_CHROME = re.compile(
    r"(home|menu|search|share|print|login|log in|subscribe|read more|skip to (main )?content|\W*|page \d+( of \d+)?"
    r"|\d+( ?/ ?\d+)?|.* [>»|] .*|\S+@\S+|(https?://|www\.)\S+)",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"[\\`*_\[\]<&~|]")
_FIRST_SIGN = re.compile(r"^(?=[#+\-=>~:|])")
_FIRST_NUMBER = re.compile(r"^(\d{1,9})(?=[.)])")
_MARKDOWN = dialect.parser()
_MARKDOWN.options["html"] = True  # pasted tags stay text, also in programs that would obey them


@dataclass(frozen=True, kw_only=True, slots=True)
class Pasted:
    """An item from a pasted text, its doubts in ``item.flags``, and every repair, by line.

    ``reason`` says why the date is that one; ``dateline`` is its line, if that said nothing else and left the body.
    """

    item: Item
    repairs: tuple[Repair, ...]
    dateline: str = ""
    reason: str = ""


class _Head(NamedTuple):
    """The blocks above the text, by their index; -1 where there is none."""

    section: int
    title: int
    dateline: int
    reading: Reading | None

    @property
    def taken(self) -> set[int]:
        """The blocks that leave the body; a dateline that names a place as well stays in it."""
        dateline = self.dateline if self.reading and not self.reading.rest else -1
        return {self.section, self.title, dateline} - {-1}


def read(
    data: bytes, *, names: Sequence[Name] = (), language: str = "en", order: Order = "DMY", where: str = "pasted text"
) -> Pasted:
    """The item in ``data``: decoded, repaired where that is safe, flagged where it is not.

    ContentError, with ``where`` in it, for what is no text at all. Lines are counted in the original.
    """
    source = characters.read(data, where=where)
    split = paragraphs.split(source.lines)
    named = _named(split.blocks, names)
    head = _head(named.blocks, order)
    rest = [block for index, block in enumerate(named.blocks) if index not in head.taken]
    closed = paragraphs.close_breaks(rest, [block.text for block in named.blocks])
    title = named.blocks[head.title].text if head.title >= 0 else UNTITLED
    flags = [*source.flags, *split.flags, *named.flags, *closed.flags, *_head_flags(head, named.blocks)]
    flags += _truncated(closed.blocks)
    item = Item(
        id=slug(title),
        language=language,
        title=title,
        body=_markdown(closed.blocks),
        date=head.reading.date if head.reading else None,
        section=named.blocks[head.section].text if head.section >= 0 else "",
        flags=tuple(sorted(flags, key=lambda flag: flag.line)),
    )
    repairs = [*source.repairs, *split.repairs, *named.repairs, *closed.repairs]
    return Pasted(
        item=item,
        repairs=tuple(sorted(repairs, key=lambda one: one.line)),
        dateline=named.blocks[head.dateline].text if head.dateline in head.taken else "",
        reason=head.reading.reason if head.reading else "",
    )


def issue_of(item: Item) -> str:
    """The id of the issue an item belongs to where nobody names one: its month, or the current one."""
    day = item.date or datetime.datetime.now(datetime.UTC).date()
    return f"{day:%Y-%m}"


def slug(title: str) -> str:
    """An item's id from its title: the words in lower case, with hyphens, as many as fit."""
    words = paragraphs.WORD.findall(title.casefold())
    found = ""
    for word in words:
        if found and len(found) + 1 + len(word) > _SLUG:
            break
        found = f"{found}-{word}" if found else word[:_SLUG]
    return found or UNTITLED.casefold()


def _named(blocks: Sequence[Block], names: Sequence[Name]) -> paragraphs.Blocks:
    """The blocks with the names repaired that exactly one name of the list explains; the doubtful ones flagged once."""
    ordinary = frozenset(word for block in blocks for word in paragraphs.WORD.findall(block.text) if word.islower())
    changed: list[Block] = []
    repairs: list[Repair] = []
    flags: dict[str, Flag] = {}
    for block in blocks:
        for spot in reversed(repair.doubts(block.text, names, ordinary=ordinary)):
            written, line = block.text[spot.start : spot.end], block.line(spot.start)
            if spot.after:
                repairs.append(Repair(kind="name", line=line, before=written, after=spot.after, note=spot.note))
                block = paragraphs.replaced(block, spot.start, spot.end, spot.after)
            else:
                note = f"{spot.note[0].upper()}{spot.note[1:]}."
                flags.setdefault(written, Flag(kind="name", line=line, text=written, note=note))
        changed.append(block)
    return paragraphs.Blocks(blocks=tuple(changed), repairs=tuple(repairs), flags=tuple(flags.values()))


def _head(blocks: Sequence[Block], order: Order) -> _Head:
    """Find the section, the title and the dateline among the short blocks above the first long one."""
    section = title = dateline = -1
    reading = None
    for index, block in enumerate(blocks[:_HEAD]):
        found = _dateline(block, order)
        if reading is None and found and (not found.rest or title >= 0):
            dateline, reading = index, found
        elif section < 0 and title < 0 and _is_section(block, blocks[index + 1 : _HEAD], order):
            section = index
        elif title < 0 and _is_title(block) and not (found and not found.rest):
            title = index
        elif not _is_title(block) and not _CHROME.fullmatch(block.text):
            break
    return _Head(section, title, dateline, reading)


def _dateline(block: Block, order: Order) -> Reading | None:
    """What a block says that is a date and perhaps a word or two, such as a place."""
    if block.marker or len(block.text) > _LONGEST_DATELINE:
        return None
    reading = dates.read(block.text, order=order)
    return reading if reading and len(reading.rest.split()) <= 3 and not block.text.endswith(".") else None


def _is_section(block: Block, following: Sequence[Block], order: Order) -> bool:
    """Whether a block is the label of a section: a usual one, or a word or two in capitals above a title."""
    text = block.text
    if text.casefold() in SECTIONS:
        return True
    below = next((other for other in following if not _dateline(other, order)), None)
    label = text.isupper() and len(text) <= _LONGEST_SECTION and len(text.split()) <= 2 and _is_title(block)
    return label and below is not None and _is_title(below)


def _is_title(block: Block) -> bool:
    text = block.text
    short = len(text) <= _LONGEST_TITLE and not text.rstrip("\"'”’»)").endswith((".", "。", "۔", "।", ","))
    return short and not block.marker and not _CHROME.fullmatch(text)


def _head_flags(head: _Head, blocks: Sequence[Block]) -> list[Flag]:
    flags = []
    if head.title < 0:
        note = "The text has no title that could be recognised; write one."
        flags.append(Flag(kind="title", line=blocks[0].line(), text=blocks[0].text[:_SLUG], note=note))
    if head.reading and head.reading.verdict in ("ambiguous", "contradiction"):
        dateline = blocks[head.dateline]
        flags.append(Flag(kind="date", line=dateline.line(), text=dateline.text, note=head.reading.reason))
    return flags


def _truncated(blocks: Sequence[Block]) -> list[Flag]:
    """A flag where the last paragraph does not end; a signature or a heading may, if it starts with a capital."""
    last = blocks[-1] if blocks else None
    if last is None or last.marker or paragraphs.ended(last.text):
        return []
    if len(last.text) < 40 and not last.text[0].islower():
        return []
    note = "The text ends without the end of a sentence; its last part may be missing."
    words = " ".join(last.text.split(" ")[-5:])
    return [Flag(kind="truncated", line=last.line(len(last.text)), text=words, note=note)]


def _markdown(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown that shows exactly their text."""
    body = ""
    last: Block | None = None
    for block in blocks:
        if last and last.marker and block.marker and not _follows(last.marker, block.marker):
            # Markdown would count on in one list; as a paragraph the item keeps its number.
            block = replace(block, text=f"{block.marker} {block.text}", marker="")
        text = f"{block.marker} {_literal(block.text)}" if block.marker else _literal(block.text)
        together = last is not None and last.marker and block.marker and last.marker[-1] == block.marker[-1]
        body += ("\n" if together else "\n\n" if last else "") + text
        last = block
    return body


def _follows(last: str, marker: str) -> bool:
    """Whether a list item may stand right below another one; a new kind of list may follow any."""
    if "-" in (last, marker):
        return True
    return last[-1] != marker[-1] or int(marker[:-1]) == int(last[:-1]) + 1


def _literal(text: str) -> str:
    """``text`` with backslashes where Markdown would read it as something else."""
    tokens = _MARKDOWN.parse(text)
    if len(tokens) == 3 and tokens[0].type == "paragraph_open":
        children = tokens[1].children or []
        if [child.type for child in children] == ["text"] and children[0].content == text:
            return text
    escaped = _SIGNS.sub(r"\\\g<0>", text)
    return _FIRST_NUMBER.sub(r"\1\\", _FIRST_SIGN.sub(r"\\", escaped))
