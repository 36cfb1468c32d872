"""Checks that what must not change did not: addresses, placeholders, links, pictures, code, emphasis."""

from collections import Counter
from collections.abc import Iterator

import regex

from newsletter.translation.checks import Candidate, Finding

_TAG = regex.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>]*)?/?>")


class Literals:
    """Web and mail addresses, handles and placeholders are the same, each as often.

    False alarms: news none; manuals 0.2 %, where the address of an example was translated.
    """

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        yield from _compared(candidate.original.literals, candidate.translation.literals, "")


class Markup:
    """Links, pictures and code lead where, show what and say what they did, each as often.

    False alarms: none in Markdown; the manuals' 0.2 % are quotation marks in the form of `this'.
    """

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        source, target = candidate.original, candidate.translation
        yield from _compared(source.links, target.links, "the link to ")
        yield from _compared(source.pictures, target.pictures, "the picture ")
        yield from _compared(source.code, target.code, "the code ")


class Emphasis:
    """As much is emphasised, and as strongly; Markdown's asterisks stop working between a bracket and a letter.

    False alarms: manuals none, but 0.6 % in French, where a translator added some.
    """

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        names = {"s": "struck words", "em": "emphasis", "strong": "strong emphasis"}
        wanted, given = Counter(candidate.original.emphasis), Counter(candidate.translation.emphasis)
        for tag in wanted - given:
            yield Finding(level="warn", message=f"{names[tag]} is missing")
        for tag in given - wanted:
            yield Finding(level="warn", message=f"{names[tag]} was added")


class Html:
    """Tags that the source has not: readers would see them as they stand. False alarms: none."""

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        tags = _TAG.findall(candidate.translation.text)
        if len(tags) > len(_TAG.findall(candidate.original.text)):
            yield Finding(level="block", message=f"{tags[0]} was left in it")


def _compared(wanted: tuple[str, ...], given: tuple[str, ...], what: str) -> Iterator[Finding]:
    for text in Counter(wanted) - Counter(given):
        yield Finding(level="block", message=f"{what}{text} is missing or changed")
    for text in Counter(given) - Counter(wanted):
        yield Finding(level="block", message=f"{what}{text} was invented")
