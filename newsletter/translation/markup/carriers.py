"""Short stand-ins for what must pass through an engine unchanged: addresses, placeholders, code, pictures.

An engine that is given an address often alters it, drops it, or loses the thread. Which short word it copies instead
differs from one engine to the next, so each is asked: the probe's sentences go through it with every candidate.
"""

from collections.abc import Sequence
from typing import Protocol

from newsletter.model import Translated
from newsletter.translation.markup.inline import Inline, Span, exchange
from newsletter.translation.markup.placement import locate

CANDIDATES: tuple[tuple[str, ...], ...] = (
    tuple(f"X{number}" for number in range(1, 10)),
    tuple(f"({number})" for number in range(1, 10)),
    ("Zubiri", "Kvarken", "Ohrid", "Tromelin", "Yamoussoukro", "Ladoga", "Oulanka", "Baikal", "Ushuaia"),
    tuple(chr(0xE000 + number) for number in range(9)),
)
"""Each is enough for nine items in one sentence."""

_PROBE = (
    "Write to {} before Friday.",
    "You can read the whole report at {}.",
    "{} is where the members will meet next year.",
    "Please send your answer to {} and a copy to {}.",
    "Dear {}, thank you for your letter.",
    "The new form, {}, replaces the old one.",
    "For more information see {} or ask at the town hall.",
    "The city has published {} in three languages.",
    "All documents are on {}; the list of speakers is on {}.",
    "We have received {} and will answer within two weeks.",
)
"""Each brace is an item. They are English; to an engine from another language they are only harder."""


class Translator(Protocol):
    """An engine for one pair of languages."""

    def translate(self, sentences: Sequence[str]) -> list[Translated]:
        """One translation for each sentence, in order."""


def choose(translator: Translator) -> tuple[str, ...]:
    """The candidate that this engine copies most often; none where it loses even the best in half of the sentences."""
    probes = [[exchange(_probe(text), carriers[: text.count("{}")]) for text in _PROBE] for carriers in CANDIDATES]
    answers = iter(translator.translate([probe.text for tried in probes for probe in tried]))
    kept = [sum(locate(probe, next(answers).text) is not None for probe in tried) for tried in probes]
    best = max(range(len(kept)), key=kept.__getitem__)  # the first of the best ones
    return CANDIDATES[best] if 2 * kept[best] > len(_PROBE) else ()


def _probe(text: str) -> Inline:
    places = [place for place in range(len(text)) if text.startswith("{}", place)]
    return Inline(text=text, protected=tuple(Span(start=place, end=place + 2, kind="literal") for place in places))
