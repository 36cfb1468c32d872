"""Who must not be mailed, and why: looked at when a plan is made, and again right before a request goes out.

Every function is one step inside one transaction of the outbox. A person is found by their key, so that one who was
erased is still recognised. A reason gives way only to a graver one: no list and no late event makes a complaint less.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal, get_args

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from newsletter.delivery import people
from newsletter.delivery.schema import suppression
from newsletter.errors import HeldError

Reason = Literal["manual", "bounced", "unsubscribed", "complained", "erased"]
"""Why, the gravest last."""

REASONS: tuple[Reason, ...] = get_args(Reason)
CHUNK = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """Somebody who must not be mailed since ``at``; ``source`` is who or what said so.

    ``email`` is empty where the person was erased.
    """

    email: str
    reason: Reason
    at: datetime
    source: str = ""


def gravity(entry: Suppression) -> int:
    """How much a suppression says, as a number that grows with it."""
    return REASONS.index(entry.reason)


def suppress(connection: Connection, email: str, reason: Reason, *, source: str, now: datetime) -> bool:
    """Never mail somebody again; False where they are suppressed for that or a graver reason already."""
    entry = Suppression(email=email, reason=reason, at=now, source=source)
    return add(connection, {people.keys(connection)(email): entry}) == 1


def add_all(connection: Connection, entries: Iterable[Suppression]) -> int:
    """Suppress everybody on a list; for how many that was new, or for a graver reason than before."""
    person, number, rest = people.keys(connection), 0, iter(entries)
    while chunk := sorted(islice(rest, CHUNK), key=gravity):  # of two for one person the graver one counts
        number += add(connection, {person(entry.email): entry for entry in chunk})
    return number


def add(connection: Connection, entries: Mapping[str, Suppression]) -> int:
    """Suppress people by their keys; for how many that was new, or for a graver reason than before."""
    known = find_all(connection, entries)
    fresh = [_row(person, entry) for person, entry in entries.items() if person not in known]
    graver = [
        _row(person, entry)
        for person, entry in entries.items()
        if person in known and gravity(entry) > gravity(known[person])
    ]
    if fresh:
        connection.execute(insert(suppression), fresh)
    if graver:
        values: dict[str, Any] = {name: bindparam(name) for name in ("email", "reason", "at", "source")}
        rows = [{**row, "who": row["person"]} for row in graver]
        connection.execute(update(suppression).where(suppression.c.person == bindparam("who")).values(values), rows)
    return len(fresh) + len(graver)


def lift(connection: Connection, email: str) -> Suppression:
    """Somebody may be mailed again, for they or a person in the know said so; why they were not until now.

    HeldError where they are not suppressed. Who was suppressed for soft bounces is so again after the next one.
    """
    person = people.keys(connection)(email)
    found = find_all(connection, [person]).get(person)
    if found is None:
        raise HeldError(f"{email} is not suppressed.", hint="See who is: newsletter suppressions")
    connection.execute(delete(suppression).where(suppression.c.person == person))
    return found


def find(connection: Connection, email: str) -> Suppression | None:
    """Why somebody must not be mailed; None where they may be."""
    person = people.keys(connection)(email)
    return find_all(connection, [person]).get(person)


def find_all(connection: Connection, persons: Iterable[str]) -> dict[str, Suppression]:
    """Those of the people with these keys who must not be mailed, by their keys."""
    rows = connection.execute(select(suppression).where(suppression.c.person.in_(list(persons))))
    return {row.person: Suppression(email=row.email, reason=row.reason, at=row.at, source=row.source) for row in rows}


def listing(connection: Connection) -> list[Suppression]:
    """Everybody who must not be mailed, the latest first."""
    order = (suppression.c.at.desc(), suppression.c.email)
    rows = connection.execute(select(suppression).order_by(*order))
    return [Suppression(email=row.email, reason=row.reason, at=row.at, source=row.source) for row in rows]


def _row(person: str, entry: Suppression) -> dict[str, object]:
    email = "" if entry.reason == "erased" else entry.email
    return {"person": person, "email": email, "reason": entry.reason, "at": entry.at, "source": entry.source}
