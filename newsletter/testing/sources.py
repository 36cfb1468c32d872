"""What every members' list must hold."""

# ruff: noqa: S101 - a suite is made of assertions

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from newsletter.model import Subscriber

ROWS: Sequence[Mapping[str, str]] = (
    {"email": "ana@riudelpont.example", "name": "Ana Pons", "languages": "ca;es", "timezone": "Europe/Madrid"},
    {"email": "seoyeon@hanbit.example", "name": "강서연", "languages": "ko", "organisation": "한빛시"},
    {"email": "ANA@Riudelpont.example ", "name": "Ana again", "languages": "en"},
    {"email": "no address", "name": "Nobody", "languages": "en"},
    {"email": "eve@bad.example", "name": "Eve\r\nBcc: all@bad.example", "languages": "en"},
    {"email": "leila@abshar.example", "name": "لیلا رودباری", "languages": "fa;en"},
)
"""Three good members, one of them twice, one without an address, and one who tries to write a header."""


class SourceContract:
    """What every source must hold; ``make`` builds one that has these rows."""

    def make(self, folder: Path, rows: Sequence[Mapping[str, str]]) -> Any:
        """The source under test, with ``rows`` in order; ``folder`` is empty."""
        raise NotImplementedError

    def test_good_rows_become_subscribers(self, tmp_path: Path) -> None:
        """Address, name, ordered languages and organisation, in the order of the list."""
        found = [row for row in self.make(tmp_path, ROWS).rows() if isinstance(row, Subscriber)]
        assert [each.address.email for each in found] == [
            "ana@riudelpont.example",
            "seoyeon@hanbit.example",
            "leila@abshar.example",
        ]
        assert [each.languages for each in found] == [("ca", "es"), ("ko",), ("fa", "en")]
        assert [each.address.name for each in found] == ["Ana Pons", "강서연", "لیلا رودباری"]
        assert found[1].organisation == "한빛시"

    def test_bad_rows_are_problems(self, tmp_path: Path) -> None:
        """A duplicate, a missing address and a header in a name neither stop the list nor get lost."""
        problems = [row for row in self.make(tmp_path, ROWS).rows() if not isinstance(row, Subscriber)]
        assert len(problems) == 3
        assert len({problem.line for problem in problems}) == 3
        assert all(problem.reason and not problem.kept for problem in problems)
        assert "duplicate" in problems[0].reason

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
