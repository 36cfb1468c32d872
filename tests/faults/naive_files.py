"""What many senders do to the file of their outbox: each takes one precaution out of ours, as in ``naive``."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import plans
from sqlalchemy import Connection

from newsletter.delivery import batches, database, migrations, schema
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.plan import CHUNK, Plan
from newsletter.errors import OutboxError
from newsletter.model import Choice


def _unsynced() -> None:
    """Let the system write to the disk when it likes."""
    database._WRITING = tuple(each.replace("FULL", "NORMAL") for each in database._WRITING)


def _journalled() -> None:
    """Keep a journal that readers and the writer share."""
    database._WRITING = tuple(each.replace("WAL", "DELETE") for each in database._WRITING)


def _piecemeal() -> None:
    """Store a plan piece by piece, so that a long list holds nobody up."""

    def freeze(self: Outbox, choices: Iterable[Choice], editions: Any, terms: Any, *, due: Any) -> Plan:
        left = iter(choices)
        while piece := list(islice(left, CHUNK)):
            with self.transaction() as connection:
                made = batches.freeze(connection, piece, editions, terms, due=due, now=self._clock())
        return made

    Outbox.freeze = freeze  # type: ignore[method-assign]


def _otherwise(begin: Callable[[Outbox], None]) -> None:
    """Where the outbox cannot be opened, do this to it first."""
    enter = Outbox.__enter__

    def opened(self: Outbox) -> Outbox:
        try:
            return enter(self)
        except OutboxError:
            begin(self)
            return enter(self)

    Outbox.__enter__ = opened  # type: ignore[method-assign]


def _afresh() -> None:
    """Where the outbox cannot be used, begin a new one with the same list."""

    def begin(self: Outbox) -> None:
        for part in self.path.parent.glob(f"{self.path.name}*"):
            part.unlink()
        with Outbox(plans.URL, self.path.parent) as fresh:
            plans.begin(fresh, plans.plan(fresh, plans.listed(self.path.parent)))

    _otherwise(begin)


def _aside() -> None:
    """Where the outbox cannot be written, work with a copy of it."""

    def begin(self: Outbox) -> None:
        self.path = Path(shutil.copy(self.path, mkdtemp(dir=self.path.parents[2])))

    _otherwise(begin)


def _unwatched() -> None:
    """Take the file that was opened for the outbox, wherever it is by now."""
    database._identity = lambda _path: None


def _stepwise() -> None:
    """Bring an outbox up to date step by step, and say last of which version it is."""
    say = migrations.migrate

    def migrate(connection: Connection, version: int) -> None:
        for number in range(version, schema.VERSION):
            migrations._STEPS[number](connection)
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        say(connection, schema.VERSION)

    migrations.migrate = migrate


FILES: Mapping[str, Callable[[], None]] = {
    "unsynced": _unsynced,
    "journalled": _journalled,
    "piecemeal": _piecemeal,
    "afresh": _afresh,
    "aside": _aside,
    "unwatched": _unwatched,
    "stepwise": _stepwise,
}
