"""How a sender comes to hold a batch: the claim, and the fence right before the request.

Every function is one step inside one transaction of the caller. A claim alone promises nothing: the fence checks that
the lease still holds and at once records the intent. So after a crash a batch that is ``claimed`` was surely not sent,
and one that is ``inflight`` perhaps was.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from newsletter.delivery import bulk, schema
from newsletter.delivery.lease import RUNNING, UNFINISHED, Lease, Member, give_up, take_out, write
from newsletter.delivery.providers import Limits

KEY_MARGIN = 0.9  # of a key's life: our clock and the provider's differ

_batch, _campaign, _message, _attempt = schema.batch, schema.campaign, schema.message, schema.attempt
_suppression = schema.suppression


def claim(connection: Connection, provider: str, *, limits: Limits, now: datetime, seconds: float) -> Lease | None:
    """The next batch that is due, for ``seconds``; None where nothing is.

    Who left since it was planned is taken out, unless a request is in doubt: its members are what its key stands for.
    A batch in doubt whose key the provider may have forgotten can no longer be replayed: it becomes uncertain here.
    """
    while True:
        token, until = uuid4().hex, now + timedelta(seconds=seconds)
        bound = {"whose": provider, "moment": now, "new_token": token, "until": until}
        row = connection.execute(_CLAIM, bound).one_or_none()
        if row is None:
            return None
        lease = _lease(connection, row)
        if not row.doubt_since and (gone := _suppressed(connection, lease)):
            lease = _without(connection, lease, gone)
        if not lease.members:
            continue
        if row.doubt_since is None or (now - row.doubt_since).total_seconds() < limits.key_life * KEY_MARGIN:
            return lease
        give_up(connection, lease, reason="the provider may have forgotten the request's key", now=now)


def _lease(connection: Connection, row: Row[Any]) -> Lease:
    return Lease(
        campaign=row.campaign_id,
        edition=row.edition_id,
        members=_members(connection, row.id),
        **{name: getattr(row, name) for name in _SAME},
    )


def _suppressed(connection: Connection, lease: Lease) -> set[str]:
    """The keys of the members who must not be mailed any more."""
    return set(connection.scalars(_SUPPRESSED, {"batch": lease.id}))


def _without(connection: Connection, lease: Lease, gone: set[str]) -> Lease:
    """The claimed batch without those members, under the key of those who stay."""
    stay = tuple(member for member in lease.members if member.key not in gone)
    return replace(lease, members=stay, key=take_out(connection, lease.id, gone))


def fence(connection: Connection, lease: Lease, *, body: str, now: datetime, seconds: float) -> bool:
    """Record that the request goes out now; False where it must not.

    The lease was lost, the campaign no longer runs, or a member left since the claim and no request is in doubt.
    """
    held = {"batch": lease.id, "ours": lease.token, "owner": lease.campaign, "moment": now, "body": body}
    until = now + timedelta(seconds=seconds)
    fenced = connection.execute(_FENCE, {**held, "until": until}).scalar_one_or_none()
    if fenced is None:
        return False
    connection.execute(_INTENT, {"batch_id": lease.id, "n": fenced, "token": lease.token, "started": now})
    return True


def hand_back(connection: Connection, lease: Lease) -> None:
    """Give up a claim of which nothing went out."""
    write(connection, lease, {"state": "pending", "token": "", "lease_until": None}, states=("claimed",))


def _first(which: ColumnElement[bool]) -> Any:
    """The first batch that may be tried now; the canary of a wave goes before the others, which wait for it."""
    now, canary = bindparam("moment", type_=schema.Instant), _batch.alias()
    waits = exists().where(
        canary.c.canary,
        canary.c.state.in_(UNFINISHED),
        canary.c.campaign_id == _batch.c.campaign_id,
        canary.c.due_at == _batch.c.due_at,
    )
    query = (
        select(_batch.c.id)
        .join(_campaign)
        .where(which, _batch.c.due_at <= now, or_(_batch.c.next_try.is_(None), _batch.c.next_try <= now))
        .where(_batch.c.provider == bindparam("whose"), _campaign.c.state == RUNNING)
        .where(or_(_batch.c.canary, ~waits))
        .order_by(_batch.c.due_at, _batch.c.id)
        .limit(1)
    )
    return query.with_for_update(skip_locked=True, of=_batch).scalar_subquery()


def _fenced(gone: ColumnElement[bool]) -> ReturningUpdate[tuple[int]]:
    """The intent, where the lease still holds and nobody is ``gone`` who could be taken out of the batch."""
    doubt = _batch.c.doubt_since.is_not(None)  # then its members are what its key stands for
    return (
        update(_batch)
        .where(_batch.c.id == bindparam("batch"), _batch.c.token == bindparam("ours"), _batch.c.state == "claimed")
        .where(_batch.c.lease_until > bindparam("moment"))
        .where(or_(doubt, ~exists().where(gone, _message.c.batch_id == _batch.c.id)))
        .where(exists().where(_campaign.c.id == bindparam("owner"), _campaign.c.state == RUNNING))
        .values(state="inflight", lease_until=bindparam("until"), body_hash=bindparam("body"))
        .values(attempts=_batch.c.attempts + 1)
        .returning(_batch.c.attempts)
    )


# Made once: to put these together takes longer than to run them. What is free goes before what somebody lost.
_FREE = _batch.c.state == "pending"
_LOST = (_batch.c.state == "claimed") & (_batch.c.lease_until < bindparam("moment", type_=schema.Instant))
_CLAIM = (
    update(_batch)
    .where(_batch.c.id == func.coalesce(_first(_FREE), _first(_LOST)))
    .values(state="claimed", token=bindparam("new_token"), lease_until=bindparam("until"))
    .returning(*_batch.c)
)
_GONE = (_suppression.c.person == _message.c.recipient_key) & (_message.c.state == "pending")
_FENCE = _fenced(_GONE)
_INTENT = insert(_attempt)
_SUPPRESSED = select(_message.c.idem).where(_GONE, _message.c.batch_id == bindparam("batch"))
_MEMBERS = (
    select(_message.c.id, _message.c.idem, _message.c.email, _message.c.name, _message.c.vars)
    .where(_message.c.batch_id == bindparam("batch"), _message.c.state == "pending")  # who left earlier stays out
    .order_by(_message.c.id)
)
_SAME = ("id", "token", "due_at", "key", "attempts", "unknowns", "body_hash", "doubt_since")


def _members(connection: Connection, batch: int) -> tuple[Member, ...]:
    return tuple(
        Member(id=number, key=idem, email=email, name=name, vars=values)
        for number, idem, email, name, values in bulk.rows(connection, _MEMBERS, {"batch": batch})
    )
