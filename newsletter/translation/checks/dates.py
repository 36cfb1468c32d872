"""Checks that a date in words is the same date."""

import datetime
from collections.abc import Iterator
from functools import lru_cache

import regex
from babel import UnknownLocaleError
from persiantools.jdatetime import JalaliDate

from newsletter import months
from newsletter.translation.checks import Candidate, Finding

_VARIANTS = {"ar": ("ar", "ar_MA", "ar_DZ", "ar_LB"), "pt": ("pt", "pt_PT")}
_SHORT = 4  # letters of a month's name
_LETTERS = str.maketrans({"ي": "ی", "ك": "ک", "\u200c": " "})


class Dates:
    """A day with the name of its month in the source is that day and month in the translation.

    The month may be a number, the year another calendar's: 20 March 2018 is 29 Esfand 1396.
    False alarms: none of the 30 dates in the example newsletter.
    """

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        text = candidate.translation.text.casefold().translate(_LETTERS)
        numbers = {int(found) for found in regex.findall(r"\p{Nd}{1,40}", text)}
        names = _months(candidate.base)
        for written, day, month, year in _dates(candidate.original.text, candidate.source_language):
            said = month in numbers or any(_stands(name, text) for name in names.get(month, ()))
            if (not said or (day > 1 and day not in numbers)) and not _persian(day, month, year, text, numbers):
                yield Finding(level="warn", message=f"the date {written} is not in it")


def _dates(text: str, language: str) -> Iterator[tuple[str, int, int, int]]:
    """(as written, day, month, year or 0) of each date with a month's name; of a range, the last day."""
    for match in _pattern(language.partition("-")[0]).finditer(text):
        day = int(match["before"] or match["after"])
        month = next(
            number
            for number, names in _months(language.partition("-")[0]).items()
            if (match["month"] or match["first"]).casefold() in names
        )
        capital = (match["month"] or match["first"])[0].isupper() or not language.startswith("en")
        if day <= 31 and capital:  # English may is no month
            yield match[0], day, month, int(match["year"] or 0)


@lru_cache(maxsize=32)
def _pattern(language: str) -> regex.Pattern[str]:
    names = "|".join(
        regex.escape(name) for name in sorted({n for ns in _months(language).values() for n in ns}, key=len)[::-1]
    )
    of = r"(?:\s(?:of|de|del)\s|\s?d[’']|\.?\s)"
    return regex.compile(
        rf"(?<![\p{{Nd}}.,])(?:(?P<before>\p{{Nd}}{{1,2}})(?:st|nd|rd|th|er|º)?{of}(?P<month>{names})(?![\p{{L}}\p{{M}}])"
        rf"|(?<![\p{{L}}\p{{M}}])(?P<first>{names})\.?\s(?P<after>\p{{Nd}}{{1,2}})(?:st|nd|rd|th)?(?![\p{{Nd}}:]))"
        rf"(?:{of}|,\s)?(?P<year>\p{{Nd}}{{4}}(?!\p{{Nd}}))?",
        regex.IGNORECASE,
    )


@lru_cache(maxsize=32)
def _months(language: str) -> dict[int, frozenset[str]]:
    """The names of each month, case-folded, full and short, of more than two letters."""
    found: dict[int, set[str]] = {number: set() for number in range(1, 13)}
    try:
        for tag in _VARIANTS.get(language, (language,)):
            for number, name in months.names(tag):
                plain = name.casefold().translate(_LETTERS)
                if len(plain) > 2:
                    found[number].add(plain)
    except (ValueError, UnknownLocaleError):
        return {}
    return {number: frozenset(names) for number, names in found.items()}


def _stands(name: str, text: str) -> bool:
    """Whether a month is named; a short name must be a word where words are apart, for Spanish marcha is no March."""
    if len(name) > _SHORT or name[0] >= "\u0590":
        return name in text
    return regex.search(rf"(?<![\p{{L}}\p{{M}}]){regex.escape(name)}(?![\p{{L}}\p{{M}}])", text) is not None


def _persian(day: int, month: int, year: int, text: str, numbers: set[int]) -> bool:
    """Whether the text has the same day in the Persian calendar."""
    if not any(name in text for name in months.PERSIAN):
        return False
    try:
        date = JalaliDate(datetime.date(year or 2000, month, day))  # type: ignore[no-untyped-call]
    except ValueError:
        return False
    near = {date.day} if year else {date.day - 1, date.day, date.day + 1}
    return months.PERSIAN[date.month - 1] in text and bool(near & numbers)
