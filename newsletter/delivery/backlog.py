"""What waits to be sent: cleared up when a run begins, counted when it ends.

Every function is one step inside one transaction of the sender, which holds the outbox's lock.
"""

from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select, update

from newsletter.delivery import limits as rates
from newsletter.delivery import schema
from newsletter.delivery.lease import REASON, RUNNING, UNFINISHED, close_done, mark
from newsletter.delivery.providers import Limits

PausedBy = Literal["provider", "rejections", "late", "person"]

MOST_REJECTED = 0.2  # of the messages that were answered; more, and something is wrong with the list or with us
FEWEST_REJECTED = 5  # in a small list one bad address is no sign

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


def mind_the_clock(connection: Connection, now: datetime) -> None:
    """Where the clock was put back since the last run, nobody waits that much longer because of it."""
    last = connection.scalar(select(func.max(func.coalesce(_attempt.c.finished, _attempt.c.started))))
    if last is None or last <= now:
        return
    back = last - now
    rates.set_back(connection, back.total_seconds())
    for number, moment in connection.execute(
        select(_batch.c.id, _batch.c.next_try).where(_batch.c.next_try > now, _batch.c.state.in_(UNFINISHED))
    ).all():
        connection.execute(update(_batch).where(_batch.c.id == number).values(next_try=moment - back))


def pause(connection: Connection, campaign: str, reason: str, *, by: PausedBy) -> None:
    """No other batch of the campaign goes out until it is resumed."""
    running = (_campaign.c.id == campaign) & (_campaign.c.state == RUNNING)
    connection.execute(update(_campaign).where(running).values(state="paused", reason=reason[:REASON], paused_by=by))


def resume(connection: Connection, provider: str) -> None:
    """Give campaigns that the provider stopped another chance, once a run: it costs one request if nothing changed."""
    paused = (_campaign.c.state == "paused") & (_campaign.c.paused_by == "provider")
    mine = update(_campaign).where(_campaign.c.provider == provider, paused)
    connection.execute(mine.values(state=RUNNING, reason="", paused_by=""))


def rejections(connection: Connection, campaign: str) -> str:
    """Why a campaign must stop for a person to look, because too many of its messages were refused; else empty."""
    ended = (_batch.c.campaign_id == campaign) & _batch.c.state.in_(("sent", "failed"))
    answered, failed = connection.execute(
        select(func.coalesce(func.sum(_batch.c.n), 0), func.coalesce(func.sum(_batch.c.failed), 0)).where(ended)
    ).one()
    failed -= connection.scalar(select(_campaign.c.tolerated).where(_campaign.c.id == campaign)) or 0
    if failed < FEWEST_REJECTED or failed <= answered * MOST_REJECTED:
        return ""
    return f"{failed} of the first {answered} messages were refused"


def stop_stale(connection: Connection, *, now: datetime, after: timedelta) -> None:
    """Pause campaigns that were to go out long ago and of which nothing was tried since: is their news still news?"""
    before = now - after
    waiting = exists().where(
        _batch.c.campaign_id == _campaign.c.id, _batch.c.state.in_(UNFINISHED), _batch.c.due_at < before
    )
    tried = exists().where(
        _attempt.c.batch_id == _batch.c.id, _batch.c.campaign_id == _campaign.c.id, _attempt.c.started >= before
    )
    reason = f"its mails were due before {before:%Y-%m-%d %H:%M} UTC and nothing was tried since"
    released = func.coalesce(_campaign.c.released, _campaign.c.created) >= before
    stale = update(_campaign).where(_campaign.c.state == RUNNING, waiting, ~tried, ~released)
    connection.execute(stale.values(state="paused", reason=reason, paused_by="late"))


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
        .where(_batch.c.due_at <= now, _campaign.c.provider != provider, _goes_on())
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
    due = connection.scalar(total.where(_goes_on(), _batch.c.due_at <= now)) or 0
    every = connection.scalar(total.where(or_(_goes_on(), _campaign.c.state == "approved"))) or 0
    return due, every - due


def stopped(connection: Connection) -> tuple[str, ...]:
    """A sentence for every campaign that waits for a person, and how many of its mails wait with it."""
    query = (
        _waiting(func.sum(_batch.c.n), _campaign.c.issue, _campaign.c.hash, _campaign.c.reason)
        .where(_campaign.c.state == "paused", _campaign.c.paused_by != "provider")
        .group_by(_campaign.c.id)
        .order_by(_campaign.c.created)
    )
    return tuple(
        f"{issue}: {number} mails are stopped ({reason}). See who and why with newsletter status {issue}, then: "
        f"newsletter resume {digest[:12]}, or newsletter cancel {digest[:12]}."
        for number, issue, digest, reason in connection.execute(query)
    )


def uncertain(connection: Connection) -> int:
    """How many messages are uncertain, in all campaigns."""
    total = select(func.coalesce(func.sum(_batch.c.n), 0)).where(_batch.c.state == "uncertain")
    return connection.scalar(total) or 0


def _goes_on() -> ColumnElement[bool]:
    """Campaigns that the sender takes up by itself."""
    waits = (_campaign.c.state == "paused") & (_campaign.c.paused_by == "provider")
    return or_(_campaign.c.state == RUNNING, waits)


def _waiting(*columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).select_from(_batch.join(_campaign)).where(_batch.c.state.in_(UNFINISHED))


def _mine(column: ColumnElement[Any], provider: str, now: datetime) -> Select[Any]:
    """A column of the batches that this provider has to send now."""
    mine = _waiting(column).where(_batch.c.due_at <= now, _batch.c.provider == provider)
    return mine.where(_campaign.c.state == RUNNING)
