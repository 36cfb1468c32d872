"""The newsletter's databases: a SQLite that can keep them, and files that are whole."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from newsletter.delivery import database
from newsletter.doctor.verdicts import Verdict, note, ok, problem, warning
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.doctor import Surroundings

Version = tuple[int, int, int]

OLDEST: Version = (3, 35, 0)
"""The first SQLite with RETURNING, which the outbox claims its batches with."""

_PATIENCE = 5.0  # seconds that a locked database is waited for


def resets_log_safely(version: Version) -> bool:
    """Whether a SQLite is free of the WAL-reset bug: two programs that write back the log at once may damage the file.

    In 3.7.0 to 3.51.2, mended in 3.51.3 and, for older lines, in 3.50.7 and 3.44.6 (https://sqlite.org/wal.html).
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0)


def version(_around: "Surroundings") -> Iterator[Verdict]:
    """The SQLite that this Python has."""
    yield judge_version(sqlite3.sqlite_version_info)


def judge_version(found: Version) -> Verdict:
    """What a version of SQLite means for the newsletter."""
    name = f"SQLite {'.'.join(map(str, found))}"
    if found < OLDEST:
        return problem(f"{name} is too old for the outbox.", "Install a newer Python; its SQLite comes with it.")
    if resets_log_safely(found):
        return ok(f"{name} is good.")
    return note(
        f"{name} can damage a database that two programs write at once (mended in 3.51.3). newsletter lets only one "
        "program write, so open newsletter.db with nothing else while it sends."
    )


def outbox(config: "Config") -> list[Path]:
    """The outbox's file; none where a server keeps it, which looks after its files itself."""
    try:
        return [database.path_of(config.outbox.url, config.folder)]
    except ConfigError:
        return []


def files(config: "Config") -> list[Path]:
    """The databases that are there already."""
    return [path for path in (*outbox(config), config.memory) if path.is_file()]


def whole(around: "Surroundings") -> Iterator[Verdict]:
    """Each database, read from beginning to end; nothing is written."""
    found = files(around.config)
    if not found:
        yield ok("There is no database yet; the first plan makes it.")
    for path in found:
        yield _read(path)


def _read(path: Path, *, patience: float = _PATIENCE) -> Verdict:
    fix = f"Put a copy of {path.name} aside and restore it from a backup before anything is sent."
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=patience)) as opened:
            (said,) = opened.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:  # locked, or not ours to read: nothing is known
        return warning(f"{path.name} could not be read ({error}).", "Try again, as the user that sends.")
    except sqlite3.DatabaseError as error:
        return problem(f"{path.name} is damaged ({error}).", fix)
    if said != "ok":
        return problem(f"{path.name} is damaged ({' '.join(said.split())}).", fix)
    return ok(f"{path.name} is whole.")
