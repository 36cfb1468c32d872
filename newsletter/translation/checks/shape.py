"""Checks of a translation's shape: is it a translation into that language at all, and all of it?"""

from collections.abc import Iterator

import regex
from babel import Locale
from babel.core import get_global

from newsletter.translation.checks import Finding, Level

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")

# Length of target to source in characters: the central 98 % of human translations of sentences from 60 characters on,
# and the 95th percentile for shorter texts.
_SENTENCE = {
    "fr": (0.81, 1.62),
    "es": (0.83, 1.59),
    "ca": (0.78, 1.67),
    "pt": (0.79, 1.49),
    "ar": (0.64, 1.49),
    "fa": (0.66, 1.43),
    "ko": (0.35, 0.91),
    "ne": (0.72, 1.40),
    "zh": (0.21, 0.61),
}
_SHORT = {"fr": 1.89, "es": 1.66, "ca": 1.64, "pt": 1.63, "ar": 1.68, "fa": 1.67, "ko": 1.00, "ne": 1.59, "zh": 0.67}
_TOLERANCE = 0.05

# ISO 15924 codes whose languages are written in more than one script at once.
_MIXED = {"Jpan": ("Han", "Hiragana", "Katakana"), "Kore": ("Hangul", "Han"), "Hans": ("Han",), "Hant": ("Han",)}


class Empty:
    """The translation has no word. False alarms: none."""

    def find(self, source: str, target: str, language: str) -> Iterator[Finding]:
        if _WORD.search(source) and not _WORD.search(target):
            yield Finding(level="block", message="nothing was translated")


class Copied:
    """The translation is the source. Names are no words here: a text needs three words in lower case to be accused."""

    def find(self, source: str, target: str, language: str) -> Iterator[Finding]:
        common = [word for word in _WORD.findall(source) if word.islower()]
        if len(common) >= 3 and _WORD.findall(source) == _WORD.findall(target):
            yield Finding(level="block", message="the text came back untranslated")


class Length:
    """The translation is much shorter or longer than translations into that language are.

    False alarms of the warning: 2 % of human paragraphs; blocking takes twice that distance and had none.
    """

    def find(self, source: str, target: str, language: str) -> Iterator[Finding]:
        bounds = self._bounds(source, language.partition("-")[0])
        if bounds is None or not source:
            return
        low, high = bounds
        ratio = len(target) / len(source)
        what = f"it has {ratio:.0%} of the source's length, {low:.0%} to {high:.0%} is usual"
        if ratio < low / 1.5 or ratio > high * 1.5:
            yield Finding(level="block", message=what)
        elif not low <= ratio <= high:
            yield Finding(level="warn", message=what)

    @staticmethod
    def _bounds(source: str, language: str) -> tuple[float, float] | None:
        if language not in _SENTENCE:
            return None
        low, high = _SENTENCE[language]
        if len(source) < 60:
            low, high = low / 2, _SHORT[language] * 1.3
        return low - _TOLERANCE, high + _TOLERANCE


class Loop:
    """Words that repeat themselves, as a derailed engine does. False alarms: 0.2 to 1.1 %, which is why three
    repetitions warn and only four block.
    """

    _PHRASE = regex.compile(r"(?<!\S)((?:\S+ ){1,4}?)\1{2,}", regex.IGNORECASE)
    _LETTER = regex.compile(r"([\p{L}\p{M}])\1{5,}")

    def find(self, source: str, target: str, language: str) -> Iterator[Finding]:
        phrase = self._PHRASE.search(_spaced(target))
        if phrase and not self._PHRASE.search(_spaced(source)):
            times = len(phrase[0]) // len(phrase[1])
            level: Level = "block" if times >= 4 else "warn"
            yield Finding(level=level, message=f"“{phrase[1].strip()}” stands {times} times in a row")
        if self._LETTER.search(target) and not self._LETTER.search(source):
            yield Finding(level="block", message="one letter is repeated again and again")


def _spaced(text: str) -> str:
    """The words alone, each with one space behind it."""
    return "".join(f"{word} " for word in _WORD.findall(text))


class Script:
    """Less than 60 % of the letters are in the script of the language. Only for languages not written in Latin."""

    def find(self, source: str, target: str, language: str) -> Iterator[Finding]:
        script = _script(language)
        letters = regex.findall(r"\p{L}", target)
        if script == "Latn" or len(letters) < 4:
            return
        names = _MIXED.get(script, (script,))
        pattern = regex.compile("[" + "".join(rf"\p{{Script={name}}}" for name in names) + "]")
        share = sum(1 for letter in letters if pattern.match(letter)) / len(letters)
        if share < 0.6:
            yield Finding(level="block", message=f"only {share:.0%} of the letters are {script}")


def _script(language: str) -> str:
    """The ISO 15924 code of the script a language is usually written in."""
    locale = Locale.parse(language, sep="-")
    if locale.script:
        return str(locale.script)
    likely = get_global("likely_subtags")
    full = likely.get(f"{locale.language}_{locale.territory}") or likely.get(locale.language) or "und_Latn"
    return str(full).split("_")[1]
