"""Rows of cells: the quick way and the thorough one say the same, and values of every kind become cells."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.sources._table import Table, column, text

HEADINGS = ("email", "Name", "languages", "timezone", "country", "organisation", "Role", "", "Room no.")
TABLE = Table(HEADINGS, columns={}, where="members", hint="", unit="line")

EMAILS = st.from_regex(r"[A-Za-z0-9.+-]{1,9}@[a-z0-9.-]{1,12}", fullmatch=True)
CELLS = st.sampled_from(
    ["", " ", "es", "es;xx", "ca, ES", "UTC", "Europe/Atlantis", "Spain", "Nowhere", "é", "e\u0301"]
)
CELLS |= st.text(max_size=8) | st.sampled_from([" x ", "x\u00a0", "\u202ex", "می\u200cخ", "x\n", "👩\u200d🌾"])


@given(EMAILS | CELLS, st.lists(CELLS, min_size=8, max_size=8))
def test_the_quick_way_is_the_thorough_one(email: str, rest: list[str]) -> None:
    """A row that the quick look takes is the one that comes out of the thorough look, without a problem."""
    cells = [email, *rest]
    quick = TABLE.plain([*cells], 7)
    if quick is not None and not any("\ufffd" in cell for cell in cells):
        assert [quick] == list(TABLE.read(cells, line=7))


def test_most_rows_are_quick() -> None:
    """The quick look is not blind, also where columns are missing."""
    cells = ["ana@city.example", "Ana Peña", "ca;es", "Europe/Madrid", "ES", "Riu", "Mayor", "", "4"]
    quick = TABLE.plain([*cells], 7)
    assert quick is not None
    assert quick.fields == {"country": "ES", "Role": "Mayor", "Room no.": "4"}
    short = Table(("mail",), columns={}, where="", hint="", unit="line").plain(["ana@city.example"], 7)
    assert short is not None
    assert (short.address.name, short.organisation, short.fields) == ("", "", {})


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        ("x", "x"),
        (False, "false"),
        (7, "7"),
        (7.0, "7"),
        (7.25, "7.25"),
        (float("inf"), "inf"),
        (Decimal("7.50"), "7.50"),
        (datetime.date(2027, 3, 17), "2027-03-17"),
        (datetime.datetime(2027, 3, 17, 9, 5, tzinfo=datetime.UTC), "2027-03-17 09:05+00:00"),
        (datetime.time(9, 5), "09:05"),
        (["ca", "es"], "ca;es"),
        ([], ""),
        (b"Pe\xc3\xb1a", "Peña"),
        (b"Pe\xf1a", "Pe\ufffda"),
    ],
)
def test_values(value: object, cell: str) -> None:
    """What a spreadsheet, a database or a service has becomes what a person would write."""
    assert text(value) == cell


def test_headings() -> None:
    """Headings are told apart in whatever letters and with whatever between their words."""
    assert [column(each) for each in ("E-Mail", " time_zone ", "Organization", "FULL  name", "Role")] == [
        *("email", "timezone", "organisation", "name", "")
    ]
