"""Small tables that people keep in a spreadsheet and save as CSV: ``names.csv``, ``glossary.csv``.

The whole file is read or refused, with the line in every error: a list that is half understood would be half obeyed.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import langcodes

from newsletter.errors import NewsletterError


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line with something in it; ``cells`` are NFC without stray spaces, by the column's name in lower case."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What a table must look like: ``error`` is raised where it does not, ``languages`` allows BCP 47 columns."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    error: type[NewsletterError]
    languages: bool = False

    def knows(self, title: str) -> bool:
        """Whether a column may be called so."""
        return title in (*self.required, *self.optional) or (self.languages and is_language(title))


def read(path: Path, shape: Shape) -> tuple[Row, ...]:
    """The rows in the file's order, none where there is no such file. Commas, semicolons or tabs part the cells."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise shape.error("the file cannot be read as text.", where=path, hint="Save it as CSV UTF-8.") from error
    heading = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=lambda sign: sum(shape.knows(_title(cell)) for cell in heading.split(sign)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        lines = [(reader.line_num, _filled(cells)) for cells in reader]
    except csv.Error as error:
        hint = "Close every double quote, and double those inside a cell."
        raise shape.error(f"the line is no CSV ({error}).", where=f"{path}:{reader.line_num}", hint=hint) from error
    titles = [_title(cell) for cell in lines[0][1]] if lines else []
    _check(titles, path, shape)
    return tuple(_row(line, cells, titles, path, shape) for line, cells in lines[1:] if cells)


def is_language(title: str) -> bool:
    """Whether a heading or a cell is the tag of a language, as in ``fr`` and ``pt_BR``."""
    return len(title.replace("_", "-").split("-")[0]) in (2, 3) and langcodes.tag_is_valid(title)


def broader(language: str) -> Iterator[str]:
    """The tag and what it is a kind of: zh-hant-tw, zh-hant, zh."""
    parts = language.replace("_", "-").lower().split("-")
    return ("-".join(parts[:length]) for length in range(len(parts), 0, -1))


def nfc(text: str) -> str:
    """The text in composed form, with single spaces."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _filled(cells: list[str]) -> list[str]:
    """The cells up to the last one with something in it; spreadsheets save empty columns, too."""
    filled = [nfc(cell) for cell in cells]
    while filled and not filled[-1]:
        filled.pop()
    return filled


def _check(titles: list[str], path: Path, shape: Shape) -> None:
    hint = f"Begin the first line with: {','.join((*shape.required, *shape.optional))}"
    missing = [title for title in shape.required if title not in titles]
    doubled = [title for title in titles if titles.count(title) > 1]
    unknown = [title for title in titles if not shape.knows(title)]
    for wrong, what in ((missing, "there is no column"), (doubled, "two columns are"), (unknown, "no column can be")):
        if wrong:
            raise shape.error(f"{what} called “{wrong[0]}”.", where=f"{path}:1", hint=hint)


def _row(line: int, cells: list[str], titles: list[str], path: Path, shape: Shape) -> Row:
    if len(cells) > len(titles):
        hint = "Put a cell with a comma in double quotes; separate several words in a cell by semicolons."
        raise shape.error("the line has too many cells.", where=f"{path}:{line}", hint=hint)
    row = dict.fromkeys(titles, "") | dict(zip(titles, cells, strict=False))
    if empty := [title for title in shape.required if not row[title]]:
        what = f"the cell “{empty[0]}” is empty."
        raise shape.error(what, where=f"{path}:{line}", hint="Fill it, or remove the line.")
    return Row(line=line, cells=row)


def _title(cell: str) -> str:
    return nfc(cell.lower()).replace("_", "-")
