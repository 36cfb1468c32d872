"""Brings an outbox of an earlier version up to date, in one transaction: it is all done, or nothing.

A step is a function from one version to the next. What it needs to know of the old tables it says itself, for
``schema`` describes only the newest ones.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, text

from newsletter.delivery import people, schema

CHUNK = 10_000


def migrate(connection: Connection, version: int) -> None:
    """Take every step from ``version`` to the newest."""
    for number in range(version, schema.VERSION):
        _STEPS[number](connection)
    newest = {"value": str(schema.VERSION)}
    connection.execute(schema.meta.update().where(schema.meta.c.key == "schema_version").values(newest))


def _people(connection: Connection) -> None:
    """1 to 2: people have keys instead of addresses, and events, suppressions and rates have tables."""
    fresh = [{"key": key, "value": value} for key, value in people.new_secrets().items()]
    connection.execute(schema.meta.insert(), fresh)
    for table, column in (
        ("campaign", "paused_by VARCHAR(10) NOT NULL DEFAULT ''"),
        ("campaign", "tolerated INTEGER NOT NULL DEFAULT 0"),
        ("campaign", "released DATETIME"),
        ("batch", "suppressed INTEGER NOT NULL DEFAULT 0"),
        ("batch", "canary BOOLEAN NOT NULL DEFAULT 0"),
        ("message", "delivery VARCHAR(12) NOT NULL DEFAULT ''"),
    ):
        connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column}"))
    connection.execute(text("UPDATE campaign SET paused_by = 'provider' WHERE state = 'paused'"))
    connection.execute(text("DROP INDEX IF EXISTS message_recipient"))
    connection.execute(text("CREATE INDEX batch_canary ON batch (campaign_id, due_at) WHERE canary"))
    told = "message (campaign_id, batch_id, delivery) WHERE delivery != ''"
    connection.execute(text(f"CREATE INDEX message_delivery ON {told}"))
    schema.metadata.create_all(connection)
    person, last = people.keys(connection), 0
    page = text("SELECT id, email FROM message WHERE id > :last ORDER BY id LIMIT :most")
    while rows := connection.execute(page, {"last": last, "most": CHUNK}).all():
        keyed = [{"number": row.id, "person": person(row.email)} for row in rows]
        connection.execute(text("UPDATE message SET recipient_key = :person WHERE id = :number"), keyed)
        last = rows[-1].id


_STEPS: Mapping[int, Callable[[Connection], None]] = {1: _people}
