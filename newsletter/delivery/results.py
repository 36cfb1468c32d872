"""What became of the messages: counted by language, and named where a person has to know."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, func, select

from newsletter.delivery.schema import batch, campaign, edition, message

_MEANS: Mapping[str, tuple[str, ...]] = {
    "undelivered": ("bounced",),
    "bounced": ("bounced",),
    "delivered": ("delivered",),
    "opened": ("delivered", "opened"),
    "clicked": ("delivered", "opened", "clicked"),
    "unsubscribed": ("delivered", "unsubscribed"),
    "complained": ("delivered", "complained"),
}
"""What a message counts as, by the furthest that an event said of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many messages of one language are where, and what the provider said of them later.

    ``delivered`` arrived, whatever became of them then: of these ``opened`` were opened (``clicked`` among them),
    ``unsubscribed`` made their reader leave and ``complained`` was called spam. ``bounced`` came back. Each message
    stands where it got the furthest, so that who clicked and then left is counted as having left.
    """

    pending: int = 0
    inflight: int = 0
    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    delivered: int = 0
    bounced: int = 0
    opened: int = 0
    clicked: int = 0
    unsubscribed: int = 0
    complained: int = 0

    def __str__(self) -> str:
        counts = ((field.name, getattr(self, field.name)) for field in fields(self))
        return ", ".join(f"{number} {name}" for name, number in counts if number)


@dataclass(frozen=True, kw_only=True, slots=True)
class Undelivered:
    """A message that was refused for good, or that perhaps went out; ``reason`` says why."""

    campaign: str
    issue: str
    language: str
    key: str
    email: str
    name: str
    reason: str


def counts(connection: Connection, issue: str) -> dict[str, Counts]:
    """For every language how many messages are where; drafts do not count.

    One row per batch, and of the messages only an index of those that a provider told something of: so it is quick.
    """
    found: dict[str, Counter[str]] = {}
    for language, state, total, failed in connection.execute(
        _of_issue(issue, edition.c.language, batch.c.state, func.sum(batch.c.n), func.sum(batch.c.failed))
        .where(batch.c.state.not_in(("split", "cancelled")))
        .group_by(edition.c.language, batch.c.state)
    ):
        counted = found.setdefault(language, Counter())
        counted["pending" if state == "claimed" else state] += total - failed
        counted["failed"] += failed
    for language, state, number in _told(connection, issue):
        found.setdefault(language, Counter()).update(dict.fromkeys(_MEANS.get(state, ()), number))
    return {language: Counts(**counted) for language, counted in sorted(found.items())}


def _told(connection: Connection, issue: str) -> Iterable[Any]:
    """Language, ``delivery`` and number of the messages that a provider told something of."""
    mine = select(campaign.c.id).where(campaign.c.issue == issue, campaign.c.state != "draft")
    told = (
        select(message.c.batch_id, message.c.delivery, func.count().label("number"))
        .where(message.c.campaign_id.in_(mine), message.c.delivery != "")
        .group_by(message.c.batch_id, message.c.delivery)
        .subquery()
    )
    total = func.sum(told.c.number)
    return connection.execute(
        _of_issue(issue, edition.c.language, told.c.delivery, total)
        .join(told, told.c.batch_id == batch.c.id)
        .group_by(edition.c.language, told.c.delivery)
    )


def _of_issue(issue: str, *columns: ColumnElement[Any]) -> Select[Any]:
    tables = batch.join(edition).join(campaign, batch.c.campaign_id == campaign.c.id)
    return select(*columns).select_from(tables).where(campaign.c.issue == issue, campaign.c.state != "draft")


def named(connection: Connection, state: Literal["failed", "uncertain"], issue: str | None) -> list[Undelivered]:
    """Every message that failed, or is uncertain, of one issue or of all."""
    columns = (message.c.idem, message.c.email, message.c.name, message.c.error)
    query = (
        select(campaign.c.id, campaign.c.issue, edition.c.language, *columns)
        .select_from(message.join(batch).join(edition).join(campaign, message.c.campaign_id == campaign.c.id))
        .where(message.c.state == state)
        .order_by(message.c.id)
    )
    if issue is not None:
        query = query.where(campaign.c.issue == issue)
    names = [field.name for field in fields(Undelivered)]
    return [Undelivered(**dict(zip(names, row, strict=True))) for row in connection.execute(query)]
