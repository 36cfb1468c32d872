"""A members' list in a database: whatever a query gives, its columns named by the same rules as those of a CSV file."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, CursorResult, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from newsletter.audience.problems import Problem
from newsletter.audience.sources._cells import members
from newsletter.audience.sources._table import Table, checked
from newsletter.errors import AudienceError, ConfigError
from newsletter.model import Subscriber
from newsletter.plugins import Folder, Secret

_BLOCK = 1000  # rows that are fetched at once
_SAID = 300  # characters of a database's words in an error
_URL = "[audience] url"
_EXAMPLE = 'Write url = "sqlite:///members.db", or { env = "NAME" } and the address in that variable.'
_COLUMNS = "Name the columns in the query, as in: SELECT mail AS email, name FROM members ORDER BY id"

# SQLite is opened read-only; of the others, a database that is not here must be given a user that may only read.
_READ_ONLY: Mapping[str, str] = {
    "postgresql": "SET TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}

# What to install for a module that is missing, where its name does not tell.
_PACKAGES: Mapping[str, str] = {
    "psycopg": "newsletter[postgres]",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "cx_Oracle": "cx-Oracle",
}


class Sql:
    """The members' list that ``query`` gives in the database at ``url``, an address as SQLAlchemy writes them.

    A file of SQLite is relative to the newsletter's folder. An address with a password must be a secret. ``columns``
    names the query's columns where they are not the usual ones. A query without ORDER BY gives its rows in whatever
    order the database likes, so that of two rows of one reader either may win.
    """

    unit = "row"

    def __init__(
        self,
        *,
        url: Secret | str,
        query: str,
        columns: Mapping[str, str] | None = None,
        folder: Folder = Folder(Path()),  # noqa: B008 - a path does not change
    ) -> None:
        self._url = url if isinstance(url, Secret) else Secret(url)
        parsed = _parsed(self._url)
        if isinstance(url, str) and _has_password(parsed):
            what = "a password does not belong into the file."
            raise ConfigError(what, where=_URL, hint='Write url = { env = "NAME" } and set that variable.')
        self._file = _file(parsed, folder)
        self._where = str(self._file or _shown(parsed))
        self._query = query.strip().rstrip(";")
        if not self._query:
            raise ConfigError("the query is empty.", where="[audience] query", hint=_COLUMNS)
        self._columns = checked(columns or {})

    def rows(self) -> Iterator[Subscriber | Problem]:
        """Every row of the query in its order, counted from 1; rows are fetched in blocks and never all held.

        AudienceError: the database or its driver is missing, the query is wrong, has no e-mail column or breaks off.
        """
        with self._result() as result:
            if not result.returns_rows:
                raise AudienceError("the query gives no rows.", where=self._where, hint="Write a SELECT.")
            headings = [str(key) for key in result.keys()]  # noqa: SIM118 - a result is no mapping
            table = Table(headings, columns=self._columns, where=self._where, hint=_COLUMNS, unit=self.unit)
            for line, row in enumerate(result, 1):
                yield from members(row, table=table, line=line)

    @contextmanager
    def _result(self) -> Iterator[CursorResult[object]]:
        """What the query gives, in a transaction that is rolled back; the errors of reading it are ours as well."""
        engine = self._engine()
        # Without parameters, so that a driver leaves % and : in the query alone.
        options = {"stream_results": True, "yield_per": _BLOCK, "no_parameters": True}
        running = False
        try:
            with engine.connect() as connection:
                if engine.dialect.name in _READ_ONLY:
                    connection.exec_driver_sql(_READ_ONLY[engine.dialect.name])
                running = True
                with connection.exec_driver_sql(self._query, execution_options=options) as result:
                    yield result
        except SQLAlchemyError as error:
            if running and not getattr(error, "connection_invalidated", False):
                raise self._error("the query failed", error, hint="Correct query in [audience].") from None
            hint = "Check url in [audience], and that the database runs and lets this computer in."
            raise self._error("the database cannot be read", error, hint=hint) from None
        finally:
            engine.dispose()

    def _engine(self) -> Engine:
        """The way to the database, which is not opened yet."""
        if self._file:
            if not self._file.is_file():
                hint = "Put the database there, or correct url in [audience]."
                raise AudienceError("there is no such file.", where=self._file, hint=hint)
            file = self._file
            return create_engine("sqlite://", creator=lambda: _opened(file), poolclass=NullPool)
        try:
            engine = create_engine(_parsed(self._url), poolclass=NullPool)
        except NoSuchModuleError:
            kind = _parsed(self._url).drivername
            hint = "Correct url in [audience], or install the package with SQLAlchemy's dialect for it."
            raise AudienceError(f"no kind of database is named {kind!r}.", where=_URL, hint=hint) from None
        except ImportError as error:
            package = _PACKAGES.get(error.name or "", error.name or _parsed(self._url).get_driver_name())
            what = f"the driver of this database is not installed ({error.name})."
            raise AudienceError(what, where=self._where, hint=f"Install it: pip install '{package}'") from None
        except (SQLAlchemyError, TypeError, ValueError) as error:  # an option in the address that the driver has not
            hint = "Correct url in [audience]."
            raise self._error("the address cannot be used", error, hint=hint) from None
        if engine.dialect.is_async:
            hint = "Leave the driver out of url in [audience], or name another one."
            raise AudienceError(f"{engine.dialect.driver} is a driver for other programs.", where=_URL, hint=hint)
        return engine

    def _error(self, what: str, error: Exception, *, hint: str) -> AudienceError:
        """The database's own words, without the password and the address if they repeat them."""
        said = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
        password = _parsed(self._url).password
        for secret in filter(None, (self._url.reveal(), password, quote(str(password or "")))):
            said = said.replace(str(secret), "…")
        return AudienceError(f"{what} ({said[:_SAID].rstrip('.')}).", where=self._where, hint=hint)


def _parsed(url: Secret) -> URL:
    try:
        return make_url(url.reveal())
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise ConfigError("this is no database address.", where=_URL, hint=_EXAMPLE) from None


def _has_password(url: URL) -> bool:
    """Whether an address has one, between its names or among its options."""
    options = str(dict(url.query)).casefold()
    return bool(url.password) or any(word in options for word in ("passw", "pwd", "secret", "token"))


def _shown(url: URL) -> str:
    """An address for people: neither who reads nor how."""
    return URL.create(url.drivername, host=url.host, port=url.port, database=url.database).render_as_string()


def _file(url: URL, folder: Path) -> Path | None:
    """The file of an SQLite address; None for another kind of database."""
    if url.get_backend_name() != "sqlite":
        return None
    name = url.database or ""
    if "+" in url.drivername or url.query or name in ("", ":memory:") or name.startswith("file:"):
        raise ConfigError("this is no file of SQLite.", where=_URL, hint=_EXAMPLE)
    return folder / name


def _opened(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; bytes that are no UTF-8 cost their own row a character, not the list a row."""
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    connection.execute("PRAGMA query_only=ON")
    return connection
