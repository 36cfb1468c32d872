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

    A hash table with open addressing, whose slots hold numbers of entries in two arrays: a dictionary would take
    115 MiB for a million mailboxes. One is known by the 64 bits of ``hash`` alone; that two of a million people share
    them happens once in thirty million lists. A place is the number of a line among the lines of all lists.
    """

    def __init__(self) -> None:
        self._slots = _empty(_SLOTS)
        self._hashes, self._places = array("q", [0]), array("I", [0])  # 0 is the number of no entry
        self._starts: list[int] = []
        self._next = 0

    def once(self, rows: Iterable[Subscriber | Problem]) -> Iterator[Subscriber | Problem | Again]:
        """The rows of one more list, with ``Again`` for each subscriber who was read before."""
        start = place = self._next
        self._starts.append(start)
        slots, hashes, places, number = self._slots, self._hashes, self._places, len(self._hashes)
        mask, most = len(slots) - 1, len(slots) // 2
        for row in rows:  # all in one place: calls would take as long as what they do
            if not isinstance(row, Subscriber):
                yield row
                continue
            value = hash(key(row.address.email))
            slot = value & mask
            while (known := slots[slot]) and hashes[known] != value:
                slot = (slot + 1) & mask
            if known:
                yield self._again(row, places[known])
                continue
            slots[slot] = number
            place = start + row.line
            hashes.append(value)
            places.append(place)
            yield row
            number += 1
            if number > most:  # half of the slots are empty at least, so that few mailboxes meet
                self._slots = slots = _grown(slots, hashes)
                mask, most = len(slots) - 1, len(slots) // 2
        self._next = place + 1

    def _again(self, row: Subscriber, place: int) -> Again:
        which = bisect_right(self._starts, place) - 1
        return Again(row, which, place - self._starts[which])


def _grown(slots: "array[int]", hashes: "array[int]") -> "array[int]":
    """More slots for the same entries."""
    new = _empty(len(slots) * (4 if len(slots) < _MANY else 2))
    mask = len(new) - 1
    for number, value in enumerate(hashes):
        slot = value & mask
        while new[slot]:
            slot = (slot + 1) & mask
        new[slot] = number
    return new


def _empty(slots: int) -> "array[int]":
    return array("I", [0]) * slots
