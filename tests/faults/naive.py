"""What many senders do: each of these takes one precaution out of ours, and the tests must find it out.

Those in ``POLICIES`` change the library for good, so they are for a forked process, or for a test that puts back what
was there. What is done to the file of the outbox stands in ``naive_files``, what by a provider in ``naive_providers``.
"""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from naive_files import FILES
from sqlalchemy import Connection, false, insert, select, update

from newsletter.delivery import (
    backlog,
    claims,
    database,
    events,
    lease,
    limits,
    outbox,
    schema,
    sender,
    signals,
)
from newsletter.delivery.batches import Frozen
from newsletter.delivery.courier import Courier
from newsletter.delivery.lease import Lease
from newsletter.delivery.outbox import Outbox
from newsletter.errors import BusyError, OutboxError


def _forgetful() -> None:
    """After a crash, send again what was under way, as something new."""
    careful = backlog.recover

    def recover(connection: Connection, provider: str, **rest: Any) -> None:
        lost = connection.scalars(select(schema.batch.c.id).where(schema.batch.c.state == "inflight")).all()
        for number in lost:
            again = update(schema.batch).where(schema.batch.c.id == number)
            connection.execute(again.values(state="pending", key=uuid4().hex))
        careful(connection, provider, **rest)

    backlog.recover = recover


def _unlocked() -> None:
    """Ask for no lock."""

    def lock(_path: Path) -> AbstractContextManager[None]:
        return nullcontext()

    database.lock = lock  # type: ignore[assignment]


def _unfenced() -> None:
    """Send what was claimed once, however long ago."""

    def fence(connection: Connection, held: Lease, *, now: datetime, **_rest: Any) -> bool:
        mine = update(schema.batch).where(schema.batch.c.id == held.id)
        connection.execute(mine.values(state="inflight", token=held.token))
        connection.execute(insert(schema.attempt).values(batch_id=held.id, n=1, token=held.token, started=now))
        return True

    claims.fence = fence


def _unheard() -> None:
    """Once a batch is given up, hear nothing more of it."""
    heard = lease.write

    def write(connection: Connection, held: Lease, values: Any, *, states: tuple[str, ...] = ("inflight",)) -> bool:
        return heard(connection, held, values, states=tuple(each for each in states if each != "uncertain"))

    lease.write = write  # type: ignore[assignment]


def _unannounced() -> None:
    """Write down that a request goes out only once it is answered."""
    fence, record = Courier._fence, Courier._record
    bodies: dict[int, str] = {}

    async def later(self: Courier, held: Lease, body: str) -> bool:
        bodies[held.id] = body
        return True

    async def both(self: Courier, held: Lease, step: Callable[[Connection, datetime], None]) -> None:
        await fence(self, held, bodies[held.id])
        await record(self, held, step)

    Courier._fence, Courier._record = later, both  # type: ignore[method-assign]


def _careless() -> None:
    """What cannot be written down is not worth a second try, nor a stop."""

    async def once(self: Courier, held: Lease, step: Callable[[Connection, datetime], None]) -> None:
        try:
            with self.outbox.transaction() as connection:
                step(connection, self.clock())
        except (OutboxError, BusyError):
            return

    Courier._record = once  # type: ignore[method-assign]


def _wallclock() -> None:
    """Go by the clock on the wall, whatever happens to it, and do not look whether it was put back."""
    sender.steady = lambda: outbox.now
    backlog.mind_the_clock = lambda _connection, _now: None


def _deaf() -> None:
    """Take in no notes while sending."""
    Outbox.take_in = lambda self: None  # type: ignore[method-assign]


@contextmanager
def heeding(stop: threading.Event) -> Iterator[None]:
    """Take the first signal for a wish, though somebody wants it to be ignored, and hear no second one."""

    def ask_to_stop(_number: int, _frame: object) -> None:
        stop.set()
        for number in signals.POLITE:
            signal.signal(number, signal.SIG_IGN)

    before = {number: signal.signal(number, ask_to_stop) for number in signals.POLITE}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _unhurried() -> None:
    """Be polite also to who says it twice."""
    signals.stopping = heeding


def _restless() -> None:
    """Stop once there is nothing left to do."""
    sender._Run._ends = property(lambda self: bool(self.courier.paused))  # type: ignore[assignment,method-assign]


def _abrupt() -> None:
    """Let a signal end the process, whatever is under way."""
    signals.stopping = lambda _stop: nullcontext()  # type: ignore[assignment]


def _heedless() -> None:
    """Look at who left when it plans, and never again."""
    claims._SUPPRESSED = claims._SUPPRESSED.where(false())
    claims._FENCE = claims._fenced(false() & claims._GONE)


def _unfrozen() -> None:
    """Send the words that stand in the issue now."""
    load = Outbox.frozen

    def current(self: Outbox, number: int) -> Frozen:
        words = self.path.with_name("words.html")
        frozen = load(self, number)
        if not words.exists():
            return frozen
        return replace(frozen, edition=replace(frozen.edition, html=words.read_text("utf-8")))

    Outbox.frozen = current  # type: ignore[method-assign]


def _breathless() -> None:
    """Keep to no rate."""
    limits.Pace.wait = lambda self, _connection, _now: limits.Wait(seconds=0, pause=0, failures=0)  # type: ignore[method-assign]


def _latest() -> None:
    """Take what was heard last for how things are."""

    def advance(connection: Connection, told: Any) -> int:
        said = {one.message.id: one.delivery for one in told if one.message is not None}
        for state in set(said.values()):
            mine = update(schema.message).where(schema.message.c.id.in_([each for each in said if said[each] == state]))
            connection.execute(mine.values(delivery=state))
        return 0

    events._advance = advance


def _stubborn() -> None:
    """Go on, whatever is refused."""
    backlog.rejections = lambda _connection, _campaign: ""


POLICIES: Mapping[str, Callable[[], None]] = {
    **FILES,
    "forgetful": _forgetful,
    "unlocked": _unlocked,
    "unfenced": _unfenced,
    "unheard": _unheard,
    "unannounced": _unannounced,
    "careless": _careless,
    "wallclock": _wallclock,
    "deaf": _deaf,
    "unhurried": _unhurried,
    "restless": _restless,
    "abrupt": _abrupt,
    "heedless": _heedless,
    "unfrozen": _unfrozen,
    "breathless": _breathless,
    "latest": _latest,
    "stubborn": _stubborn,
}


def adopt(names: Iterable[str]) -> None:
    """Take these precautions out."""
    for name in names:
        POLICIES[name]()
