"""Every members' list holds the contract of newsletter.testing."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from newsletter.audience.sources.csv import Csv
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
