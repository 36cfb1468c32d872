"""Kinds of members' lists, one module each, behind one seam (see newsletter.testing)."""

from collections.abc import Iterator
from typing import Protocol

from newsletter.audience.problems import Problem
from newsletter.model import Subscriber

__all__ = ["Problem", "Source"]


class Source(Protocol):
    """A members' list. Its constructor's keyword arguments are its options in ``[audience]``.

    ``unit`` is what its rows are counted in, for people: a line, a row.
    """

    unit: str

    def rows(self) -> Iterator[Subscriber | Problem]:
        """Every row in order; a bad one is a problem, which neither stops the list nor gets lost.

        Who stands on it twice comes out twice: that is seen where all lists are read. AudienceError where the list
        cannot be read to its end, for half a list would look like a short one.
        """
