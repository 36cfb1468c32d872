"""Which language a subscriber gets, and why, in one sentence.

Distances are CLDR's, through langcodes with ``max_distance=49``: of the libraries measured it agrees with ICU's matcher
most often (219 of 228 cases). 0 is the same language, under 20 a variety of it (es-MX and es, Dari and Persian), from
20 on another language that its speakers usually read (Galician and Spanish, Nepali and English).
"""

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache, partial
from typing import Literal, NamedTuple

import langcodes

from newsletter.audience import territories
from newsletter.model import Choice, Subscriber

FARTHEST = 49
_FARTHEST_VARIETY = 19


class _Issue(NamedTuple):
    """The languages of an issue, and those that are usual on the members' list."""

    ready: tuple[str, ...]
    held: tuple[str, ...]
    default: str
    usual: tuple[str, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        return (*self.ready, *self.held)


class _Answer(NamedTuple):
    language: str
    kind: Literal["chosen", "near", "usual", "fallback", "held"]
    reason: str
    waits: str = ""


def chooser(
    *, ready: Collection[str], held: Collection[str], default: str, usual: tuple[str, ...] = ()
) -> Callable[[Subscriber], Choice]:
    """What chooses a subscriber's language among those the issue has, in ``ready`` or in ``held``.

    The first on the subscriber's own list wins. Every language they name, or a variety of it, goes before a language
    they did not name but probably read: who asks for Nepali, then Spanish, gets Spanish, though CLDR puts English next
    to Nepali. Who names none that is near gets one of the ``usual`` languages of the members' list, else an official
    language of their country, else the default. A ``held`` language is waited for rather than replaced, since the
    edition is theirs as soon as somebody has reviewed it.
    """
    issue = _Issue(tuple(sorted(ready)), tuple(sorted(held)), default, usual)
    answer = lru_cache(maxsize=4096)(partial(_answer, issue))  # a million subscribers share few lists of languages

    def choose(subscriber: Subscriber) -> Choice:
        language, kind, reason, waits = answer(subscriber.languages, subscriber.territory)
        return Choice(subscriber=subscriber, language=language, kind=kind, reason=reason, waits=waits)

    return choose


def _answer(issue: _Issue, languages: tuple[str, ...], territory: str) -> _Answer:
    for farthest in (_FARTHEST_VARIETY, FARTHEST):
        for wanted in languages:
            found, distance = _nearest(wanted, issue.languages, farthest)
            if found in issue.held:
                return _Answer("", "held", f"{found}, for {wanted} on their list, waits for review.", found)
            if found and distance == 0:
                return _Answer(found, "chosen", f"{wanted} is on their list.")
            if found:
                return _Answer(found, "near", f"They asked for {wanted}, and {found} is the nearest language there is.")
    why = f"None of {', '.join(languages)} is near a language of this issue" if languages else "They named no language"
    for wanted, of in _usual(issue, territory):
        found, _ = _nearest(wanted, issue.languages, _FARTHEST_VARIETY)
        if found in issue.held:
            return _Answer("", "held", f"{why}; {found} is {of}, and waits for review.", found)
        if found:
            return _Answer(found, "usual", f"{why}, so they get {found}, {of}.")
    if issue.default in issue.held:
        return _Answer("", "held", f"{why}, and the default {issue.default} waits for review.", issue.default)
    return _Answer(issue.default, "fallback", f"{why}, so they get the default {issue.default}.")


def _usual(issue: _Issue, territory: str) -> Iterator[tuple[str, str]]:
    """What somebody probably reads who does not say it, in order, and why."""
    for wanted in issue.usual:
        yield wanted, "a language of their members' list"
    for wanted in territories.languages(territory) if territory else ():
        yield wanted, f"a language of their country, {territories.name(territory)}"


def _nearest(wanted: str, supported: tuple[str, ...], farthest: int) -> tuple[str, int]:
    """The nearest of ``supported`` and its distance; an empty tag where none is near or ``wanted`` is no tag."""
    if wanted in supported:
        return wanted, 0
    try:
        found, distance = langcodes.closest_match(wanted, supported, max_distance=farthest)
    except ValueError:  # langcodes.LanguageTagError is one
        return "", 0
    return ("", 0) if found == "und" else (found, distance)
