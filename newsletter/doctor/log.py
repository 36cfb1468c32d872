"""The outbox's write-ahead log: while another program reads the outbox, what is written meanwhile stays there.

That program holds nobody up, but the log grows with every mail until it lets go (https://sqlite.org/wal.html).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.doctor import databases
from newsletter.doctor.disk import amount
from newsletter.doctor.verdicts import Verdict, ok, warning

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings

LARGEST = 64_000_000
"""Bytes that nobody need mind: where nobody reads, SQLite writes the log back every four megabytes."""


def look(around: "Surroundings") -> Iterator[Verdict]:
    """The log beside the outbox's file; none where a server keeps the outbox, which looks after its logs itself."""
    for path in databases.outbox(around.config):
        yield judge(path.name, log=_size(path.with_name(f"{path.name}-wal")), database=_size(path))


def judge(name: str, *, log: int, database: int) -> Verdict:
    """Whether a log of so many bytes is one that somebody keeps from being written back."""
    if log <= max(LARGEST, database):
        return ok(f"The log of {name} is not too long.")
    return warning(
        f"The log of {name} has grown to {amount(log)}, more than the database itself: some program has been reading "
        "it for long, or a large plan is just being made.",
        f"Close the program that reads {name}; the next newsletter send empties the log.",
    )


def _size(path: Path) -> int:
    """Bytes; 0 where there is no such file, as the log goes with the last program that has the database open."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
