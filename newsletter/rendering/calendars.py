"""Days and stretches of days in words, in the Gregorian and in the Persian calendar.

CLDR's patterns serve both: Babel fills them with Gregorian days, and ``_persian`` with Persian ones, which it does not
know. Digits stay Latin here. Patterns are those with the month in letters: 10/11/17 is read differently by members.
"""

import datetime
import re
from typing import Any, Literal

from babel import Locale
from babel.dates import parse_pattern, tokenize_pattern
from persiantools.jdatetime import JalaliDate

from newsletter import months

Form = Literal["full", "long", "short", "month", "badge"]
"""``full`` has the weekday, ``short`` an abbreviated month, ``month`` no day; ``badge`` is the month's short name."""

_PERSIAN_BEGINS = datetime.date(622, 3, 22)
_PERSIAN_ENDS = datetime.date(9998, 12, 31)  # persiantools knows years up to 9377

# CLDR 42, as ICU 72 has them.
_AFGHAN = ("حمل", "ثور", "جوزا", "سرطان", "اسد", "سنبلهٔ", "میزان", "عقرب", "قوس", "جدی", "دلو", "حوت")


def persian(day: datetime.date, locale: Locale) -> JalaliDate | None:
    """The day in the Persian calendar, None where readers do not use it or it did not exist yet."""
    if locale.language != "fa" or not _PERSIAN_BEGINS <= day <= _PERSIAN_ENDS:
        return None
    return JalaliDate(day)  # type: ignore[no-untyped-call]


def day(day: datetime.date | JalaliDate, form: Form, locale: Locale) -> str:
    """One day in words; Persian months are not abbreviated."""
    if form == "short" and isinstance(day, JalaliDate):
        form = "long"
    return _fill(_pattern(form, locale), day, locale)


def stretch(first: datetime.date | JalaliDate, last: datetime.date | JalaliDate, locale: Locale) -> str:
    """From the first day to the last, saying month and year once where they are the same; the days must differ."""
    differs = "y" if first.year != last.year else "M" if first.month != last.month else "d"
    patterns = locale.interval_formats
    # Most languages have an interval only with abbreviated months: ICU widens those in the same way. Chinese does not
    # name its months in a date: there is nothing to widen.
    wide = "yMMMMd" in patterns or "MMMM" not in _pattern("long", locale)
    start, end = patterns["yMMMMd" if "yMMMMd" in patterns else "yMMMd"][differs]
    return "".join(_fill(part if wide else _widen(part), day, locale) for part, day in ((start, first), (end, last)))


def _pattern(form: Form, locale: Locale) -> str:
    if form == "badge":
        return "LLL"
    if form == "month":
        return str(locale.datetime_skeletons["yMMMM"].pattern)
    if form == "short":
        return str(locale.datetime_skeletons["yMMMd"].pattern)
    return str(locale.date_formats[form].pattern)


def _widen(pattern: str) -> str:
    """Months in full: three letters of M or L become four, and lose the full stop that Georgian abbreviates with."""
    return re.sub(r"(?<![ML])(MMM|LLL)(?![ML])\.?", lambda found: found[1] + found[1][0], pattern)


def _fill(pattern: str, day: Any, locale: Locale) -> str:
    if isinstance(day, datetime.date):
        return str(parse_pattern(pattern).apply(day, locale))
    return "".join(
        value if isinstance(value, str) else _persian(value[0], day, locale) for _, value in tokenize_pattern(pattern)
    )


def _persian(field: str, day: JalaliDate, locale: Locale) -> str:
    if field in "ML":
        return (_AFGHAN if locale.territory == "AF" else months.PERSIAN)[day.month - 1]
    if field == "E":
        return str(locale.days["format"]["wide"][day.to_gregorian().weekday()])
    return str(day.year if field == "y" else day.day)
