"""Steps that come together share a commit, and each bears its own errors alone."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, insert, select

from newsletter.delivery.group_commit import GroupCommit
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.schema import suppression
from newsletter.errors import HeldError, OutboxError


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox("sqlite:///newsletter.db", tmp_path) as opened:
        yield opened


def leaves(person: str) -> Callable[[Connection], str]:
    """A step that writes a row, and gives whose it is; the same row twice is an error of the database."""

    def step(connection: Connection) -> str:
        row = {"person": person, "reason": "unsubscribed", "at": datetime(2026, 11, 1, tzinfo=UTC)}
        connection.execute(insert(suppression).values(**row))
        return person

    return step


def refuses(_connection: Connection) -> str:
    raise HeldError("not this one.")


def breaks(_connection: Connection) -> str:
    raise ZeroDivisionError


def at_every(outbox: Outbox, moment: str, look: Callable[[], None]) -> None:
    """Look at every ``begin`` or ``commit`` from now on."""
    with outbox.transaction() as connection:
        engine = connection.engine
    event.listen(engine, moment, lambda _connection: look())


def together(outbox: Outbox, *steps: Callable[[Connection], str]) -> tuple[list[object], int]:
    """What became of steps that come at one time, and how many commits it took."""
    commits: list[None] = []
    at_every(outbox, "commit", lambda: commits.append(None))

    async def run() -> list[object]:
        group = GroupCommit(outbox)
        return list(await asyncio.gather(*map(group.run, steps), return_exceptions=True))

    return asyncio.run(run()), len(commits)


def stored(outbox: Outbox) -> int:
    with outbox.transaction() as connection:
        return connection.scalar(select(func.count()).select_from(suppression)) or 0


def test_one_commit_for_all(outbox: Outbox) -> None:
    assert together(outbox, *map(leaves, "abcd")) == (["a", "b", "c", "d"], 1)
    assert stored(outbox) == 4


@pytest.mark.parametrize(
    ("bad", "kind"), [(refuses, HeldError), (breaks, ZeroDivisionError), (leaves("a"), OutboxError)]
)
def test_who_fails_fails_alone(outbox: Outbox, bad: Callable[[Connection], str], kind: type[Exception]) -> None:
    found, _ = together(outbox, leaves("a"), bad, leaves("b"))
    assert (found[0], found[2], type(found[1])) == ("a", "b", kind)
    assert stored(outbox) == 2


def test_who_comes_alone_is_not_tried_twice(outbox: Outbox) -> None:
    """A database that another program holds would be waited for twice as long."""
    begun: list[None] = []
    at_every(outbox, "begin", lambda: begun.append(None))
    [error], _ = together(outbox, refuses)
    assert (type(error), len(begun) - 1) == (HeldError, 1)  # one of them is the look for the engine


def test_nothing_is_said_before_the_commit(outbox: Outbox) -> None:
    async def run() -> None:
        group = GroupCommit(outbox)
        waiting = [asyncio.ensure_future(group.run(leaves(person))) for person in "ab"]
        at_every(outbox, "commit", lambda: seen.append([each.done() for each in waiting]))
        await asyncio.gather(*waiting)

    seen: list[list[bool]] = []
    asyncio.run(run())
    assert seen == [[False, False]]


def test_who_waits_no_more_holds_nobody_up(outbox: Outbox) -> None:
    async def run() -> str:
        group = GroupCommit(outbox)
        leaving = asyncio.ensure_future(group.run(leaves("a")))
        staying = asyncio.ensure_future(group.run(leaves("b")))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert asyncio.run(run()) == "b"
    assert stored(outbox) == 2
