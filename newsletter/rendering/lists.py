"""Lists as people write them: ``A, B and C``, with what CLDR's patterns cannot say about the words they join."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from babel import Locale

Style = Literal["and", "or"]

# Connector, its form before the same sound, and what begins with that sound ("hie" and "hia" begin with a glide).
_SPANISH = {
    "and": (" y ", " e ", re.compile(r"\W*(i|í|h(í|i(?![ae])))", re.IGNORECASE)),
    "or": (" o ", " u ", re.compile(r"\W*(h?[oó]|8|11(?!\d))", re.IGNORECASE)),
}


def join(items: Sequence[str], locale: Locale, *, style: Style = "and") -> str:
    """The items in the language's way; Spanish says *e* before *i*, *u* before *o*, Hebrew ``ו-`` before Latin."""
    if len(items) < 2:
        return "".join(items)
    patterns = locale.list_patterns["or" if style == "or" else "standard"]
    *first, last = items
    joined = first[0]
    for number, item in enumerate(first[1:]):
        joined = _fill(_spaced(patterns["start" if number == 0 else "middle"]), joined, item)
    return _fill(_connector(patterns["end" if len(first) > 1 else "2"], last, locale, style=style), joined, last)


def _connector(pattern: str, last: str, locale: Locale, *, style: Style) -> str:
    if locale.language == "es":
        word, before, sound = _SPANISH[style]
        return pattern.replace(word, before) if sound.match(last) else pattern
    if locale.language == "he" and pattern.endswith("ו{1}") and not _hebrew(last):
        return pattern.replace("ו{1}", "ו-{1}")
    return pattern


def _spaced(pattern: str) -> str:
    """CLDR 48 forgets the space after the first comma in Nepali."""
    return pattern.replace("{0},{1}", "{0}, {1}")


def _fill(pattern: str, before: str, item: str) -> str:
    """Both at once: an item may itself contain braces."""
    return re.sub(r"\{([01])\}", lambda found: item if found[1] == "1" else before, pattern)


def _hebrew(text: str) -> bool:
    """Whether the first letter or digit is Hebrew."""
    first = next((char for char in text if char.isalnum()), "")
    return bool(first) and unicodedata.name(first, "").startswith("HEBREW")
