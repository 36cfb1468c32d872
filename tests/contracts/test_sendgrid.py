"""SendGrid holds the contracts of providers and of webhooks, and keeps to its own description."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from newsletter import plugins
from newsletter.delivery.providers.sendgrid import SendGrid
from newsletter.errors import ConfigError, ForgedError, RejectedError
from newsletter.model import Address
from newsletter.plugins import Plugin, Secret
from newsletter.rendering.provider_fields import SYNTAXES
from newsletter.testing import SECRET, HookContract, HttpProviderContract, sample_batch

SAMPLES = Path(__file__).parents[1] / "samples" / "sendgrid"
FIELD = SYNTAXES["sendgrid"].tag("%s", "html")

Filled = Annotated[str, msgspec.Meta(min_length=1)]


class _Address(msgspec.Struct, forbid_unknown_fields=True):
    """tsg_mail_v3 of January 2026, ``MailTo`` and ``MailFrom``."""

    email: Annotated[str, msgspec.Meta(pattern="^[!-~]+@[!-~]+$")]
    name: str | msgspec.UnsetType = msgspec.UNSET


class _Personalization(msgspec.Struct, forbid_unknown_fields=True):
    """The same; one reader each."""

    to: Annotated[list[_Address], msgspec.Meta(min_length=1, max_length=1)]
    headers: dict[str, str]
    custom_args: dict[str, str]
    substitutions: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["text/plain", "text/html"]
    value: Filled


class _Attachment(msgspec.Struct, forbid_unknown_fields=True):
    content: bytes
    type: Filled
    filename: str
    disposition: Literal["inline"]
    content_id: str


class _Switch(msgspec.Struct, forbid_unknown_fields=True):
    enable: bool


class _Tracking(msgspec.Struct, forbid_unknown_fields=True):
    subscription_tracking: _Switch


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    sandbox_mode: _Switch


class _Mail(msgspec.Struct, forbid_unknown_fields=True, rename={"sender": "from"}):
    """The same, the body of ``POST /v3/mail/send``, as far as it is used."""

    personalizations: Annotated[list[_Personalization], msgspec.Meta(min_length=1, max_length=1000)]
    sender: _Address
    subject: Filled
    content: Annotated[list[_Content], msgspec.Meta(min_length=1)]
    tracking_settings: _Tracking
    reply_to: _Address | msgspec.UnsetType = msgspec.UNSET
    attachments: list[_Attachment] = []
    mail_settings: _Settings | msgspec.UnsetType = msgspec.UNSET


def sendgrid(**options: Any) -> SendGrid:
    return SendGrid(key=Secret(SECRET), **options)


def mail(request: httpx.Request) -> _Mail:
    return msgspec.json.decode(request.content, type=_Mail)


class TestSendGrid(HttpProviderContract):
    """SendGrid."""

    samples = SAMPLES
    field = FIELD

    def make(self, folder: Path, base_url: str) -> SendGrid:
        return sendgrid(base_url=base_url)

    def answer(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(202, headers={"X-Message-Id": "one-for-all"})

    def test_a_request_is_what_the_api_describes(self) -> None:
        """Method, address, headers and body; the text comes before the HTML, and no link is added."""
        request = sendgrid().request(sample_batch(1000, field=FIELD))
        assert (request.method, str(request.url)) == ("POST", "https://api.sendgrid.com/v3/mail/send")
        assert request.headers["Authorization"] == f"Bearer {SECRET}"
        body = mail(request)
        assert [part.type for part in body.content] == ["text/plain", "text/html"]
        assert not body.tracking_settings.subscription_tracking.enable
        assert [one.to[0].email for one in body.personalizations] == [f"reader{n}@city.example" for n in range(1000)]
        [picture] = body.attachments
        assert picture.content == sample_batch(1).edition.assets[0].data
        assert f'src="cid:{picture.content_id}"' in body.content[1].value

    def test_every_field_has_its_value(self) -> None:
        """What stands in the template is exactly what is replaced."""
        batch = sample_batch(2, field=FIELD)
        for one, message in zip(mail(sendgrid().request(batch)).personalizations, batch.messages, strict=True):
            assert one.substitutions == {FIELD % name: value for name, value in message.variables.items()}
            assert one.custom_args == {"newsletter_id": message.key}
            assert one.headers == dict(message.headers)

    def test_a_finished_message_is_a_request_of_its_own(self) -> None:
        """Nothing in it is replaced; two of them are no request."""
        body = mail(sendgrid().request(sample_batch(1)))
        assert body.personalizations[0].substitutions is msgspec.UNSET
        with pytest.raises(ValueError, match="one finished message"):
            sendgrid().request(sample_batch(2))

    def test_a_mail_without_text(self) -> None:
        """An empty part would be refused."""
        batch = sample_batch(1)
        bare = replace(batch, messages=(replace(batch.messages[0], text=""),))
        assert [part.type for part in mail(sendgrid().request(bare)).content] == ["text/html"]

    @pytest.mark.parametrize(
        ("name", "written"),
        [
            ("Müller, Anna", "Müller Anna"),
            ("River Cities; Secretariat", "River Cities Secretariat"),
            ("서울시", "서울시"),
            (";;", msgspec.UNSET),
            ("", msgspec.UNSET),
        ],
    )
    def test_names_of_readers(self, name: str, written: str | msgspec.UnsetType) -> None:
        """A comma or a semicolon would end the address; the sender's name may have one."""
        batch = sample_batch(1)
        address = Address(email="reader@city.example", name=name)
        message = replace(batch.messages[0], to=address, sender=Address(email="news@city.example", name="Letter, The"))
        body = mail(sendgrid().request(replace(batch, messages=(message,))))
        assert body.personalizations[0].to[0].name == written
        assert body.sender.name == "Letter, The"

    def test_headers_that_sendgrid_keeps_for_itself_are_left_out(self) -> None:
        """They would have the whole request refused; one that is no line of ASCII is refused by us."""
        batch = sample_batch(1)
        kept = {**batch.messages[0].headers, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        message = replace(batch.messages[0], headers={**kept, "Received": "x", "X-SG-ID": "x"})
        [one] = mail(sendgrid().request(replace(batch, messages=(message,)))).personalizations
        assert one.headers == kept
        with pytest.raises(RejectedError, match="'X-Place' must be one line"):
            self.send(sendgrid(), replace(batch, messages=(replace(message, headers={"X-Place": "Séoul"}),)))

    def test_in_the_sandbox_everything_is_checked_and_nothing_sent(self, tmp_path: Path) -> None:
        """The request says so, and the answer is another."""
        provider = sendgrid(sandbox=True)
        body = mail(provider.request(sample_batch(1)))
        assert isinstance(body.mail_settings, _Settings)
        assert body.mail_settings.sandbox_mode.enable
        [receipt] = self.send(provider, sample_batch(1), httpx.Response(200))
        assert (receipt.outcome, receipt.provider_id) == ("sent", "sandbox")

    def test_a_subuser_of_the_eu_has_another_address(self) -> None:
        """Both for mails and for trying the key."""
        provider = sendgrid(region="eu")
        assert provider.request(sample_batch(1)).url.host == "api.eu.sendgrid.com"
        assert str(provider.probe().url) == "https://api.eu.sendgrid.com/v3/scopes"


def shown(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """A key's public half, as SendGrid shows it."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


class TestSendGridHooks(HookContract):
    """SendGrid's signed event webhook."""

    samples = SAMPLES
    key = ec.generate_private_key(ec.SECP256R1())

    def hooked(self, *, secret: bool = True) -> SendGrid:
        return sendgrid(webhook=Secret(shown(self.key)) if secret else None)

    def signed(self, body: bytes, *, time: str = "1794560400") -> Mapping[str, str]:
        signature = self.key.sign(time.encode() + body, ec.ECDSA(SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": time,
        }

    def test_sendgrids_own_example(self) -> None:
        """The example that SendGrid's libraries are tested with (github.com/sendgrid/sendgrid-python, eventwebhook)."""
        key = (
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglS"
            "I8eNEc6wEA3F+g=="
        )
        headers = {
            "x-twilio-email-event-webhook-signature": (
                "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
            ),
            "x-twilio-email-event-webhook-timestamp": "1600112502",
        }
        record = {
            "email": "hello@world.com",
            "event": "dropped",
            "reason": "Bounced Address",
            "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
            "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
            "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
            "timestamp": 1600112492,
        }
        body = json.dumps([record], separators=(",", ":")).encode()
        now = datetime.fromtimestamp(1600112502, UTC)
        provider = sendgrid(webhook=Secret(key))
        [event] = provider.events(headers, body + b"\r\n", now=now, fetch=self.fetch)
        assert (event.kind, event.bounce, event.provider_id) == ("bounced", "hard", "LRzXl_NHStOGhQ4kofSm_A")
        for changed in (body, body + b"\n", body.replace(b"hello", b"hallo") + b"\r\n"):
            with pytest.raises(ForgedError, match="signature"):
                provider.events(headers, changed, now=now, fetch=self.fetch)

    def test_a_call_that_comes_again_within_a_day_is_believed(self) -> None:
        """SendGrid tries for a day to hand on what it signed once; later it is a replay."""
        body = b'[{"event": "open", "sg_event_id": "x"}]'
        assert self.events(body, self.signed(body), now="2026-11-14T08:59:59+00:00")
        for moment in ("2026-11-14T09:00:01+00:00", "2026-11-12T08:59:59+00:00"):
            with pytest.raises(ForgedError, match="its time is not now"):
                self.events(body, self.signed(body), now=moment)

    @pytest.mark.parametrize("time", ["", "soon", "nan", "inf", "-inf", "1e400"])
    def test_a_time_that_is_none(self, time: str) -> None:
        """Whatever was signed there, it is not now."""
        body = b"[]"
        with pytest.raises(ForgedError):
            self.events(body, self.signed(body, time=time))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"webhook": {"env": "TEST_KEY"}}, "no verification key"),
        ({"webhook": {"env": "TEST_RSA"}}, "no verification key"),
        ({"region": "moon"}, "'moon'"),
        ({"sandbox": "yes"}, "Expected `bool`"),
    ],
)
def test_sendgrid_says_what_is_wrong_in_the_configuration(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], sentence: str
) -> None:
    """One sentence names the option; a key of another kind is noticed before the first call comes."""
    monkeypatch.setenv("TEST_KEY", "SG.abc")
    monkeypatch.setenv("TEST_RSA", shown(rsa.generate_private_key(public_exponent=65537, key_size=1024)))
    with pytest.raises(ConfigError, match=sentence):
        plugins.build(Plugin(family="providers", name="sendgrid", options={"key": {"env": "TEST_KEY"}, **options}))
