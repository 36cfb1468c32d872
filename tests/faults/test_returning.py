"""What comes back while everything goes wrong: replayed, out of order, forged, far too much, and in mid-send."""

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from plans import ISSUE, URL, emails
from resend_server import ResendServer
from senders import PATIENCE, Driver, Process
from sqlalchemy import select

from newsletter.delivery import events, people, returning, schema, spool, suppressions
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers.resend import Resend
from newsletter.delivery.sender import CONCURRENCY
from newsletter.delivery.suppressions import Suppression
from newsletter.errors import DeliveryError, ForgedError
from newsletter.model import Event
from newsletter.plugins import Secret

HOOK = "whsec_cml2ZXJzaWRlLWZvcnVt"
READERS, SIZE = 400, 5
TOO_MANY = 10_000


def call(kind: str, key: str, number: int, **details: str) -> tuple[dict[str, str], bytes]:
    """A webhook call of Resend, signed now."""
    now = datetime.now(UTC)
    data = {"email_id": "x", "to": [], "tags": {"newsletter_id": key}, "bounce": details}
    body = json.dumps({"type": f"email.{kind}", "created_at": now.isoformat(), "data": data}).encode()
    signed = f"msg_{number}.{now.timestamp():.0f}.".encode() + body
    digest = hmac.digest(base64.b64decode(HOOK.removeprefix("whsec_")), signed, hashlib.sha256)
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"svix-id": f"msg_{number}", "svix-timestamp": f"{now.timestamp():.0f}", "svix-signature": signature}, body


def read(headers: dict[str, str], body: bytes) -> list[Event]:
    """The events of a call, verified."""
    provider = Resend(key=Secret("re_test"), webhook=Secret(HOOK))
    return provider.events(headers, body, now=datetime.now(UTC), fetch=lambda url: pytest.fail(url))


def keys(outbox: Outbox) -> list[str]:
    """The keys of all messages."""
    with outbox.transaction() as connection:
        return list(connection.scalars(select(schema.message.c.idem).order_by(schema.message.c.id)))


def kept(outbox: Outbox) -> int:
    """How many events are kept."""
    with outbox.transaction() as connection:
        return len(connection.execute(select(schema.event.c.id)).all())


def test_every_kind_of_bad_call(campaign: Callable[..., Path]) -> None:
    """Replayed, out of order, changed, signed by others, of unknown mails: a good one counts once, no other does."""
    with Outbox(URL, campaign(4, 4)) as outbox:
        [first, second, *_] = keys(outbox)
        good = [
            call("opened", first, 1),
            call("delivered", first, 2),
            call("bounced", second, 3, type="Permanent", message="no such mailbox"),
            call("delivered", second, 4),
            call("delivered", "f" * 32, 5),
        ]
        with outbox.transaction() as connection:
            for headers, body in [*good, *reversed(good), *good]:
                events.record(connection, "resend", read(headers, body), now=datetime.now(UTC))
        headers, body = good[0]
        for changed in (
            (headers, body.replace(b"opened", b"clicked")),
            ({**headers, "svix-id": "msg_9"}, body),
            ({**headers, "svix-timestamp": str(int(headers["svix-timestamp"]) - 3600)}, body),
            ({}, body),
        ):
            with pytest.raises(ForgedError):
                read(*changed)
        assert kept(outbox) == len(good)
        with outbox.transaction() as connection:
            known = dict(list(connection.execute(select(schema.message.c.idem, schema.message.c.delivery))))
            assert (known[first], known[second]) == ("opened", "bounced")
            assert [one.reason for one in suppressions.listing(connection)] == ["bounced"]


def test_a_huge_call_is_refused_before_it_is_read(campaign: Callable[..., Path]) -> None:
    """Fifty megabytes cost no parsing; the door is ``Mailbox.receive``."""
    from newsletter import Newsletter

    folder = campaign(4, 4)
    Newsletter.create(folder / "letter")
    toml = folder / "letter" / "newsletter.toml"
    text = toml.read_text("utf-8")
    lines = f'use = "{__name__}:Careless"'
    table = text[text.index("[provider]") :].partition("\n\n")[0]
    toml.write_text(text.replace(table, f"[provider]\n{lines}"), "utf-8")
    with pytest.raises(DeliveryError, match="larger than any"):
        Newsletter.open(folder / "letter").mailbox.receive({}, bytes(50_000_000))


class Careless:
    """A provider that reads whatever it is given."""

    name = "careless"
    limits = Resend.limits

    async def send(self, client: object, batch: object) -> list[object]:
        """Nothing is sent here."""
        raise AssertionError

    def events(self, headers: object, body: bytes, **_: object) -> list[Event]:
        """Nothing so large may come this far."""
        raise AssertionError(len(body))


def test_ten_thousand_events_in_any_order(campaign: Callable[..., Path]) -> None:
    """Left as notes by many calls during a send: taken in at once, each counted once, the figures right."""
    folder = campaign(1000, 100)
    chance, now = random.Random(2026), datetime.now(UTC)
    with Outbox(URL, folder) as outbox:
        found = [
            Event(kind=kind, id=f"{kind} {key} {copy}", at=now, key=key)
            for key in keys(outbox)
            for kind in ("accepted", "deferred", "delivered", "opened", "clicked")
            for copy in range(2)
        ]
        assert len(found) == TOO_MANY
        chance.shuffle(found)
        for start in range(0, TOO_MANY, 50):
            spool.put(outbox.path, returning.told("resend", found[start : start + 50]))
        outbox.take_in()
        assert kept(outbox) == TOO_MANY
        assert spool.waiting(outbox.path) == []
        counts = outbox.status("2026-11")
        assert [counts[tag].clicked for tag in ("ar", "en")] == [500, 500]


def leave(folder: Path, server: ResendServer, sender: Process) -> tuple[set[str], set[str]]:
    """In mid-send, everybody leaves of whom no mail is accepted yet; who left, and who was under way when they had."""
    sender.under_way(server)
    time.sleep(0.1)
    leaving = emails(READERS) - set(server.ledger)
    path, now = folder / "newsletter.db", datetime.now(UTC)
    entries = [Suppression(email=one, reason="unsubscribed", at=now, source="link") for one in sorted(leaving)]
    spool.put(path, returning.suppressed(entries))
    until = time.monotonic() + PATIENCE
    while spool.waiting(path) and time.monotonic() < until:
        assert sender.alive(), sender.output
        time.sleep(0.002)
    assert not spool.waiting(path), "the send did not take it in"
    with Outbox(URL, folder, mode="read") as outbox, outbox.transaction() as connection:
        gone = suppressions.find_all(connection, map(people.keys(connection), sorted(leaving)))
        assert len(gone) == len(leaving), "it was not committed"
        flying = select(schema.message.c.email).join(schema.batch).where(schema.batch.c.state == "inflight")
        return leaving, set(connection.scalars(flying)) | set(server.ledger)


def test_who_leaves_during_a_send_gets_nothing_any_more(campaign: Callable[..., Path], driver: Driver) -> None:
    """But for what was under way when it was written down, which is no more than the requests at once."""
    folder = campaign(READERS, SIZE)
    with ResendServer(delay=0.2) as server:
        sender = driver.start(folder, server.url)
        leaving, under_way = leave(folder, server, sender)
        assert sender.wait() == 0
        mailed = leaving & set(server.ledger)
        assert mailed <= under_way
        assert len(mailed) <= 2 * CONCURRENCY * SIZE < len(leaving)
        assert set(server.ledger.values()) == {1}
    with Outbox(URL, folder, mode="read") as outbox:
        counts = outbox.status(ISSUE).values()
    assert sum(each.sent for each in counts) == len(server.ledger)
    assert sum(each.pending for each in counts) == 0


def test_a_sender_that_looks_only_when_it_plans_is_found_out(campaign: Callable[..., Path], driver: Driver) -> None:
    """The same test with a sender that looks at no suppression again mails those who left: it can fail."""
    folder = campaign(READERS, SIZE)
    with ResendServer(delay=0.2) as server:
        sender = driver.start(folder, server.url, without=("heedless",))
        leaving, under_way = leave(folder, server, sender)
        assert sender.wait() == 0
        assert not leaving & set(server.ledger) <= under_way
