"""Suppression lists as CSV (``email,reason,at,source``), for people who come from another tool, or go to one."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from newsletter import tables
from newsletter.audience import addresses
from newsletter.delivery.suppressions import REASONS, Reason, Suppression
from newsletter.errors import AudienceError

_SHAPE = tables.Shape(required=("email",), optional=("reason", "at", "source"), error=AudienceError)
_TAKEN = tuple(reason for reason in REASONS if reason != "erased")  # who was erased is on no list


def read(path: Path, *, now: datetime) -> list[Suppression]:
    """Who is on a list; without ``reason`` it is ``manual``, without ``at`` now, without ``source`` the file's name.

    AudienceError with the line where a row cannot be used: then nobody of the list is taken.
    """
    if not path.is_file():
        raise AudienceError("there is no such file.", where=path, hint="Name a CSV file with a column “email”.")
    return [_entry(row, path, now) for row in tables.read(path, _SHAPE)]


def write(path: Path, entries: Iterable[Suppression]) -> int:
    """Write a list; how many are on it. Who was erased has no address, and is left out."""
    named = [entry for entry in entries if entry.email]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((*_SHAPE.required, *_SHAPE.optional))
        writer.writerows((entry.email, entry.reason, entry.at.isoformat(), entry.source) for entry in named)
    return len(named)


def _entry(row: tables.Row, path: Path, now: datetime) -> Suppression:
    where, cells = f"{path}:{row.line}", row.cells
    try:
        email = addresses.parse(cells["email"]).email
    except AudienceError as error:
        raise AudienceError(error.what, where=where, hint=error.hint) from None
    reason = cells.get("reason") or "manual"
    if reason not in _TAKEN:
        raise AudienceError(f"unknown reason {reason!r}.", where=where, hint=f"Write one of: {', '.join(_TAKEN)}.")
    return Suppression(
        email=email,
        reason=cast("Reason", reason),
        at=_moment(cells.get("at", ""), where) or now,
        source=cells.get("source") or path.name,
    )


def _moment(text: str, where: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise AudienceError(f"{text!r} is no time.", where=where, hint="Write it as 2026-11-13T09:00:00Z.") from None
