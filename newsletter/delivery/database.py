"""Opens the outbox's database: one writer that holds a lock, any number of readers.

SQLite with a write-ahead log, ``synchronous=FULL`` (with NORMAL a power cut loses the very rows that say what was
about to be sent) and ``BEGIN IMMEDIATE`` (a deferred transaction that writes later fails at once, whatever the busy
timeout). Only one process writes and checkpoints: SQLite before 3.51.3 can lose commits when two do.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import StaticPool

from newsletter.delivery import migrations, people, schema
from newsletter.errors import BusyError, ConfigError, NewsletterError, OutboxError

BUSY_MILLISECONDS = 30_000
# The keys of a million people fall on all pages of their index: with SQLite's own 2 MB in memory, each costs a page.
# What is deleted is overwritten: who was erased must not be found in the file.
_WRITING = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000", "secure_delete=ON")
PRIVATE = 0o600  # members' names and addresses are in the file


def path_of(url: str, folder: Path) -> Path:
    """The file behind ``sqlite:///name.db``, relative to the newsletter's folder."""
    hint = 'Write url = "sqlite:///newsletter.db" in [outbox].'
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError(f"{url!r} is no database address.", where="[outbox] url", hint=hint) from None
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        shown = parsed.render_as_string(hide_password=True)
        raise ConfigError(f"{shown!r} is no file of SQLite.", where="[outbox] url", hint=hint)
    return folder / parsed.database


def lock(path: Path) -> FileLock:
    """The lock of the one writer, taken; a BusyError where another process has it."""
    if not path.parent.is_dir():
        raise OutboxError(
            "the folder of the outbox does not exist.", where=path.parent, hint="Make it, or correct url in [outbox]."
        )
    taken = FileLock(f"{path}.lock", timeout=0, mode=PRIVATE)
    try:
        taken.acquire()
    except Timeout:
        raise BusyError(
            "another send is running with this outbox.", where=path, hint="Wait until it is done and try again."
        ) from None
    except OSError as error:
        raise OutboxError(
            f"the outbox cannot be locked ({error.strerror}).", where=path, hint="Make its folder writable."
        ) from error
    return taken


def writer(path: Path) -> Engine:
    """The database for reading and writing, its tables made; the caller holds the lock."""
    _make(path)
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path), poolclass=StaticPool)
    event.listen(engine, "connect", _for_writing)
    event.listen(engine, "begin", partial(_begin, path, _identity(path)))
    try:
        with transaction(engine, path) as connection:
            if not inspect(connection).has_table(schema.meta.name):
                _create(connection)
            if (version := _version(connection, path)) < schema.VERSION:
                migrations.migrate(connection, version)
    except NewsletterError:
        engine.dispose()
        raise
    return engine


def reader(path: Path) -> Engine:
    """The database for looking only; where nothing was planned yet, an empty one in memory.

    One of an earlier version is brought up to date first, as a writer would.
    """
    if not path.exists():
        engine = create_engine("sqlite://", poolclass=StaticPool)
        with engine.begin() as connection:
            _create(connection)
        return engine
    engine = _looking(path)
    try:
        with transaction(engine, path) as connection:
            old = _version(connection, path) < schema.VERSION
    except NewsletterError:
        engine.dispose()
        raise
    if old:
        engine.dispose()
        with lock(path):
            writer(path).dispose()
        engine = _looking(path)
    return engine


def _looking(path: Path) -> Engine:
    address = f"file:{quote(str(path))}?mode=ro"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=StaticPool)
    event.listen(engine, "connect", _for_reading)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


@contextmanager
def transaction(engine: Engine, path: Path) -> Iterator[Connection]:
    """One transaction, committed as a whole or not at all; a database's own errors become one sentence."""
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        if "locked" in str(error.orig):
            raise BusyError(
                "another program is using the outbox.", where=path, hint="Wait until it is done and try again."
            ) from error
        raise OutboxError(
            f"the outbox cannot be used ({error.orig}).",
            where=path,
            hint="Check that the file is the newsletter's database, is writable and that the disk is not full.",
        ) from error


def empty_log(engine: Engine) -> None:
    """Move the write-ahead log into the database and empty it; what was overwritten is in neither of them any more.

    While somebody reads, the log is emptied later, when the last connection closes.
    """
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()


def _make(path: Path) -> None:
    """The file, made where it is missing for nobody but us; its log gets the same rights."""
    log = path.with_name(f"{path.name}-wal")
    if not path.exists() and log.exists() and log.stat().st_size:
        raise OutboxError(
            "the outbox was deleted or moved away without its log, which knows what was sent last.",
            where=path,
            hint=f"Put it back beside {log.name}; only to begin from nothing, delete that as well.",
        )
    with suppress(OSError):  # SQLite meets the same error, and says it
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, PRIVATE))


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is, whatever its name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _begin(path: Path, opened: tuple[int, int] | None, connection: Connection) -> None:
    """Begin a transaction, unless what it would write is in a file that nobody will find again."""
    if _identity(path) != opened:
        raise OutboxError(
            "the outbox was deleted, moved or replaced while it was in use, and nothing more is sent.",
            where=path,
            hint="Put the file back; what was under way counts as uncertain.",
        )
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _for_writing(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in (*_WRITING, f"busy_timeout={BUSY_MILLISECONDS}"):
        connection.execute(f"PRAGMA {pragma}")


def _for_reading(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("wal_autocheckpoint=0", "query_only=ON", f"busy_timeout={BUSY_MILLISECONDS}"):
        connection.execute(f"PRAGMA {pragma}")


def _create(connection: Connection) -> None:
    schema.metadata.create_all(connection)
    facts = {"schema_version": str(schema.VERSION), **people.new_secrets()}
    connection.execute(schema.meta.insert(), [{"key": key, "value": value} for key, value in facts.items()])


def _version(connection: Connection, path: Path) -> int:
    """Which version of the tables this is, if it is one that this library knows."""
    version = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.key == "schema_version"))
    if version is None or int(version) > schema.VERSION:
        raise OutboxError(
            f"the outbox was written by a newer version of newsletter (its tables have version {version}, "
            f"this one knows {schema.VERSION}).",
            where=path,
            hint="Install that version or a later one.",
        )
    return int(version)
