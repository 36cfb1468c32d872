"""Dates as people write them: every reading, then the weekday decides.

10/11/2017 is two different days, and of the ambiguous pairs of day and month of 2015 to 2029 a weekday beside the date
settles 90.9 %. Neither dateparser nor dateutil looks at it, so this module does. The names of days and months are
CLDR's, in the languages of LOCALES.
"""

import datetime
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import regex
from babel import Locale
from babel.dates import format_date
from persiantools.jdatetime import JalaliDate

from newsletter import months

Order = Literal["DMY", "MDY"]
Verdict = Literal["certain", "only", "ambiguous", "contradiction"]
Parts = tuple[int, int, int]  # year, month, day

LOCALES = ("en", "es", "fr", "ca", "pt", "ar", "ar_MA", "ar_DZ", "ar_LB", "fa", "ko", "ne", "zh")

_PERSIAN = 100  # added to the number of a month that only the Persian calendar has
_PERSIAN_YEARS = range(1300, 1500)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SPELLINGS = str.maketrans(
    {"ي": "ی", "ك": "ک", "\u200c": " ", "\u200e": "", "\u200f": "", "\u00a0": " ", "\u202f": " "}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a text says the date is; ``until`` is the last day of a range, ``reason`` is one sentence for an editor.

    certain: a weekday confirms it. only: there is no other reading. ambiguous: ``date`` is a guess to confirm.
    contradiction: no reading is possible, and ``date`` is ``None``. ``rest`` is the text without the date.
    """

    date: datetime.date | None
    verdict: Verdict
    reason: str
    until: datetime.date | None = None
    rest: str = ""


class _Found(NamedTuple):
    """A date's place in a text, and its readings, the likeliest one first; the year 0 stands for none."""

    start: int
    end: int
    readings: tuple[Parts, ...]
    until: Parts | None = None


def read(text: str, *, order: Order, today: datetime.date | None = None) -> Reading | None:
    """The first date in ``text``, or ``None`` where there is none; ``order`` is for what nothing else settles.

    ISO dates come first always, a year from 1300 to 1499 is the Persian calendar's, and digits may be any script's.
    A date without a year is the one nearest to ``today``, and never certain without a weekday.
    """
    plain = _plain(text)
    found = _iso(plain) or _numeric(plain, order) or _named(plain)
    if found is None:
        return None
    weekday, start, end = _weekday(plain, found)
    written = plain[start:end].strip(" ,.()")
    rest = (plain[:start] + " " + plain[end:]).strip(" ,.:;()|-–—")
    if found.readings[0][0] == 0:
        if today is None:
            return Reading(date=None, verdict="ambiguous", reason=f"{written} names no year.", rest=rest)
        found = _with_years(found, today)
    days = list(dict.fromkeys(day for parts in found.readings if (day := _day(parts))))
    date, verdict, reason = _settle(days, written, weekday)
    until = _day(found.until) if found.until else None
    if date and until:
        reason += f" It is the first day of several; the last is {_shown(until)}."
    return Reading(date=date, verdict=verdict, reason=reason, until=until, rest=rest)


def _settle(days: list[datetime.date], written: str, weekday: int | None) -> tuple[datetime.date | None, Verdict, str]:
    if not days:
        return None, "contradiction", f"{written} is no day of the calendar."
    both = " or ".join(_shown(day) for day in days)
    if weekday is None:
        if len(days) == 1:
            return days[0], "only", f"{written} can only be {both}."
        return days[0], "ambiguous", f"{written} can be {both}."
    name = _WEEKDAYS[weekday]
    fits = [day for day in days if day.weekday() == weekday]
    others = " and ".join(f"{_shown(day)} is a {_WEEKDAYS[day.weekday()]}" for day in days if day not in fits)
    if not fits:
        return None, "contradiction", f"{written} cannot be a {name}: {others}."
    if len(fits) > 1:
        return fits[0], "ambiguous", f"{written} can be {both}, and each is a {name}."
    if others:
        return fits[0], "certain", f"{name} settles it: {_shown(fits[0])} is a {name}, while {others}."
    return fits[0], "certain", f"{name} confirms it: {_shown(fits[0])} is a {name}."


def _plain(text: str) -> str:
    """``text`` with ASCII digits, and with one spelling of the letters on which Arabic and Persian keyboards differ."""
    normal = unicodedata.normalize("NFC", text)
    digits = (str(unicodedata.decimal(char)) if char.isdecimal() else char for char in normal)
    return "".join(digits).translate(_SPELLINGS)


def _day(parts: Parts) -> datetime.date | None:
    year, month, day = parts
    try:
        if month > _PERSIAN:
            gregorian: datetime.date = JalaliDate(year, month - _PERSIAN, day).to_gregorian()  # type: ignore[no-untyped-call]
            return gregorian
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _shown(day: datetime.date) -> str:
    shown: str = format_date(day, "d MMMM y", locale="en")
    return shown


def _with_years(found: _Found, today: datetime.date) -> _Found:
    """The readings without a year, in the year before ``today``, in its own and in the next, the nearest day first."""
    years = (today.year, today.year - 1, today.year + 1)
    readings = [(year, month, day) for year in years for _, month, day in found.readings]
    near = sorted(readings, key=lambda parts: abs(((_day(parts) or datetime.date.max) - today).days))
    until = (near[0][0], *found.until[1:]) if found.until else None
    return found._replace(readings=tuple(near), until=until)


# The three ways to write a date, in the order in which they are tried

_YEAR_FIRST = regex.compile(
    r"(?<!\d)(\d{4})(?:\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{1,2})|\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일])(?!\d)"
)
_YEAR_LAST = regex.compile(r"(?<![\d/.-])(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?!\d|[-/.]\d)")


def _iso(text: str) -> _Found | None:
    found = _YEAR_FIRST.search(text)
    if not found:
        return None
    year, month, day = int(found[1]), int(found[3] or found[5]), int(found[4] or found[6])
    return _Found(found.start(), found.end(), (_calendar(year, month, day),))


def _numeric(text: str, order: Order) -> _Found | None:
    found = _YEAR_LAST.search(text)
    if not found:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4]) + (2000 if len(found[4]) == 2 else 0)
    readings = [_calendar(year, second, first), _calendar(year, first, second)]
    if year in _PERSIAN_YEARS:
        readings = readings[:1]  # the Persian calendar is never written month first
    return _Found(found.start(), found.end(), tuple(readings if order == "DMY" else reversed(readings)))


def _calendar(year: int, month: int, day: int) -> Parts:
    return (year, month + _PERSIAN if year in _PERSIAN_YEARS else month, day)


def _named(text: str) -> _Found | None:
    """Dates with the name of a month, those with a year first; ``2 and 3 November 2017`` is a range."""
    found = [one for pattern in _month_patterns() if (one := pattern.search(text))]
    if not found:
        return None
    best = max(found, key=lambda one: (one["year"] is not None, one["d1"] is not None and one["d2"] is not None))
    year, month = int(best["year"] or 0), _months()[best["m2"].casefold()]
    first, last = int(best["d1"] or best["d2"]), int(best["d2"])
    start = _months()[best["m1"].casefold()] if "m1" in best.groupdict() and best["m1"] else month
    began = year - 1 if year and start > month else year  # 30 December to 2 January 2018
    until = (year, month, last) if best["d1"] else None
    return _Found(best.start(), best.end(), ((began, start, first),), until)


@lru_cache(maxsize=1)
def _month_patterns() -> list[regex.Pattern[str]]:
    name1, name2 = (
        rf"(?<![\p{{L}}\p{{M}}])(?P<{key}>{_either(_months())})\.?(?![\p{{L}}\p{{M}}])" for key in ("m1", "m2")
    )
    ordinal = r"(?:\s?(?:st|nd|rd|th|er|re|[èºª])(?![\p{L}\p{M}]))?"
    d1, d2 = (rf"(?<![\d/.-])(?P<{key}>\d{{1,2}}){ordinal}" for key in ("d1", "d2"))
    of = r"[\s,،.]*(?:(?:of|de|del|d[’'])\s*)?"
    to = r"\s*(?:-|–|—|~|to|and|&|y|e|et|au|al?|i|و|تا|الی|إلى)\s*(?:(?:el|le)\s+)?"
    year = r"(?<!\d)(?P<year>\d{4})(?!\d)"
    flags = regex.IGNORECASE
    return [
        regex.compile(rf"(?:{d1}(?:{of}{name1})?{to})?{d2}{of}{name2}(?:{of}{year})?", flags),
        regex.compile(rf"{name2}\s*(?:{d1}{to})?{d2}(?:[\s,،]+{year})?", flags),
        regex.compile(rf"{year}[\s,،]*{name2}\s*(?:{d1}{to})?{d2}", flags),
    ]


def _weekday(text: str, found: _Found) -> tuple[int | None, int, int]:
    """The weekday written right before or right after the date, and where date and weekday begin and end."""
    before, after = _weekday_patterns()
    if one := before.search(text[: found.start]):
        return _days()[one[1].casefold()], one.start(1), found.end
    if one := after.match(text[found.end :]):
        return _days()[one[1].casefold()], found.start, found.end + one.end()
    return None, found.start, found.end


@lru_cache(maxsize=1)
def _weekday_patterns() -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    names = _either(_days())
    article = r"(?:(?:the|on|le|el|o|dia|día|مورخ)\s+)?"
    return (
        regex.compile(rf"(?<![\p{{L}}\p{{M}}])({names})\.?[\s,،(–-]*{article}\Z", regex.IGNORECASE),
        regex.compile(rf"[\s,،.(–-]*({names})(?![\p{{L}}\p{{M}}])\.?\)?", regex.IGNORECASE),
    )


@lru_cache(maxsize=1)
def _months() -> Mapping[str, int]:
    """The names of months, case-folded; those of the Persian calendar begin at 101."""
    names = {name: number + _PERSIAN for number, name in enumerate(months.PERSIAN, 1)}
    for locale in LOCALES:
        for number, name in months.names(locale):
            names.setdefault(_key(name), number)
    return names


@lru_cache(maxsize=1)
def _days() -> Mapping[str, int]:
    """The names of weekdays, case-folded; Monday is 0."""
    names: dict[str, int] = {}
    for locale in LOCALES:
        days = Locale.parse(locale).days
        for number, name in ((n, days[c][w][n]) for c in days for w in ("wide", "abbreviated") for n in range(7)):
            for spelling in {_key(name), _key(name).removesuffix("-feira"), _key(name).replace(" ", "")}:
                names.setdefault(spelling, number)
    return names


def _key(name: str) -> str:
    return _plain(name).casefold().rstrip(".")


def _either(names: Mapping[str, int]) -> str:
    return "|".join(regex.escape(name) for name in sorted(names, key=len, reverse=True))
