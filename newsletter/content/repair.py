"""Names as the organisation writes them, and the damage that pasted texts do to them.

Letters with accents vanish when a text passes through old software: "Hélène" arrives as "Hlne", which no dictionary
explains and no encoding repair brings back. The organisation's ``names.csv`` does, where exactly one name fits.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from newsletter.names import Name
from newsletter.tables import nfc

_WORD = regex.compile(r"[\p{L}\p{M}]+(?:[-’'](?!s(?![\p{L}\p{M}]))[\p{L}\p{M}]+)*")
_ACCENTED = regex.compile(r"(?=.*[^\x00-\x7f])[\p{Latin}\p{M}\p{P}\p{Zs}]+")
_NEAR = 88  # of 100: two letters swapped or one wrong in a name of two words
_SHORTEST = 5  # letters of a single word that is repaired; "Perú" without its ú is a word
_SHORTEST_NEAR = 6
# Three consonants begin a word in English, German or their neighbours only so
_ONSETS = ("chl", "chr", "phl", "phr", "sch", "scl", "scr", "shr", "spl", "spr", "str", "thr", "thw", "tsch")
_ONSET = regex.compile(r"[bcdfghjklmnpqrstvwxz]{3,}(?=[a-z])")


@dataclass(frozen=True, kw_only=True, slots=True)
class Repair:
    """One change an import made; ``line`` is the original's, ``note`` says why it was safe."""

    kind: str
    line: int
    before: str
    after: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A doubtful name at ``start`` to ``end`` of a text; ``after`` is the name it surely is, or empty."""

    start: int
    end: int
    after: str
    note: str


def doubts(text: str, names: Sequence[Name], *, ordinary: frozenset[str]) -> list[Spot]:
    """The damaged and doubtful names in ``text``, in order; ``ordinary`` are the words it writes in lower case."""
    known = _known(tuple(names))
    spots: list[Spot] = []
    for find in (_damaged, _misspelt, _unpronounceable):
        for spot in find(text, known, ordinary):
            if all(spot.end <= other.start or spot.start >= other.end for other in spots):
                spots.append(spot)
    return sorted(spots, key=lambda spot: spot.start)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What the list of names says: all spellings, all their words, and both without their accented letters."""

    spellings: tuple[str, ...]
    words: frozenset[str]
    rare: frozenset[str]
    stripped: Mapping[str, frozenset[str]]
    stripped_words: Mapping[str, frozenset[str]]


@lru_cache(maxsize=8)
def _known(names: tuple[Name, ...]) -> _Known:
    spellings = tuple(dict.fromkeys(nfc(text) for name in names for text in (name.name, *name.aliases)))
    words = frozenset(word for text in spellings for word in _WORD.findall(text))
    people = (name for name in names if name.kind != "organisation")  # an organisation's words are everybody's
    rare = {word for name in people for word in _WORD.findall(nfc(name.name)) if len(word) >= _SHORTEST_NEAR}
    return _Known(
        spellings=spellings,
        words=words,
        rare=frozenset(rare),
        stripped=_without_accents(text for text in spellings if text not in words or len(text) > _SHORTEST),
        stripped_words=_without_accents(word for word in words if len(word) >= _SHORTEST),
    )


def _without_accents(texts: Iterator[str]) -> Mapping[str, frozenset[str]]:
    """The Latin texts that have letters beyond ASCII, by what is left of them without these letters."""
    found = defaultdict(set)
    for text in texts:
        if _ACCENTED.fullmatch(text):
            found["".join(char for char in text if char.isascii())].add(text)
    return {stripped: frozenset(originals) for stripped, originals in found.items()}


def _damaged(text: str, known: _Known, ordinary: frozenset[str]) -> Iterator[Spot]:
    """Names whose accented letters vanished: repaired where one name of the list fits, else shown."""
    for stripped, originals in (*known.stripped.items(), *known.stripped_words.items()):
        if stripped in known.spellings or stripped in known.words or stripped.casefold() in ordinary:
            continue
        for found in regex.finditer(
            rf"(?<![\p{{L}}\p{{M}}\p{{N}}]){regex.escape(stripped)}(?![\p{{L}}\p{{M}}\p{{N}}])", text
        ):
            choice = " or ".join(sorted(originals))
            if stripped in known.stripped and len(originals) == 1:
                note = f"its accented letters were lost; the list of names has {choice}"
                yield Spot(start=found.start(), end=found.end(), after=choice, note=note)
            else:
                note = f"accented letters may be lost; the list of names has {choice}"
                yield Spot(start=found.start(), end=found.end(), after="", note=note)


def _misspelt(text: str, known: _Known, ordinary: frozenset[str]) -> Iterator[Spot]:
    """Names that are nearly one of the list."""
    words = [found for found in _WORD.finditer(text) if found[0][0].isupper() or found[0] in ("de", "van", "von", "la")]
    for spelling in known.spellings:
        length = len(_WORD.findall(spelling))
        folded = _folded(spelling)
        for group in zip(*(words[n:] for n in range(length)), strict=False) if length > 1 else ():
            start, end = group[0].start(), group[-1].end()
            written = text[start:end]
            if written in known.spellings or abs(len(written) - len(spelling)) > 3:
                continue
            if fuzz.ratio(_folded(written), folded) >= _NEAR:
                yield Spot(start=start, end=end, after="", note=f"the list of names has {spelling}")
    for found in words:
        word = found[0]
        if len(word) < _SHORTEST_NEAR or word in known.words or word.casefold() in ordinary:
            continue
        for other in sorted(known.rare):
            near = OSA.distance(_folded(word), _folded(other), score_cutoff=1) <= 1
            if near and word.rstrip("s") != other.rstrip("s"):
                yield Spot(start=found.start(), end=found.end(), after="", note=f"the list of names has {other}")
                break


def _unpronounceable(text: str, known: _Known, ordinary: frozenset[str]) -> Iterator[Spot]:
    """Names that begin with consonants no language begins with, for the vowel between them had an accent."""
    for found in regex.finditer(
        r"(?<![\p{L}\p{M}\p{N}])([A-Z][a-z]{3,})(?![\p{L}\p{M}])(?: \p{Lu}[\p{L}\p{M}’'-]*)*", text
    ):
        word = found[1]
        start = _ONSET.match(word.casefold())
        if start and not start[0].startswith(_ONSETS) and word not in known.words and word.casefold() not in ordinary:
            note = f"{word} may have lost a letter; write the name as its owner does, and add it to names.csv"
            yield Spot(start=found.start(), end=found.end(), after="", note=note)


def _folded(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(char))
