"""What providers tell after sending becomes the state of messages, and keeps people from being mailed again.

Events come twice, late and in any order. So each counts once, by its id; what is known of a message only ever moves
forward in ``DELIVERY``, whatever comes first; and every event shows that the provider has the message, so one that was
uncertain counts as sent. Whoever has no mailbox, complains or leaves is suppressed at once.

Only soft bounces depend on the order in which they come: a delivery that is told late takes no suppression back.

What is kept of an event is no more than people need: where and with what a reader opened a mail is not.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from newsletter.delivery import lease, people, schema, suppressions
from newsletter.delivery.suppressions import Reason, Suppression
from newsletter.model import Event

CHUNK = 500
SOFT_BOUNCES = 5
"""Messages in a row that a full or sleeping mailbox may send back; no mailbox is on holiday for so long."""

DELIVERY = (
    "",
    "accepted",
    "deferred",
    "undelivered",
    "delivered",
    "opened",
    "clicked",
    "bounced",
    "unsubscribed",
    "complained",
)
"""What is known of a message, each more than those before it.

``undelivered`` came back although the mailbox is fine or may be again, ``bounced`` because there is none. A mail that a
server took may still come back, and one that was opened may be complained of; but who opens it has got it.
"""

_ALIVE = ("delivered", "opened", "clicked")
_EXPLAINED = ("deferred", "bounced", "complained", "unsubscribed", "confirm")  # kinds of which the record is kept
_FURTHER = {state: place for place, state in enumerate(DELIVERY)}

_event, _message = schema.event, schema.message
_Found = Row[*tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What some events came to: the ``new`` ones by kind, and how many were ``repeated`` or of ``unknown`` messages.

    ``suppressed`` are the people who are not mailed again because of them, ``resolved`` the messages that were
    uncertain and are not any more.
    """

    new: Mapping[str, int] = field(default_factory=dict)
    repeated: int = 0
    unknown: int = 0
    suppressed: int = 0
    resolved: int = 0

    def __add__(self, other: "Recorded") -> "Recorded":
        return Recorded(
            new=dict(Counter(self.new) + Counter(other.new)),
            repeated=self.repeated + other.repeated,
            unknown=self.unknown + other.unknown,
            suppressed=self.suppressed + other.suppressed,
            resolved=self.resolved + other.resolved,
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """An event, the message that it is of, if that is one of ours, and the person's key, where anybody is named."""

    event: Event
    message: _Found | None
    person: str

    @property
    def email(self) -> str:
        return self.message.email if self.message else self.event.address

    @property
    def reason(self) -> Reason | None:
        """Why its reader must not be mailed again; None where they may be.

        Who left another newsletter of the same account has not left this one.
        """
        if self.event.kind == "complained":
            return "complained"
        if self.event.kind == "unsubscribed" and (self.message or not self.event.key):
            return "unsubscribed"
        return "bounced" if self.event.kind == "bounced" and self.event.bounce == "hard" else None

    @property
    def delivery(self) -> str:
        """What it says of its message."""
        if self.event.kind == "bounced":
            return "bounced" if self.event.bounce == "hard" else "undelivered"
        return self.event.kind


def record(connection: Connection, provider: str, events: Iterable[Event], *, now: datetime) -> Recorded:
    """Keep events and what follows from them; those that were kept before change nothing."""
    rest, recorded = iter(events), Recorded()
    person = people.keys(connection)
    while chunk := list(islice(rest, CHUNK)):
        fresh = _fresh(connection, provider, chunk)
        messages = _messages(connection, provider, fresh, {e.address: person(e.address) for e in fresh if not e.key})
        told = [
            _Told(event, found, _person(event, found, person)) for event, found in zip(fresh, messages, strict=True)
        ]
        _keep(connection, provider, told, now=now)
        resolved = _advance(connection, told)
        suppressed = suppressions.add(connection, _gone(connection, provider, told, now=now))
        recorded += Recorded(
            new=Counter(event.kind for event in fresh),
            repeated=len(chunk) - len(fresh),
            unknown=sum(one.message is None and one.event.kind != "confirm" for one in told),
            suppressed=suppressed,
            resolved=resolved,
        )
    return recorded


def known(connection: Connection, provider: str, events: Sequence[Event]) -> set[str]:
    """The ids of those events that are kept already."""
    ids = [event.id for event in events]
    return set(
        connection.scalars(select(_event.c.event_id).where(_event.c.provider == provider, _event.c.event_id.in_(ids)))
    )


def _fresh(connection: Connection, provider: str, chunk: Sequence[Event]) -> list[Event]:
    kept = known(connection, provider, chunk)
    return list({event.id: event for event in reversed(chunk) if event.id not in kept}.values())[::-1]


def _messages(
    connection: Connection, provider: str, events: Sequence[Event], persons: Mapping[str, str]
) -> Iterator["_Found | None"]:
    """The message of each event: by our key, else by the provider's id among those to the same person."""
    table = _message.c
    columns = (table.id, table.idem, table.email, table.recipient_key, table.provider_id, table.batch_id)
    query = select(*columns, table.state, table.delivery)
    keys = {event.key for event in events if event.key}
    by_key = {row.idem: row for row in connection.execute(query.where(table.idem.in_(keys)))} if keys else {}
    by_id = {}
    if persons:
        mine = select(schema.campaign.c.id).where(schema.campaign.c.provider == provider)
        rows = connection.execute(query.where(table.campaign_id.in_(mine), table.recipient_key.in_(persons.values())))
        by_id = {(row.provider_id, row.recipient_key): row for row in rows if row.provider_id}
    for event in events:
        yield by_key.get(event.key) if event.key else by_id.get((event.provider_id, persons[event.address]))


def _person(event: Event, message: _Found | None, key: Callable[[str], str]) -> str:
    if message:
        return str(message.recipient_key)
    return str(key(event.address)) if event.address else ""


def _keep(connection: Connection, provider: str, told: Sequence[_Told], *, now: datetime) -> None:
    """Write the events down; of people who were erased, nothing that says who they are."""
    if not told:
        return
    left = suppressions.find_all(connection, {one.person for one in told if one.person})
    erased = {person for person, entry in left.items() if entry.reason == "erased"}
    rows = []
    for one in told:
        event, personal = one.event, one.person not in erased
        rows.append(
            {
                "provider": provider,
                "event_id": event.id,
                "message_id": one.message.id if one.message else None,
                "person": one.person,
                "kind": event.kind,
                "bounce": event.bounce,
                "at": event.at,
                "received": now,
                "reason": event.reason[: lease.REASON] if personal else "",
                "raw": event.raw if personal and event.kind in _EXPLAINED else "",
            }
        )
    connection.execute(insert(_event), rows)


def _advance(connection: Connection, told: Sequence[_Told]) -> int:
    """Move messages forward; how many were uncertain and are not any more."""
    ours = {one.message.id: one.message for one in told if one.message is not None}
    furthest = {number: found.delivery for number, found in ours.items()}
    for one in told:
        if one.message is not None:
            furthest[one.message.id] = max(furthest[one.message.id], one.delivery, key=_FURTHER.__getitem__)
    moved: dict[str, list[int]] = defaultdict(list)
    for number, state in furthest.items():
        if state != ours[number].delivery:
            moved[state].append(number)
    for state, numbers in moved.items():
        connection.execute(update(_message).where(_message.c.id.in_(numbers)).values(delivery=state))
    return lease.prove(connection, {found.batch_id for found in ours.values() if found.state == "uncertain"})


def _gone(connection: Connection, provider: str, told: Sequence[_Told], *, now: datetime) -> dict[str, Suppression]:
    """Who must not be mailed again because of these events."""
    gone: dict[str, Suppression] = {}
    for person in _softened(connection, told):
        email = next(one.email for one in told if one.person == person)
        gone[person] = Suppression(email=email, reason="bounced", at=now, source=provider)
    for one in told:
        if one.person and (reason := one.reason):
            entry = Suppression(email=one.email, reason=reason, at=now, source=provider)
            gone[one.person] = max(gone.get(one.person, entry), entry, key=suppressions.gravity)
    return gone


def _softened(connection: Connection, told: Sequence[_Told]) -> Sequence[str]:
    """Those of whom a message came back softly, and the ones before it as well, since the last that arrived."""
    table = _event.c
    persons = {one.person for one in told if one.event.bounce == "soft" and one.message is not None}
    if not persons:
        return ()
    alive = (
        select(table.person, func.max(table.at).label("at"))
        .where(table.person.in_(persons), table.kind.in_(_ALIVE))
        .group_by(table.person)
        .subquery()
    )
    query = (
        select(table.person)
        .outerjoin(alive, alive.c.person == table.person)
        .where(table.person.in_(persons), table.kind == "bounced", table.bounce == "soft")
        .where(or_(alive.c.at.is_(None), table.at > alive.c.at))
        .group_by(table.person)
        .having(func.count(table.message_id.distinct()) >= SOFT_BOUNCES)
    )
    return connection.scalars(query).all()
