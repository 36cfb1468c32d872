"""Who gets what, when: a plan is counted, hashed and frozen, then a person approves its hash.

Planning is one pass over the choices, so that a million readers need no more memory than ten. The hash covers every
choice in order, the editions and the settings; it is the same whether the plan is being stored or only compared, since
who is skipped follows from what is hashed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from itertools import islice

import msgspec
from sqlalchemy import ColumnElement, Connection, or_, select

from newsletter.delivery import schema
from newsletter.delivery.providers import Limits
from newsletter.errors import HeldError
from newsletter.model import Choice, Edition, Subscriber

CHUNK = 500
ALREADY_SENT = "already sent"
DUPLICATE = "duplicate"
UNICODE_LOCAL = "the provider takes no letters beyond ASCII before the @"
_PLANNED = ("draft", "approved")  # states of campaigns of which nothing went out
_NOT_SENT = ("failed", "cancelled")  # states of messages that a later plan may send again


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a plan is made under; ``settings`` (due time, zone, sender …) are kept with it and covered by its hash.

    ``per_second`` is the rate in messages a second; it and ``limits`` shape the batches, not who gets what, and stay
    out of the hash.
    """

    issue: str
    newsletter: str
    provider: str
    limits: Limits
    per_second: float
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What one campaign will send, in numbers; ``hash`` is what a person approves.

    ``waves`` are the due times in UTC and their messages, in order; ``seconds`` the time that the sending itself takes
    under the rate. ``held`` counts readers by their first language, ``skipped`` by reason. ``problems`` are what
    the caller could not read of the list; they are shown, not kept.
    """

    campaign: str
    issue: str
    newsletter: str
    hash: str
    created: datetime
    provider: str
    waves: tuple[tuple[datetime, int], ...]
    languages: Mapping[str, int]
    kinds: Mapping[str, int]
    held: Mapping[str, int]
    skipped: Mapping[str, int]
    batches: int
    seconds: float
    approved_by: str = ""
    problems: tuple[str, ...] = ()

    @property
    def messages(self) -> int:
        """How many messages it sends."""
        return sum(self.languages.values())

    @property
    def due_at(self) -> datetime | None:
        """When its first wave is due."""
        return self.waves[0][0] if self.waves else None

    def approve(self, by: str) -> "Plan":
        """The same plan, signed by a person."""
        if not by.strip():
            raise HeldError("an approval needs a name.", hint="Say who approves the plan.")
        return replace(self, approved_by=by.strip())


def merge_fields(subscriber: Subscriber) -> dict[str, str]:
    """The values for the open fields of an edition: the list's own columns, and the three that every list has."""
    known = {"email": subscriber.address.email, "name": subscriber.address.name}
    values = {**subscriber.fields, **known, "organisation": subscriber.organisation}
    return {f"recipient.{name}": value for name, value in values.items()}


def fingerprint(
    connection: Connection, choices: Iterable[Choice], editions: Mapping[str, Edition], terms: Terms
) -> str:
    """The hash that a plan of these choices would have now; writes nothing."""
    walk = Walk(connection, "", editions, terms)
    for _ in walk.chunks(choices):
        pass
    return walk.hash


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gets a message: the key nobody is mailed twice under, and the merge fields as JSON."""

    choice: Choice
    key: str
    vars: str


class Walk:
    """One pass over the choices: skips, counts and hashes."""

    def __init__(self, connection: Connection, campaign: str, editions: Mapping[str, Edition], terms: Terms) -> None:
        self._connection, self._campaign, self._editions, self._terms = connection, campaign, editions, terms
        self.languages: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.held: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self._digest = blake2b(digest_size=16)
        self._add([terms.issue, terms.newsletter, terms.provider, sorted(terms.settings.items())])
        for language in sorted(editions):
            self._add([language, editions[language].hash])

    @property
    def hash(self) -> str:
        """Of everything seen so far, 32 hexadecimal digits."""
        return self._digest.hexdigest()

    def chunks(self, choices: Iterable[Choice]) -> Iterator[list[Reader]]:
        """Those who get a message, in the order of the list; the first of two equal addresses wins.

        Who takes a chunk stores it before taking the next one: duplicates are looked for among what is stored.
        """
        iterator = iter(choices)
        while chunk := list(islice(iterator, CHUNK)):
            keys = [choice.subscriber.address.email.casefold() for choice in chunk]
            sent, planned = self._known(keys)
            readers = []
            for choice, key in zip(chunk, keys, strict=True):
                reader = Reader(choice, key, _json(merge_fields(choice.subscriber)))
                self._add([key, reader.vars, *_facts(choice), key in sent])
                if self._counts(choice, self._reason(choice, key, sent, planned)):
                    planned.add(key)
                    readers.append(reader)
            yield readers

    def _counts(self, choice: Choice, reason: str) -> bool:
        """Count a choice where it belongs; whether it gets a message."""
        if not choice.language:
            self.held[next(iter(choice.subscriber.languages), "")] += 1
        elif reason:
            self.skipped[reason] += 1
        else:
            self.languages[choice.language] += 1
            self.kinds[choice.kind] += 1
            return True
        return False

    def _reason(self, choice: Choice, key: str, sent: set[str], planned: set[str]) -> str:
        if choice.language and choice.language not in self._editions:
            raise HeldError(
                f"there is no edition in {choice.language!r}, but {choice.subscriber.address.email} is to get it.",
                where=self._terms.issue,
                hint="Render the issue again and plan again.",
            )
        if not self._terms.limits.unicode_local and not key.rpartition("@")[0].isascii():
            return UNICODE_LOCAL
        if key in sent:
            return ALREADY_SENT
        return DUPLICATE if key in planned else ""

    def _known(self, keys: list[str]) -> tuple[set[str], set[str]]:
        """Of these, who got the issue from an earlier campaign (or perhaps did), and who is in this one already."""
        table, owner = schema.message, schema.campaign
        earlier: ColumnElement[bool] = (
            (owner.c.issue == self._terms.issue) & owner.c.state.not_in(_PLANNED) & table.c.state.not_in(_NOT_SENT)
        )
        rows = self._connection.execute(
            select(table.c.recipient_key, table.c.campaign_id)
            .join(owner)
            .where(table.c.recipient_key.in_(keys), or_(table.c.campaign_id == self._campaign, earlier))
        ).all()
        planned = {key for key, campaign in rows if campaign == self._campaign}
        return {key for key, campaign in rows if campaign != self._campaign}, planned

    def _add(self, facts: list[object]) -> None:
        self._digest.update(msgspec.json.encode(facts) + b"\n")


def _facts(choice: Choice) -> tuple[str, ...]:
    address = choice.subscriber.address
    return (address.email, address.name, choice.subscriber.timezone, choice.language, choice.kind)


def _json(values: Mapping[str, str]) -> str:
    return msgspec.json.encode(values, order="deterministic").decode()
