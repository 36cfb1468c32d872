"""Digits and separators: which system of numerals a language uses where, and numbers written in it."""

import unicodedata
from collections.abc import Callable

from babel import Locale
from babel.numbers import format_decimal, format_percent

# The digit nought of each CLDR numbering system that is some locale's own; the other nine follow it in Unicode.
_NOUGHTS = {
    "adlm": "\U0001e950",
    "arab": "٠",
    "arabext": "۰",
    "beng": "০",
    "cakm": "𑄶",
    "deva": "०",
    "hmnp": "\U0001e140",
    "mtei": "꯰",
    "mymr": "၀",
    "nkoo": "߀",
    "olck": "᱐",
    "tibt": "༠",
}
SYSTEMS = ("latn", *_NOUGHTS)
"""The numbering systems a newsletter may ask for: ``latn`` is 0 to 9 as in Europe and the Maghreb."""


def system(locale: Locale, wanted: str = "") -> str:
    """The numbering system to write with: the one wanted, otherwise the locale's own (``arab`` in Egypt)."""
    if wanted and wanted not in SYSTEMS:
        raise ValueError(f"{wanted!r} is no known numbering system; known are {', '.join(SYSTEMS)}")
    own = locale.default_numbering_system
    return wanted or (own if own in _NOUGHTS else "latn")


def native(text: str, system: str) -> str:
    """``text`` with its digits in ``system``, which Babel never does."""
    nought = ord(_NOUGHTS.get(system, "0"))
    return "".join(
        chr(nought + unicodedata.decimal(char)) if char.isascii() and char.isdigit() else char for char in text
    )


def number(value: float, locale: Locale, *, system: str) -> str:
    """``1234.5`` with separators and digits of the same system."""
    return _written(format_decimal, value, locale, system)


def percent(share: float, locale: Locale, *, system: str) -> str:
    """``0.25`` as ``25 %``, without decimals."""
    mark = locale.number_symbols[_symbols(locale, system)].get("percentSign", "%")  # Babel always writes the Latin one
    return _written(format_percent, share, locale, system).replace("%", mark)


def sign(value: float, locale: Locale, *, system: str) -> str:
    """A plus or minus, with the direction mark that CLDR gives it in the language's numbers."""
    symbols = locale.number_symbols[_symbols(locale, system)]
    return str(symbols["minusSign" if value < 0 else "plusSign"])


def _written(write: Callable[..., str], value: float, locale: Locale, system: str) -> str:
    return native(write(value, locale=locale, numbering_system=_symbols(locale, system)), system)


def _symbols(locale: Locale, system: str) -> str:
    """The system whose separators to use: CLDR has none of their own for most pairs of language and system."""
    return system if "decimal" in locale.number_symbols.get(system, ()) else "latn"
