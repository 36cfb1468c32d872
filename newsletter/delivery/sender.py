"""The one loop that sends: claim, fill, fence, request, settle.

It may be killed at any moment. What was settled is known, what was only claimed is sent by the next run, and what was
under way is either replayed with the very same key, where the provider keeps keys, or marked uncertain.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Any

import httpx
import msgspec

from newsletter.delivery import backlog, lease, signals
from newsletter.delivery.envelope import Envelope, Fill
from newsletter.delivery.lease import Lease
from newsletter.delivery.limits import Pace
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers import Provider
from newsletter.errors import OutcomeUnknown, RefusedError, RejectedError, TemporaryError
from newsletter.model import Batch, Edition, Receipt

CONCURRENCY = 4  # httpx gets slower, not faster, with more connections in one client
CONNECTIONS = httpx.Limits(max_connections=CONCURRENCY, keepalive_expiry=2)  # a stale connection means doubt
CONNECT_SECONDS = 15.0  # until a connection is open; nothing was sent before that
LEASE_SECONDS = 300.0  # longer than a request's total deadline
LONGEST_WAIT = 60.0  # a longer pause than this ends the run, if the provider or a failure wants it, not our own rate
MOST_FAILURES = 8  # in a row, then the run ends
SLICE = 0.2  # how soon a wait notices that it shall stop


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What one run did, in messages: ``left`` are due and still to be sent, ``later`` are approved for a later run.

    ``paused`` says why the provider takes nothing from us, ``trouble`` the last reason why a batch has to wait,
    ``elsewhere`` which mails wait for another provider, ``refused`` which approved campaigns did not begin, and why.
    """

    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    left: int = 0
    later: int = 0
    paused: str = ""
    trouble: str = field(default="", compare=False)
    elsewhere: str = field(default="", compare=False)
    refused: tuple[str, ...] = field(default=(), compare=False)


def send(
    outbox: Outbox,
    provider: Provider,
    compile: Callable[[Edition], Fill],  # noqa: A002 - what it does
    *,
    per_second: float,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    pace: Pace | None = None,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> Report:
    """Send everything that was started and is due, and say what became of it.

    ``progress`` is called with (done, all) after every batch. ``stop``, SIGINT
    and SIGTERM end the run after the requests that are under way.
    """
    run = _Run(
        outbox=outbox,
        provider=provider,
        compile=compile,
        clock=clock,
        pace=pace or Pace(per_second),
        progress=progress or (lambda _done, _all: None),
        stop=stop or threading.Event(),
    )
    with signals.stopping(run.stop):
        return asyncio.run(run.all())


@dataclass(kw_only=True, slots=True)
class _Run:
    """One run of the sender and what it has done so far."""

    outbox: Outbox
    provider: Provider
    compile: Callable[[Edition], Fill]
    clock: Callable[[], datetime]
    pace: Pace
    progress: Callable[[int, int], None]
    stop: threading.Event
    editions: dict[int, tuple[Edition, Fill]] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0
    total: int = 0
    paused: str = ""
    trouble: str = ""

    async def all(self) -> Report:
        """Recover, send until nothing is due, and count."""
        with self.outbox.transaction() as connection:
            before = backlog.uncertain(connection)
            backlog.recover(connection, self.provider.name, limits=self.provider.limits, now=self.clock())
            backlog.resume(connection, self.provider.name)
            self.total, _ = backlog.left(connection, now=self.clock())
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)  # a provider's deadline holds for all of a request
        async with httpx.AsyncClient(timeout=timeout, limits=CONNECTIONS) as client:
            await self._loop(client)
        with self.outbox.transaction() as connection:
            left, later = backlog.left(connection, now=self.clock())
            doubtful = backlog.uncertain(connection) - before
            trouble = self.trouble or backlog.trouble(connection, self.provider.name, now=self.clock())
            elsewhere = backlog.elsewhere(connection, self.provider.name, now=self.clock())
        return Report(
            sent=self.sent,
            failed=self.failed,
            uncertain=doubtful,
            left=left,
            later=later,
            paused=self.paused,
            trouble=trouble if left else "",
            elsewhere=elsewhere,
        )

    async def _loop(self, client: httpx.AsyncClient) -> None:
        tasks: set[asyncio.Task[None]] = set()
        try:
            while True:
                while len(tasks) < CONCURRENCY and (held := self._claim()):
                    self.pace.spend(len(held.members))
                    tasks.add(asyncio.create_task(self._deliver(client, held)))
                if tasks:
                    done, tasks = await asyncio.wait(
                        tasks, timeout=self.pace.wait() or None, return_when=asyncio.FIRST_COMPLETED
                    )
                    for task in done:
                        task.result()
                elif not await self._rest():
                    return
        finally:
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _ends(self) -> bool:
        return self.stop.is_set() or bool(self.paused) or self.pace.failures >= MOST_FAILURES

    def _claim(self) -> Lease | None:
        if self._ends or self.pace.wait() > 0:
            return None
        with self.outbox.transaction() as connection:
            limits = self.provider.limits
            return lease.claim(connection, self.provider.name, limits=limits, now=self.clock(), seconds=LEASE_SECONDS)

    async def _rest(self) -> bool:
        """Wait until a batch may be tried; False where the run is over instead."""
        with self.outbox.transaction() as connection:
            moment = backlog.next_moment(connection, self.provider.name, now=self.clock())
        if moment is None:
            return False
        pause = max(self.pace.pause(), (moment - self.clock()).total_seconds())
        seconds = max(self.pace.wait(), pause)
        until = time.monotonic() + seconds
        while not self._ends and pause <= LONGEST_WAIT and time.monotonic() < until:
            await asyncio.sleep(min(SLICE, seconds))
        return not self._ends and pause <= LONGEST_WAIT

    async def _deliver(self, client: httpx.AsyncClient, held: Lease) -> None:
        batch = self._fill(held)
        body = blake2b(msgspec.json.encode(batch.messages), digest_size=16).hexdigest()
        if held.doubt_since and body != held.body_hash and self.provider.limits.idempotency == "request":
            self._record(lease.give_up, held, reason="the request in doubt cannot be repeated: its content changed")
            return
        if not self._fence(held, body):
            return
        try:
            receipts = _matching(await self.provider.send(client, batch), batch)
        except TemporaryError as error:
            self.trouble = str(error)
            self._record(lease.release, held, reason=str(error), next_try=self._later(error.retry_after))
        except RefusedError as error:
            self.paused = str(error)
            self._record(lease.release, held, reason=str(error), next_try=self.clock())
            with self.outbox.transaction() as connection:
                backlog.pause(connection, held.campaign, self.paused)
        except RejectedError as error:
            self._rejected(held, batch, str(error))
        except OutcomeUnknown as error:
            self._unknown(held, str(error))
        else:
            self.pace.succeeded()
            self._record(lease.settle, held, receipts=receipts)
            refused = sum(bool(receipt.error) for receipt in receipts)
            self._count(sent=len(receipts) - refused, failed=refused)

    def _rejected(self, held: Lease, batch: Batch, reason: str) -> None:
        """Refused as a whole: halve it, fail a single message; in doubt, an earlier request may have been accepted."""
        self.pace.succeeded()
        if held.doubt_since:
            self._record(lease.give_up, held, reason=reason)
        elif len(batch.messages) > 1:
            self._record(lease.split, held, reason=reason, edition=batch.edition.hash)
        else:
            self._record(lease.fail, held, reason=reason)
            self._count(failed=1)

    def _unknown(self, held: Lease, reason: str) -> None:
        """Perhaps accepted: repeat the very same request as long as the provider knows its key."""
        self.trouble = reason
        next_try = max(self._later(None), self.clock() + timedelta(seconds=self.pace.back_off(held.unknowns + 1)))
        if self.provider.limits.idempotency == "none":
            self._record(lease.give_up, held, reason=reason)
        else:
            self._record(lease.replay, held, reason=reason, next_try=next_try)

    def _later(self, retry_after: float | None) -> datetime:
        return self.clock() + timedelta(seconds=self.pace.failed(retry_after))

    def _fence(self, held: Lease, body: str) -> bool:
        with self.outbox.transaction() as connection:
            if lease.fence(connection, held, body=body, now=self.clock(), seconds=LEASE_SECONDS):
                return True
            lease.hand_back(connection, held)
            return False

    def _record(self, step: Callable[..., None], held: Lease, **facts: Any) -> None:
        with self.outbox.transaction() as connection:
            step(connection, held, now=self.clock(), **facts)

    def _count(self, *, sent: int = 0, failed: int = 0) -> None:
        self.sent += sent
        self.failed += failed
        self.progress(self.sent + self.failed, self.total)

    def _fill(self, held: Lease) -> Batch:
        if held.edition not in self.editions:
            edition = self.outbox.edition(held.edition)
            self.editions[held.edition] = edition, self.compile(edition)
        edition, fill = self.editions[held.edition]
        envelope = Envelope.of(held.settings)
        say = partial(envelope.message, fill=fill, language=edition.language, newsletter=held.newsletter)
        messages = tuple(say(member) for member in held.members)
        return Batch(
            id=held.id,
            campaign=held.campaign,
            edition=edition,
            due_at=held.due_at,
            messages=messages,
            key=held.key,
        )


def _matching(receipts: list[Receipt], batch: Batch) -> list[Receipt]:
    """The receipts, if they are for the messages of the batch, in order."""
    if [receipt.key for receipt in receipts] != [message.key for message in batch.messages]:
        raise OutcomeUnknown("the provider's answer does not match the messages.", where=f"batch {batch.id}")
    return receipts
