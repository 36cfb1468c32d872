"""The review gate: what of an issue may be shown in a language, and what stands in for the rest.

A draft or a stale translation waits for a person: under ``required`` it holds the language, under ``label`` the item
goes out marked, under ``off`` it goes out. An item that lacks a translation falls back by itself to the next language
that has it, is left out, or holds the language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from newsletter.config import Config, Review
from newsletter.model import WHOLE_ISSUE, Issue, Item
from newsletter.translation import segments
from newsletter.translation.catalogs import Catalog, State

_WAITING = (State.DRAFT, State.STALE)
_STRICTNESS: tuple[Review, ...] = ("required", "label", "off")


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What may be shown: the issue in the language, and why it must not be sent yet, if so.

    ``fallbacks`` maps an item's id to the language it is shown in instead, ``omitted`` names those left out.
    """

    issue: Issue
    reasons: tuple[str, ...]
    fallbacks: Mapping[str, str]
    omitted: tuple[str, ...]

    @property
    def open(self) -> bool:
        """Whether the edition may be sent."""
        return not self.reasons


def compose(source: Issue, catalogs: Mapping[str, Catalog], language: str, *, config: Config) -> Gate:
    """The issue in ``language`` as catalogs and policies allow it; drafts are shown, whether or not they may go out.

    ``catalogs`` holds those of ``language`` and of the languages its items may fall back to.
    """
    if language == source.language:
        return Gate(issue=source, reasons=(), fallbacks={}, omitted=())
    shown = (language, *config.fallbacks_of(language))
    states = {tag: _States(catalog) for tag, catalog in catalogs.items() if tag in shown}
    own, review = states[language], config.review_of(language)
    items: list[Item] = []
    reasons = _waiting(own, WHOLE_ISSUE, review)
    if own.missing(WHOLE_ISSUE):
        reasons.append(f"{WHOLE_ISSUE}: {own.missing(WHOLE_ISSUE)} not translated")
    fallbacks: dict[str, str] = {}
    omitted: list[str] = []
    for item in source.items:
        reasons += _waiting(own, item.id, review)
        if not own.missing(item.id):
            items.append(_translated(item, own, language, labelled=review == "label"))
        elif config.item_fallback_of(language) == "next":
            items.append(_fallback(item, states, language, config))
            fallbacks[item.id] = items[-1].language
        elif config.item_fallback_of(language) == "omit":
            omitted.append(item.id)
        else:
            reasons.append(f"{item.id}: {own.missing(item.id)} not translated")
    if not items:
        reasons.append("no item is translated")
    draft = review == "label" and own.waiting(WHOLE_ISSUE) > 0
    issue = replace(segments.join(source, own.texts, language), items=tuple(items), draft=draft)
    return Gate(issue=issue, reasons=tuple(reasons), fallbacks=fallbacks, omitted=tuple(omitted))


class _States:
    """A catalog's translations and states, by item."""

    def __init__(self, catalog: Catalog) -> None:
        self.texts: dict[tuple[str, str], str] = {}
        self._states: dict[str, list[State]] = {}
        for entry in catalog:
            self._states.setdefault(entry.item, []).append(entry.state)
            if entry.state is not State.MISSING:
                self.texts[entry.context, entry.source] = entry.target

    def missing(self, item: str) -> int:
        return self._states.get(item, []).count(State.MISSING)

    def waiting(self, item: str) -> int:
        return sum(state in _WAITING for state in self._states.get(item, []))


def _waiting(states: _States, item: str, review: Review) -> list[str]:
    count = states.waiting(item)
    return [f"{item}: {count} not reviewed"] if count and review == "required" else []


def _translated(item: Item, states: _States, language: str, *, labelled: bool) -> Item:
    translated = segments.join_item(item, states.texts, language)
    return replace(translated, draft=labelled and states.waiting(item.id) > 0)


def _fallback(item: Item, states: Mapping[str, _States], reader: str, config: Config) -> Item:
    """The item in the first language of the reader's chain that may show it; the source language always may.

    The stricter of both languages' policies holds: a draft is no better for being in another language.
    """
    for language in config.fallbacks_of(reader):
        if language == item.language or language not in states:
            continue
        review = min(config.review_of(reader), config.review_of(language), key=_STRICTNESS.index)
        if not states[language].missing(item.id) and not _waiting(states[language], item.id, review):
            return _translated(item, states[language], language, labelled=review == "label")
    return item
