"""Kinds of members' lists, one module each, behind one seam (see newsletter.testing)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from newsletter.model import Subscriber


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong with one row, ``line`` being the list's; ``kept`` says that its subscriber is read all the same."""

    line: int
    reason: str
    text: str
    kept: bool = False

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason} ({self.text})"


class Source(Protocol):
    """A members' list. Its constructor's keyword arguments are its options in ``[audience]``."""

    def rows(self) -> Iterator[Subscriber | Problem]:
        """Every row in order; a bad one is a problem, which neither stops the list nor gets lost."""
