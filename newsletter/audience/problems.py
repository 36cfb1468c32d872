"""What is wrong with a row of a members' list: one kind for counting, one sentence for the person who corrects it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from newsletter.audience.addresses import Fault

Kind = (
    Fault
    | Literal["duplicate", "cells", "huge", "quotes", "delimiter", "shape"]
    | Literal["encoding", "lost", "language", "timezone", "country", "value"]
)
"""Why a row is a problem. Those from ``encoding`` on cost a part of it only; their subscriber is read all the same."""

SHOWN = 120
"""Characters of a row that its sentence quotes."""

_ONE: Mapping[Kind, str] = {"duplicate": "duplicate", "encoding": "list not in UTF-8"}
_TALLIES: Mapping[Kind, str] = {
    "duplicate": "duplicates",
    "empty": "without an address",
    "address": "with a wrong address",
    "long": "with too long an address",
    "unicode": "with letters beyond ASCII before the @",
    "break": "with a line break in it",
    "control": "with a control character in it",
    "hidden": "with an invisible character in the address",
    "turning": "with a name that turns the direction of writing",
    "cells": "with too many cells",
    "huge": "with too long a cell",
    "quotes": "with quotation marks that do not match",
    "delimiter": "with other marks between the cells",
    "shape": "of another shape",
    "encoding": "lists not in UTF-8",
    "lost": "with a lost character",
    "language": "with an unknown language",
    "timezone": "with an unknown time zone",
    "country": "with an unknown country",
    "value": "with an error for a value",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong with one row; ``kept`` says that its subscriber is read all the same.

    The row is number ``line`` of the members' list ``list``, counted in ``unit``; the name is empty where there is one
    list only. ``text`` is what stands there, ``organisation`` the member it speaks for, where that could be read.
    """

    kind: Kind
    line: int
    reason: str
    text: str
    kept: bool = False
    organisation: str = ""
    unit: str = "line"
    list: str = ""

    @property
    def place(self) -> str:
        """Where the row is, for people, as in ``line 12 of board``."""
        return f"{self.unit} {self.line}{f' of {self.list}' if self.list else ''}"

    def __str__(self) -> str:
        quoted = visible(self.text[: SHOWN + 1])
        return f"{self.place}: {self.reason} ({quoted if len(quoted) <= SHOWN else f'{quoted[:SHOWN]}…'})"


def summary(counts: Mapping[Kind, int]) -> str:
    """How many rows have which problem, as in ``12 duplicates, 3 without an address``; empty where none has any."""
    tallies = ((counts.get(kind, 0), _ONE.get(kind, tally), tally) for kind, tally in _TALLIES.items())
    return ", ".join(f"{count} {one if count == 1 else more}" for count, one, more in tallies if count)


def visible(text: str) -> str:
    """A text that a terminal shows as it is: no character in it moves the cursor, hides or turns its neighbours."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
