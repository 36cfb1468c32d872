"""What became of the messages: counted by language, and named where a person has to know."""

from dataclasses import dataclass, fields
from typing import Literal

from sqlalchemy import Connection, func, select

from newsletter.delivery.schema import batch, campaign, edition, message


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many messages of one language are where."""

    pending: int = 0
    inflight: int = 0
    sent: int = 0
    failed: int = 0
    uncertain: int = 0

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
    """For every language how many messages are where; drafts do not count. One row per batch, so it is quick."""
    query = (
        select(edition.c.language, batch.c.state, func.sum(batch.c.n), func.sum(batch.c.failed))
        .select_from(batch.join(edition).join(campaign, batch.c.campaign_id == campaign.c.id))
        .where(campaign.c.issue == issue, campaign.c.state != "draft", batch.c.state.not_in(("split", "cancelled")))
        .group_by(edition.c.language, batch.c.state)
    )
    found: dict[str, dict[str, int]] = {}
    for language, state, total, failed in connection.execute(query):
        counted = found.setdefault(language, {field.name: 0 for field in fields(Counts)})
        counted["pending" if state == "claimed" else state] += total - failed
        counted["failed"] += failed
    return {language: Counts(**counted) for language, counted in sorted(found.items())}


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
