"""Every members' list holds the contract of newsletter.testing."""

import csv
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import openpyxl
import pytest
from services import Asked, Reply, said, serve

from newsletter.audience.sources.csv import Csv
from newsletter.audience.sources.excel import Excel
from newsletter.audience.sources.http import Http
from newsletter.audience.sources.sql import Sql
from newsletter.plugins import Folder
from newsletter.testing import SourceContract
from newsletter.testing.sources import COLUMNS


class TestCsv(SourceContract):
    """CSV, as a spreadsheet writes it."""

    def make(self, folder: Path, rows: Sequence[Mapping[str, str]]) -> Csv:
        path = folder / "members.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        return Csv(path=path)


class TestExcel(SourceContract):
    """A sheet of a workbook in which what is not known is an empty cell."""

    def make(self, folder: Path, rows: Sequence[Mapping[str, str]]) -> Excel:
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        for cells in (COLUMNS, *([row.get(column) for column in COLUMNS] for row in rows)):
            sheet.append(cells)
        book.save(folder / "members.xlsx")
        return Excel(path=folder / "members.xlsx")


class TestSql(SourceContract):
    """A table of SQLite in which what is not known is NULL."""

    def make(self, folder: Path, rows: Sequence[Mapping[str, str]]) -> Sql:
        with closing(sqlite3.connect(folder / "members.db")) as database:
            database.execute(f"CREATE TABLE members (id INTEGER PRIMARY KEY, {' TEXT, '.join(COLUMNS)} TEXT)")
            places = ", ".join("?" for _ in COLUMNS)
            insert = f"INSERT INTO members ({', '.join(COLUMNS)}) VALUES ({places})"
            database.executemany(insert, [[row.get(column) for column in COLUMNS] for row in rows])
            database.commit()
        query = f"SELECT {', '.join(COLUMNS)} FROM members ORDER BY id"
        return Sql(url="sqlite:///members.db", query=query, folder=Folder(folder))


class TestHttp(SourceContract):
    """A service that gives two members a page, and leaves out what it does not know."""

    @pytest.fixture(autouse=True)
    def _servers(self) -> Iterator[None]:
        with ExitStack() as self.servers:
            yield

    def make(self, folder: Path, rows: Sequence[Mapping[str, str]]) -> Http:
        def answer(asked: Asked) -> Reply:
            start = int(asked.path.partition("=")[2] or 0)
            following = f"/members?from={start + 2}" if start + 2 < len(rows) else None
            return said({"members": list(rows[start : start + 2]), "next": following})

        return Http(url=f"{self.servers.enter_context(serve(answer))}/members", items="members", next="next")
