"""What a machine's translation must keep or must not do: small classes, one rule each.

A ``block`` finding holds the draft back: the segment stays missing and its PO comment says why. A ``warn`` finding goes
into the comment of the draft. Thresholds were measured on human news translations (NTREX-128), so that a correct
translation is rarely accused; each check's docstring gives its false alarms.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

Level = Literal["block", "warn"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One doubt about a translation; ``message`` completes the sentence "check: …"."""

    level: Level
    message: str


class Check(Protocol):
    """One rule; ``source`` and ``target`` are inline Markdown, ``language`` is the target's BCP 47 tag."""

    def find(self, source: str, target: str, language: str) -> Iterator[Finding]:
        """What is wrong with ``target`` as a translation of ``source``."""


def all_checks() -> tuple[Check, ...]:
    """The checks every draft goes through."""
    from newsletter.translation.checks import kept, shape

    return (
        shape.Empty(),
        shape.Copied(),
        shape.Length(),
        shape.Loop(),
        shape.Script(),
        kept.Literals(),
        kept.Numbers(),
    )


def find(source: str, target: str, language: str) -> list[Finding]:
    """All findings of all checks, the blocking ones first."""
    found = [finding for check in all_checks() for finding in check.find(source, target, language)]
    return sorted(found, key=lambda finding: finding.level != "block")
