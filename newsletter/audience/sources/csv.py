"""A members' list in a CSV file, as spreadsheets save it.

A list is read block by block and never held in memory. A bad row neither stops the list nor gets lost: it comes out as
a ``Problem``. The whole file is refused only where no row could be read.
"""

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path
from typing import TextIO

from newsletter.audience.addresses import is_plain
from newsletter.audience.problems import Kind, Problem
from newsletter.audience.sources._table import HEADINGS, LONGEST_CELL, Table, checked, title
from newsletter.errors import AudienceError
from newsletter.model import Subscriber

LONGEST_ROW = 20_000
MOST_LINES = 20  # of one row, through line breaks between quotation marks

_DELIMITERS: Mapping[str, str] = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_BLOCK = 65_536  # characters that are read, and looked through for something odd, at once
_ODD = re.compile("[\r\0\ufffd\ud800-\udfff]").search
_BEGIN = "Begin it with: email,name,languages,timezone,organisation"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A row that needed a second look: its first line, all its text, and whether that was no UTF-8."""

    line: int
    text: str
    cells: tuple[str, ...]
    legacy: bool


class Csv:
    """The members' list in the file ``path``, with a heading row.

    ``columns`` names its headings where they are not the usual ones, as in ``{ email = "Correo" }``.
    """

    unit = "line"

    def __init__(self, *, path: Path, columns: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._columns = checked(columns or {})

    def rows(self) -> Iterator[Subscriber | Problem]:
        """Every row in the file's order: a subscriber, a problem, or first the problem and then the subscriber.

        AudienceError: no file, no heading row, no e-mail column.
        """
        file, end = self._open()
        with file:
            table, heading, delimiter = self._table(file)
            lines = _Lines(file, end, after=heading)
            legacy = False
            for number, text in lines:
                cells = text.split(delimiter) if lines.clean else _whole_row(text, delimiter)
                member = table.plain(cells, number)
                if member is not None:
                    yield member
                    continue
                for row in _rows(number, text, lines, delimiter):
                    if isinstance(row, Problem):
                        yield row
                        continue
                    if row.legacy and not legacy:
                        legacy = True
                        reason = "this is not UTF-8; this and such lines are read as Windows-1252"
                        yield _problem("encoding", row.line, row.text, reason=reason, kept=True)
                    yield from _read(row, table, delimiter)

    def _open(self) -> tuple[TextIO, str]:
        """The file as text and the sign that ends its lines: a CR in a file of LF is part of a row, and a bad one."""
        try:
            with self._path.open("rb") as file:
                start = file.read(_BLOCK)
            if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):  # .xlsx, .ods; .xls
                hint = 'Write source = "excel" in [audience], or save it as: CSV UTF-8.'
                raise self._error("this is a spreadsheet, not a CSV file.", 1, hint=hint)
            end = "\r" if b"\r" in start and b"\n" not in start else "\n"
            encoding, errors = _encoding(start)
            return self._path.open(encoding=encoding, errors=errors, newline=end), end
        except FileNotFoundError:
            hint = "Put the members' list there, or correct path in [audience]."
            raise self._error("there is no such file.", 1, hint=hint) from None
        except OSError as error:
            raise self._error(f"the file cannot be read ({error.strerror}).", 1, hint="Correct that.") from error

    def _table(self, file: TextIO) -> tuple[Table, int, str]:
        """The heading row, its line, and the delimiter that finds the e-mail column in it, or else the most columns."""
        number, text = _heading(file, after=0)
        delimiters = "".join(_DELIMITERS)
        if told := re.fullmatch(r'"?sep=([,;|\t])"?', text.strip(" ")):  # Excel writes such a line
            (number, text), delimiters = _heading(file, after=number), told[1]
        if not text:
            raise self._error("the file is empty.", 1, hint=_BEGIN)
        emails = [title(self._columns["email"])] if "email" in self._columns else HEADINGS["email"]
        rows = [(_cells(text, delimiter) or (), delimiter) for delimiter in delimiters]
        cells, delimiter = max(rows, key=lambda row: (any(title(cell) in emails for cell in row[0]), len(row[0])))
        where = f"{self._path}:{number}"
        return Table(cells, columns=self._columns, where=where, hint=_BEGIN, unit=self.unit), number, delimiter

    def _error(self, what: str, line: int, *, hint: str) -> AudienceError:
        return AudienceError(what, where=f"{self._path}:{line}", hint=hint)


class _Lines:
    """The lines of a file with their numbers; ``clean`` says that nothing is odd in the block the last one is from."""

    def __init__(self, file: TextIO, end: str, *, after: int) -> None:
        self.clean = False
        self._numbered = enumerate(chain.from_iterable(self._blocks(file, end)), after + 1)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self._numbered

    def __next__(self) -> tuple[int, str]:
        return next(self._numbered)

    def _blocks(self, file: TextIO, end: str) -> Iterator[list[str]]:
        while text := file.read(_BLOCK):
            text += file.readline()
            if end == "\n" and "\r" in text:
                text = text.replace("\r\n", "\n")
            lines = text.removesuffix(end).split(end)
            odd = any(sign in text for sign in '"\r\0\ufffd') or not _is_unicode(text)
            self.clean = not odd and max(map(len, lines)) <= LONGEST_CELL
            yield lines


def _heading(file: TextIO, *, after: int) -> tuple[int, str]:
    """The next line that has something in it, and its number; no text where there is none."""
    number = after + 1
    while (line := file.readline()) and not line.strip():
        number += 1
    return number, _readable(line.rstrip("\r\n"))[0]


def _whole_row(text: str, delimiter: str) -> list[str]:
    """The cells of a line that is surely a row; none where it needs a second look."""
    if len(text) > LONGEST_CELL or _ODD(text):
        return []
    return list(_cells(text, delimiter) or ()) if '"' in text else text.split(delimiter)


def _rows(number: int, text: str, lines: Iterator[tuple[int, str]], delimiter: str) -> Iterator[_Row | Problem]:
    """The row that begins on a line, or more where its end is in doubt.

    A quotation mark that is never closed costs its own line only, not the rest of the list.
    """
    again = deque([(number, text)])
    while again:
        number, text = again.popleft()
        read, legacy = _readable(text)
        if not read.strip(f"{delimiter} \t"):
            continue
        more: list[tuple[int, str]] = []
        whole = read
        while (cells := _cells(whole, delimiter)) is None and len(more) < MOST_LINES:
            following = again.popleft() if again else next(lines, None)
            if following is None:
                break
            more.append(following)
            part, old = _readable(following[1])
            whole, legacy = f"{whole}\n{part}", legacy or old
        if not cells or "\0" in whole:
            again.extendleft(reversed(more))
            kind, reason = _damage(read)
            yield _problem(kind, number, read, reason=reason)
        else:
            yield _Row(line=number, text=whole[:LONGEST_ROW], cells=cells, legacy=legacy)


def _read(row: _Row, table: Table, delimiter: str) -> Iterator[Subscriber | Problem]:
    for result in table.read(row.cells, line=row.line, text=row.text):
        doubt = isinstance(result, Problem) and result.kind in ("address", "control")
        if doubt and (other := _other(row.cells, delimiter)):
            reason = f"its cells are parted by {_DELIMITERS[other]}, those of the first row by {_DELIMITERS[delimiter]}"
            yield _problem("delimiter", row.line, row.text, reason=reason)
        else:
            yield result


def _other(cells: tuple[str, ...], delimiter: str) -> str:
    """What parts the cells of a row that is one cell by the delimiter of the list; empty where nothing does."""
    for other, cell in product(_DELIMITERS, cells):
        pieces = [piece.strip(' "') for piece in cell.split(other)]
        if other != delimiter and len(pieces) > 1 and sum(is_plain(piece) is not None for piece in pieces) == 1:
            return other
    return ""


def _cells(text: str, delimiter: str) -> tuple[str, ...] | None:
    """The cells of a row; none where quotation marks stand wrong, ``None`` where one is still open."""
    try:
        return tuple(next(csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=True), ()))
    except csv.Error as error:
        return None if "unexpected end" in str(error) else ()


def _damage(text: str) -> tuple[Kind, str]:
    """Why a line cannot be cut into cells."""
    if len(text) > LONGEST_ROW:
        return "huge", f"it is longer than {LONGEST_ROW} characters"
    if "\0" in text:
        return "control", "it has a NUL byte"
    return ("break", "it has a line break inside") if "\r" in text else ("quotes", "its quotation marks do not match")


def _encoding(start: bytes) -> tuple[str, str]:
    """The encoding of a file by its first bytes, and what becomes of bytes that are none of its characters."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "replace"
    if start[1:2] == b"\0" or start[:1] == b"\0":  # a heading begins with ASCII
        return "utf-16-le" if start[:1] != b"\0" else "utf-16-be", "replace"
    return "utf-8-sig", "surrogateescape"


def _is_unicode(text: str) -> bool:
    """Whether no byte of a text was another encoding's."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _readable(text: str) -> tuple[str, bool]:
    """A line as people read it, and whether it is no UTF-8 but Windows-1252, which the neighbours of a list write."""
    text = text.rstrip("\r")
    if _is_unicode(text):
        return text, False
    return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace"), True


def _problem(kind: Kind, line: int, text: str, *, reason: str, kept: bool = False) -> Problem:
    return Problem(kind=kind, line=line, reason=reason, text=text[:LONGEST_ROW], kept=kept)
