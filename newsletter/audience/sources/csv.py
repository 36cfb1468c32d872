"""A members' list in a CSV file, as spreadsheets save it.

A list is read line by line and never held in memory. A bad row neither stops the list nor gets lost: it comes out as a
``Problem``. The whole file is refused only where no row could be read.
"""

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TextIO
from zoneinfo import available_timezones

import langcodes

from newsletter.audience import addresses
from newsletter.audience.sources import Problem
from newsletter.errors import AudienceError
from newsletter.model import Subscriber

LONGEST_FIELD = 1000
LONGEST_ROW = 20_000
MOST_LINES = 20  # of one row, through line breaks between quotation marks

# The first heading here that the file has is the column; what is left over becomes a field of the subscriber.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "e-mail", "email address", "e-mail address", "mail", "address"),
    "name": ("name", "full name"),
    "languages": ("languages", "language", "lang"),
    "timezone": ("timezone", "time zone", "tz"),
    "organisation": ("organisation", "organization", "city"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    """A line of the file, or the lines of one row; ``legacy`` where it is no UTF-8."""

    number: int
    text: str
    legacy: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    cells: tuple[str, ...]
    line: _Line


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    """The heading row, understood: which cell is which column, and which are fields."""

    columns: Mapping[str, int]
    fields: Mapping[str, int]
    width: int


class Csv:
    """The members' list in the file ``path``, with a heading row."""

    def __init__(self, *, path: Path) -> None:
        self._path = path

    def subscribers(self) -> Iterator[Subscriber]:
        """Everybody on the list who can be written to."""
        return (row for row in self.rows() if isinstance(row, Subscriber))

    def rows(self) -> Iterator[Subscriber | Problem]:
        """Every row in the file's order: a subscriber, a problem, or first the problem and then the subscriber.

        The second row for a mailbox is a problem. AudienceError: no file, no heading row, no e-mail column.
        """
        with self._open() as file:
            lines = _lines(file)
            heading, delimiter = self._heading(lines)
            table = self._table(heading)
            seen: dict[int, int] = {}  # 64-bit hash of the mailbox -> line; the addresses would take more memory
            legacy = False
            for row in _rows(lines, delimiter):
                if isinstance(row, Problem):
                    yield row
                    continue
                if row.line.legacy and not legacy:
                    legacy = True
                    yield _problem(
                        row.line, "this is not UTF-8; this and such lines are read as Windows-1252", kept=True
                    )
                for result in _read(row, table):
                    yield _once(result, row.line, seen)

    def _open(self) -> TextIO:
        """The file as text, cut at its own line ends only: a CR inside an LF file is part of a row, and a bad sign."""
        try:
            with self._path.open("rb") as file:
                start = file.read(65536)
            if start.startswith(b"PK\x03\x04"):
                raise self._error("this is a spreadsheet, not a CSV file.", 1, hint="Save it as: CSV UTF-8.")
            end = "\r" if b"\r" in start and b"\n" not in start else "\n"
            if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return self._path.open(encoding="utf-16", errors="replace", newline=end)
            return self._path.open(encoding="utf-8-sig", errors="surrogateescape", newline=end)
        except FileNotFoundError:
            hint = "Put the members' list there, or correct path in [audience]."
            raise self._error("there is no such file.", 1, hint=hint) from None
        except OSError as error:
            raise self._error(f"the file cannot be read ({error.strerror}).", 1, hint="Correct that.") from error

    def _heading(self, lines: Iterator[_Line]) -> tuple[_Row, str]:
        """The heading row, and the delimiter that finds the e-mail column, or else the most columns, in it."""
        hint = "Begin it with: email,name,languages,timezone,organisation"
        line = next((line for line in lines if line.text.strip()), None)
        if line and (told := re.fullmatch(r'"?sep=([,;|\t])"?', line.text.strip(" "))):  # Excel writes such a line
            line, delimiters = next(lines, None), told[1]
        else:
            delimiters = ",;\t"
        if line is None:
            raise self._error("the file is empty.", 1, hint=hint)
        rows = [(_cells(line.text, delimiter) or (), delimiter) for delimiter in delimiters]
        emails = HEADINGS["email"]
        cells, delimiter = max(rows, key=lambda row: (any(_title(cell) in emails for cell in row[0]), len(row[0])))
        if not any(_title(cell) in emails for cell in cells):
            raise self._error(f"no column of {line.text[:80]!r} is named email.", line.number, hint=hint)
        return _Row(cells=cells, line=line), delimiter

    def _table(self, heading: _Row) -> _Table:
        titles = [_title(cell) for cell in heading.cells]
        for number, title in enumerate(titles):
            if title and title in titles[:number]:
                what = f"two columns are named {heading.cells[number].strip()!r}."
                raise self._error(what, heading.line.number, hint="Rename or remove one of them.")
        columns = {
            column: titles.index(next(name for name in names if name in titles))
            for column, names in HEADINGS.items()
            if set(names) & set(titles)
        }
        rest = (number for number, title in enumerate(titles) if title and number not in columns.values())
        fields = {heading.cells[number].strip(): number for number in rest}
        return _Table(columns=columns, fields=fields, width=len(titles))

    def _error(self, what: str, line: int, *, hint: str) -> AudienceError:
        return AudienceError(what, where=f"{self._path}:{line}", hint=hint)


def _lines(file: TextIO) -> Iterator[_Line]:
    """The file's lines; one that is no UTF-8 is read as Windows-1252, which the neighbours of a list still write."""
    for number, text in enumerate(file, 1):
        text = text.rstrip("\r\n")
        try:
            text.encode()
        except UnicodeEncodeError:
            legacy = text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
            yield _Line(number=number, text=legacy, legacy=True)
        else:
            yield _Line(number=number, text=text)


def _rows(lines: Iterator[_Line], delimiter: str) -> Iterator[_Row | Problem]:
    """The rows. A quotation mark that is never closed costs its own line only, not the rest of the list."""
    again: deque[_Line] = deque()
    while line := again.popleft() if again else next(lines, None):
        if not line.text.strip(f"{delimiter} \t"):
            continue
        more: list[_Line] = []
        text = line.text
        while (cells := _cells(text, delimiter)) is None and len(more) < MOST_LINES:
            following = again.popleft() if again else next(lines, None)
            if following is None:
                break
            more.append(following)
            text = f"{text}\n{following.text}"
        if not cells or "\0" in text:
            again.extendleft(reversed(more))
            yield _problem(line, _damage(line.text))
        else:
            legacy = line.legacy or any(other.legacy for other in more)
            yield _Row(cells=cells, line=_Line(number=line.number, text=text, legacy=legacy))


def _cells(text: str, delimiter: str) -> tuple[str, ...] | None:
    """The cells of a row; none where quotation marks stand wrong, ``None`` where one is still open."""
    try:
        return tuple(next(csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=True), ()))
    except csv.Error as error:
        return None if "unexpected end" in str(error) else ()


def _damage(text: str) -> str:
    """Why a line cannot be cut into cells."""
    if "\0" in text:
        return "it has a NUL byte"
    return "it has a line break inside" if "\r" in text else "its quotation marks do not match"


def _read(row: _Row, table: _Table) -> Iterator[Subscriber | Problem]:
    if any(row.cells[table.width :]):
        yield _problem(row.line, f"it has {len(row.cells)} cells, and the first row {table.width}")
        return
    if any(len(cell) > LONGEST_FIELD for cell in row.cells):
        yield _problem(row.line, f"a cell is longer than {LONGEST_FIELD} characters")
        return
    cells = {column: _cell(row, number) for column, number in table.columns.items()}
    try:
        address = addresses.parse(cells["email"], cells.get("name", ""))
    except AudienceError as error:
        yield _problem(row.line, error.what.rstrip("."))
        return
    if "\ufffd" in row.line.text:
        yield _problem(row.line, "a character was lost before the list was saved", kept=True)
    languages, unknown = _languages(cells.get("languages", ""))
    if unknown:
        yield _problem(row.line, f"no language has the tag {', '.join(unknown)}; it is left out", kept=True)
    timezone = cells.get("timezone", "").strip()
    if timezone and timezone not in _timezones():
        yield _problem(row.line, f"unknown time zone {timezone!r}; it is left out", kept=True)
        timezone = ""
    yield Subscriber(
        address=address,
        languages=languages,
        timezone=timezone,
        organisation=cells.get("organisation", "").strip(),
        fields={name: _cell(row, number).strip() for name, number in table.fields.items()},
        line=row.line.number,
    )


def _once(result: Subscriber | Problem, line: _Line, seen: dict[int, int]) -> Subscriber | Problem:
    if isinstance(result, Problem):
        return result
    first = seen.setdefault(hash(addresses.key(result.address)), line.number)
    return result if first == line.number else _problem(line, f"duplicate of line {first}")


@lru_cache(maxsize=4096)
def _languages(cell: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags of a cell in their standard spelling, and those that name no language."""
    known, unknown = [], []
    for tag in re.split(r"[;,|\s]+", cell.strip(" ;,|")):
        try:
            valid = bool(tag) and langcodes.tag_is_valid(tag)
        except ValueError:
            valid = False
        if valid:
            known.append(langcodes.standardize_tag(tag))
        elif tag:
            unknown.append(tag)
    return tuple(dict.fromkeys(known)), tuple(unknown)


@lru_cache(maxsize=1)
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _title(cell: str) -> str:
    return " ".join(cell.strip("\ufeff").casefold().replace("_", " ").split())


def _cell(row: _Row, number: int) -> str:
    return row.cells[number] if number < len(row.cells) else ""


def _problem(line: _Line, reason: str, *, kept: bool = False) -> Problem:
    return Problem(line=line.number, reason=reason, text=line.text[:LONGEST_ROW], kept=kept)
