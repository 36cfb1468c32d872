"""Who gets what, when: a plan is counted, hashed and frozen, then a person approves its hash.

Planning is one pass over the choices, so that a million readers need no more memory than ten. The hash covers every
choice in order, the editions and the settings; it is the same whether the plan is being stored or only compared, since
who is skipped follows from what is hashed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from newsletter.delivery import people, schema
from newsletter.delivery.providers import Limits
from newsletter.delivery.seen import Seen
from newsletter.errors import HeldError
from newsletter.model import Choice, Edition, Subscriber

CHUNK = 500
ALREADY_SENT = "already sent"
DUPLICATE = "duplicate"
NOT_FAILED = "not among those who failed"
UNICODE_LOCAL = "the provider takes no letters beyond ASCII before the @"
_PLANNED = ("draft", "approved")  # states of campaigns of which nothing went out
_NOT_SENT = ("failed", "cancelled", "suppressed")  # states of messages that a later plan may send again


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a plan is made under; ``settings`` (due time, zone, sender …) are kept with it and covered by its hash.

    ``only`` in them is ``failed`` where nobody else is to get it. ``per_second`` is the rate in messages a second,
    ``merges`` the languages whose fields the provider fills in, and ``canary`` how many messages of a wave go ahead of
    the others (0 for none); they and ``limits`` shape the batches, not who gets what, and stay out of the hash.
    """

    issue: str
    newsletter: str
    provider: str
    limits: Limits
    per_second: float
    merges: frozenset[str] = frozenset()
    canary: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One reader of a language, for people to see what they approve."""

    language: str
    email: str
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What one campaign will send, in numbers; ``hash`` is what a person approves.

    ``waves`` are the due times in UTC and their messages, in order; ``seconds`` the time that the sending itself takes
    under the rate. ``held`` counts readers by the language they wait for, ``skipped`` by reason. ``problems`` are what
    the caller could not read of the list, ``unreached`` the member organisations of which nobody gets it, ``warnings``
    what else a person should know; they are shown, not kept. ``samples`` has one reader a language.
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
    samples: tuple[Sample, ...] = ()
    approved_by: str = ""
    problems: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def messages(self) -> int:
        """How many messages it sends."""
        return sum(self.languages.values())

    @property
    def due_at(self) -> datetime | None:
        """When its first wave is due."""
        return self.waves[0][0] if self.waves else None

    @property
    def ends_at(self) -> datetime | None:
        """When the last message goes out at the earliest: a wave begins when it is due and the one before is done."""
        free, rate = None, self.messages / self.seconds if self.seconds else 0
        for due, number in self.waves:
            free = (due if free is None else max(due, free)) + timedelta(seconds=number / rate)
        return free

    def approve(self, by: str) -> "Plan":
        """The same plan, signed by a person."""
        if not by.strip():
            raise HeldError("an approval needs a name.", hint="Say who approves the plan.")
        return replace(self, approved_by=by.strip())


def merge_fields(subscriber: Subscriber) -> dict[str, str]:
    """The values for an edition's open fields that a list has besides the address: its own, and the organisation."""
    values = {_field(name): value for name, value in subscriber.fields.items()}
    values["recipient.organisation"] = subscriber.organisation
    return values


@cache
def _field(name: str) -> str:
    return f"recipient.{name}"


def fingerprint(
    connection: Connection, choices: Iterable[Choice], editions: Mapping[str, Edition], terms: Terms
) -> str:
    """The hash that a plan of these choices would have now; writes nothing."""
    walk = Walk(connection, "", editions, terms)
    for _ in walk.chunks(choices):
        pass
    return walk.hash


@dataclass(slots=True)
class _Known:
    """What the outbox knows of some people: who got the issue (or perhaps did), whose mail of it failed, who is in the
    plan already, and who must not be mailed, with the reason."""

    sent: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    planned: set[str] = field(default_factory=set)
    suppressed: dict[str, str] = field(default_factory=dict)


class Reader(NamedTuple):
    """Somebody who gets a message: the key nobody is mailed twice under, and the merge fields as JSON."""

    choice: Choice
    key: str
    vars: str


Heard = Callable[[Choice, str], None]
"""Told of every choice why it gets no message; the reason is empty where it gets one, or has it already."""

HELD = "their language waits for review"


class Walk:
    """One pass over the choices: skips, counts and hashes.

    Who is suppressed is skipped, but does not change the hash: somebody may leave after the approval, and must.
    """

    def __init__(
        self,
        connection: Connection,
        campaign: str,
        editions: Mapping[str, Edition],
        terms: Terms,
        *,
        heard: Heard | None = None,
    ) -> None:
        self._connection, self._campaign, self._editions, self._terms = connection, campaign, editions, terms
        self._heard = heard
        self._person = people.keys(connection)
        self._earlier = connection.scalars(
            select(schema.campaign.c.id).filter_by(issue=terms.issue).where(schema.campaign.c.state.not_in(_PLANNED))
        ).all()
        self._only_failed = terms.settings.get("only") == "failed"
        self._seen = Seen()
        self._suppresses = connection.scalar(select(schema.suppression.c.person).limit(1)) is not None
        self.languages: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.held: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.samples: dict[str, Sample] = {}
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
            persons = [self._person(choice.subscriber.address.email) for choice in chunk]
            known = self._known(persons)
            self._add(chunk)
            got = known.sent | known.failed
            self._add([(place, person in known.sent) for place, person in enumerate(persons) if person in got])
            readers = []
            for choice, person in zip(chunk, persons, strict=True):
                reason = self._reason(choice, person, known)
                if self._heard and reason != DUPLICATE:
                    self._heard(choice, "" if reason == ALREADY_SENT else reason or ("" if choice.language else HELD))
                if self._counts(choice, reason):
                    known.planned.add(person)
                    readers.append(Reader(choice, person, _encode(merge_fields(choice.subscriber)).decode()))
            self._seen.add(persons)
            yield readers

    def _counts(self, choice: Choice, reason: str) -> bool:
        """Count a choice where it belongs; whether it gets a message."""
        if not choice.language:
            self.held[choice.waits] += 1
        elif reason:
            self.skipped[reason] += 1
        else:
            if choice.language not in self.samples:
                address = choice.subscriber.address
                self.samples[choice.language] = Sample(
                    language=choice.language, email=address.email, name=address.name, reason=choice.reason
                )
            self.languages[choice.language] += 1
            self.kinds[choice.kind] += 1
            return True
        return False

    def _reason(self, choice: Choice, person: str, known: "_Known") -> str:
        """Why somebody is skipped; empty where not. A suppression comes before everything else."""
        language = choice.language
        if language and language not in self._editions:
            raise HeldError(
                f"there is no edition in {language!r}, but {choice.subscriber.address.email} is to get it.",
                where=self._terms.issue,
                hint="Render the issue again and plan again.",
            )
        if person in known.suppressed:
            return f"suppressed: {known.suppressed[person]}"
        email = choice.subscriber.address.email
        if not email.isascii() and not self._terms.limits.unicode_local and not email.rpartition("@")[0].isascii():
            return UNICODE_LOCAL
        if person in known.sent:
            return ALREADY_SENT
        if self._only_failed and person not in known.failed:
            return NOT_FAILED
        return DUPLICATE if person in known.planned else ""

    def _known(self, persons: list[str]) -> "_Known":
        """What the outbox knows of these people."""
        known = _Known()
        table = schema.message
        if self._campaign and (again := self._seen.perhaps(persons)):
            mine = (table.c.campaign_id == self._campaign) & table.c.recipient_key.in_(again)
            known.planned.update(self._connection.scalars(select(table.c.recipient_key).where(mine)))
        if self._earlier:
            earlier = select(table.c.recipient_key, table.c.state).where(
                table.c.campaign_id.in_(self._earlier), table.c.recipient_key.in_(persons)
            )
            for person, state in self._connection.execute(earlier):
                if state == "failed":
                    known.failed.add(person)
                elif state not in _NOT_SENT:
                    known.sent.add(person)
        if self._suppresses:
            left = schema.suppression.c
            rows = self._connection.execute(select(left.person, left.reason).where(left.person.in_(persons)))
            known.suppressed.update(tuple(row) for row in rows)
        return known

    def _add(self, facts: Sequence[object]) -> None:
        self._digest.update(_encode(facts) + b"\n")


_encode = msgspec.json.Encoder().encode
