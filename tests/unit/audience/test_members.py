"""All lists together: who is written to once, which list a problem names, and what a list says for its members."""

import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience import mailboxes, members
from newsletter.audience.mailboxes import Mailboxes
from newsletter.audience.members import MembersList
from newsletter.audience.problems import Kind, Problem, summary, visible
from newsletter.audience.sources.csv import Csv
from newsletter.errors import ConfigError
from newsletter.model import Address, Choice, Subscriber


class Listed:
    """A list in memory, whose rows are addresses."""

    unit = "row"

    def __init__(self, *emails: str) -> None:
        self.emails = emails

    def rows(self) -> Iterator[Subscriber | Problem]:
        for number, email in enumerate(self.emails, 1):
            yield Subscriber(address=Address(email=email), line=number)


def read(*lists: MembersList) -> tuple[list[Choice], list[Problem]]:
    rows = list(members.read(lists, ready={"en", "es"}, held=set(), default="en"))
    return [row for row in rows if isinstance(row, Choice)], [row for row in rows if isinstance(row, Problem)]


def test_one_list(tmp_path: Path) -> None:
    """The second row with a mailbox is a problem that names the first, in whatever letters either is written."""
    path = tmp_path / "members.csv"
    path.write_text(
        "email,name,languages,organisation\nana@münchen.example,Ana,es,Liga\nBo@city.example,Bo\n"
        "ANA@xn--mnchen-3ya.example,Ana again,en,Orga\n bo@CITY.example\u00a0\n",
        encoding="utf-8",
    )
    people, problems = read(MembersList(source=Csv(path=path)))
    assert [(one.subscriber.address.name, one.language) for one in people] == [("Ana", "es"), ("Bo", "en")]
    assert [(each.kind, each.line, each.organisation) for each in problems] == [
        ("duplicate", 4, "Orga"),
        ("duplicate", 5, ""),
    ]
    assert str(problems[0]) == "line 4: duplicate of line 2 (Ana again <ANA@xn--mnchen-3ya.example>)"
    assert str(problems[1]) == "line 5: duplicate of line 3 (bo@city.example)"


def test_several_lists(tmp_path: Path) -> None:
    """Lists are read in order, the first one wins, and every problem names its list, a duplicate both."""
    path = tmp_path / "board.csv"
    path.write_text("email\nana@city.example\nnobody\n", encoding="utf-8")
    people, problems = read(
        MembersList(name="board", source=Csv(path=path)),
        MembersList(name="nobody", source=Listed()),
        MembersList(name="staff", source=Listed("bo@city.example", "ANA@city.example", "bo@city.example")),
        MembersList(name="press", source=Listed("cy@city.example", "bo@city.example")),
    )
    emails = ["ana@city.example", "bo@city.example", "cy@city.example"]
    assert [one.subscriber.address.email for one in people] == emails
    assert [str(problem) for problem in problems] == [
        "line 3 of board: 'nobody' is no mail address (nobody)",
        "row 2 of staff: duplicate of line 2 of board (ANA@city.example)",
        "row 3 of staff: duplicate of row 1 (bo@city.example)",
        "row 2 of press: duplicate of row 1 of staff (bo@city.example)",
    ]


def test_the_list_without_a_name(tmp_path: Path) -> None:
    """Beside named lists, the one without is called by what it is."""
    lists = MembersList(source=Listed("ana@city.example")), MembersList(name="board", source=Listed("ana@city.example"))
    _, (problem,) = read(*lists)
    assert problem.reason == "duplicate of row 1 of the first list"


class Some(Listed):
    """One member who says everything, and one who says nothing."""

    def rows(self) -> Iterator[Subscriber | Problem]:
        yield Subscriber(
            address=Address(email="ana@city.example", name="Ana"),
            languages=("en",),
            timezone="UTC",
            territory="NP",
            organisation="Kelbrook",
            fields={"role": "", "room": "4", "country": "Nepal"},
            line=1,
        )
        yield Subscriber(address=Address(email="bo@city.example"), fields={"role": "Mayor"}, line=2)


def test_what_a_list_says_for_its_members() -> None:
    """Its languages count for those who name none, its defaults where a column of theirs is empty or missing."""
    defaults = {"role": "Member", "region": "South", "Time_Zone": "Asia/Seoul", "country": "South Korea"}
    defaults |= {"city": "Hanbit", "Name": "Reader"}
    people, _ = read(MembersList(source=Some(), languages=("de", "es"), defaults=defaults))
    assert [(one.language, one.kind) for one in people] == [("en", "chosen"), ("es", "usual")]
    ana, bo = (one.subscriber for one in people)
    assert (ana.address.name, ana.timezone, ana.territory, ana.organisation) == ("Ana", "UTC", "NP", "Kelbrook")
    assert ana.fields == {"role": "Member", "region": "South", "room": "4", "country": "Nepal"}
    assert (bo.address.name, bo.timezone, bo.territory, bo.organisation) == ("Reader", "Asia/Seoul", "KR", "Hanbit")
    assert bo.fields == {"role": "Mayor", "region": "South", "country": "South Korea"}


def test_a_country_for_all() -> None:
    """The country of a list tells the language of those who name none."""
    people, _ = read(MembersList(source=Some(), defaults={"country": "MX"}))
    assert people[1].reason == "They named no language, so they get es, a language of their country, Mexico."


@pytest.mark.parametrize(
    ("defaults", "said"),
    [
        ({"E-mail": "a@b.example"}, "email is no column with a default. Remove it."),
        ({"language": "es"}, 'languages is no column with a default. Write languages = ["…"] beside defaults.'),
        ({"tz": "Europe/Atlantis"}, "unknown time zone 'Europe/Atlantis'"),
        ({"country": "Atlantis"}, "unknown country 'Atlantis'"),
        ({"name": "A\nB"}, "has a line break in it"),
    ],
)
def test_defaults_that_cannot_be(defaults: dict[str, str], said: str) -> None:
    """A default that nobody could use is refused before the list is read."""
    with pytest.raises(ConfigError, match=re.escape(said)):
        read(MembersList(source=Some(), defaults=defaults))


@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=5))
def test_mailboxes_against_a_dictionary(lists: list[list[int]]) -> None:
    """Whoever was read before is recognised, with list and line, however many lists and gaps there are."""
    first: dict[int, tuple[int, int]] = {}
    seen = Mailboxes()
    for number, people in enumerate(lists):
        rows = [
            Subscriber(address=Address(email=f"{'pP'[line % 2]}{person}@city.example"), line=3 * line)
            for line, person in enumerate(people)
        ]
        for row, person, found in zip(rows, people, seen.once(rows), strict=True):
            if person in first:
                assert (found.subscriber, found.list, found.line) == (row, *first[person])
            else:
                first[person] = number, row.line
                assert found is row


def test_mailboxes_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is forgotten when there is more to remember, and that takes little more memory."""
    monkeypatch.setattr(mailboxes, "_SLOTS", 8)
    rows = [Subscriber(address=Address(email=f"person{number}@city.example"), line=number) for number in range(20_000)]
    seen = Mailboxes()
    tracemalloc.start()
    assert list(seen.once(rows)) == rows
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(again.list, again.line) for again in seen.once(rows)] == [(0, row.line) for row in rows]
    assert kept < 20_000 * 80


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, ""),
        ({"duplicate": 0}, ""),
        ({"break": 1, "empty": 3, "duplicate": 12}, "12 duplicates, 3 without an address, 1 with a line break in it"),
        ({"duplicate": 1, "encoding": 1}, "1 duplicate, 1 list not in UTF-8"),
        ({"encoding": 2}, "2 lists not in UTF-8"),
    ],
)
def test_summary(counts: dict[Kind, int], said: str) -> None:
    """Problems are counted by kind, in words."""
    assert summary(counts) == said


def test_every_kind_is_counted() -> None:
    """No problem is left out of the summary."""
    kinds = [kind for part in get_args(Kind) for kind in get_args(part)]
    assert len(kinds) > 10
    assert summary(dict.fromkeys(kinds, 2)).count(", ") == len(kinds) - 1


def test_a_hostile_row_is_shown_harmlessly() -> None:
    """What a row does to a terminal or to its neighbours is shown, not done."""
    assert visible("a\x1b[2Jb\u202ec\nÉ 한") == "a\\x1b[2Jb\\u202ec\\nÉ 한"
