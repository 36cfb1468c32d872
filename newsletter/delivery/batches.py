"""Freezes a plan: its editions, batches and messages become rows that never change again.

A batch holds readers of one edition who are due at one moment, at most as many as one request may carry. Its members,
their order and its key are fixed here, before the first request, because a provider recognises a repeated request only
if it is the very same.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import count
from typing import Any, cast
from uuid import uuid4

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from newsletter.delivery import limits, schema
from newsletter.delivery.bulk import Many
from newsletter.delivery.plan import Heard, Plan, Reader, Terms, Walk
from newsletter.delivery.providers import Limits
from newsletter.model import Asset, Choice, Direction, Edition, Subscriber

EACH = 4096  # bytes of a message besides its texts: addresses, headers, the reader's own values
_TEXTS = ("language", "direction", "subject", "preheader", "html", "text", "nonce", "hash")
LARGEST_REQUEST = 7_000_000  # bytes: a dozen are under way at once, in memory
DOUBTFUL = 500  # messages: of a request whose answer is lost, nobody knows what became, where there are no keys


def freeze(
    connection: Connection,
    choices: Iterable[Choice],
    editions: Mapping[str, Edition],
    terms: Terms,
    *,
    due: Callable[[Subscriber], datetime],
    heard: Heard | None = None,
    now: datetime,
) -> Plan:
    """Store a new draft campaign: its editions, and every message in the batch it will be sent with."""
    campaign = _begin(connection, terms, now)
    walk = Walk(connection, campaign, editions, terms, heard=heard)
    cutter = _Cutter(connection, campaign, editions, terms)
    for chunk in walk.chunks(choices):
        _STORE.run(connection, [cutter.row(reader, due(reader.choice.subscriber)) for reader in chunk])
        cutter.write_full()
    cutter.close()
    plan = Plan(
        campaign=campaign,
        issue=terms.issue,
        newsletter=terms.newsletter,
        hash=walk.hash,
        created=now,
        provider=terms.provider,
        waves=tuple(sorted(cutter.waves.items())),
        languages=dict(walk.languages),
        kinds=dict(walk.kinds),
        held=dict(walk.held),
        skipped=dict(walk.skipped),
        batches=cutter.count,
        seconds=sum(walk.languages.values()) / limits.checked(terms.per_second),
        samples=tuple(walk.samples.values()),
    )
    summary = msgspec.json.encode(plan).decode()
    connection.execute(update(schema.campaign).filter_by(id=campaign).values(hash=plan.hash, summary=summary))
    return plan


def _begin(connection: Connection, terms: Terms, now: datetime) -> str:
    """Store the campaign itself, of which nothing is known yet but its terms; its id."""
    campaign = uuid4().hex
    row = {"id": campaign, "issue": terms.issue, "newsletter": terms.newsletter, "provider": terms.provider}
    settings = msgspec.json.encode(terms.settings, order="deterministic").decode()
    rest = {"state": "draft", "created": now, "settings": settings, "hash": "", "summary": ""}
    connection.execute(insert(schema.campaign).values(**row, **rest))
    return campaign


_Row = tuple[str | int, ...]
_COLUMNS = tuple(column.name for column in schema.message.columns if column.name != "id")
_STORE = Many(insert(schema.message).values({name: bindparam(name) for name in _COLUMNS}), _COLUMNS)


class _Cutter:
    """Cuts batches while the readers pass by: one edition, one due time, at most what one request may hold."""

    def __init__(self, connection: Connection, campaign: str, editions: Mapping[str, Edition], terms: Terms) -> None:
        self._connection, self._campaign, self._editions, self._terms = connection, campaign, editions, terms
        self._editions_stored = {tag: _store(connection, campaign, edition) for tag, edition in editions.items()}
        self._sizes = {
            tag: _capacity(edition, terms.limits, merges=tag in terms.merges) for tag, edition in editions.items()
        }
        self._key = message_keys(campaign)
        self._canaries: set[datetime] = set()
        self._open: dict[tuple[str, datetime], _Open] = {}
        self._full: list[_Open] = []
        self.waves: Counter[datetime] = Counter()
        self.count = 0

    def row(self, reader: Reader, due: datetime) -> _Row:
        """The row of a reader's message, in the batch that is open for its edition and due time."""
        choice, person, values = reader
        language, address = choice.language, choice.subscriber.address
        batch = self._open.get((language, due)) or self._start(language, due)
        idem = self._key(person)
        members = batch.members
        members.append(idem)
        if len(members) == batch.most:
            self._full.append(self._open.pop((language, due)))
        return (self._campaign, batch.id, person, address.email, address.name, values, idem, "pending", "", "", "")

    def write_full(self) -> None:
        """Write the number of members and the key of every batch that takes no more."""
        if self._full:
            table = schema.batch
            values: dict[str, Any] = {"n": bindparam("size"), "key": bindparam("digest")}
            statement = update(table).where(table.c.id == bindparam("batch")).values(values)
            rows = [{"batch": batch.id, "size": len(batch.members), "digest": batch.key} for batch in self._full]
            self._connection.execute(statement, rows)
            for batch in self._full:
                self.waves[batch.due] += len(batch.members)
            self._full.clear()

    def close(self) -> None:
        """Write the batches that stayed open."""
        self._full += self._open.values()
        self._open.clear()
        self.write_full()

    def _start(self, language: str, due: datetime) -> "_Open":
        owner = {"campaign_id": self._campaign, "edition_id": self._editions_stored[language]}
        most, first = self._sizes[language], self._terms.canary and due not in self._canaries
        if first:
            self._canaries.add(due)
            most = min(most, self._terms.canary)
        values = {**owner, "provider": self._terms.provider, "due_at": due, "n": 0, "state": "pending", "key": ""}
        row = insert(schema.batch).values(**values, canary=bool(first)).returning(schema.batch.c.id)
        number = self._connection.scalar(row) or 0
        batch = _Open(id=number, campaign=self._campaign, edition=self._editions[language].hash, due=due, most=most)
        self._open[language, due] = batch
        self.count += 1
        return batch


@dataclass(kw_only=True, slots=True)
class _Open:
    """A batch that still takes members, ``most`` at the most."""

    id: int
    campaign: str
    edition: str
    due: datetime
    most: int
    members: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return batch_key(self.campaign, self.edition, self.members)


def message_keys(campaign: str) -> Callable[[str], str]:
    """Gives one message's key after the other by their persons' keys; a key tells nothing about its reader.

    The keys of a campaign begin with a number that grows, so that each stands beside the last one in their index: a
    million that fall anywhere take several times as long. Where it begins says nothing of how many there are.
    """
    keyed = blake2b(key=campaign.encode(), digest_size=12)
    mask = int.from_bytes(keyed.digest()[:4])
    numbers = count()

    def key(person: str) -> str:
        digest = keyed.copy()
        digest.update(person.encode())
        return f"{next(numbers) ^ mask:08x}{digest.hexdigest()}"

    return key


def batch_key(campaign: str, edition: str, members: Iterable[str]) -> str:
    """A batch's key, from its campaign, its edition's hash and the keys of its members in order.

    It is a hash of them, so no other batch can have it.
    """
    return blake2b(f"{campaign}\n{edition}\n{''.join(members)}".encode(), digest_size=16).hexdigest()


def _store(connection: Connection, campaign: str, edition: Edition) -> int:
    values = {name: getattr(edition, name) for name in _TEXTS}
    row = insert(schema.edition).values(campaign_id=campaign, **values).returning(schema.edition.c.id)
    number = connection.scalar(row) or 0
    for position, asset in enumerate(edition.assets):
        digest = _store_asset(connection, asset)
        link = {"edition_id": number, "position": position, "url": asset.url, "type": asset.type, "asset_hash": digest}
        connection.execute(insert(schema.edition_asset).values(**link))
    return number


@dataclass(frozen=True, kw_only=True, slots=True)
class Frozen:
    """An edition as it was planned, with what its campaign says of every mail of it."""

    edition: Edition
    newsletter: str
    settings: Mapping[str, str]


def load(connection: Connection, number: int) -> Frozen:
    """A stored edition by its number."""
    table, link, asset = schema.edition, schema.edition_asset, schema.asset
    row = connection.execute(select(table).where(table.c.id == number)).one()
    owner = connection.execute(select(schema.campaign).where(schema.campaign.c.id == row.campaign_id)).one()
    pictures = connection.execute(
        select(link.c.url, link.c.type, asset.c.data)
        .join(asset)
        .where(link.c.edition_id == number)
        .order_by(link.c.position)
    )
    edition = Edition(
        issue=owner.issue,
        direction=cast("Direction", row.direction),
        assets=tuple(Asset(url=url, type=kind, data=data) for url, kind, data in pictures),
        **{name: getattr(row, name) for name in _TEXTS if name != "direction"},
    )
    settings = msgspec.json.decode(owner.settings, type=dict[str, str])
    return Frozen(edition=edition, newsletter=owner.newsletter, settings=settings)


def _store_asset(connection: Connection, asset: Asset) -> str:
    digest = blake2b(asset.data, digest_size=16).hexdigest()
    if connection.scalar(select(schema.asset.c.hash).filter_by(hash=digest)) is None:
        connection.execute(insert(schema.asset).values(hash=digest, data=asset.data))
    return digest


def _capacity(edition: Edition, most: Limits, *, merges: bool) -> int:
    """How many messages of an edition fit into one request, with room for headers, filled fields and escapes.

    Where the provider merges, the edition is in the request once; else in every message.
    """
    texts = (len(edition.html.encode()) + len(edition.text.encode())) * 5 // 4
    pictures = sum(len(asset.data) * 4 // 3 for asset in edition.assets) if most.pictures else 0
    room = min(most.bytes, LARGEST_REQUEST)
    count = min(most.messages, DOUBTFUL) if most.idempotency == "none" else most.messages
    if merges:
        return max(1, min(count, (room - texts - pictures) // EACH))
    return max(1, min(most.finished or count, room // (texts + pictures + EACH)))
