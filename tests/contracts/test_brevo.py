"""Brevo holds the contracts of providers and of webhooks, and keeps to its own description."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from newsletter.delivery.providers.brevo import Brevo
from newsletter.errors import ForgedError, RefusedError, RejectedError
from newsletter.model import Address, Batch
from newsletter.plugins import Secret
from newsletter.testing import SECRET, HttpProviderContract, sample_batch
from newsletter.testing.hooks import HookContract

SAMPLES = Path(__file__).parents[1] / "samples" / "brevo"
URL = "https://api.brevo.com/v3"
HOOK = "river:w-7d2e90"
Name = Annotated[str, msgspec.Meta(max_length=70)]


class _Address(msgspec.Struct, forbid_unknown_fields=True):
    """Brevo's Swagger 3.0.0 of February 2025, ``sendSmtpEmail_to``, ``_sender`` and ``_replyTo``."""

    email: str
    name: Name | msgspec.UnsetType = msgspec.UNSET


class _Version(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The same, ``sendSmtpEmail_messageVersions``; ``headers`` are taken there though it does not name them."""

    to: Annotated[list[_Address], msgspec.Meta(min_length=1, max_length=1)]
    subject: str
    html_content: str
    text_content: str
    headers: dict[str, str]
    reply_to: _Address | msgspec.UnsetType = msgspec.UNSET


class _Mail(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The same, ``sendSmtpEmail``, as far as it is used; a version may set only what the mail sets as well."""

    sender: _Address
    subject: Annotated[str, msgspec.Meta(min_length=1)]
    html_content: Annotated[str, msgspec.Meta(min_length=1)]
    headers: dict[str, str]
    message_versions: Annotated[list[_Version], msgspec.Meta(min_length=1, max_length=1000)]


def brevo(*, base_url: str = URL, sandbox: bool = False, webhook: Secret | None = None) -> Brevo:
    return Brevo(key=Secret(SECRET), base_url=base_url, sandbox=sandbox, webhook=webhook)


def mail(batch: Batch, *, sandbox: bool = False) -> _Mail:
    return msgspec.json.decode(brevo(sandbox=sandbox).request(batch).content, type=_Mail)


def renamed(*, to: str = "", reply_to: str = "", sender: str = "") -> Batch:
    """A batch of one message whose people have these names."""
    batch = sample_batch(1)
    names = {"to": to, "reply_to": reply_to, "sender": sender}
    people = {part: Address(email=f"{part}@city.example", name=name) for part, name in names.items()}
    return replace(batch, messages=(replace(batch.messages[0], **people),))


class TestBrevo(HttpProviderContract):
    """Brevo."""

    samples = SAMPLES

    def make(self, folder: Path, base_url: str) -> Brevo:
        return brevo(base_url=base_url)

    def answer(self, request: httpx.Request) -> httpx.Response:
        versions = json.loads(request.content)["messageVersions"]
        return httpx.Response(201, json={"messageIds": [f"<b{n}@mail.example>" for n, _ in enumerate(versions)]})

    def test_a_request_is_what_the_api_describes(self) -> None:
        """Method, address, headers, and one version a message, to one reader each."""
        batch = sample_batch(1000)
        request = brevo().request(batch)
        made = msgspec.json.decode(request.content, type=_Mail)
        assert (request.method, str(request.url)) == ("POST", "https://api.brevo.com/v3/smtp/email")
        assert (request.headers["api-key"], request.headers["Content-Type"]) == (SECRET, "application/json")
        assert [one.to[0].email for one in made.message_versions] == [message.to.email for message in batch.messages]
        assert made.message_versions[3].headers == {
            **batch.messages[3].headers,
            "X-Mailin-custom": '{"newsletter_id":"00000000000000000000000000000003"}',
        }

    def test_nobody_gets_what_stands_outside_of_the_versions(self) -> None:
        """If Brevo ever took the mail's own content for a version's, no reader would see another reader's."""
        batch = sample_batch(3)
        made = mail(batch)
        assert (made.html_content, made.subject) == ("<html></html>", "2026-11")

    def test_the_key_is_a_uuid_of_the_batch(self) -> None:
        """Brevo wants a UUID of version 4; the same batch has the same one, another batch another one."""
        first, again, other = (mail(sample_batch(2, key=key * 32)) for key in ("a", "a", "b"))
        keys = [made.headers["idempotencyKey"] for made in (first, again, other)]
        assert UUID(keys[0]).version == 4
        assert keys[0] == keys[1] != keys[2]

    def test_the_sandbox_holds_for_every_version(self) -> None:
        """Nothing is sent, whichever headers Brevo goes by; outside of it there is no such header."""
        made = mail(sample_batch(2), sandbox=True)
        assert {"X-Sib-Sandbox": "drop"}.items() <= made.headers.items()
        assert all(version.headers["X-Sib-Sandbox"] == "drop" for version in made.message_versions)
        assert b"Sandbox" not in brevo().request(sample_batch(2)).content

    def test_in_the_sandbox_one_id_stands_for_all(self) -> None:
        """The documented answer of the sandbox has a single ``messageId``."""
        reply = httpx.Response(201, json={"messageId": "<s@mail.example>"})
        receipts = brevo(sandbox=True).read(reply, sample_batch(2))
        assert [receipt.provider_id for receipt in receipts] == ["<s@mail.example>"] * 2

    @pytest.mark.parametrize(
        ("name", "written"),
        [
            ("Kim, Hana", "Kim Hana"),
            ("김하나, 서울 <시>", "김하나 서울 시"),
            ("Hana Kim", "Hana Kim"),
            ("x" * 90, "x" * 70),
            ('".,"', msgspec.UNSET),
            ("", msgspec.UNSET),
        ],
    )
    def test_a_name_is_one_that_brevo_keeps(self, name: str, written: object) -> None:
        """Without the signs that make it drop a name, and at most 70 characters."""
        assert mail(renamed(to=name)).message_versions[0].to[0].name == written

    def test_the_name_for_answers_is_ascii(self) -> None:
        """Brevo writes it into the header as it is; the address stays."""
        for name, written in (("Office", "Office"), ("Büro", msgspec.UNSET)):
            found = mail(renamed(reply_to=name)).message_versions[0].reply_to
            assert found == _Address(email="reply_to@city.example", name=written)

    def test_signs_of_its_template_language_are_kept_from_it(self) -> None:
        """In HTML a reader sees the same; in a subject or a text there is no other way to write them."""
        batch = sample_batch(1)
        [message] = batch.messages
        html = replace(message, html="<p>{{{ params.a }}} {% if b %}</p>")
        [version] = mail(replace(batch, messages=(html,))).message_versions
        assert version.html_content == "<p>&#123;&#123;{ params.a }}} &#123;&#37; if b %}</p>"
        for part in ({"subject": "{{ a }}"}, {"text": "say {% b %}"}):
            with pytest.raises(RejectedError, match="would take for a field of its own"):
                brevo().request(replace(batch, messages=(replace(message, **part),)))

    def test_probe(self) -> None:
        """The key can be tried without sending anything."""
        request = brevo().probe()
        assert (request.method, str(request.url)) == ("GET", "https://api.brevo.com/v3/account")
        assert request.headers["api-key"] == SECRET


class TestBrevoHooks(HookContract):
    """Brevo signs nothing: its calls carry a name and a password that only it and we know."""

    samples = SAMPLES
    covers_body = False

    def hooked(self, *, secret: bool = True) -> Brevo:
        return brevo(webhook=Secret(HOOK) if secret else None)

    def signed(self, body: bytes) -> Mapping[str, str]:
        return {"Authorization": f"Basic {b64encode(HOOK.encode()).decode()}"}

    def test_a_token_instead_of_a_password(self) -> None:
        """A webhook made with ``auth`` sends a bearer token."""
        hooked = brevo(webhook=Secret("t-55e1"))
        now = datetime(2026, 11, 13, 9, tzinfo=UTC)
        call = partial(hooked.events, body=b'{"event": "delivered"}', now=now, fetch=self.fetch)
        assert [event.kind for event in call({"authorization": "Bearer t-55e1"})] == ["delivered"]
        with pytest.raises(ForgedError):
            call({"authorization": "Bearer t-55e2"})


class _Report(msgspec.Struct, forbid_unknown_fields=True, rename={"first": "startDate", "last": "endDate"}):
    """The same description, the parameters of ``GET /smtp/statistics/events``; 90 days at most."""

    first: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
    last: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
    limit: Annotated[int, msgspec.Meta(ge=0, le=5000)]
    offset: Annotated[int, msgspec.Meta(ge=0)]
    sort: Literal["asc", "desc"]


def reported(number: int, event: str = "delivered") -> dict[str, str]:
    """A record as the report has it."""
    message = f"<{number}@mail.example>"
    return {"email": "hana.kim@city.example", "date": "2026-11-13T09:00:05Z", "event": event, "messageId": message}


@pytest.mark.parametrize("days", [0, 1, 30, 89, 400, -1])
def test_a_report_is_asked_for_by_days(days: int) -> None:
    """A day early, since days are the account's; never more than 90, and never one that ends before it begins."""
    now = datetime.now(UTC)
    url = brevo().poll(now - timedelta(days=days)).url
    asked = msgspec.convert(dict(url.params), _Report, strict=False)
    first, last = (datetime.fromisoformat(day).date() for day in (asked.first, asked.last))
    assert url.path == "/v3/smtp/statistics/events"
    assert abs((last - now.date()).days) <= 1
    assert (last - first).days == max(0, min(days + 1, 89))


def test_a_report_is_read_to_its_last_page() -> None:
    """A full page has a next one, the last has none; the events have no key, but the message's id."""
    provider = brevo()
    request: httpx.Request | None = provider.poll(datetime.now(UTC))
    pages = [[reported(n) for n in range(2500)], [reported(9, "hardBounces"), reported(10, "loadedByProxy")]]
    offsets, found = [], []
    for page in pages:
        assert request
        offsets.append(request.url.params["offset"])
        events, request = provider.polled(httpx.Response(200, json={"events": page}, request=request))
        found += events
    assert (offsets, request, len(found)) == (["0", "2500"], None, 2501)
    assert (found[-1].kind, found[-1].bounce, found[-1].provider_id) == ("bounced", "hard", "<9@mail.example>")


def test_a_report_of_nothing_and_one_that_is_refused() -> None:
    """Without events the answer has no list at all; an error is an error."""
    provider = brevo()
    request = provider.poll(datetime.now(UTC))
    assert provider.polled(httpx.Response(200, json={}, request=request)) == ([], None)
    with pytest.raises(RefusedError, match="Key not found"):
        provider.polled(httpx.Response(401, json={"code": "unauthorized", "message": "Key not found"}, request=request))


def test_a_webhook_and_the_report_tell_of_one_event() -> None:
    """What came by both ways is one event: the same id."""
    called = {**reported(1), "event": "hard_bounce", "message-id": "<1@mail.example>", "ts_epoch": 1_794_560_405_250}
    token, now = {"authorization": "Bearer t"}, datetime.now(UTC)
    [hooked] = brevo(webhook=Secret("t")).events(token, json.dumps(called).encode(), now=now, fetch=str.encode)
    page = httpx.Response(200, json={"events": [reported(1, "hardBounces")]}, request=brevo().poll(now))
    [polled], _ = brevo().polled(page)
    assert hooked.id == polled.id
