"""Which member organisations nobody reaches: a member may have several contacts, and needs one who gets the mail."""

from collections import Counter
from dataclasses import dataclass, field

MOST = 50_000
"""Organisations that are kept in mind; where a list has more, it names no members, and nobody is told of."""


@dataclass(slots=True)
class Reach:
    """Hears of every contact what they get, and tells in the end of whom nothing was heard but reasons against it.

    Lists that were typed by several people write an organisation in several ways: letters' case and spaces do not
    count, and it is called as it was first.
    """

    _names: dict[str, str] = field(default_factory=dict)
    _reasons: dict[str, Counter[str] | None] = field(default_factory=dict)
    _too_many: bool = False

    def heard(self, organisation: str, reason: str) -> None:
        """A contact of an organisation gets the mail, or has it already (no reason), or does not get it, and why."""
        if not organisation or self._too_many:
            return
        name = " ".join(organisation.casefold().split())
        if name not in self._names:
            self._too_many = len(self._names) >= MOST
            self._names[name], self._reasons[name] = organisation, Counter()
        if not reason:
            self._reasons[name] = None
        elif (reasons := self._reasons[name]) is not None:
            reasons[reason] += 1

    def unreached(self) -> tuple[str, ...]:
        """The organisations that nobody reaches, by name, each with the reasons of its contacts."""
        if self._too_many:
            return ()
        reasons = self._reasons.items()
        lost = sorted((self._names[name], against) for name, against in reasons if against is not None)
        return tuple(f"{name} ({'; '.join(_said(against))})" for name, against in lost)


def _said(reasons: Counter[str]) -> list[str]:
    return [reason if count == 1 else f"{reason}, {count} times" for reason, count in reasons.items()]
