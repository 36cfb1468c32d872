"""Room on the disk: the outbox records every step before it is taken, and stops where it cannot."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from newsletter.doctor import databases
from newsletter.doctor.verdicts import Verdict, ok, problem

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings

LEAST = 200_000_000
"""Bytes that should be free in any case."""


def look(around: "Surroundings") -> Iterator[Verdict]:
    """The least, or twice what the databases take, as a copy and their logs may need that at once."""
    folder = around.config.folder
    taken = sum(path.stat().st_size for path in databases.files(around.config))
    yield judge(free=shutil.disk_usage(folder).free, needed=max(LEAST, 2 * taken))


def judge(*, free: int, needed: int) -> Verdict:
    """Whether so many bytes are enough."""
    if free < needed:
        return problem(
            f"Only {amount(free)} are free on the disk of the newsletter; {amount(needed)} should be.",
            "Make room, or move the newsletter's folder to another disk.",
        )
    return ok(f"{amount(free)} are free on the disk.")


def amount(size: int) -> str:
    """Bytes, as a person reads them."""
    return f"{size / 1e9:.0f} GB" if size >= 10e9 else f"{size / 1e6:.0f} MB"
