"""Finds, when the source of an issue changed, which old entry each new text comes from.

gettext's msgmerge would look for similar texts anywhere and ask about white space; here an entry is looked for in its
own item, an editor's slips keep the review, and a machine's draft is simply drafted anew.
"""

import re
from collections.abc import Callable, Iterable

import polib
from rapidfuzz import fuzz

from newsletter.model import Segment

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
    pairs = [
        (score, number, position)
        for number, segment in enumerate(new)
        for position, entry in enumerate(orphans)
        if (score := _kinship(segment, entry, machine=machine)) >= SIMILAR
    ]
    found: dict[int, int] = {}
    for _score, number, position in sorted(pairs, key=lambda pair: -pair[0]):
        if number not in found and position not in found.values():
            found[number] = position
    found |= _rewritten(new, orphans, found, machine=machine)
    return {_key(new[number]): orphans[position] for number, position in found.items()}


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
        entry.flags = sorted({*entry.flags, "fuzzy"})
        entry.previous_msgid = old.previous_msgid or old.msgid
    return entry


def words(text: str) -> str:
    """The text without what an editor changes without changing the meaning: white space, the kind of quotes."""
    return re.sub(r"\s+", " ", text.translate(str.maketrans("“”„«»‘’", '"""""\'\''))).strip()


def _kinship(segment: Segment, entry: polib.POEntry, *, machine: Callable[[polib.POEntry], bool]) -> float:
    """How likely ``entry`` translates what became ``segment``, in percent; over 100 where only its place changed."""
    item = (entry.msgctxt or "").partition("|")[0]
    same_words, same_role = words(entry.msgid) == words(segment.text), _role(entry) == segment.role
    if same_words and (same_role or not machine(entry)):
        return 110 + 2 * same_role + (item == segment.item)
    if item != segment.item or machine(entry):
        return 0
    return float(fuzz.ratio(entry.msgid, segment.text))


def _rewritten(
    new: list[Segment],
    orphans: list[polib.POEntry],
    found: dict[int, int],
    *,
    machine: Callable[[polib.POEntry], bool],
) -> dict[int, int]:
    """The texts that have nothing in common with the old one but their place."""
    texts = _by_context((segment.context, n) for n, segment in enumerate(new) if n not in found)
    olds = _by_context(
        (entry.msgctxt or "", n)
        for n, entry in enumerate(orphans)
        if n not in found.values() and not entry.obsolete and not machine(entry)
    )
    return {
        numbers[0]: olds[context][0]
        for context, numbers in texts.items()
        if len(numbers) == 1 and len(olds.get(context, ())) == 1
    }


def _by_context(found: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = {}
    for context, number in found:
        grouped.setdefault(context, []).append(number)
    return grouped


def _key(segment: Segment) -> Key:
    return segment.context, segment.text


def _role(entry: polib.POEntry) -> str:
    return (entry.msgctxt or "").partition("|")[2]
