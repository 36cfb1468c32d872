"""Every members' list holds the contract of newsletter.testing."""

import csv
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from newsletter.audience.sources.csv import Csv
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
