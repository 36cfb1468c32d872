"""Remembers which mailboxes were read, of millions of people, in some twenty-five bytes each."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from newsletter.audience.addresses import key
from newsletter.audience.problems import Problem
from newsletter.model import Subscriber

_SLOTS = 1 << 17  # to begin with; always a power of two
_MANY = 1 << 21


class Again(NamedTuple):
    """Somebody whose mailbox was read before: on which list, counted from 0, and on which line of it."""

    subscriber: Subscriber
    list: int
    line: int


class Mailboxes:
    """Where each mailbox was read first.

    A hash table with open addressing in two arrays: a dictionary would take 115 MiB for a million mailboxes. One is
    known by the 64 bits of ``hash`` alone; that two of a million people share them happens once in thirty million
    lists. A place is kept as the number of the line among the lines of all lists.
    """

    def __init__(self) -> None:
        self._hashes, self._places = _table(_SLOTS)
        self._room = _SLOTS // 2
        self._starts: list[int] = []
        self._next = 0

    def once(self, rows: Iterable[Subscriber | Problem]) -> Iterator[Subscriber | Problem | Again]:
        """The rows of one more list, with ``Again`` for each subscriber who was read before."""
        start = place = self._next
        self._starts.append(start)
        hashes, places, mask, room = self._hashes, self._places, len(self._hashes) - 1, self._room
        for row in rows:  # all in one place: calls would take as long as what they do
            if isinstance(row, Problem):
                yield row
                continue
            value = hash(key(row.address.email)) or 1  # 0 is an empty slot
            slot = value & mask
            while (found := hashes[slot]) and found != value:
                slot = (slot + 1) & mask
            if found:
                yield self._again(row, places[slot])
                continue
            hashes[slot] = value
            places[slot] = place = start + row.line
            yield row
            room -= 1
            if not room:
                self._grow()
                hashes, places, mask, room = self._hashes, self._places, len(self._hashes) - 1, self._room
        self._next, self._room = place + 1, room

    def _again(self, row: Subscriber, place: int) -> Again:
        which = bisect_right(self._starts, place) - 1
        return Again(row, which, place - self._starts[which])

    def _grow(self) -> None:
        """More slots; half of them are empty at least, so that few mailboxes meet."""
        hashes, places = self._hashes, self._places
        more = len(hashes) * (4 if len(hashes) < _MANY else 2)
        self._hashes, self._places = new, of = _table(more)
        self._room = more // 2 - len(hashes) // 2
        mask = len(new) - 1
        for value, place in zip(hashes, places, strict=True):
            if value:
                slot = value & mask
                while new[slot]:
                    slot = (slot + 1) & mask
                new[slot], of[slot] = value, place


def _table(slots: int) -> tuple["array[int]", "array[int]"]:
    return array("q", [0]) * slots, array("I", [0]) * slots
