"""What changed between two texts, word by word, as a reviewer wants to see it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import regex
from rapidfuzz.distance import Indel

from newsletter.translation.scripts import UNSPACED

Kind = Literal["same", "removed", "added"]

REWRITTEN = 0.3
"""Where less than this share of the words stayed, the crumbs in common explain nothing: one text replaced the other."""

# Scripts without spaces between words are compared by character, all others by word; Python's \w would break Nepali
# words at their vowel signs. ZWNJ and ZWJ (U+200C, U+200D) stand inside words, as in Persian.
_WORD = rf"[[\p{{L}}\p{{N}}]--[{UNSPACED}]][[\p{{L}}\p{{M}}\p{{N}}\u200c\u200d]--[{UNSPACED}]]*"
_PIECES = regex.compile(rf"{_WORD}|\s+|\X", regex.VERSION1)
_LETTER = regex.compile(r"[\p{L}\p{N}]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A run of text that both have, that only the old one has (``removed``), or only the new one (``added``)."""

    kind: Kind
    text: str


def of(old: str, new: str) -> list[Change]:
    """The way from one text to the other, a removal before the addition that replaces it.

    What is same or removed joins up to ``old``, what is same or added to ``new``, character by character.
    """
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    runs = _calm(_runs(before, after))
    if _kept(runs) < REWRITTEN * max(_words(before), _words(after)):
        runs = [(old, new, False)]
    changes = []
    for removed, added, same in runs:
        if same:
            changes.append(Change(kind="same", text=removed))
            continue
        changes += [Change(kind="removed", text=removed)] if removed else []
        changes += [Change(kind="added", text=added)] if added else []
    return changes


def steps(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, int, int, bool]]:
    """The way from one list of words to the other, in runs (i, j, k, m, same): ``before[i:j]`` became ``after[k:m]``.

    The running time is bounded even for texts that repeat one word, where difflib's is cubic.
    """
    for same, found in groupby(Indel.opcodes(before, after), key=lambda step: step.tag == "equal"):
        run = list(found)
        yield run[0].src_start, run[-1].src_end, run[0].dest_start, run[-1].dest_end, same


_Run = tuple[str, str, bool]
"""A run of the old text, what stands there in the new one, and whether they are the same."""


def _runs(before: Sequence[str], after: Sequence[str]) -> list[_Run]:
    return [("".join(before[i:j]), "".join(after[k:m]), same) for i, j, k, m, same in steps(before, after)]


def _calm(runs: list[_Run]) -> list[_Run]:
    """The runs with each change in one piece: a mere space or comma between two changes belongs to them."""
    inner = range(1, len(runs) - 1)
    flat = [
        (old, new, same and not (number in inner and not _LETTER.search(old)))
        for number, (old, new, same) in enumerate(runs)
    ]
    return [
        ("".join(old for old, _new, _same in group), "".join(new for _old, new, _same in group), same)
        for same, group in ((same, list(found)) for same, found in groupby(flat, key=lambda run: run[2]))
    ]


def _kept(runs: Sequence[_Run]) -> int:
    return sum(_words(_PIECES.findall(old)) for old, _new, same in runs if same)


def _words(pieces: Sequence[str]) -> int:
    return sum(bool(_LETTER.search(piece)) for piece in pieces)
