"""Which member organisations nobody reaches: a member may have several contacts, and needs one who gets the mail."""

from collections import Counter
from dataclasses import dataclass, field

MOST = 50_000
"""Organisations that are kept in mind; where a list has more, it names no members, and nobody is told of."""


@dataclass(slots=True)
class Reach:
    """Hears of every contact what they get, and tells in the end of whom nothing was heard but reasons against it."""

    _reasons: dict[str, Counter[str] | None] = field(default_factory=dict)
    _too_many: bool = False

    def heard(self, organisation: str, reason: str) -> None:
        """A contact of an organisation gets the mail, or has it already (no reason), or does not get it, and why."""
        if not organisation or self._too_many:
            return
        found = self._reasons
        if not reason:
            found[organisation] = None
        elif organisation not in found:
            self._too_many = len(found) >= MOST
            found[organisation] = Counter((reason,))
        elif (reasons := found[organisation]) is not None:
            reasons[reason] += 1

    def unreached(self) -> tuple[str, ...]:
        """The organisations that nobody reaches, by name, each with the reasons of its contacts."""
        if self._too_many:
            return ()
        lost = sorted((name, reasons) for name, reasons in self._reasons.items() if reasons is not None)
        return tuple(f"{name} ({'; '.join(_said(reasons))})" for name, reasons in lost)


def _said(reasons: Counter[str]) -> list[str]:
    return [reason if count == 1 else f"{reason}, {count} times" for reason, count in reasons.items()]
