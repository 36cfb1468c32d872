"""How a new text compares with a remembered one: the same, the same but for its numbers, or so many percent alike.

Both are brought to one form first. A translation of the very same text may be carried over; anything below that is a
draft, however similar the texts are: to put in a "not" leaves them 95 % alike.
"""

import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import regex
from rapidfuzz import fuzz, process

from newsletter.translation import differences
from newsletter.translation.memory import values
from newsletter.translation.merge import words
from newsletter.translation.scripts import UNSPACED

SUGGESTED = 75
"""Percent from which on a similar text's translation is worth reading. Of 1320 news paragraphs, leaving one out, 14 %
of the translations found at 75 to 85 needed less than 15 % editing."""

DRAFTED = 85
"""Percent from which on it is worth correcting: 68 % of them needed less than 15 % editing, 87 % from 95 on."""

_BELOW_SAME = 99.0  # percent: texts that differ are never called the same, however little that is

# Words, of which the first four letters are a crude stem; where no spaces are written, every character is a word.
_WORD = regex.compile(rf"(?V1)[{UNSPACED}]|[[\p{{L}}\p{{M}}\p{{N}}\p{{Co}}]--[{UNSPACED}]]+")
_STEM = 4
_STEMS = 0x4E00, 20_000  # stems become one of so many ideographs: single characters that compare fast

_FEW = 16
"""Up to so many words texts are compared by themselves: fast enough, and one changed word is much of a title."""

_OVERLAP = 50
"""Percent of stems that longer texts share before they are compared by themselves, which is some ten times slower. Of
4000 paragraphs that were still 75 % alike after random edits of words, all shared 63 % and more."""

_LONGEST = 160  # characters of a difference, for a comment that is read beside the text


class Kind(StrEnum):
    """How a remembered text compares with the new one.

    ``context``: the same words in the same place; ``exact``: elsewhere; ``numbers``: only numbers, addresses or
    placeholders differ, and the new ones were put in; ``fuzzy``: similar enough to be corrected; ``suggestion``: to be
    shown only.
    """

    CONTEXT = "context"
    EXACT = "exact"
    NUMBERS = "numbers"
    FUZZY = "fuzzy"
    SUGGESTION = "suggestion"


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """One translation in the memory; ``origin`` is an issue's id or a TMX file's name, ``date`` ISO 8601 in UTC."""

    source_language: str
    target_language: str
    context: str
    source: str
    target: str
    origin: str
    approved: bool = False
    author: str = ""
    date: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """The best that the memory has for a text: ``text`` is the translation, with the new text's values where clear.

    ``score`` is in percent, 100 only for the same words. ``difference`` tells the remembered source from the new one,
    ``strays`` are addresses and placeholders that only one of ``text`` and the new source has.
    """

    kind: Kind
    text: str
    score: float
    remembered: Remembered
    difference: str = ""
    strays: tuple[str, ...] = ()

    def __str__(self) -> str:
        alike = {Kind.CONTEXT: "same text, same place", Kind.EXACT: "same text", Kind.NUMBERS: "but for the numbers"}
        parts = [
            f"memory ({self.remembered.origin}): {alike.get(self.kind) or f'{int(self.score)} % alike'}",
            self.difference,
            f"not in both: {', '.join(self.strays)}" if self.strays else "",
            f"it has: {self.text}" if self.kind is Kind.SUGGESTION else "",
        ]
        return "; ".join(part for part in parts if part)


def normalise(text: str) -> str:
    """The form that texts are looked up by: NFC, plain spaces and quotes, a mask for every value."""
    return values.mask(_plain(text))


def same(one: str, other: str) -> bool:
    """Whether two texts say the same in the same words; white space, quotes and the way letters are encoded aside."""
    return _plain(one) == _plain(other)


def skeleton(normal: str) -> str:
    """A character for each word of a normal form: long texts are first compared by these."""
    return "".join(_bone(word[:_STEM]) for word in _WORD.findall(normal))


def nearest(
    normal: str, normals: Sequence[str], skeletons: Sequence[str], *, at_least: float
) -> tuple[int, float] | None:
    """Which of many normal forms is most like this one, and by how many percent; None where none is enough."""
    bones = skeleton(normal)
    places: Sequence[int] = range(len(normals))
    if len(bones) > _FEW:
        near = process.extract(bones, skeletons, scorer=fuzz.ratio, processor=None, score_cutoff=_OVERLAP, limit=None)
        places = sorted(place for _bones, _score, place in near)
    forms = normals if len(bones) <= _FEW else [normals[place] for place in places]
    best = process.extractOne(normal, forms, scorer=fuzz.ratio, processor=None, score_cutoff=at_least)
    return (places[best[2]], best[1]) if best else None


def equal(context: str, text: str, rows: Sequence[Remembered]) -> Match | None:
    """A match by the same words, or by all but the values."""
    ranked = sorted(rows, key=lambda row: _rank(row, context), reverse=True)
    for row in ranked:
        if same(row.source, text):
            kind = Kind.CONTEXT if context and row.context == context else Kind.EXACT
            return Match(kind=kind, text=row.target, score=100, remembered=row)
    for row in ranked:
        refitted = values.refit(row.target, old=row.source, new=text)
        if refitted is not None:
            return _other(Kind.NUMBERS, refitted, row, text, _BELOW_SAME)
    return None


def similar(context: str, text: str, rows: Sequence[Remembered], score: float) -> Match:
    """The match that the best of these rows makes, all of one normal form, so many percent like the text's."""
    best = max(rows, key=lambda row: _rank(row, context))
    adapted = values.readdress(best.target, old=best.source, new=text)
    kind = Kind.FUZZY if score >= DRAFTED else Kind.SUGGESTION
    return _other(kind, adapted, best, text, min(score, _BELOW_SAME))


def difference(old: str, new: str) -> str:
    """What differs between two texts, in words: ``was: three … now: four``; one word around what was only put in."""
    before, after = old.split(), new.split()
    was, now = [], []
    for i, j, k, m, kept in differences.steps(before, after):
        if kept:
            continue
        edge = 1 if i == j or k == m else 0
        was.append(" ".join(before[max(0, i - edge) : j + edge]))
        now.append(" ".join(after[max(0, k - edge) : m + edge]))
    return f"was: {_short(was)} now: {_short(now)}" if was else ""


def _plain(text: str) -> str:
    return words(unicodedata.normalize("NFC", text))


@lru_cache(65_536)
def _bone(stem: str) -> str:
    first, many = _STEMS
    return chr(first + zlib.crc32(stem.encode()) % many)


def _other(kind: Kind, target: str, row: Remembered, text: str, score: float) -> Match:
    """A match that is not the same text, with what a reader must know of that."""
    return Match(
        kind=kind,
        text=target,
        score=score,
        remembered=row,
        difference=difference(row.source, text),
        strays=tuple(values.strays(text, target)),
    )


def _rank(row: Remembered, context: str) -> tuple[bool, bool, str, str]:
    return row.context == context, row.approved, row.date, row.origin


def _short(parts: list[str]) -> str:
    text = " … ".join(parts)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
