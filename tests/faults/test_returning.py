"""What comes back while everything goes wrong: replayed, out of order, forged, far too much, and in mid-send."""

import base64
import hmac
import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from naive import adopt
from plans import ISSUE, URL, emails
from resend_server import ResendServer
from senders import PATIENCE, Driver, Process
from sqlalchemy import select

from newsletter import Newsletter, mailbox
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
HUGE = 50_000_000


def signed(body: bytes, name: str) -> dict[str, str]:
    """The headers of a call, signed now."""
    moment = f"{datetime.now(UTC).timestamp():.0f}"
    digest = hmac.digest(base64.b64decode(HOOK.removeprefix("whsec_")), f"{name}.{moment}.".encode() + body, "sha256")
    return {
        "svix-id": name,
        "svix-timestamp": moment,
        "svix-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def call(kind: str, key: str, number: int, **details: str) -> tuple[dict[str, str], bytes]:
    """A webhook call of Resend."""
    data = {"email_id": "x", "to": [], "tags": {"newsletter_id": key}, "bounce": details}
    now = datetime.now(UTC).isoformat()
    body = json.dumps({"type": f"email.{kind}", "created_at": now, "data": data}).encode()
    return signed(body, f"msg_{number}"), body


Read = Callable[[dict[str, str], bytes], list[Event]]


def read(headers: dict[str, str], body: bytes) -> list[Event]:
    """The events of a call, verified."""
    provider = Resend(key=Secret("re_test"), webhook=Secret(HOOK))
    return provider.events(headers, body, now=datetime.now(UTC), fetch=lambda url: pytest.fail(url))


def unverified(headers: dict[str, str], body: bytes) -> list[Event]:
    """The same, believed whoever signed it."""
    return read(signed(body, headers.get("svix-id", "msg_0")), body)


def anew(headers: dict[str, str], body: bytes) -> list[Event]:
    """The same, each time as something that was never heard before."""
    return [msgspec.structs.replace(event, id=uuid4().hex) for event in read(headers, body)]


def keys(outbox: Outbox) -> list[str]:
    """The keys of all messages."""
    with outbox.transaction() as connection:
        return list(connection.scalars(select(schema.message.c.idem).order_by(schema.message.c.id)))


def kept(outbox: Outbox) -> int:
    """How many events are kept."""
    with outbox.transaction() as connection:
        return len(connection.execute(select(schema.event.c.id)).all())


def misjudged(outbox: Outbox, read: Read) -> list[str]:
    """Take in calls that are replayed, out of order, changed, and signed by others; what is wrong then."""
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
    found = [] if kept(outbox) == len(good) else [f"{kept(outbox)} events are kept of {len(good)}"]
    headers, body = good[0]
    for changed in (
        (headers, body.replace(b"opened", b"clicked")),
        ({**headers, "svix-id": "msg_9"}, body),
        ({**headers, "svix-timestamp": str(int(headers["svix-timestamp"]) - 3600)}, body),
        ({}, body),
    ):
        with suppress(ForgedError):
            found += [f"{read(*changed)} is believed"]
    with outbox.transaction() as connection:
        known = dict(list(connection.execute(select(schema.message.c.idem, schema.message.c.delivery))))
        assert [one.reason for one in suppressions.listing(connection)] == ["bounced"]
    said = known[first], known[second]
    return found + ([] if said == ("opened", "bounced") else [f"the mails count as {said}"])


def test_every_kind_of_bad_call(campaign: Callable[..., Path]) -> None:
    """Replayed, out of order, changed, signed by others, of unknown mails: a good one counts once, no other does."""
    with Outbox(URL, campaign(4, 4)) as outbox:
        assert misjudged(outbox, read) == []


@pytest.mark.parametrize(
    ("reads", "without", "says"),
    [
        (unverified, (), "is believed"),
        (anew, (), "events are kept of"),
        (read, ("latest",), "the mails count as"),
    ],
    ids=["unverified", "anew", "latest"],
)
def test_who_hears_everything_is_found_out(
    campaign: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, reads: Read, without: tuple[str, ...], says: str
) -> None:
    """Whoever believes all calls, counts each, or lets the last word count."""
    monkeypatch.setattr(events, "_advance", events._advance)
    adopt(without)
    with Outbox(URL, campaign(4, 4)) as outbox:
        assert any(says in one for one in misjudged(outbox, reads))


@pytest.mark.parametrize("largest", [mailbox.LARGEST_CALL, 10**9], ids=["ours", "unbounded"])
def test_a_huge_call_is_refused_before_it_is_read(
    campaign: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    """Fifty megabytes cost no parsing; the door is ``Mailbox.receive``, and one that is always open is found out."""
    monkeypatch.setattr(mailbox, "LARGEST_CALL", largest)
    folder = campaign(4, 4)
    Newsletter.create(folder / "letter")
    toml = folder / "letter" / "newsletter.toml"
    text = toml.read_text("utf-8")
    lines = f'use = "{__name__}:Careless"'
    table = text[text.index("[provider]") :].partition("\n\n")[0]
    toml.write_text(text.replace(table, f"[provider]\n{lines}"), "utf-8")
    refused = pytest.raises(DeliveryError, match="larger than any")
    with refused if largest < HUGE else pytest.raises(AssertionError, match=str(HUGE)):
        Newsletter.open(folder / "letter").mailbox.receive({}, bytes(HUGE))


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


@pytest.mark.parametrize("careless", [(), ("latest",)], ids=["ours", "latest"])
def test_ten_thousand_events_in_any_order(
    campaign: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, careless: tuple[str, ...]
) -> None:
    """Left as notes by many calls during a send: taken in at once, each counted once, the figures right."""
    monkeypatch.setattr(events, "_advance", events._advance)
    adopt(careless)
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
        right = [counts[tag].clicked for tag in ("ar", "en")] == [500, 500]
        assert right == (not careless)


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
