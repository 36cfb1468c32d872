"""Postmark holds the contracts of providers and of webhooks, and keeps to its own description."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from newsletter.delivery.providers.postmark import Postmark
from newsletter.errors import RefusedError, RejectedError
from newsletter.plugins import Secret
from newsletter.testing import SECRET, HookContract, HttpProviderContract, sample_batch

SAMPLES = Path(__file__).parents[1] / "samples" / "postmark"
HOOK = "river:w-31c2a8"

Body = Annotated[str, msgspec.Meta(min_length=1, max_length=5_000_000)]


class _Pair(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    """Postmark's e-mail API, ``Headers``."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    value: str


class _Attachment(msgspec.Struct, forbid_unknown_fields=True, rename={"id": "ContentID", "type": "ContentType"}):
    """The same, ``Attachments``; a picture inside the mail has the address that the HTML shows it by."""

    name: str = msgspec.field(name="Name")
    content: bytes = msgspec.field(name="Content")
    type: str
    id: Annotated[str, msgspec.Meta(pattern="^cid:[0-9a-z]+$")]


class _Mail(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    """The same, a mail of ``POST /email/batch``, as far as it is used."""

    sender: str = msgspec.field(name="From")
    to: str
    subject: str
    html_body: Body
    message_stream: Annotated[str, msgspec.Meta(min_length=1)]
    headers: list[_Pair]
    metadata: dict[Annotated[str, msgspec.Meta(max_length=20)], Annotated[str, msgspec.Meta(max_length=80)]]
    text_body: Body | msgspec.UnsetType = msgspec.UNSET
    reply_to: str | msgspec.UnsetType = msgspec.UNSET
    attachments: list[_Attachment] = []


def postmark(**options: Any) -> Postmark:
    return Postmark(key=Secret(SECRET), **options)


def mails(request: httpx.Request) -> list[_Mail]:
    return msgspec.json.decode(request.content, type=Annotated[list[_Mail], msgspec.Meta(max_length=500)])


class TestPostmark(HttpProviderContract):
    """Postmark."""

    samples = SAMPLES

    def make(self, folder: Path, base_url: str) -> Postmark:
        return postmark(base_url=base_url)

    def answer(self, request: httpx.Request) -> httpx.Response:
        sent = json.loads(request.content)
        return httpx.Response(
            200, json=[{"To": mail["To"], "ErrorCode": 0, "MessageID": f"m{n}"} for n, mail in enumerate(sent)]
        )

    def test_a_request_is_what_the_api_describes(self) -> None:
        """Method, address, headers and every mail of the body."""
        batch = sample_batch(500)
        request = postmark(stream="letters").request(batch)
        assert (request.method, str(request.url)) == ("POST", "https://api.postmarkapp.com/email/batch")
        assert request.headers["X-Postmark-Server-Token"] == SECRET
        assert request.headers["Accept"] == request.headers["Content-Type"] == "application/json"
        for mail, message in zip(mails(request), batch.messages, strict=True):
            assert mail.message_stream == "letters"
            assert mail.to == f'"{message.to.name}" <{message.to.email}>'
            assert {pair.name: pair.value for pair in mail.headers} == dict(message.headers)
            assert mail.metadata == {"newsletter_id": message.key}
            [picture] = mail.attachments
            assert picture.content == batch.edition.assets[0].data
            assert f'src="{picture.id}"' in mail.html_body

    def test_in_the_sandbox_nothing_is_sent(self) -> None:
        """Postmark's word for it stands in the token's place; the token itself is for asking."""
        provider = postmark(sandbox=True)
        assert provider.request(sample_batch(1)).headers["X-Postmark-Server-Token"] == "POSTMARK_API_TEST"
        assert provider.probe().headers["X-Postmark-Server-Token"] == SECRET

    def test_a_link_of_postmarks_own_is_not_filled_in(self) -> None:
        """In the HTML its name is written otherwise; in subject and text it cannot be."""
        batch = sample_batch(1)
        sign = "{{{ pm:unsubscribe_url }}}"
        message = replace(batch.messages[0], html=f"<p>Write {sign}</p>", text="")
        [mail] = mails(postmark().request(replace(batch, messages=(message,))))
        assert "pm:unsubscribe" not in mail.html_body
        assert unescape(mail.html_body) == message.html
        assert mail.text_body is msgspec.UNSET
        for change in ({"subject": sign}, {"text": sign}):
            with pytest.raises(RejectedError, match="would take for a field of its own"):
                postmark().request(replace(batch, messages=(replace(message, **change),)))


class TestPostmarkHooks(HookContract):
    """Postmark, which signs nothing: its address has a user and a password."""

    samples = SAMPLES
    covers_body = False
    """Postmark has no signature; it can only be told a user and a password, and from where it calls."""

    def hooked(self, *, secret: bool = True) -> Postmark:
        return postmark(webhook=Secret(HOOK) if secret else None)

    def signed(self, body: bytes) -> Mapping[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(HOOK.encode()).decode()}

    def test_what_happens_twice_is_two_events(self) -> None:
        """Records without a number are told apart by time, link and reader."""
        record = json.loads((SAMPLES / "events" / "click.json").read_text(encoding="utf-8"))["body"]
        changes = {
            "ReceivedAt": "2026-11-13T12:00:00Z",
            "OriginalLink": "https://x.example",
            "Recipient": "a@x.example",
        }
        ids = [self.call({**record, name: value})[0].id for name, value in changes.items()]
        assert len({*ids, self.call(record)[0].id}) == 4


def page(request: httpx.Request, *records: Any) -> httpx.Response:
    return httpx.Response(200, json={"TotalCount": 9, "Bounces": list(records)}, request=request)


class TestPostmarkPolled:
    """Postmark, when asked for bounces."""

    def test_full_pages_follow_each_other(self) -> None:
        """From the day before on, as far as Postmark lets anybody look."""
        provider = postmark(stream="letters")
        request = provider.poll(datetime(2026, 11, 13, 2, tzinfo=UTC))
        record = {"Type": "HardBounce"}
        for offset in range(0, 10_000, 500):
            query = f"fromdate=2026-11-12&messagestream=letters&count=500&offset={offset}"
            assert str(request.url) == f"https://api.postmarkapp.com/bounces?{query}"
            events, following = provider.polled(page(request, *[record] * 500))
            assert len(events) == 500
            if following is None:
                break
            assert following.headers["X-Postmark-Server-Token"] == SECRET
            request = following
        assert (offset, following) == (9_500, None)
        assert provider.polled(page(request, *[record] * 499))[1] is None

    def test_a_bounce_is_the_same_event_whoever_tells_of_it(self) -> None:
        """A page's record has the number that the webhook's has, also of a complaint."""
        hooks = TestPostmarkHooks()
        for name in ("bounce-hard", "complaint"):
            record = json.loads((SAMPLES / "events" / f"{name}.json").read_text(encoding="utf-8"))["body"]
            asked = {key: value for key, value in record.items() if key not in ("RecordType", "Metadata")}
            [event], _ = postmark().polled(page(postmark().poll(datetime.now(UTC)), asked))
            [called] = hooks.call(record)
            assert (event.id, event.kind, event.bounce, event.provider_id) == (
                called.id,
                called.kind,
                called.bounce,
                called.provider_id,
            )

    def test_an_answer_that_is_none(self) -> None:
        """A wrong token stops, as when sending."""
        with pytest.raises(RefusedError):
            postmark().polled(httpx.Response(401, request=postmark().poll(datetime.now(UTC))))
