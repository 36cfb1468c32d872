"""What the outbox knows of one person: told to them, or forgotten, as the GDPR wants (articles 15 and 17).

Whoever is forgotten leaves the salted key of their address behind, so that a list which names them again finds them
suppressed, and late events find their message without saying whose it was. The newsletter's list of members, its
backups and the provider's own records are not the outbox: they are to be cleared as well.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Table, select, update

from newsletter.delivery import lease, people, suppressions
from newsletter.delivery.plan import Plan
from newsletter.delivery.schema import attempt, batch, campaign, edition, event, message
from newsletter.delivery.suppressions import Suppression
from newsletter.errors import HeldError

_BLANK = {"email": "", "name": "", "vars": "{}", "error": "", "provider_id": ""}
_SAID: tuple[tuple[Table, Column[str]], ...] = (
    (batch, batch.c.reason),
    (attempt, attempt.c.error),
    (campaign, campaign.c.reason),
)
"""Where a provider's words are kept, which may name an address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dossier:
    """Everything that the outbox knows of a person, as plain data: their messages, what was told of them, and whether
    they are suppressed."""

    messages: tuple[dict[str, Any], ...]
    events: tuple[dict[str, Any], ...]
    suppression: Suppression | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """How many messages and events no longer say whose they are."""

    messages: int
    events: int


def export(connection: Connection, email: str) -> Dossier:
    """Everything known of the person with this address."""
    person = people.keys(connection)(email)
    columns = [message.c[name] for name in ("email", "name", "vars", "state", "delivery", "error", "provider_id")]
    mails = (
        select(campaign.c.issue, campaign.c.newsletter, edition.c.language, batch.c.due_at, message.c.idem, *columns)
        .select_from(message.join(batch).join(edition).join(campaign, message.c.campaign_id == campaign.c.id))
        .where(message.c.recipient_key == person)
        .order_by(message.c.id)
    )
    told = select(*(event.c[name] for name in ("provider", "kind", "bounce", "at", "received", "reason", "raw")))
    told = told.where(event.c.person == person).order_by(event.c.at, event.c.id)
    return Dossier(
        messages=tuple(
            {**row, "vars": msgspec.json.decode(row["vars"])} for row in connection.execute(mails).mappings()
        ),
        events=tuple(dict(row) for row in connection.execute(told).mappings()),
        suppression=suppressions.find(connection, email),
    )


def erase(connection: Connection, email: str, *, now: datetime) -> Erased:
    """Forget the person with this address in every campaign, and never mail them again.

    A mail that is not under way yet is taken out of its batch. HeldError while one is in doubt: its request may have to
    be repeated word by word.
    """
    person = people.keys(connection)(email)
    _refuse_in_doubt(connection, person, email)
    _take_out(connection, person)
    mails = connection.execute(update(message).where(message.c.recipient_key == person).values(**_BLANK)).rowcount
    told = connection.execute(update(event).where(event.c.person == person).values(reason="", raw="")).rowcount
    entry = Suppression(email="", reason="erased", at=now, source="erased")
    suppressions.add(connection, {person: entry})
    _forget_words(connection, email)
    _forget_samples(connection, email)
    return Erased(messages=mails, events=told)


def _refuse_in_doubt(connection: Connection, person: str, email: str) -> None:
    under_way = (batch.c.state == "inflight") | (batch.c.doubt_since.is_not(None) & batch.c.state.in_(lease.UNFINISHED))
    query = select(campaign.c.issue).select_from(
        message.join(batch).join(campaign, batch.c.campaign_id == campaign.c.id)
    )
    issue = connection.scalar(query.where(message.c.recipient_key == person, message.c.state == "pending", under_way))
    if issue is not None:
        raise HeldError(
            f"a mail to {email} may be under way, and its request may have to be repeated as it was.",
            where=issue,
            hint="Run newsletter send until nothing is left, or cancel the plan, and erase again.",
        )


def _take_out(connection: Connection, person: str) -> None:
    """Whoever has a mail in a batch that nobody tried yet is taken out of it, and it gets the key of who stays."""
    mine = select(message.c.batch_id, message.c.idem).where(
        message.c.recipient_key == person, message.c.state == "pending"
    )
    for held, key in connection.execute(mine).all():
        lease.take_out(connection, held, [key])


def _forget_words(connection: Connection, email: str) -> None:
    """Providers name an address in what they say of a whole request, and in any case of letters."""
    for table, column in _SAID:
        named = column.icontains(email, autoescape=True)
        connection.execute(update(table).where(named).values({column.name: "names somebody who was erased"}))


def _forget_samples(connection: Connection, email: str) -> None:
    """A plan keeps one reader a language for people to see."""
    named = campaign.c.summary.icontains(email, autoescape=True)
    query = select(campaign.c.id, campaign.c.summary).where(named)
    for number, summary in connection.execute(query).all():
        kept = msgspec.json.decode(summary, type=Plan)
        others = tuple(sample for sample in kept.samples if sample.email.casefold() != email.casefold())
        fresh = msgspec.json.encode(replace(kept, samples=others)).decode()
        connection.execute(update(campaign).where(campaign.c.id == number).values(summary=fresh))
