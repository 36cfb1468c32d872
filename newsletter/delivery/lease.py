"""What one sender does with one batch: claim it, fence it, and write down how the request ended.

Every function is one step inside one transaction of the caller. A claim alone promises nothing: the fence, committed
right before the request, checks that the lease still holds and at once records the intent. So after a crash a batch
that is ``claimed`` was surely not sent, and one that is ``inflight`` perhaps was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import Connection, Select, bindparam, exists, insert, or_, select, update

from newsletter.delivery import schema
from newsletter.delivery.batches import batch_key
from newsletter.delivery.providers import Limits
from newsletter.model import Receipt

RUNNING = "running"  # the only campaigns whose batches go out: what they cover was checked before they were started
UNFINISHED = ("pending", "claimed", "inflight")
KEY_MARGIN = 0.9  # of a key's life: our clock and the provider's differ
REASON = 500  # characters of an error that are kept

_batch, _campaign, _message, _attempt = schema.batch, schema.campaign, schema.message, schema.attempt


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One message of a batch, not yet filled."""

    key: str
    email: str
    name: str
    fields: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A claimed batch; only who holds its ``token`` may write to it.

    ``settings`` are those of its campaign, as approved. ``doubt_since`` is when a request went out whose outcome nobody
    knows, ``body_hash`` what that request said.
    """

    id: int
    token: str
    campaign: str
    newsletter: str
    settings: Mapping[str, str]
    edition: int
    due_at: datetime
    key: str
    unknowns: int
    body_hash: str
    doubt_since: datetime | None
    members: tuple[Member, ...]


def claim(connection: Connection, provider: str, *, limits: Limits, now: datetime, seconds: float) -> Lease | None:
    """The next batch that is due, for ``seconds``; None where nothing is.

    A batch in doubt whose key the provider may have forgotten can no longer be replayed: it becomes uncertain here.
    """
    while True:
        token = uuid4().hex
        values = {"state": "claimed", "token": token, "lease_until": now + timedelta(seconds=seconds)}
        chosen = _due(provider, now).limit(1).with_for_update(skip_locked=True, of=_batch).scalar_subquery()
        row = connection.execute(
            update(_batch).where(_batch.c.id == chosen).values(**values).returning(*_batch.c)
        ).one_or_none()
        if row is None:
            return None
        owner = connection.execute(select(_campaign).filter_by(id=row.campaign_id)).one()
        lease = Lease(
            id=row.id,
            token=token,
            campaign=owner.id,
            newsletter=owner.newsletter,
            settings=msgspec.json.decode(owner.settings, type=dict[str, str]),
            edition=row.edition_id,
            due_at=row.due_at,
            key=row.key,
            unknowns=row.unknowns,
            body_hash=row.body_hash,
            doubt_since=row.doubt_since,
            members=_members(connection, row.id),
        )
        if row.doubt_since is None or (now - row.doubt_since).total_seconds() < limits.key_life * KEY_MARGIN:
            return lease
        give_up(connection, lease, reason="the provider may have forgotten the request's key", now=now)


def fence(connection: Connection, lease: Lease, *, body: str, now: datetime, seconds: float) -> bool:
    """Record that the request goes out now; False where the lease is lost or the campaign no longer running."""
    running = select(_campaign.c.id).where(_campaign.c.id == lease.campaign, _campaign.c.state == RUNNING)
    fenced = connection.execute(
        update(_batch)
        .where(_batch.c.id == lease.id, _batch.c.token == lease.token, _batch.c.state == "claimed")
        .where(_batch.c.lease_until > now, _batch.c.campaign_id.in_(running))
        .values(
            state="inflight",
            lease_until=now + timedelta(seconds=seconds),
            attempts=_batch.c.attempts + 1,
            body_hash=body,
        )
        .returning(_batch.c.attempts)
    ).scalar_one_or_none()
    if fenced is None:
        return False
    connection.execute(insert(_attempt).values(batch_id=lease.id, n=fenced, token=lease.token, started=now))
    return True


def hand_back(connection: Connection, lease: Lease) -> None:
    """Give up a claim of which nothing went out."""
    _write(connection, lease, {"state": "pending", "token": "", "lease_until": None}, states=("claimed",))


def settle(connection: Connection, lease: Lease, receipts: Iterable[Receipt], *, now: datetime) -> None:
    """Record the provider's word on every message; it counts as well when it comes late, for an uncertain batch."""
    rows = [
        {
            "key": receipt.key,
            "to": receipt.outcome,
            "got": receipt.provider_id,
            "why": receipt.error,
        }
        for receipt in receipts
    ]
    failed = sum(row["to"] == "failed" for row in rows)
    state = "failed" if failed == len(rows) else "sent"
    if _write(connection, lease, {"state": state, "failed": failed}, states=("inflight", "uncertain")):
        connection.execute(
            update(_message)
            .where(_message.c.batch_id == lease.id, _message.c.idem == bindparam("key"))
            .values({"state": bindparam("to"), "provider_id": bindparam("got"), "error": bindparam("why")}),
            rows,
        )
    _finish(connection, lease, state, now=now)


def release(connection: Connection, lease: Lease, *, reason: str, next_try: datetime, now: datetime) -> None:
    """Surely not accepted: the same batch goes again, not before ``next_try``."""
    _write(connection, lease, {"state": "pending", "next_try": next_try, "reason": reason[:REASON]})
    _finish(connection, lease, "later", reason, now=now)


def replay(connection: Connection, lease: Lease, *, reason: str, next_try: datetime, now: datetime) -> None:
    """Perhaps accepted, but the provider knows the key: the very same request goes again."""
    started = lease.doubt_since or _started(connection, lease)
    doubt = {"doubt_since": started, "unknowns": _batch.c.unknowns + 1}
    _write(connection, lease, {"state": "pending", "next_try": next_try, "reason": reason[:REASON], **doubt})
    _finish(connection, lease, "unknown", reason, now=now)


def give_up(connection: Connection, lease: Lease, *, reason: str, now: datetime) -> None:
    """Perhaps accepted, and nobody can know: never sent again by itself."""
    _write(connection, lease, {"state": "uncertain", "reason": reason[:REASON]}, states=("claimed", "inflight"))
    mark(connection, [lease.id], "uncertain", reason)
    _finish(connection, lease, "unknown", reason, now=now)


def fail(connection: Connection, lease: Lease, *, reason: str, now: datetime) -> None:
    """Refused for good: every message of the batch failed."""
    _write(connection, lease, {"state": "failed", "failed": _batch.c.n, "reason": reason[:REASON]})
    mark(connection, [lease.id], "failed", reason)
    _finish(connection, lease, "failed", reason, now=now)


def split(connection: Connection, lease: Lease, *, edition: str, reason: str, now: datetime) -> None:
    """Refused as a whole, so surely not accepted: its two halves go as new batches with keys of their own.

    One poisoned message of a hundred is alone after seven rounds, and the others are sent.
    """
    old = connection.execute(select(_batch).filter_by(id=lease.id)).one()
    same = {name: getattr(old, name) for name in ("campaign_id", "edition_id", "provider", "due_at")}
    middle = len(lease.members) // 2
    for half in (lease.members[:middle], lease.members[middle:]):
        keys = [member.key for member in half]
        values = {"n": len(half), "state": "pending", "key": batch_key(lease.campaign, edition, keys)}
        number = connection.scalar(insert(_batch).values(**same, **values).returning(_batch.c.id))
        connection.execute(
            update(_message).where(_message.c.batch_id == lease.id, _message.c.idem.in_(keys)).values(batch_id=number)
        )
    _write(connection, lease, {"state": "split", "n": 0, "reason": reason[:REASON]})
    _finish(connection, lease, "split", reason, now=now)


def _due(provider: str, now: datetime) -> Select[int]:
    free = or_(_batch.c.state == "pending", (_batch.c.state == "claimed") & (_batch.c.lease_until < now))
    return (
        select(_batch.c.id)
        .join(_campaign)
        .where(free, _batch.c.due_at <= now, or_(_batch.c.next_try.is_(None), _batch.c.next_try <= now))
        .where(_batch.c.provider == provider, _campaign.c.state == RUNNING)
        .order_by(_batch.c.due_at, _batch.c.id)
    )


def _members(connection: Connection, batch: int) -> tuple[Member, ...]:
    columns = (_message.c.idem, _message.c.email, _message.c.name, _message.c.vars)
    rows = connection.execute(select(*columns).where(_message.c.batch_id == batch).order_by(_message.c.id))
    return tuple(
        Member(key=idem, email=email, name=name, fields=msgspec.json.decode(fields, type=dict[str, str]))
        for idem, email, name, fields in rows
    )


def _write(
    connection: Connection, lease: Lease, values: Mapping[str, Any], *, states: tuple[str, ...] = ("inflight",)
) -> bool:
    """Write to the batch if the lease is still ours and the batch in one of the states."""
    mine = (_batch.c.id == lease.id) & (_batch.c.token == lease.token) & _batch.c.state.in_(states)
    return connection.execute(update(_batch).where(mine).values(**values)).rowcount == 1


def mark(connection: Connection, batches: list[int], state: str, reason: str) -> None:
    """Say of every message of the batches of which nothing is known yet how it ended."""
    for number in batches:
        marked = update(_message).where(_message.c.batch_id == number, _message.c.state == "pending")
        connection.execute(marked.values(state=state, error=reason[:REASON]))


def _started(connection: Connection, lease: Lease) -> datetime | None:
    return connection.scalar(select(_attempt.c.started).where(_attempt.c.token == lease.token))


def _finish(connection: Connection, lease: Lease, outcome: str, error: str = "", *, now: datetime) -> None:
    """Close the row of the request, and the campaign where this was its last batch."""
    mine = (_attempt.c.token == lease.token) & _attempt.c.finished.is_(None)
    connection.execute(update(_attempt).where(mine).values(finished=now, outcome=outcome, error=error[:REASON]))
    close_done(connection)


def close_done(connection: Connection) -> None:
    """A running campaign of which no batch is left is done."""
    unfinished = exists().where(_batch.c.campaign_id == _campaign.c.id, _batch.c.state.in_(UNFINISHED))
    connection.execute(update(_campaign).where(_campaign.c.state == RUNNING, ~unfinished).values(state="done"))
