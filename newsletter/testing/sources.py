"""What every members' list must hold."""

# ruff: noqa: S101 - a suite is made of assertions

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from newsletter.model import Subscriber

COLUMNS = ("email", "name", "languages", "timezone", "country", "organisation", "role")
"""The columns of ``ROWS``; the last one is a field of their own."""

ROWS: Sequence[Mapping[str, str]] = (
    {"email": "ana@riudelpont.example", "name": "Ana Pons", "languages": "ca;es", "timezone": "Europe/Madrid"},
    {"email": "seoyeon@hanbit.example", "name": "강서연", "languages": "ko", "organisation": "한빛시", "role": "Mayor"},
    {"email": "ANA@Riudelpont.example ", "name": "Ana again", "languages": "en"},
    {"email": "no address", "name": "Nobody", "languages": "en", "organisation": "Kelbrook"},
    {"email": "eve@bad.example", "name": "Eve\r\nBcc: all@bad.example", "languages": "en"},
    {"email": "leila@abshar.example", "name": "لیلا رودباری", "languages": "fa;en", "country": "Iran"},
    {"email": "jo@kelbrook.example", "languages": "en;klingonisch", "timezone": "Europe/Atlantis"},
)
"""Five members, one of them twice and one in part unreadable; one without an address; one who writes a header."""


class SourceContract:
    """What every source must hold; ``make`` builds one that has these rows."""

    def make(self, folder: Path, rows: Sequence[Mapping[str, str]]) -> Any:
        """The source under test, with ``rows`` in order and ``COLUMNS`` for headings; ``folder`` is empty."""
        raise NotImplementedError

    def test_good_rows_become_subscribers(self, tmp_path: Path) -> None:
        """Address, name, ordered languages, country, organisation and fields, in the order of the list."""
        found = [row for row in self.make(tmp_path, ROWS).rows() if isinstance(row, Subscriber)]
        emails = ["ana@riudelpont", "seoyeon@hanbit", "ANA@riudelpont", "leila@abshar", "jo@kelbrook"]
        assert [each.address.email for each in found] == [f"{email}.example" for email in emails]
        assert [each.languages for each in found] == [("ca", "es"), ("ko",), ("en",), ("fa", "en"), ("en",)]
        assert [each.address.name for each in found] == ["Ana Pons", "강서연", "Ana again", "لیلا رودباری", ""]
        assert [each.timezone for each in found] == ["Europe/Madrid", "", "", "", ""]
        assert [each.territory for each in found] == ["", "", "", "IR", ""]
        assert found[1].organisation == "한빛시"
        assert [each.fields.get("role") for each in found] == ["", "Mayor", "", "", ""]

    def test_bad_rows_are_problems(self, tmp_path: Path) -> None:
        """No address, or a header in a name, costs its own row, and does not get lost."""
        problems = [row for row in self.make(tmp_path, ROWS).rows() if not isinstance(row, Subscriber)]
        assert [problem.kind for problem in problems if not problem.kept] == ["address", "break"]
        assert problems[0].organisation == "Kelbrook"
        assert "no address" in problems[0].text

    def test_bad_cells_are_left_out(self, tmp_path: Path) -> None:
        """What cannot be understood in a good row is told, before the row itself, and left out."""
        rows = list(self.make(tmp_path, ROWS).rows())
        assert [row.kind for row in rows[-3:-1]] == ["language", "timezone"]
        assert all(row.kept and row.line == rows[-1].line for row in rows[-3:-1])

    def test_lines_are_told(self, tmp_path: Path) -> None:
        """Every row knows its number, which only grows, and in what it is counted."""
        source = self.make(tmp_path, ROWS)
        rows = list(source.rows())
        lines = [row.line for row in rows if isinstance(row, Subscriber) or not row.kept]
        assert lines == sorted(set(lines))
        assert lines[0] > 0
        assert {row.unit for row in rows if not isinstance(row, Subscriber)} == {source.unit}

    def test_nothing_can_be_injected(self, tmp_path: Path) -> None:
        """No address and no name that comes out has a line break in it."""
        for row in self.make(tmp_path, ROWS).rows():
            if isinstance(row, Subscriber):
                assert "\n" not in row.address.email + row.address.name
                assert "\r" not in row.address.email + row.address.name

    def test_it_can_be_read_twice(self, tmp_path: Path) -> None:
        """A plan is made from the list and compared with it again before it is sent."""
        source = self.make(tmp_path, ROWS)
        assert list(source.rows()) == list(source.rows())

    def test_an_empty_list(self, tmp_path: Path) -> None:
        """Nobody is nobody, not an error."""
        assert list(self.make(tmp_path, []).rows()) == []
