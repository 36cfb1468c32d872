"""Which language a subscriber gets, and why, in one sentence.

Distances are CLDR's, through langcodes with ``max_distance=49``: of the libraries measured it agrees with ICU's matcher
most often (219 of 228 cases). 0 is the same language, under 20 a variety of it (es-MX and es, Dari and Persian), from
20 on another language that its speakers usually read (Galician and Spanish, Nepali and English).
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Literal, NamedTuple

import langcodes

from newsletter.model import Choice, Subscriber

FARTHEST = 49
_FARTHEST_VARIETY = 19


class _Answer(NamedTuple):
    language: str
    kind: Literal["chosen", "near", "fallback", "held"]
    reason: str


def choose(subscriber: Subscriber, *, ready: Collection[str], held: Collection[str], default: str) -> Choice:
    """The language for ``subscriber``: the first on their list that the issue has, in ``ready`` or in ``held``.

    Every language they name, or a variety of it, goes before a language they did not name but probably read: who asks
    for Nepali, then Spanish, gets Spanish, though CLDR puts English next to Nepali. A ``held`` language is waited for
    rather than replaced, since the edition is theirs as soon as somebody has reviewed it.
    """
    answer = _answer(subscriber.languages, tuple(sorted(ready)), tuple(sorted(held)), default)
    return Choice(subscriber=subscriber, language=answer.language, kind=answer.kind, reason=answer.reason)


@lru_cache(maxsize=4096)
def _answer(languages: tuple[str, ...], ready: tuple[str, ...], held: tuple[str, ...], default: str) -> _Answer:
    """Millions of subscribers share few lists of languages, so each list is worked out once."""
    for farthest in (_FARTHEST_VARIETY, FARTHEST):
        for wanted in languages:
            found, distance = _nearest(wanted, (*ready, *held), farthest)
            if not found:
                continue
            if found in held:
                return _Answer("", "held", f"{found}, for {wanted} on their list, waits for review.")
            if distance == 0:
                return _Answer(found, "chosen", f"{wanted} is on their list.")
            return _Answer(found, "near", f"They asked for {wanted}, and {found} is the nearest language there is.")
    why = f"None of {', '.join(languages)} is near a language of this issue" if languages else "They named no language"
    if default in held:
        return _Answer("", "held", f"{why}, and the default {default} waits for review.")
    return _Answer(default, "fallback", f"{why}, so they get the default {default}.")


def _nearest(wanted: str, supported: tuple[str, ...], farthest: int) -> tuple[str, int]:
    """The nearest of ``supported`` and its distance; an empty tag where none is near or ``wanted`` is no tag."""
    if wanted in supported:
        return wanted, 0
    try:
        found, distance = langcodes.closest_match(wanted, supported, max_distance=farthest)
    except ValueError:  # langcodes.LanguageTagError is one
        return "", 0
    return ("", 0) if found == "und" else (found, distance)
