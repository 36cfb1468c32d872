"""How far the review of an issue is, in numbers that a person can act on."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.translation.catalogs import Catalog, State
from newsletter.translation.gate import Gate


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageReview:
    """One language of an issue: segments by state, in all and by item, and what the gate makes of it.

    ``reasons`` says why the language must not be sent yet; ``fallbacks`` maps an item to the language it is shown in
    instead, ``omitted`` names the items that are left out.
    """

    language: str
    counts: Mapping[State, int]
    items: Mapping[str, Mapping[State, int]]
    reasons: tuple[str, ...] = ()
    fallbacks: Mapping[str, str]
    omitted: tuple[str, ...] = ()

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {state}" for state, number in self.counts.items() if number)
        return f"{counts or 'nothing to translate'}" + (" (held)" if self.reasons else "")


def of(catalog: Catalog, decision: Gate) -> LanguageReview:
    """Count the states of a catalog beside the gate's decision on it."""
    items: dict[str, Counter[State]] = {}
    for entry in catalog:
        items.setdefault(entry.context.partition("|")[0], Counter())[entry.state] += 1
    total = sum(items.values(), Counter[State]())
    return LanguageReview(
        language=catalog.language,
        counts={state: total[state] for state in State},
        items={item: {state: counts[state] for state in State} for item, counts in items.items()},
        reasons=decision.reasons,
        fallbacks=decision.fallbacks,
        omitted=decision.omitted,
    )
