"""How dates in pasted texts are read."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content import dates
from newsletter.content.dates import Order

FRIDAY = datetime.date(2017, 11, 10)
OCTOBER = datetime.date(2017, 10, 11)


@pytest.mark.parametrize(
    ("text", "date", "verdict"),
    [
        ("Friday 10/11/2017", FRIDAY, "certain"),
        ("Wednesday 10/11/2017", OCTOBER, "certain"),
        ("Monday 10/11/2017", None, "contradiction"),
        ("10/11/2017", FRIDAY, "ambiguous"),
        ("vendredi 10/11/2017", FRIDAY, "certain"),
        ("الجمعة 10/11/2017", FRIDAY, "certain"),
        ("2017-11-10", FRIDAY, "only"),
        ("2 and 3 November 2017", datetime.date(2017, 11, 2), "only"),
        ("۱۳۹۶/۰۸/۱۹", FRIDAY, "only"),
        ("Fri. 10.11.2017", FRIDAY, "certain"),
        ("10/11/2017 (Friday)", FRIDAY, "certain"),
        ("viernes, 10 de noviembre de 2017", FRIDAY, "certain"),
        ("divendres, 10 de novembre del 2017", FRIDAY, "certain"),
        ("sexta-feira, 10 de novembro de 2017", FRIDAY, "certain"),
        ("الجمعة، ١٠ نوفمبر ٢٠١٧", FRIDAY, "certain"),
        ("الجمعة 10 تشرين الثاني 2017", FRIDAY, "certain"),
        ("جمعه ۱۹ آبان ۱۳۹۶", FRIDAY, "certain"),
        ("سه‌شنبه ۲۱ نوامبر ۲۰۱۷", datetime.date(2017, 11, 21), "certain"),
        ("سه شنبه ۲۱ نوامبر ۲۰۱۷", datetime.date(2017, 11, 21), "certain"),
        ("2017년 11월 10일 금요일", FRIDAY, "certain"),
        ("2017. 11. 10.(금)", FRIDAY, "certain"),
        ("२०१७ नोभेम्बर १०, शुक्रबार", FRIDAY, "certain"),
        ("2017年11月10日星期五", FRIDAY, "certain"),
        ("November 10, 2017", FRIDAY, "only"),
        ("Friday, the 10th of November 2017", FRIDAY, "certain"),
        ("10 mar 2017", datetime.date(2017, 3, 10), "only"),
        ("1er décembre 2017", datetime.date(2017, 12, 1), "only"),
        ("10 d’abril del 2017", datetime.date(2017, 4, 10), "only"),
        ("23/11/2017", datetime.date(2017, 11, 23), "only"),
        ("11/11/2017", datetime.date(2017, 11, 11), "only"),
        ("10/11/17", FRIDAY, "ambiguous"),
        ("31/02/2017", None, "contradiction"),
        ("Monday 2017-11-10", None, "contradiction"),
        ("۱۹/۰۸/۱۳۹۶", FRIDAY, "only"),
        ("2nd and 3rd November", None, "ambiguous"),
    ],
)
def test_reading(text: str, date: datetime.date | None, verdict: str) -> None:
    """A weekday settles the order, ISO comes first, Persian years are converted, and a doubt is never silent."""
    reading = dates.read(text, order="DMY")
    assert reading is not None
    assert (reading.date, reading.verdict, reading.rest) == (date, verdict, "")


@pytest.mark.parametrize("text", ["no date", "version 1.2.3", "10.0.0.1", "call 555-123-4567", "room 12, floor 3", ""])
def test_no_date(text: str) -> None:
    """Numbers that are no dates are not read as dates."""
    assert dates.read(text, order="DMY") is None


@pytest.mark.parametrize(("order", "date"), [("DMY", FRIDAY), ("MDY", OCTOBER)])
def test_order_is_for_what_nothing_else_settles(order: Order, date: datetime.date) -> None:
    """The order chooses among two readings, and loses against a weekday."""
    open_, settled = dates.read("10/11/2017", order=order), dates.read("Friday 10/11/2017", order=order)
    assert open_
    assert settled
    assert (open_.date, settled.date) == (date, FRIDAY)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2 and 3 November 2017", datetime.date(2017, 11, 2), datetime.date(2017, 11, 3)),
        ("Nov 2 – 3, 2017", datetime.date(2017, 11, 2), datetime.date(2017, 11, 3)),
        ("2 y 3 de noviembre de 2017", datetime.date(2017, 11, 2), datetime.date(2017, 11, 3)),
        ("30 October to 2 November 2017", datetime.date(2017, 10, 30), datetime.date(2017, 11, 2)),
        ("30 December to 2 January 2018", datetime.date(2017, 12, 30), datetime.date(2018, 1, 2)),
    ],
)
def test_ranges(text: str, first: datetime.date, last: datetime.date) -> None:
    """A range has its first day as the date and says its last one, over the turn of a month or year too."""
    reading = dates.read(text, order="DMY")
    assert reading
    assert (reading.date, reading.until) == (first, last)


@pytest.mark.parametrize(
    ("text", "date", "verdict"),
    [
        ("2nd and 3rd November", datetime.date(2017, 11, 2), "ambiguous"),
        ("5 January", datetime.date(2018, 1, 5), "ambiguous"),
        ("Friday 10 November", FRIDAY, "certain"),
    ],
)
def test_year_from_today(text: str, date: datetime.date, verdict: str) -> None:
    """Without a year the nearest day is proposed, and only a weekday makes it certain."""
    reading = dates.read(text, order="DMY", today=FRIDAY)
    assert reading
    assert (reading.date, reading.verdict) == (date, verdict)


def test_rest_and_reason() -> None:
    """What stands beside the date is kept, and the reason names the weekday that settled it."""
    reading = dates.read("Barcelona, Friday 10/11/2017", order="DMY")
    assert reading
    assert reading.rest == "Barcelona"
    assert "Friday settles it" in reading.reason


@settings(deadline=None)
@given(st.dates(datetime.date(1950, 1, 1), datetime.date(2080, 12, 31)), st.sampled_from(["DMY", "MDY"]))
def test_a_weekday_never_gives_a_wrong_day(day: datetime.date, order: Order) -> None:
    """With its weekday a day is found, or said to be ambiguous, in either order."""
    name = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[day.weekday()]
    for text in (f"{name} {day.day}/{day.month}/{day.year}", f"{name} {day.month}/{day.day}/{day.year}"):
        reading = dates.read(text, order=order)
        assert reading
        assert reading.date == day or reading.verdict == "ambiguous"


@given(st.text(max_size=60))
def test_never_crashes(text: str) -> None:
    """Any text has a reading or none."""
    reading = dates.read(text, order="DMY", today=FRIDAY)
    assert reading is None or reading.reason
