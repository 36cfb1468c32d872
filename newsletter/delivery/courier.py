"""What one batch goes through: filled, fenced, handed to the provider, and its answer written down."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

import httpx
import msgspec
from sqlalchemy import Connection

from newsletter.delivery import backlog, claims, lease
from newsletter.delivery.batches import Frozen
from newsletter.delivery.envelope import Envelope, Filling
from newsletter.delivery.group_commit import GroupCommit
from newsletter.delivery.lease import Lease
from newsletter.delivery.limits import Pace
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers import Provider
from newsletter.errors import (
    DeliveryError,
    NewsletterError,
    OutboxError,
    OutcomeUnknown,
    RefusedError,
    RejectedError,
    TemporaryError,
)
from newsletter.model import Batch, Edition, Receipt

LEASE_SECONDS = 300.0  # longer than a request's total deadline
PERSISTENCE = (0.1, 0.5, 2, 5, 10, 20)  # seconds between the tries to write down what the provider said

Compile = Callable[[Edition], Filling]


@dataclass(kw_only=True, slots=True)
class Courier:
    """Delivers one batch after another for one run, and keeps the run's tally; ``failures`` counts those in a row.

    ``paused`` says why the provider takes nothing from us, ``trouble`` the last reason why a batch has to wait.
    """

    outbox: Outbox
    commits: GroupCommit
    provider: Provider
    compile: Compile
    clock: Callable[[], datetime]
    pace: Pace
    stop: threading.Event
    secret: bytes
    editions: dict[int, tuple[Frozen, Filling]] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0
    failures: int = 0
    paused: str = ""
    trouble: str = ""

    async def deliver(self, client: httpx.AsyncClient, held: Lease) -> None:
        """Fill, fence, send and settle one batch."""
        batch = self._fill(held)
        replays = self.provider.limits.idempotency == "request"  # it refuses a key that comes with another body
        body = _fingerprint(batch) if replays else ""
        if replays and held.doubt_since and body != held.body_hash:
            reason = "the request in doubt cannot be repeated: its content changed"
            await self._record(held, lambda connection, now: lease.give_up(connection, held, reason=reason, now=now))
            return
        if not await self._fence(held, body):
            return
        try:
            receipts = _matching(await self.provider.send(client, batch), batch)
        except DeliveryError as error:
            await self._refused(held, batch, error)
        else:
            await self._settle(held, receipts)

    async def _settle(self, held: Lease, receipts: list[Receipt]) -> None:
        outcomes = [receipt.outcome for receipt in receipts]
        waits = "later" in outcomes
        self.failures = int(waits)
        if waits:
            self.trouble = receipts[outcomes.index("later")].error

        def settle(connection: Connection, now: datetime) -> None:
            self.pace.succeeded(connection)
            next_try = self._later(connection, now) if waits else None
            lease.settle(connection, held, receipts, next_try=next_try, now=now)

        await self._record(held, settle)
        if "paused" in outcomes:
            self._pause(held, receipts[outcomes.index("paused")].error)
        self._count(sent=outcomes.count("sent"), failed=outcomes.count("failed"))
        if "failed" in outcomes:
            self._look(held)

    async def _refused(self, held: Lease, batch: Batch, error: DeliveryError) -> None:
        """What becomes of a batch as a whole, by the class of the error."""
        reason = str(error)
        if isinstance(error, TemporaryError):
            await self._put_off(held, reason, error.retry_after)
        elif isinstance(error, RefusedError):
            self.paused = reason
            await self._record(
                held, lambda connection, now: lease.release(connection, held, reason=reason, next_try=now, now=now)
            )
            self._pause(held, reason)
        elif isinstance(error, RejectedError):
            await self._rejected(held, batch, reason)
        elif isinstance(error, OutcomeUnknown):
            await self._unknown(held, reason)
        else:
            raise error

    async def _put_off(self, held: Lease, reason: str, retry_after: float | None) -> None:
        """Surely not accepted: the same batch goes again, and everybody waits until then."""
        self.trouble = reason
        self.failures += 1

        def release(connection: Connection, now: datetime) -> None:
            next_try = self._later(connection, now, retry_after)
            lease.release(connection, held, reason=reason, next_try=next_try, now=now)

        await self._record(held, release)

    async def _rejected(self, held: Lease, batch: Batch, reason: str) -> None:
        """Refused as a whole: halve it, fail a single message; in doubt, an earlier request may have been accepted."""
        self.failures = 0
        single = len(batch.messages) == 1
        step = lease.give_up if held.doubt_since else lease.fail if single else lease.split

        def refuse(connection: Connection, now: datetime) -> None:
            self.pace.succeeded(connection)
            step(connection, held, reason=reason, now=now)

        await self._record(held, refuse)
        if step is lease.fail:
            self._count(failed=1)
            self._look(held)

    async def _unknown(self, held: Lease, reason: str) -> None:
        """Perhaps accepted: repeat the very same request as long as the provider knows its key."""
        self.trouble = reason
        self.failures += 1

        def doubt(connection: Connection, now: datetime) -> None:
            rest = now + timedelta(seconds=self.pace.back_off(held.unknowns + 1))
            next_try = max(self._later(connection, now), rest)
            if self.provider.limits.idempotency == "none":
                lease.give_up(connection, held, reason=reason, now=now)
            else:
                lease.replay(connection, held, reason=reason, next_try=next_try, now=now)

        await self._record(held, doubt)

    def _later(self, connection: Connection, now: datetime, retry_after: float | None = None) -> datetime:
        """When the provider may be asked again; until then nobody asks it."""
        return now + timedelta(seconds=self.pace.failed(connection, retry_after, now))

    def _pause(self, held: Lease, reason: str, *, by: backlog.PausedBy = "provider") -> None:
        if by == "provider":
            self.paused = reason
        with self.outbox.transaction() as connection:
            backlog.pause(connection, held.campaign, reason, by=by)

    def _look(self, held: Lease) -> None:
        """Stop a campaign of which too much is refused, before all of it is."""
        with self.outbox.transaction() as connection:
            if reason := backlog.rejections(connection, held.campaign):
                backlog.pause(connection, held.campaign, reason, by="rejections")

    async def _fence(self, held: Lease, body: str) -> bool:
        def fence(connection: Connection) -> bool:
            if claims.fence(connection, held, body=body, now=self.clock(), seconds=LEASE_SECONDS):
                return True
            claims.hand_back(connection, held)
            return False

        return await self.commits.run(fence)

    async def _record(self, held: Lease, step: Callable[[Connection, datetime], None]) -> None:
        """Write down how a request ended; where the disk is full or busy, keep it in mind and try again for a while.

        All that follows from the answer is one transaction: nothing of it may be lost while another part waits.
        """
        for pause in (*PERSISTENCE, None):
            try:
                await self.commits.run(lambda connection: step(connection, self.clock()))
            except NewsletterError as error:
                self.stop.set()  # what was accepted must be written down before anything else is sent
                if pause is None:
                    said = f"what the provider said of {len(held.members)} messages"
                    raise OutboxError(
                        f"{said} cannot be written down ({error.what}).",
                        where=error.where,
                        hint="Correct that; they count as uncertain until somebody resolves them.",
                    ) from error
                await asyncio.sleep(pause)
            else:
                return

    def _count(self, *, sent: int = 0, failed: int = 0) -> None:
        self.sent += sent
        self.failed += failed

    def _fill(self, held: Lease) -> Batch:
        if held.edition not in self.editions:
            frozen = self.outbox.frozen(held.edition)
            self.editions[held.edition] = frozen, self.compile(frozen.edition)
        frozen, filling = self.editions[held.edition]
        messages = Envelope.of(frozen.settings).messages(
            held.members,
            filling,
            newsletter=frozen.newsletter,
            campaign=held.campaign,
            language=frozen.edition.language,
            secret=self.secret,
        )
        return Batch(
            id=held.id,
            campaign=held.campaign,
            edition=frozen.edition,
            due_at=held.due_at,
            messages=tuple(messages),
            key=held.key,
            template=filling.template,
        )


def _fingerprint(batch: Batch) -> str:
    """What a request says, without the texts of all but the first message: they follow from the edition and values."""
    light = [(each.key, each.to, each.subject, each.headers, each.variables) for each in batch.messages]
    said = msgspec.json.encode((batch.edition.hash, batch.template, batch.messages[0], light))
    return blake2b(said, digest_size=16).hexdigest()


def _matching(receipts: list[Receipt], batch: Batch) -> list[Receipt]:
    """The receipts, if they are for the messages of the batch, in order."""
    if [receipt.key for receipt in receipts] != [message.key for message in batch.messages]:
        raise OutcomeUnknown("the provider's answer does not match the messages.", where=f"batch {batch.id}")
    return receipts
