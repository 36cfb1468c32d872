"""Checks that the subject and the preheader fit where mail programs show them."""

from collections.abc import Iterator

from newsletter.columns import width
from newsletter.translation.checks import Candidate, Finding

SUBJECT = 60
PREHEADER = (40, 90)


class Columns:
    """The subject is at most 60 columns wide, the preheader 40 to 90: an East Asian sign takes two of them.

    A bound to be kept in mind from the start: of 60 columns of English, 75 % of translators make more in French.
    """

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        wide = width(candidate.target)
        low, high = {"subject": (0, SUBJECT), "preheader": PREHEADER}.get(candidate.role, (0, wide))
        if wide > high:
            yield Finding(
                level="warn", message=f"the {candidate.role} is {wide} columns wide, at most {high} are shown"
            )
        elif wide < low <= width(candidate.source):
            message = f"the {candidate.role} is {wide} columns wide; below {low}, mail programs fill up with other text"
            yield Finding(level="warn", message=message)
