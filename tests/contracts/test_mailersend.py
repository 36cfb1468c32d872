"""MailerSend holds the contracts of providers and of webhooks, and keeps to its own reference."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from hmac import digest
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from newsletter import plugins
from newsletter.delivery.providers.mailersend import MailerSend
from newsletter.errors import ConfigError, DeliveryError, ForgedError, RefusedError, RejectedError, TemporaryError
from newsletter.model import Batch
from newsletter.plugins import Plugin, Secret
from newsletter.testing import SECRET, HttpProviderContract, sample_batch
from newsletter.testing.hooks import HookContract

SAMPLES = Path(__file__).parents[1] / "samples" / "mailersend"
HOOK = "h-5b2f90c7"
NOW = datetime(2026, 11, 13, 9, tzinfo=UTC)
ONE_CLICK = {
    "List-Unsubscribe": "<https://river-cities.example/u/abc>, <mailto:news@river-cities.example>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "List-Id": "<river>",
}


class _Struct(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A part of what MailerSend's reference of ``POST /email`` describes, as of August 2026."""


class _Address(_Struct):
    email: str
    name: str = ""


class _Picture(_Struct):
    id: Annotated[str, msgspec.Meta(min_length=1)]
    filename: Annotated[str, msgspec.Meta(pattern=r"\.(png|jpeg|gif|svg|webp)$")]
    content: str
    disposition: str


class _Header(_Struct):
    name: str
    value: str


class _Mail(_Struct):
    sender: _Address = msgspec.field(name="from")
    to: Annotated[list[_Address], msgspec.Meta(min_length=1, max_length=50)]
    subject: Annotated[str, msgspec.Meta(max_length=998)]
    html: str
    text: str
    tags: Annotated[list[str], msgspec.Meta(max_length=5)]
    reply_to: _Address | None = None
    attachments: list[_Picture] = []
    headers: list[_Header] = []
    list_unsubscribe: str = ""


def mailersend(*, webhook: Secret | None = None, **options: Any) -> MailerSend:
    return MailerSend(key=Secret(SECRET), webhook=webhook, **options)


def mail(batch: Batch, **options: Any) -> _Mail:
    return msgspec.json.decode(mailersend(**options).request(batch).content, type=_Mail)


def changed(**fields: object) -> Batch:
    """A batch of one message with other values."""
    batch = sample_batch(1)
    return replace(batch, messages=(replace(batch.messages[0], **fields),))


class TestMailerSend(HttpProviderContract):
    """MailerSend."""

    samples = SAMPLES
    meanings: Mapping[int, type[DeliveryError]] = {**HttpProviderContract.meanings, 421: TemporaryError}
    """421 is its maintenance."""

    def make(self, folder: Path, base_url: str) -> MailerSend:
        return mailersend(base_url=base_url)

    def answer(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(202, headers={"x-message-id": "m-1"})

    def test_a_request_is_what_the_api_describes(self) -> None:
        """Method, address, the key, one reader, and a picture of that reader's mail."""
        [message] = sample_batch(1).messages
        request = mailersend().request(sample_batch(1))
        made = msgspec.json.decode(request.content, type=_Mail)
        assert (request.method, str(request.url)) == ("POST", "https://api.mailersend.com/v1/email")
        assert request.headers["Authorization"] == f"Bearer {SECRET}"
        assert made.to == [_Address(email=message.to.email, name=message.to.name)]
        assert made.tags == [message.key]
        [picture] = made.attachments
        assert (picture.disposition, picture.filename) == ("inline", f"{picture.id}.png")
        assert f'src="cid:{picture.id}"' in made.html
        assert b64decode(picture.content) == sample_batch(1).edition.assets[0].data

    def test_readers_never_share_a_request(self) -> None:
        """MailerSend would show each the addresses of all."""
        with pytest.raises(RejectedError, match="shows everybody the addresses"):
            mailersend().request(sample_batch(2))

    @pytest.mark.parametrize(
        ("plan", "list_unsubscribe", "names"),
        [
            ("all", "", list(ONE_CLICK)),
            ("unsubscribe", "<https://river-cities.example/u/abc>", []),
            ("none", "", []),
        ],
    )
    def test_headers_are_those_that_the_plan_takes(self, plan: str, list_unsubscribe: str, names: list[str]) -> None:
        """All of them, the field for unsubscribing with its one address, or none; and the limits say which not."""
        made = mail(changed(headers=ONE_CLICK), headers=plan)
        assert (made.list_unsubscribe, [header.name for header in made.headers]) == (list_unsubscribe, names)
        left_out = {name for name in ONE_CLICK if name.lower() in mailersend(headers=plan).limits.forbids}
        assert left_out == set(ONE_CLICK) - set(names) - ({"List-Unsubscribe"} if list_unsubscribe else set())

    def test_who_writes_list_unsubscribe(self) -> None:
        """We, with the Enterprise plan; MailerSend what the plan leaves to it."""
        written = [mailersend(headers=plan).limits.replaces for plan in ("all", "unsubscribe", "none")]
        assert written == [set(), {"list-unsubscribe-post"}, {"list-unsubscribe", "list-unsubscribe-post"}]

    def test_a_plan_that_is_too_small_says_so(self) -> None:
        """The error names the option."""
        reply = httpx.Response(422, json={"message": "This feature requires a Hobby plan or higher. #MS42216"})
        with pytest.raises(RefusedError, match="Hobby plan") as caught:
            mailersend().read(reply, sample_batch(1))
        assert 'headers = "none"' in str(caught.value)

    def test_a_header_that_nobody_foresaw(self) -> None:
        """It is not dropped without a word."""
        batch = changed(headers={"X-Issue": "7"})
        assert [header.name for header in mail(batch, headers="all").headers] == ["X-Issue"]
        with pytest.raises(RejectedError, match="on its Enterprise plan only") as caught:
            mailersend().request(batch)
        assert 'headers = "all"' in str(caught.value)

    def test_a_plan_that_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The configuration says what may be written."""
        monkeypatch.setenv("TEST_KEY", "mlsn.1")
        options = {"key": {"env": "TEST_KEY"}, "headers": "few"}
        with pytest.raises(ConfigError, match="'few'"):
            plugins.build(Plugin(family="providers", name="mailersend", options=options))

    def test_signs_of_its_template_language_are_kept_from_it(self) -> None:
        """A finished message has no fields, so what looks like one is a text of somebody's."""
        assert mail(changed(html="<p>{{ a }}{% b %}</p>")).html == "<p>&#123;&#123; a }}&#123;&#37; b %}</p>"
        with pytest.raises(RejectedError, match=r"the subject contains '\{\{'"):
            mailersend().request(changed(subject="{{ a }}"))

    def test_probe(self) -> None:
        """The key can be tried without sending anything."""
        request = mailersend().probe()
        assert (request.method, str(request.url)) == ("GET", "https://api.mailersend.com/v1/api-quota")
        assert request.headers["Authorization"] == f"Bearer {SECRET}"


class TestMailerSendHooks(HookContract):
    """MailerSend signs the body."""

    samples = SAMPLES

    def hooked(self, *, secret: bool = True) -> MailerSend:
        return mailersend(webhook=Secret(HOOK) if secret else None)

    def signed(self, body: bytes) -> Mapping[str, str]:
        return {"Signature": digest(HOOK.encode(), body, "sha256").hex()}

    def test_the_signature_is_what_openssl_makes(self) -> None:
        """``printf %s '{"type":"activity.delivered"}' | openssl dgst -sha256 -hmac h-5b2f90c7``."""
        made = "feac7cc7eb14377f85c08a8058d50ae7f7aa42dc2ae7af2be6f7f7a48331c44b"
        body = b'{"type":"activity.delivered"}'
        assert [event.kind for event in self.events(body, {"Signature": made})] == ["delivered"]

    def test_a_test_of_the_address_is_let_through(self) -> None:
        """MailerSend saves a webhook only if its test is answered, and shows the secret only then; it says nothing."""
        ping = b'{"type": "webhook.test", "message": "This is a ping test message"}'
        for secret in (True, False):
            assert self.hooked(secret=secret).events({}, ping, now=NOW, fetch=self.fetch) == []
        with pytest.raises(ForgedError):
            self.hooked().events({}, ping.replace(b"webhook.test", b"activity.sent"), now=NOW, fetch=self.fetch)
