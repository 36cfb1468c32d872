"""The tables of the outbox, the only truth about what was planned and sent.

A batch is what is claimed, leased and sent; a message is one reader in it. Every count that a person looks at comes
from the batches (one row per request), so that it is instant for a million messages.

States of a campaign::

    draft -> approved -> running <-> paused      planned, signed, checked and begun; ``paused_by`` says who stopped it
             approved -> draft                   what it covers changed before anything went out
             running  -> done                    no batch is left to send
             *        -> cancelled               replaced by a newer plan, or stopped by a person

States of a batch::

    pending -> claimed -> inflight -> sent | failed | uncertain       failed: every message of it was refused
               claimed -> pending                                     nothing went out
               inflight -> pending                                    surely not accepted, or replayed with the same key
               inflight -> split                                      its messages moved to two smaller batches
    pending -> cancelled
    uncertain -> sent | failed | split                                what an event or a person made of it

States of a message: ``pending`` until its batch ends, then ``sent``, ``failed``, ``uncertain`` or ``cancelled``;
``suppressed`` where the reader left between planning and sending. ``delivery`` is what the provider said later, see
``events``.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

VERSION = 2

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """A moment in UTC; SQLite stores it without a zone, so the zone is taken off on the way in and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _campaign() -> Column[str]:
    return Column("campaign_id", String(32), ForeignKey("campaign.id", ondelete="CASCADE"), nullable=False)


meta = Table("meta", metadata, Column("key", String(40), primary_key=True), Column("value", Text, nullable=False))

campaign = Table(
    "campaign",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("issue", Text, nullable=False),
    Column("newsletter", Text, nullable=False),
    Column("provider", String(80), nullable=False),
    Column("state", String(10), nullable=False),
    Column("hash", String(32), nullable=False),
    Column("created", Instant, nullable=False),
    Column("settings", Text, nullable=False, comment="JSON: what the plan was made with"),
    Column("summary", Text, nullable=False, comment="JSON: the counts a person approves"),
    Column("approved_by", Text, nullable=False, default=""),
    Column("approved_at", Instant),
    Column("reason", Text, nullable=False, default="", comment="why it is paused"),
    Column("paused_by", String(10), nullable=False, default="", comment="provider, rejections, late or person"),
    Column("released", Instant, comment="when it was last let go, at its start or by a person"),
    Column("tolerated", Integer, nullable=False, default=0, comment="rejections before a person let it go on"),
)
Index("campaign_issue", campaign.c.issue, campaign.c.state)

edition = Table(
    "edition",
    metadata,
    Column("id", Integer, primary_key=True),
    _campaign(),
    Column("language", String(35), nullable=False),
    Column("direction", String(3), nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("campaign_id", "language"),
)

asset = Table(
    "asset",
    metadata,
    Column("hash", String(32), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

edition_asset = Table(
    "edition_asset",
    metadata,
    Column("edition_id", ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("url", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("asset_hash", ForeignKey("asset.hash"), nullable=False),
)

batch = Table(
    "batch",
    metadata,
    Column("id", Integer, primary_key=True),
    _campaign(),
    Column("edition_id", ForeignKey("edition.id", ondelete="CASCADE"), nullable=False),
    Column("provider", String(80), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("n", Integer, nullable=False, comment="messages in it"),
    Column("failed", Integer, nullable=False, default=0, comment="of them, refused by the provider"),
    Column("suppressed", Integer, nullable=False, default=0, comment="besides them, left between planning and sending"),
    Column("canary", Boolean, nullable=False, default=False, comment="goes first, and the rest of its wave waits"),
    Column("state", String(10), nullable=False),
    Column("key", String(32), nullable=False, comment="the idempotency key: a hash of its members"),
    Column("token", String(32), nullable=False, default="", comment="the lease: who may write here"),
    Column("lease_until", Instant),
    Column("attempts", Integer, nullable=False, default=0),
    Column("unknowns", Integer, nullable=False, default=0, comment="answers nobody could read"),
    Column("next_try", Instant),
    Column("body_hash", String(32), nullable=False, default="", comment="what the last request said"),
    Column("doubt_since", Instant, comment="the first request whose outcome is unknown"),
    Column("reason", Text, nullable=False, default=""),
)
Index("batch_due", batch.c.state, batch.c.due_at, batch.c.id)
Index("batch_campaign", batch.c.campaign_id, batch.c.state)
Index("batch_edition", batch.c.edition_id)
Index("batch_canary", batch.c.campaign_id, batch.c.due_at, sqlite_where=batch.c.canary, postgresql_where=batch.c.canary)

message = Table(
    "message",
    metadata,
    Column("id", Integer, primary_key=True),
    _campaign(),
    Column("batch_id", ForeignKey("batch.id", ondelete="CASCADE"), nullable=False),
    Column("recipient_key", String(32), nullable=False, comment="the person's key: who is never mailed twice"),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("vars", Text, nullable=False, comment="JSON: the values of the merge fields besides email and name"),
    Column("idem", String(32), nullable=False, comment="the message's key, towards the provider as well"),
    Column("state", String(10), nullable=False),
    Column("provider_id", Text, nullable=False, default=""),
    Column("error", Text, nullable=False, default=""),
    Column("delivery", String(12), nullable=False, default="", comment="the furthest that an event said"),
    UniqueConstraint("campaign_id", "recipient_key"),
)
Index("message_batch", message.c.batch_id, message.c.id)
Index("message_idem", message.c.idem)
_told = message.c.delivery != ""
Index(
    "message_delivery",
    message.c.campaign_id,
    message.c.batch_id,
    message.c.delivery,
    sqlite_where=_told,
    postgresql_where=_told,
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", ForeignKey("batch.id", ondelete="CASCADE"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("token", String(32), nullable=False),
    Column("started", Instant, nullable=False),
    Column("finished", Instant),
    Column("outcome", String(10), nullable=False, default=""),
    Column("error", Text, nullable=False, default=""),
)
Index("attempt_token", attempt.c.token)
Index("attempt_batch", attempt.c.batch_id)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("provider", String(80), nullable=False),
    Column("event_id", Text, nullable=False, comment="the provider's, so that a repeated event counts once"),
    Column("message_id", ForeignKey("message.id", ondelete="SET NULL"), comment="empty where it is none of ours"),
    Column("person", String(32), nullable=False, default="", comment="the person's key"),
    Column("kind", String(12), nullable=False),
    Column("bounce", String(8), nullable=False, default=""),
    Column("at", Instant, nullable=False),
    Column("received", Instant, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("raw", Text, nullable=False, default="", comment="JSON: the provider's own record of what went wrong"),
    UniqueConstraint("provider", "event_id"),
)
Index("event_message", event.c.message_id)
Index("event_person", event.c.person)

suppression = Table(
    "suppression",
    metadata,
    Column("person", String(32), primary_key=True, comment="the person's key"),
    Column("email", Text, nullable=False, default="", comment="empty once the person was erased"),
    Column("reason", String(12), nullable=False, comment="bounced, complained, unsubscribed, manual or erased"),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False, default="", comment="who or what said so"),
)

rate = Table(
    "rate",
    metadata,
    Column("provider", String(80), primary_key=True),
    Column("messages_free_at", Float, nullable=False, default=0, comment="seconds since 1970"),
    Column("requests_free_at", Float, nullable=False, default=0, comment="seconds since 1970"),
    Column("paused_until", Float, nullable=False, default=0, comment="seconds since 1970"),
    Column("failures", Integer, nullable=False, default=0, comment="in a row"),
    Column("day", String(10), nullable=False, default="", comment="the UTC day that is counted"),
    Column("day_messages", Integer, nullable=False, default=0),
)
