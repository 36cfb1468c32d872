"""What waits to be sent: cleared up when a run begins, counted when it ends.

Every function is one step inside one transaction of the sender, which holds the outbox's lock.
"""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from newsletter.delivery import schema
from newsletter.delivery.lease import REASON, RUNNING, UNFINISHED, close_done, mark
from newsletter.delivery.providers import Limits

_batch, _campaign, _attempt = schema.batch, schema.campaign, schema.attempt


def recover(connection: Connection, provider: str, *, limits: Limits, now: datetime) -> None:
    """Clear up after a crash: nobody works on any batch.

    ``claimed`` goes back. ``inflight`` waits, in doubt, to be replayed with the very same key by its own provider, and
    is uncertain at once where this provider keeps no keys.
    """
    connection.execute(update(_batch).where(_batch.c.state == "claimed").values(state="pending", token=""))
    lost = _batch.c.state == "inflight"
    reason = "the sender was cut off while the request was under way"
    if limits.idempotency == "none":
        given_up = update(_batch).where(lost, _batch.c.provider == provider).values(state="uncertain", reason=reason)
        mark(connection, list(connection.scalars(given_up.returning(_batch.c.id))), "uncertain", reason)
    started = select(func.max(_attempt.c.started)).where(_attempt.c.batch_id == _batch.c.id).scalar_subquery()
    again = {"state": "pending", "token": "", "doubt_since": func.coalesce(_batch.c.doubt_since, started)}
    connection.execute(update(_batch).where(lost).values(**again, next_try=None, reason=reason))
    open_attempts = update(_attempt).where(_attempt.c.finished.is_(None))
    connection.execute(open_attempts.values(finished=now, outcome="lost", error=reason))
    close_done(connection)


def pause(connection: Connection, campaign: str, reason: str) -> None:
    """The provider takes nothing from us: no other batch of the campaign goes out in this run."""
    running = (_campaign.c.id == campaign) & (_campaign.c.state == RUNNING)
    connection.execute(update(_campaign).where(running).values(state="paused", reason=reason[:REASON]))


def resume(connection: Connection, provider: str) -> None:
    """Give paused campaigns another chance, once a run: it costs one request if nobody corrected the cause."""
    paused = (_campaign.c.provider == provider) & (_campaign.c.state == "paused")
    connection.execute(update(_campaign).where(paused).values(state=RUNNING, reason=""))


def next_moment(connection: Connection, provider: str, *, now: datetime) -> datetime | None:
    """When the next batch that is due may be tried (again); None where none is left."""
    ready = func.min(func.coalesce(_batch.c.next_try, _batch.c.due_at))
    return cast("datetime | None", connection.scalar(_mine(ready, provider, now)))


def trouble(connection: Connection, provider: str, *, now: datetime) -> str:
    """Why a batch that is due was not sent when it was last tried; empty where none was tried."""
    reasons = _mine(_batch.c.reason, provider, now).where(_batch.c.reason != "").order_by(_batch.c.next_try).limit(1)
    return connection.scalar(reasons) or ""


def elsewhere(connection: Connection, provider: str, *, now: datetime) -> str:
    """A sentence for every campaign whose mails are due, but were cut and keyed for another provider."""
    owner = (_campaign.c.provider, _campaign.c.hash)
    query = (
        _waiting(func.sum(_batch.c.n), *owner)
        .where(_batch.c.due_at <= now, _campaign.c.provider != provider, _campaign.c.state.in_((RUNNING, "paused")))
        .group_by(*owner)
        .order_by(*owner)
    )
    return " ".join(
        f"{number} mails wait for the provider {name}; configure it again, or: newsletter cancel {digest[:12]}"
        for number, name, digest in connection.execute(query)
    )


def left(connection: Connection, *, now: datetime) -> tuple[int, int]:
    """How many messages of running campaigns are due and not sent, and how many approved ones wait for a later run."""
    total = _waiting(func.coalesce(func.sum(_batch.c.n), 0))
    running = total.where(_campaign.c.state.in_((RUNNING, "paused")))
    due = connection.scalar(running.where(_batch.c.due_at <= now)) or 0
    every = connection.scalar(total.where(_campaign.c.state.in_((RUNNING, "paused", "approved")))) or 0
    return due, every - due


def uncertain(connection: Connection) -> int:
    """How many messages are uncertain, in all campaigns."""
    total = select(func.coalesce(func.sum(_batch.c.n), 0)).where(_batch.c.state == "uncertain")
    return connection.scalar(total) or 0


def _waiting(*columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).select_from(_batch.join(_campaign)).where(_batch.c.state.in_(UNFINISHED))


def _mine(column: ColumnElement[Any], provider: str, now: datetime) -> Select[Any]:
    """A column of the batches that this provider has to send now."""
    mine = _waiting(column).where(_batch.c.due_at <= now, _batch.c.provider == provider)
    return mine.where(_campaign.c.state == RUNNING)
