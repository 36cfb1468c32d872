"""A members' list in a workbook of Excel (.xlsx), by the same rules for headings and cells as in a CSV file.

The sheet is read row by row. What counts is what a cell shows: of a formula the value that was saved with it, of a date
the day, of a number no needless decimals. A cell that shows an error, such as #N/A, is left out and told.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - it is one

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from newsletter.audience.problems import Problem
from newsletter.audience.sources._cells import members
from newsletter.audience.sources._table import Table, checked, text
from newsletter.errors import AudienceError
from newsletter.model import Subscriber

_BEGIN = "Begin the sheet with a row of: email, name, languages, timezone, organisation"
_BLOCK = 500  # rows
_LARGEST = 2_000_000_000  # bytes of XML: some ten times a sheet of a million members
_SAMPLE = 100  # rows in which a formula without a value is looked for; a program that writes one writes all so

# A damaged file can break the library in any of these ways.
_DAMAGE: tuple[type[Exception], ...] = (
    *(BadZipFile, ZlibError, ParseError, InvalidFileException, OSError, EOFError, NotImplementedError, RuntimeError),
    *(KeyError, ValueError, IndexError, TypeError, AttributeError),
)

_Row = Sequence[Any]  # cells as openpyxl has them: value and data_type


class Excel:
    """The members' list in the workbook ``path``, with a heading row; on ``sheet``, or else the first one not hidden.

    ``columns`` names its headings where they are not the usual ones, as in ``{ email = "Correo" }``.
    """

    unit = "row"

    def __init__(self, *, path: Path, sheet: str = "", columns: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._sheet = sheet
        self._columns = checked(columns or {})

    def rows(self) -> Iterator[Subscriber | Problem]:
        """Every row in the sheet's order: a subscriber, a problem, or first the problem and then the subscriber.

        AudienceError: no file, no workbook, no such sheet, no heading row, no e-mail column, or a damage anywhere.
        """
        self._refuse_others()
        self._refuse_uncalculated()
        table = None
        for line, cells in self._cells(values=True):
            if table:
                yield from _read(table, cells, line)
            elif any(text(cell.value).strip() for cell in cells):
                headings = [text(cell.value) for cell in cells]
                where = f"{self._path}, row {line}"
                table = Table(headings, columns=self._columns, where=where, hint=_BEGIN, unit=self.unit)
        if not table:
            raise self._error("the sheet is empty.", hint=_BEGIN)

    def _cells(self, *, values: bool) -> Iterator[tuple[int, _Row]]:
        """The rows with their numbers; ``values`` are what the formulas gave, without it they are the formulas."""
        with self._path.open("rb") as file:
            with self._whole():
                sheet = self._chosen(openpyxl.load_workbook(file, read_only=True, data_only=values))
                sheet.reset_dimensions()  # some programs write a size that is too small
                rows = enumerate(sheet.iter_rows(), 1)
            block: list[tuple[int, _Row]] = []
            while True:
                with self._whole():
                    block = list(islice(rows, _BLOCK))
                if not block:
                    return
                yield from block

    def _chosen(self, book: Any) -> Any:
        """The sheet that is meant; hidden ones hold what somebody put aside."""
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        if self._sheet:
            if self._sheet not in sheets:
                what = f"there is no sheet {self._sheet!r}, only: {', '.join(sheets)}."
                raise self._error(what, hint="Correct sheet in [audience].")
            return sheets[self._sheet]
        shown = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"]
        if not shown:
            raise self._error("it has no sheet that is not hidden.", hint="Write sheet = … in [audience].")
        return shown[0]

    def _refuse_others(self) -> None:
        """An AudienceError for what is no .xlsx, with the way out, before a library stumbles over it."""
        try:
            with self._path.open("rb") as file:
                start = file.read(4)
                if start == b"PK\x03\x04":
                    with self._whole():
                        size = sum(each.file_size for each in ZipFile(file).infolist())
                    if size > _LARGEST:
                        raise self._error("it unpacks to more than 2 GB.", hint="Save the list as: CSV UTF-8.")
                    return
        except FileNotFoundError:
            hint = "Put the members' list there, or correct path in [audience]."
            raise self._error("there is no such file.", hint=hint) from None
        except OSError as error:
            raise self._error(f"the file cannot be read ({error.strerror}).", hint="Correct that.") from error
        if start == b"\xd0\xcf\x11\xe0":
            hint = "Save it as: Excel workbook (.xlsx), without a password."
            raise self._error("this is an old workbook (.xls), or one with a password.", hint=hint)
        raise self._error("this is no workbook.", hint='For a CSV file write source = "csv" in [audience].')

    def _refuse_uncalculated(self) -> None:
        """An AudienceError where formulas were saved without their values, as programs other than Excel may do."""
        pairs = zip(self._cells(values=True), self._cells(values=False), strict=True)
        for (line, shown), (_, written) in islice(pairs, _SAMPLE):
            for column, (value, formula) in enumerate(zip(shown, written, strict=True), 1):
                # A formula that gives an empty text has no value either, but the type "str".
                if formula.data_type == "f" and value.value is None and value.data_type == "n":
                    what = f"the formula in cell {get_column_letter(column)}{line} was saved without its value."
                    raise self._error(what, hint="Open the file in Excel or LibreOffice and save it.")

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """What a damaged file does to the library becomes one error; its warnings are of charts and colours."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                yield
            except _DAMAGE as error:
                what = f"the workbook is damaged, or of another kind ({' '.join(str(error).split())[:200]})."
                raise self._error(what, hint="Open it in Excel or LibreOffice and save it as .xlsx.") from error

    def _error(self, what: str, *, hint: str) -> AudienceError:
        return AudienceError(what, where=self._path, hint=hint)


def _read(table: Table, cells: _Row, line: int) -> Iterator[Subscriber | Problem]:
    """The results of a row; what its cells show instead of a value is told where somebody comes out of it."""
    errors = [f"{cell.value} in column {cell.column_letter}" for cell in cells if cell.data_type == "e"]
    if not errors:
        yield from members((cell.value for cell in cells), table=table, line=line)
        return
    shown = "; ".join(text(cell.value) for cell in cells)
    values = ["" if cell.data_type == "e" else text(cell.value) for cell in cells]
    for result in table.read(values, line=line, text=shown):
        if isinstance(result, Subscriber):
            reason = f"there is {' and '.join(errors)}; it is left out"
            yield Problem(kind="value", line=line, reason=reason, text=shown, kept=True, unit=Excel.unit)
        yield result
