"""Finds, when the source of an issue changed, which old entry each new text comes from.

gettext's msgmerge would look for similar texts anywhere and ask about white space; here an entry is looked for in its
own item, an editor's slips keep the review, and a machine's draft is simply drafted anew.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polib
from rapidfuzz import fuzz

from newsletter.model import Segment
from newsletter.translation import marks

SIMILAR = 60
"""A new text is taken for an edited old one of the same item from this similarity (percent) on, as in gettext."""

Key = tuple[str, str]
"""An entry's context and source text."""


def successors(
    new: list[Segment], orphans: list[polib.POEntry], *, machine: Callable[[polib.POEntry], bool]
) -> dict[Key, polib.POEntry]:
    """For each new text the entry of the old text that it comes from, if any.

    The same words in the same role are the same segment in another place, such as a renamed item, and keep their
    review. Otherwise the most similar pairs of an item find each other first, and what is left over in an item, one
    new text and one old of the same role, was rewritten. A draft that nobody touched (``machine``) has no successor.
    """
    olds = [
        _Old(place, entry, entry.msgctxt or "", words(entry.msgid), machine(entry))
        for place, entry in enumerate(orphans)
    ]
    found: dict[int, int] = {}
    for kin in (_same_words, _similar, _rewritten):
        taken = set(found.values())
        left = {number: segment for number, segment in enumerate(new) if number not in found}
        pairs = kin(left, [old for old in olds if old.place not in taken])
        for _score, number, place in sorted(pairs, key=lambda pair: -pair[0]):
            if number not in found and place not in taken:
                found[number] = place
                taken.add(place)
    return {(new[number].context, new[number].text): orphans[place] for number, place in found.items()}


def succeed(segment: Segment, old: polib.POEntry) -> polib.POEntry:
    """The entry for a text that comes from another entry's.

    A change of place, of white space or of quotation marks keeps the review; any other makes the translation stale,
    with the oldest source it is known to fit beside it.
    """
    entry = polib.POEntry(
        msgctxt=segment.context, msgid=segment.text, msgstr=old.msgstr, flags=list(old.flags), tcomment=old.tcomment
    )
    entry.previous_msgid = old.previous_msgid
    if words(old.msgid) != words(segment.text) or _role(old) != segment.role:
        marks.mark(entry, fuzzy=True)
        entry.previous_msgid = old.previous_msgid or old.msgid
    return entry


def words(text: str) -> str:
    """The text without what an editor changes without changing the meaning: white space, the kind of quotes."""
    return re.sub(r"\s+", " ", text.translate(str.maketrans("“”„«»‘’", '"""""\'\''))).strip()


@dataclass(frozen=True, slots=True)
class _Old:
    """An entry whose text is gone, with what it is compared by."""

    place: int
    entry: polib.POEntry
    context: str
    words: str
    machine: bool

    @property
    def item(self) -> str:
        return self.context.partition("|")[0]

    @property
    def role(self) -> str:
        return self.context.partition("|")[2]


_Pairs = Iterator[tuple[float, int, int]]
"""How likely the old text of that place became the new text of that number."""


def _same_words(new: Mapping[int, Segment], olds: Sequence[_Old]) -> _Pairs:
    """The texts that only changed their place; a machine's draft must keep its role."""
    by_words = _grouped(olds, lambda old: old.words)
    for number, segment in new.items():
        for old in by_words.get(words(segment.text), ()):
            same_role = old.role == segment.role
            if same_role or not old.machine:
                yield 2 * same_role + (old.item == segment.item), number, old.place


def _similar(new: Mapping[int, Segment], olds: Sequence[_Old]) -> _Pairs:
    """The texts that were edited."""
    by_item = _grouped((old for old in olds if not old.machine), lambda old: old.item)
    for number, segment in new.items():
        for old in by_item.get(segment.item, ()):
            score = fuzz.ratio(old.entry.msgid, segment.text, score_cutoff=SIMILAR)
            if score:
                yield score, number, old.place


def _rewritten(new: Mapping[int, Segment], olds: Sequence[_Old]) -> _Pairs:
    """The texts that have nothing in common with the old one but their place."""
    by_context = _grouped((old for old in olds if not old.machine and not old.entry.obsolete), lambda old: old.context)
    counts = Counter(segment.context for segment in new.values())
    for number, segment in new.items():
        left = by_context.get(segment.context, ())
        if len(left) == counts[segment.context] == 1:
            yield 0, number, left[0].place


def _grouped(olds: Iterable[_Old], key: Callable[[_Old], str]) -> dict[str, list[_Old]]:
    grouped: dict[str, list[_Old]] = {}
    for old in olds:
        grouped.setdefault(key(old), []).append(old)
    return grouped


def _role(entry: polib.POEntry) -> str:
    return (entry.msgctxt or "").partition("|")[2]
