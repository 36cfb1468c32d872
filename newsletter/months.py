"""What the months are called, for whoever writes dates or looks for them in a text."""

from collections.abc import Iterator

from babel import Locale

PERSIAN = (
    *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
    *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
)
"""The months of the Persian calendar in Iran, which Babel does not know (CLDR 42, as ICU 72 has them)."""


def names(locale: str) -> Iterator[tuple[int, str]]:
    """The number and name of each Gregorian month, full and short; an UnknownLocaleError where CLDR has none.

    Without the preposition that Catalan puts before them and the full stop behind short ones; what East Asia calls its
    months, a number, is no name.
    """
    for widths in Locale.parse(locale).months.values():
        for width in ("wide", "abbreviated"):
            for number, name in widths.get(width, {}).items():
                if not any(char.isdecimal() for char in name):
                    yield number, name.removeprefix("de ").removeprefix("d’").rstrip(".")
