"""A batch in the hands of one sender, and how its request ended.

Every function is one step inside one transaction of the caller; how a sender comes to hold a batch is in ``claims``.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, get_args

import msgspec
from sqlalchemy import Connection, bindparam, exists, insert, select, update

from newsletter.delivery import schema
from newsletter.delivery.batches import batch_key
from newsletter.delivery.bulk import Many
from newsletter.model import Outcome, Receipt

RUNNING = "running"  # the only campaigns whose batches go out: what they cover was checked before they were started
UNFINISHED = ("pending", "claimed", "inflight")
REASON = 500  # characters of an error that are kept

_decode = msgspec.json.Decoder(dict[str, str]).decode
_batch, _campaign, _message, _attempt = schema.batch, schema.campaign, schema.message, schema.attempt


class Member(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message of a batch, not yet filled; ``id`` is its row, 0 where it has none, and ``vars`` is JSON."""

    id: int = 0
    key: str
    email: str
    name: str
    vars: str = "{}"

    @property
    def fields(self) -> dict[str, str]:
        """The reader's values for the merge fields, besides those that follow from the rest; few editions have any."""
        return _decode(self.vars)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A claimed batch; only who holds its ``token`` may write to it.

    ``attempts`` counts the requests so far; ``doubt_since`` is when one went out whose outcome nobody knows,
    ``body_hash`` what that request said.
    """

    id: int
    token: str
    campaign: str
    edition: int
    due_at: datetime
    key: str
    attempts: int
    unknowns: int
    body_hash: str
    doubt_since: datetime | None
    members: tuple[Member, ...]


def settle(
    connection: Connection,
    lease: Lease,
    receipts: Iterable[Receipt],
    *,
    next_try: datetime | None = None,
    now: datetime,
) -> None:
    """Record the provider's word on every message; it counts as well when it comes late, for an uncertain batch.

    What was surely not accepted moves to a batch of its own that goes again, not before ``next_try``; what nobody can
    know moves to one that is uncertain.
    """
    found: dict[str, list[Receipt]] = {outcome: [] for outcome in get_args(Outcome)}
    for receipt in receipts:
        found[receipt.outcome].append(receipt)
    again, doubtful = [*found["later"], *found["paused"]], found["unknown"]
    ended, failed = [*found["sent"], *found["failed"]], len(found["failed"])
    state = "split" if not ended else "failed" if failed == len(ended) else "sent"
    if write(connection, lease, {"state": state, "failed": failed}, states=("inflight", "uncertain")):
        if again:
            _set_apart(connection, lease, again, {"state": "pending", "next_try": next_try})
        if doubtful:
            number = _set_apart(connection, lease, doubtful, {"state": "uncertain"})
            mark(connection, [number], "uncertain", doubtful[0].error)
        _receive(connection, lease, ended)
    _finish(connection, lease, state, now=now)


def _set_apart(connection: Connection, lease: Lease, receipts: Sequence[Receipt], values: Mapping[str, Any]) -> int:
    """Move those members into a batch of their own, in their order; its number."""
    found = {receipt.key for receipt in receipts}
    keys = [member.key for member in lease.members if member.key in found]
    return move(connection, lease.id, keys, {"reason": receipts[0].error[:REASON], **values})


def _receive(connection: Connection, lease: Lease, ended: Sequence[Receipt]) -> None:
    said = {(receipt.outcome, receipt.provider_id, receipt.error[:REASON]) for receipt in ended}
    if len(said) == 1 and len(ended) == len(lease.members):
        [(outcome, number, error)] = said
        connection.execute(_ALL, {"batch": lease.id, "state": outcome, "provider_id": number, "error": error})
        return
    ids = {member.key: member.id for member in lease.members}
    rows = [(one.outcome, one.provider_id, one.error[:REASON], ids[one.key]) for one in ended if one.key in ids]
    _EACH.run(connection, rows)


def move(connection: Connection, batch: int, keys: Sequence[str], values: Mapping[str, Any]) -> int:
    """Put members of a batch, in order, into a new one with a key of its own; its number."""
    old = connection.execute(select(_batch).filter_by(id=batch)).one()
    same = {name: getattr(old, name) for name in ("campaign_id", "edition_id", "provider", "due_at", "canary")}
    fresh = {"n": len(keys), "key": _key(connection, batch, keys), **values}
    number = connection.scalar(insert(_batch).values(**same, **fresh).returning(_batch.c.id)) or 0
    mine = (_message.c.batch_id == batch) & _message.c.idem.in_(keys)
    connection.execute(update(_message).where(mine).values(batch_id=number, state="pending", error=""))
    left = {"n": old.n - len(keys)} | ({"state": "split"} if old.n == len(keys) else {})
    connection.execute(update(_batch).where(_batch.c.id == batch).values(**left))
    return number


def take_out(connection: Connection, batch: int, keys: Collection[str]) -> str:
    """Leave members out of a batch that is not under way; its key is then of those who stay."""
    mine = (_message.c.batch_id == batch) & _message.c.idem.in_(keys)
    connection.execute(update(_message).where(mine).values(state="suppressed"))
    stay = select(_message.c.idem).where(_message.c.batch_id == batch, _message.c.state == "pending")
    left = connection.scalars(stay.order_by(_message.c.id)).all()
    key = _key(connection, batch, left)
    values = {"n": len(left), "suppressed": _batch.c.suppressed + len(keys), "key": key}
    values |= {} if left else {"state": "cancelled"}
    connection.execute(update(_batch).where(_batch.c.id == batch).values(**values))
    close_done(connection)
    return key


def _key(connection: Connection, batch: int, keys: Sequence[str]) -> str:
    """The key of a batch with these members, of the same campaign and edition as another."""
    query = select(_batch.c.campaign_id, schema.edition.c.hash).join(schema.edition).where(_batch.c.id == batch)
    campaign, edition = connection.execute(query).one()
    return batch_key(campaign, edition, keys)


def release(connection: Connection, lease: Lease, *, reason: str, next_try: datetime, now: datetime) -> None:
    """Surely not accepted: the same batch goes again, not before ``next_try``."""
    write(connection, lease, {"state": "pending", "next_try": next_try, "reason": reason[:REASON]})
    _finish(connection, lease, "later", reason, now=now)


def replay(connection: Connection, lease: Lease, *, reason: str, next_try: datetime, now: datetime) -> None:
    """Perhaps accepted, but the provider knows the key: the very same request goes again."""
    started = lease.doubt_since or _started(connection, lease)
    doubt = {"doubt_since": started, "unknowns": lease.unknowns + 1}
    write(connection, lease, {"state": "pending", "next_try": next_try, "reason": reason[:REASON], **doubt})
    _finish(connection, lease, "unknown", reason, now=now)


def give_up(connection: Connection, lease: Lease, *, reason: str, now: datetime) -> None:
    """Perhaps accepted, and nobody can know: never sent again by itself."""
    write(connection, lease, {"state": "uncertain", "reason": reason[:REASON]}, states=("claimed", "inflight"))
    mark(connection, [lease.id], "uncertain", reason)
    _finish(connection, lease, "unknown", reason, now=now)


def fail(connection: Connection, lease: Lease, *, reason: str, now: datetime) -> None:
    """Refused for good: every message of the batch failed."""
    write(connection, lease, {"state": "failed", "failed": len(lease.members), "reason": reason[:REASON]})
    mark(connection, [lease.id], "failed", reason)
    _finish(connection, lease, "failed", reason, now=now)


def split(connection: Connection, lease: Lease, *, reason: str, now: datetime) -> None:
    """Refused as a whole, so surely not accepted: its two halves go as new batches with keys of their own.

    One poisoned message of a hundred is alone after seven rounds, and the others are sent.
    """
    keys = [member.key for member in lease.members]
    middle = len(keys) // 2
    for half in (keys[:middle], keys[middle:]):
        move(connection, lease.id, half, {"state": "pending"})
    write(connection, lease, {"reason": reason[:REASON]}, states=("split",))
    _finish(connection, lease, "split", reason, now=now)


def write(
    connection: Connection, lease: Lease, values: Mapping[str, Any], *, states: tuple[str, ...] = ("inflight",)
) -> bool:
    """Write to the batch if the lease is still ours and the batch in one of the states."""
    mine = {"batch": lease.id, "ours": lease.token, "states": states}
    return connection.execute(_WRITE, {**mine, **values}).rowcount == 1


def mark(connection: Connection, batches: list[int], state: str, reason: str) -> None:
    """Say of every message of the batches of which nothing is known yet how it ended."""
    for number in batches:
        marked = update(_message).where(_message.c.batch_id == number, _message.c.state == "pending")
        connection.execute(marked.values(state=state, error=reason[:REASON]))
    if state == "uncertain":
        prove(connection, batches)


def prove(connection: Connection, batches: Collection[int]) -> int:
    """Count as sent what is uncertain in these batches although an event shows that the provider has it; how many.

    While a request may still be repeated its batch stays whole; this is for when it ended.
    """
    table = _message.c
    query = select(table.batch_id, table.idem).where(table.batch_id.in_(batches), table.state == "uncertain")
    rows = connection.execute(query.where(table.delivery != "").order_by(table.batch_id, table.id)).all()
    for number, members in groupby(rows, key=lambda row: row[0]):
        said = {"state": "sent", "reason": "an event showed that the provider has it"}
        moved = move(connection, number, [key for _, key in members], said)
        connection.execute(update(_message).where(table.batch_id == moved).values(state="sent"))
    return len(rows)


def _started(connection: Connection, lease: Lease) -> datetime | None:
    return connection.scalar(select(_attempt.c.started).where(_attempt.c.token == lease.token))


def _finish(connection: Connection, lease: Lease, outcome: str, error: str = "", *, now: datetime) -> None:
    """Close the row of the request, and the campaign where this was its last batch."""
    said = {"finished": now, "outcome": outcome, "error": error[:REASON]}
    connection.execute(_CLOSE, {"ours": lease.token, **said})
    close_done(connection)


def close_done(connection: Connection) -> None:
    """A running campaign of which no batch is left is done."""
    connection.execute(_DONE)


# Made once: to put these together takes longer than to run them.
_WRITE = update(_batch).where(
    _batch.c.id == bindparam("batch"),
    _batch.c.token == bindparam("ours"),
    _batch.c.state.in_(bindparam("states", expanding=True)),
)
_CLOSE = update(_attempt).where(_attempt.c.token == bindparam("ours"), _attempt.c.finished.is_(None))
_DONE = (
    update(_campaign)
    .where(_campaign.c.state == RUNNING)
    .where(~exists().where(_batch.c.campaign_id == _campaign.c.id, _batch.c.state.in_(UNFINISHED)))
    .values(state="done")
)
_ALL = update(_message).where(
    _message.c.batch_id == bindparam("batch"),
    _message.c.state.in_(("pending", "uncertain")),  # who left before the request stays in its batch
)
_EACH = Many(
    update(_message)
    .where(_message.c.id == bindparam("number"))
    .values({"state": bindparam("to"), "provider_id": bindparam("got"), "error": bindparam("why")}),
    ("to", "got", "why", "number"),
)
