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


def together(outbox: Outbox, *steps: Callable[[Connection], str]) -> tuple[list[object], int]:
    """What became of steps that come at one time, and how many commits it took."""
    commits: list[None] = []
    with outbox.transaction() as connection:
        engine = connection.engine
    event.listen(engine, "commit", lambda _connection: commits.append(None))

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


def test_nothing_is_said_before_the_commit(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        group = GroupCommit(outbox)
        waiting = [asyncio.ensure_future(group.run(leaves(person))) for person in "ab"]
        with outbox.transaction() as connection:
            event.listen(connection.engine, "commit", lambda _: seen.append([each.done() for each in waiting]))
        seen.clear()
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
