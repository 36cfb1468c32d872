"""The one loop that sends: claim, fill, fence, request, settle.

It may be killed at any moment. What was settled is known, what was only claimed is sent by the next run, and what was
under way is either replayed with the very same key, where the provider keeps keys, or marked uncertain.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy import Connection

from newsletter.delivery import backlog, claims, signals
from newsletter.delivery.courier import LEASE_SECONDS, Compile, Courier
from newsletter.delivery.group_commit import GroupCommit
from newsletter.delivery.lease import Lease
from newsletter.delivery.limits import OPEN_AFTER, Pace, Rates, Wait
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers import Provider

CLIENTS = 3  # httpx gets slower, not faster, with more than four connections in one client
CONNECTIONS = httpx.Limits(max_connections=4, keepalive_expiry=2)  # a stale connection means doubt
CONCURRENCY = CLIENTS * 4
CONNECT_SECONDS = 15.0  # until a connection is open; nothing was sent before that
LONGEST_WAIT = 60.0  # a longer pause than this ends the run, if the provider or a failure wants it, not our own rate
MOST_FAILURES = 2 * CONCURRENCY  # in a row, then the run ends; more than when a provider takes but one of all at once
SLICE = 0.2  # how soon a wait notices that it shall stop


def steady() -> Callable[[], datetime]:
    """The moment, by a clock that starts right and that nobody puts forward or back while it runs."""
    start = datetime.now(UTC) - timedelta(seconds=time.monotonic())
    return lambda: start + timedelta(seconds=time.monotonic())


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What one run did, in messages: ``left`` are due and still to be sent, ``later`` are approved for a later run.

    ``paused`` says why the provider takes nothing from us, ``trouble`` the last reason why a batch has to wait,
    ``elsewhere`` which mails wait for another provider, ``stopped`` which campaigns wait for a person, and ``refused``
    which approved ones did not begin, and why.
    """

    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    left: int = 0
    later: int = 0
    paused: str = ""
    trouble: str = field(default="", compare=False)
    elsewhere: str = field(default="", compare=False)
    stopped: tuple[str, ...] = ()
    refused: tuple[str, ...] = field(default=(), compare=False)


def send(
    outbox: Outbox,
    provider: Provider,
    compile: Compile,  # noqa: A002 - what it does
    *,
    rates: Rates,
    stale_after: timedelta = timedelta(days=1),
    clock: Callable[[], datetime] | None = None,
    pace: Pace | None = None,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> Report:
    """Send everything that was started and is due, and say what became of it.

    A campaign that was due longer than ``stale_after`` ago, and of which nothing was tried since, waits for a person.
    ``progress`` is called with (done, all) after every batch. ``stop``, SIGINT and SIGTERM end the run after the
    requests that are under way.
    """
    courier = Courier(
        outbox=outbox,
        commits=GroupCommit(outbox),
        provider=provider,
        compile=compile,
        clock=clock or steady(),
        pace=pace or Pace(provider=provider.name, rates=rates),
        stop=stop or threading.Event(),
        secret=outbox.signing_key(),
    )
    with signals.stopping(courier.stop):
        return asyncio.run(_Run(courier=courier, stale_after=stale_after, progress=progress).all())


@dataclass(kw_only=True, slots=True)
class _Run:
    """One run of the sender: which batch goes when; what becomes of it is the courier's."""

    courier: Courier
    stale_after: timedelta
    progress: Callable[[int, int], None] | None
    wait: Wait = field(default_factory=lambda: Wait(seconds=0, pause=0, failures=0))
    total: int = 0

    async def all(self) -> Report:
        """Recover, send until nothing is due, and count."""
        courier, now = self.courier, self.courier.clock()
        name = courier.provider.name
        with courier.outbox.transaction() as connection:
            backlog.mind_the_clock(connection, now)
            before = backlog.uncertain(connection)
            backlog.recover(connection, name, limits=courier.provider.limits, now=now)
            backlog.resume(connection, name)
            backlog.stop_stale(connection, now=now, after=self.stale_after)
            self.total, _ = backlog.left(connection, now=now)
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)  # a provider's deadline holds for all of a request
        async with AsyncExitStack() as stack:
            trust = httpx.create_ssl_context()  # takes longer than many a request
            clients = [httpx.AsyncClient(verify=trust, timeout=timeout, limits=CONNECTIONS) for _ in range(CLIENTS)]
            for client in clients:
                await stack.enter_async_context(client)
            await self._loop(clients)
        return self._report(before)

    def _report(self, before: int) -> Report:
        courier, now = self.courier, self.courier.clock()
        with courier.outbox.transaction() as connection:
            left, later = backlog.left(connection, now=now)
            trouble = courier.trouble or backlog.trouble(connection, courier.provider.name, now=now)
            return Report(
                sent=courier.sent,
                failed=courier.failed,
                uncertain=backlog.uncertain(connection) - before,
                left=left,
                later=later,
                paused=courier.paused,
                trouble=trouble if left else "",
                elsewhere=backlog.elsewhere(connection, courier.provider.name, now=now),
                stopped=backlog.stopped(connection),
            )

    async def _loop(self, clients: list[httpx.AsyncClient]) -> None:
        tasks: dict[asyncio.Task[None], httpx.AsyncClient] = {}
        idle = (clients * (CONCURRENCY // CLIENTS))[: self._places]
        try:
            while True:
                for held in await self._claims(len(idle)):
                    client = idle.pop()
                    tasks[asyncio.create_task(self.courier.deliver(client, held))] = client
                if tasks:
                    timeout = min(self.wait.seconds, LONGEST_WAIT) or None
                    done, _ = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                    idle += [tasks.pop(task) for task in done]
                    if failed := [error for task in done if (error := task.exception())]:
                        raise failed[0]
                    if self.progress and done:
                        self.progress(self.courier.sent + self.courier.failed, self.total)
                elif not await self._rest():
                    return
        finally:
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _places(self) -> int:
        return min(CONCURRENCY, self.courier.provider.limits.at_once or CONCURRENCY)

    @property
    def _ends(self) -> bool:
        courier = self.courier
        return courier.stop.is_set() or bool(courier.paused) or courier.failures >= MOST_FAILURES

    async def _claims(self, most: int) -> list[Lease]:
        """The next batches, as far as the rate allows; a provider that seems to be down gets one at a time."""
        if self._ends or not most:
            return []
        self.courier.outbox.take_in()
        return await self.courier.commits.run(lambda connection: list(self._claim(connection, most)))

    def _claim(self, connection: Connection, most: int) -> Iterator[Lease]:
        courier, provider = self.courier, self.courier.provider
        for place in range(most):
            now = courier.clock()
            self.wait = courier.pace.wait(connection, now)
            alone = most == self._places and not place
            if self.wait.seconds > 0 or (self.wait.failures >= OPEN_AFTER and not alone):
                return
            held = claims.claim(connection, provider.name, limits=provider.limits, now=now, seconds=LEASE_SECONDS)
            if held is None:
                return
            if not courier.pace.spend(connection, len(held.members), now):
                claims.hand_back(connection, held)
                return
            yield held

    async def _rest(self) -> bool:
        """Wait until a batch may be tried; False where the run is over instead."""
        courier = self.courier
        with courier.outbox.transaction() as connection:
            now = courier.clock()
            moment = backlog.next_moment(connection, courier.provider.name, now=now)
            wait = courier.pace.wait(connection, now)
        if moment is None:
            return False
        pause = max(wait.pause, (moment - now).total_seconds())
        seconds = max(wait.seconds, pause)
        until = time.monotonic() + seconds
        while not self._ends and pause <= LONGEST_WAIT and time.monotonic() < until:
            await asyncio.sleep(min(SLICE, seconds))
        return not self._ends and pause <= LONGEST_WAIT
