"""Remembers whom a plan came by, in little memory, however many they are."""

from collections.abc import Iterable

_LOW = (1 << 25) - 1


class Seen:
    """Which persons perhaps came by already: a Bloom filter, so that only those are looked for in the database.

    4 MB, two bits a person: of a million persons one in three hundred is looked for in vain.
    """

    def __init__(self) -> None:
        self._bits = bytearray(1 << 22)

    def perhaps(self, persons: Iterable[str]) -> list[str]:
        """Those who may have come by; nobody who did is missing."""
        bits, found = self._bits, []
        for person in persons:
            number = int(person, 16)
            one, two = number & _LOW, number >> 64 & _LOW
            if bits[one >> 3] >> (one & 7) & bits[two >> 3] >> (two & 7) & 1:
                found.append(person)
        return found

    def add(self, persons: Iterable[str]) -> None:
        """They came by."""
        bits = self._bits
        for person in persons:
            number = int(person, 16)
            one, two = number & _LOW, number >> 64 & _LOW
            bits[one >> 3] |= 1 << (one & 7)
            bits[two >> 3] |= 1 << (two & 7)
