"""The file that keeps what was translated before: the memory of reviewed segments and the engine's answers.

One SQLite file with a rollback journal: with a write-ahead log SQLite before 3.51.3 can lose commits when two
processes write, which they may here. Every transaction is short and waits for the others.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    NullPool,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.exc import DBAPIError

from newsletter.errors import TranslationError

VERSION = 1
APPLICATION = 0x6E6C746D  # SQLite's application_id, "nltm": no other database is taken for ours
REBUILD = "Move the file away: the next run builds it anew from the PO files; import TMX files again."

metadata = MetaData()

entry = Table(
    "entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_language", String(35), nullable=False),
    Column("target_language", String(35), nullable=False),
    Column("context", Text, nullable=False, comment="item|role"),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("normal", Text, nullable=False, comment="matching.normalise(source)"),
    Column("digest", Integer, nullable=False, comment="of normal: an index of the texts would be as large as they are"),
    Column("skeleton", Text, nullable=False, comment="matching.skeleton(normal)"),
    Column("origin", Text, nullable=False, comment="the issue's id or the TMX file's name"),
    Column("approved", Boolean, nullable=False),
    Column("author", Text, nullable=False),
    Column("date", String(20), nullable=False, comment="UTC, ISO 8601"),
    UniqueConstraint("source_language", "target_language", "origin", "context", "source"),
)
Index("entry_digest", entry.c.digest, entry.c.target_language)

catalog = Table(
    "catalog",
    metadata,
    Column("path", Text, primary_key=True, comment="of a catalog, in the folder of the issues"),
    Column("stamp", Text, nullable=False, comment="what would differ if the catalog did"),
)

answer = Table(
    "answer",
    metadata,
    Column("key", LargeBinary(16), primary_key=True, comment="hash of the engine's fingerprint and the sentence"),
    Column("text", Text, nullable=False),
    Column("doubt", Text, nullable=False),
    Column("used", Integer, nullable=False, comment="the last day of use, counted from 1970"),
    sqlite_with_rowid=False,
)
Index("answer_used", answer.c.used)


class Store:
    """The file; it is made by the first writing, and reading a missing one finds nothing.

    A connection lives for one transaction, so that nothing is held open and threads and processes may share the file.
    A TranslationError says in one sentence why it cannot be used. ``patience`` is in seconds, of
    which a large import takes tens.
    """

    def __init__(self, path: Path, *, patience: float = 120) -> None:
        self.path = path
        self._patience = patience
        self._engine = create_engine("sqlite://", creator=self._connect, poolclass=NullPool)
        event.listen(self._engine, "begin", _begin)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the file."""
        if not self.path.exists():
            with _nothing() as connection:
                yield connection
            return
        with self._sentences(), self._engine.begin() as connection:
            if self._made(connection):
                yield connection
            else:
                with _nothing() as empty:
                    yield empty

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed as a whole or, after an error or a crash, not at all."""
        # A deferred transaction that writes later would fail at once where another writes, whatever the patience.
        engine = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        with self._sentences(), engine.begin() as connection:
            if not self._made(connection):
                metadata.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
                connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
            yield connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=self._patience, isolation_level=None, check_same_thread=False)

    def _made(self, connection: Connection) -> bool:
        """Whether our tables are there; a file of nothing, as a crash leaves it, has none."""
        application, version = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("application_id", "user_version")
        )
        if application == 0 and not connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one():
            return False
        if application != APPLICATION:
            raise TranslationError("the file is another program's database.", where=self.path, hint=REBUILD)
        if version > VERSION:
            raise TranslationError(
                f"the memory was written by a newer version of newsletter (its tables have version {version}, this "
                f"one knows {VERSION}).",
                where=self.path,
                hint=f"Install that version. Or: {REBUILD}",
            )
        return True

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
            if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise TranslationError(
                    f"the memory is damaged ({error.orig}).", where=self.path, hint=REBUILD
                ) from error
            raise TranslationError(
                f"the memory cannot be used ({error.orig}).",
                where=self.path,
                hint="Check that its folder exists, that both can be written and that the disk is not full.",
            ) from error


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


@contextmanager
def _nothing() -> Iterator[Connection]:
    with create_engine("sqlite://", poolclass=NullPool).connect() as connection:
        metadata.create_all(connection)
        yield connection
