"""Amazon SES holds the contracts of providers and of webhooks, and keeps to Amazon's own description."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import msgspec
import pytest
from certificates import Certified

from newsletter import plugins
from newsletter.delivery.providers.ses import Ses
from newsletter.errors import ConfigError, ForgedError, RejectedError
from newsletter.model import Address
from newsletter.plugins import Plugin, Secret
from newsletter.rendering.provider_fields import SYNTAXES
from newsletter.testing import SECRET, HookContract, HttpProviderContract, sample_batch

SAMPLES = Path(__file__).parents[1] / "samples" / "ses"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:letters"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem"

Data = Annotated[str, msgspec.Meta(max_length=262_144)]
TagText = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,256}$")]


class _Tag(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    """botocore 1.44.5, sesv2 of 2019-09-27, ``MessageTag``."""

    name: TagText
    value: TagText


class _Header(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    """The same, ``MessageHeader``."""

    name: Annotated[str, msgspec.Meta(pattern="^[!-9;-@A-~]{1,126}$")]
    value: Annotated[str, msgspec.Meta(pattern="^[ -~]{1,995}$")]


class _To(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    """The same, ``Destination``; one reader each."""

    to_addresses: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1)]


class _Attachment(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    """The same, ``Attachment``."""

    file_name: Annotated[str, msgspec.Meta(max_length=255)]
    content_type: Annotated[str, msgspec.Meta(min_length=1, max_length=78)]
    content_disposition: Literal["INLINE"]
    content_id: Annotated[str, msgspec.Meta(min_length=1, max_length=78)]
    content_transfer_encoding: Literal["BASE64"]
    raw_content: bytes


class _TemplateContent(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    """The same, ``EmailTemplateContent``."""

    subject: str
    html: str
    text: str


class _Template(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    """The same, ``Template``, with its content inside."""

    template_content: _TemplateContent
    template_data: Data
    attachments: list[_Attachment] = []


class _DefaultContent(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    template: _Template


class _ReplacementTemplate(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    replacement_template_data: Data


class _Replacement(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    replacement_template: _ReplacementTemplate


class _Entry(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    """The same, ``BulkEmailEntry``."""

    destination: _To
    replacement_email_content: _Replacement
    replacement_headers: Annotated[list[_Header], msgspec.Meta(max_length=15)]
    replacement_tags: list[_Tag]


class _Bulk(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    """The same, ``SendBulkEmailRequest``."""

    from_email_address: str
    reply_to_addresses: list[str]
    default_content: _DefaultContent
    bulk_email_entries: Annotated[list[_Entry], msgspec.Meta(min_length=1, max_length=50)]
    configuration_set_name: str | msgspec.UnsetType = msgspec.UNSET


class _RawMessage(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    data: bytes


class _Content(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    raw: _RawMessage


class _Single(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    """The same, ``SendEmailRequest``."""

    from_email_address: str
    destination: _To
    content: _Content
    email_tags: list[_Tag]
    configuration_set_name: str | msgspec.UnsetType = msgspec.UNSET


def ses(**options: Any) -> Ses:
    """The provider in Ireland, with a key that is nobody's."""
    return Ses(key=Secret("AKIDEXAMPLE"), secret=Secret(SECRET), **{"region": "eu-west-1", **options})


class TestSes(HttpProviderContract):
    """Amazon SES; a key that shows would be the secret one, and both of its ways to send are tried."""

    samples = SAMPLES
    field = SYNTAXES["ses"].tag("%s", "html")

    def make(self, folder: Path, base_url: str) -> Ses:
        return ses(base_url=base_url)

    def answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        entries = body.get("BulkEmailEntries")
        if entries is None:
            return httpx.Response(200, json={"MessageId": "m0"})
        results = [{"Status": "SUCCESS", "MessageId": f"m{place}"} for place, _ in enumerate(entries)]
        return httpx.Response(200, json={"BulkEmailEntryResults": results})

    def said(self, request: httpx.Request) -> str:
        """The request with what is written inside its strings read: the mail, or the readers' values."""
        body = json.loads(request.content)
        if "Content" not in body:
            data = [entry.pop("ReplacementEmailContent") for entry in body["BulkEmailEntries"]]
            body["data"] = [json.loads(one["ReplacementTemplate"]["ReplacementTemplateData"]) for one in data]
            return json.dumps(body, ensure_ascii=False)
        mail = message_from_bytes(base64.b64decode(body.pop("Content")["Raw"]["Data"]), policy=policy.default)
        parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        return json.dumps([body, dict(mail.items()), parts], ensure_ascii=False)

    @pytest.mark.parametrize("configuration_set", ["", "letters"])
    def test_a_bulk_request_is_what_the_api_describes(self, configuration_set: str) -> None:
        """Method, address and body are as in Amazon's own description."""
        batch = sample_batch(50, field=self.field)
        request = ses(configuration_set=configuration_set).request(batch)
        body = msgspec.json.decode(request.content, type=_Bulk)
        assert (request.method, str(request.url)) == (
            "POST",
            "https://email.eu-west-1.amazonaws.com/v2/email/outbound-bulk-emails",
        )
        assert [entry.destination.to_addresses[0].rpartition("<")[2] for entry in body.bulk_email_entries] == [
            f"reader{number}@city.example>" for number in range(50)
        ]
        assert body.configuration_set_name == (configuration_set or msgspec.UNSET)
        [picture] = body.default_content.template.attachments
        assert picture.raw_content == batch.edition.assets[0].data
        assert f'src="cid:{picture.content_id}"' in body.default_content.template.template_content.html

    def test_a_single_request_is_what_the_api_describes(self) -> None:
        """A finished message is raw MIME, with its picture inside."""
        request = ses(configuration_set="letters").request(sample_batch(1))
        body = msgspec.json.decode(request.content, type=_Single)
        assert str(request.url) == "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails"
        assert body.configuration_set_name == "letters"
        assert body.destination.to_addresses == ['"Cities mee, No. 0" <reader0@city.example>']
        mail = message_from_bytes(body.content.raw.data, policy=policy.default)
        assert [part.get_content_type() for part in mail.walk()][-1] == "image/png"

    def test_two_finished_messages_are_no_request(self) -> None:
        """Whoever cuts batches knows from ``finished`` that SendEmail takes one."""
        with pytest.raises(ValueError, match="one finished message"):
            ses().request(sample_batch(2))

    def test_names_are_one_line_of_ascii(self) -> None:
        """Encoded words, since SES takes nothing else in a name; a long one is not folded."""
        batch = sample_batch(1, field=self.field)
        to = Address(email="reader@city.example", name="مدن تجتمع في سيول: منتدى ضفاف الأنهار")
        message = replace(batch.messages[0], to=to)
        body = msgspec.json.decode(ses().request(replace(batch, messages=(message,))).content, type=_Bulk)
        [address] = body.bulk_email_entries[0].destination.to_addresses
        assert address.isascii()
        assert address.isprintable()
        assert str(make_header(decode_header(address))) == f"{to.name} <{to.email}>"

    def test_a_mailbox_with_other_letters_is_refused(self) -> None:
        """SES has no SMTPUTF8: one sentence names the address, and the others of the batch go out."""
        batch = sample_batch(1, field=self.field)
        message = replace(batch.messages[0], to=Address(email="josé@city.example"))
        with pytest.raises(RejectedError, match="needs SMTPUTF8"):
            ses().request(replace(batch, messages=(message,)))

    def test_a_request_is_signed_when_it_goes_out(self) -> None:
        """What is frozen has no signature; what goes out is signed for its time, and covers the body."""
        request = ses(token=Secret("temporary")).request(sample_batch(1))
        assert "Authorization" not in request.headers
        signatures = []
        for minute in (0, 1):
            signed = ses(token=Secret("temporary")).signed(request, now=datetime(2026, 11, 13, 9, minute, tzinfo=UTC))
            assert signed.headers["X-Amz-Date"] == f"20261113T090{minute}00Z"
            signatures.append(signed.headers["Authorization"])
        assert signatures[0] != signatures[1]
        names = "content-type;host;x-amz-date;x-amz-security-token"
        assert f"AKIDEXAMPLE/20261113/eu-west-1/ses/aws4_request, SignedHeaders={names}" in signatures[0]

    def test_a_probe_is_signed(self) -> None:
        """``GET /v2/email/account``."""
        request = ses().probe()
        assert (request.method, request.url.path) == ("GET", "/v2/email/account")
        assert request.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")

    def test_neither_the_secret_nor_the_token_is_shown(self, tmp_path: Path) -> None:
        """Not even where an answer repeats them."""
        provider = ses(token=Secret("t-51b0"))
        answer = httpx.Response(403, text=f"key AKIDEXAMPLE, secret {SECRET}, token t-51b0")
        said = str(provider.error(RejectedError, answer)) + repr(vars(provider))
        assert not [secret for secret in ("AKIDEXAMPLE", SECRET, "t-51b0") if secret in said]


class TestSesHooks(HookContract):
    """Amazon SNS, whose signature stands in the message; it is made here without the library that checks it."""

    samples = SAMPLES
    certified = Certified()

    def hooked(self, *, secret: bool = True) -> Ses:
        return ses(topics=(TOPIC,) if secret else ())

    def fetch(self, url: str) -> bytes:
        assert url == CERTIFICATE
        return self.certified.pem

    def signed(self, body: bytes) -> Mapping[str, str]:
        return {"x-amz-sns-message-type": json.loads(body)["Type"]}

    def sealed(self, body: bytes) -> bytes:
        """A message of SNS around the event; a sample that is one already is only signed."""
        text = body.decode("utf-8", "replace")
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        return self.message(**(message if isinstance(message, dict) and "TopicArn" in message else {"Message": text}))

    def message(self, *, version: str = "1", certificate: str = CERTIFICATE, **fields: Any) -> bytes:
        """A signed message, with these fields instead of the usual ones."""
        usual = {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Message": "{}",
            "Timestamp": "2026-11-13T09:00:05.123Z",
        }
        message = {**usual, **fields}
        signed = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        text = "".join(f"{name}\n{message[name]}\n" for name in signed if name in message)
        seal = {
            "SignatureVersion": version,
            "Signature": base64.b64encode(self.certified.sign(text.encode(), version)).decode(),
            "SigningCertURL": certificate,
            "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        }
        return json.dumps({**message, **seal}).encode()

    @pytest.mark.parametrize("version", ["1", "2"])
    def test_both_versions_of_the_signature(self, version: str) -> None:
        """SHA-1, which a topic uses until it is told otherwise, and SHA-256; a subject is signed where there is one."""
        for subject in ({}, {"Subject": "Amazon SES Email Event Notification"}):
            body = self.message(version=version, Message='{"eventType": "Open"}', **subject)
            [event] = self.events(body, self.signed(body))
            assert event.kind == "opened"

    @pytest.mark.parametrize("version", ["1", "2"])
    def test_openssl_signs_the_same(self, version: str, need: Any, tmp_path: Path) -> None:
        """Our own signature of the tests is what openssl makes of the same text."""
        made = self.certified.by_openssl(b"a text", version, program=need("openssl"), folder=tmp_path)
        assert made == self.certified.sign(b"a text", version)

    @pytest.mark.parametrize(
        "certificate",
        [
            CERTIFICATE.replace("https:", "http:"),
            CERTIFICATE.replace(".amazonaws.com", ".amazonaws.com.evil.example"),
            CERTIFICATE.replace("sns.eu-west-1", "evil.example/sns.eu-west-1"),
            CERTIFICATE.replace("sns.eu-west-1", "s3.eu-west-1"),
            CERTIFICATE.replace("https://", "https://evil.example@"),
            CERTIFICATE.replace(".com/", ".com:8443/"),
            CERTIFICATE + "?x",
            CERTIFICATE + "\n",
            "",
        ],
    )
    def test_a_certificate_from_elsewhere_is_not_fetched(self, certificate: str) -> None:
        """Anybody can sign with a certificate of their own."""
        body = self.message(certificate=certificate)
        with pytest.raises(ForgedError, match="not at Amazon SNS"):
            self.events(body, self.signed(body))

    @pytest.mark.parametrize("pem", [b"", b"<html>", Certified.elliptic()])
    def test_a_certificate_that_is_none(self, pem: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        """A page instead of a certificate, or another kind of key, proves nothing."""
        monkeypatch.setattr(self, "fetch", lambda _url: pem)
        body = self.message()
        with pytest.raises(ForgedError, match="certificate cannot be read"):
            self.events(body, self.signed(body))

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"TopicArn": TOPIC + "-2"}, "topics lacks"),
            ({"SignatureVersion": "3"}, "signature"),
            ({"SignatureVersion": "2"}, "signature"),
            ({"Signature": "not base64!"}, "signature"),
            ({"Signature": ""}, "signature"),
            ({"Message": "another"}, "signature"),
            ({"MessageId": "another"}, "signature"),
            ({"Timestamp": "2026-11-13T09:00:06.123Z"}, "signature"),
            ({"Subject": "added"}, "signature"),
            ({"Type": "SubscriptionConfirmation"}, "not the type"),
            ({"Type": "Something"}, "not the type"),
        ],
    )
    def test_a_changed_field_is_refused(self, change: dict[str, str], sentence: str) -> None:
        """All that is signed, and the topic, which anybody may sign for their own."""
        body = self.message()
        with pytest.raises(ForgedError, match=sentence):
            self.events(json.dumps({**json.loads(body), **change}).encode(), self.signed(body))

    def test_raw_delivery_is_refused(self) -> None:
        """A topic that delivers raw events signs nothing."""
        for body in (b"plain", b"[]"):
            with pytest.raises(ForgedError, match="no message of Amazon SNS"):
                self.events(body, {"x-amz-sns-rawdelivery": "true"})
        with pytest.raises(ForgedError, match="raw message delivery must be off"):
            self.events(b'{"eventType": "Open", "mail": {}}', {"x-amz-sns-rawdelivery": "true"})

    def test_attributes_of_a_message_are_left_alone(self) -> None:
        """They are no text and are not signed."""
        message = json.loads(self.message(Message='{"eventType": "Open"}'))
        body = json.dumps({**message, "MessageAttributes": {"a": {"Type": "String", "Value": "b"}}, "Subject": None})
        [event] = self.events(body.encode(), self.signed(body.encode()))
        assert event.kind == "opened"

    def test_a_certificate_is_fetched_once(self) -> None:
        """Not for every event of ten thousand."""
        asked: list[str] = []
        provider = self.hooked()
        body = self.message(Message='{"eventType": "Open"}')
        for _ in range(3):
            provider.events(
                self.signed(body),
                body,
                now=datetime(2026, 11, 13, 9, tzinfo=UTC),
                fetch=lambda url: asked.append(url) or self.certified.pem,
            )
        assert asked == [CERTIFICATE]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"region": "Ireland"}, "'Ireland' is no region"),
        ({"region": "eu-west-1", "topics": ["letters"]}, "'letters' is no SNS topic"),
        ({}, "needs the option 'region'"),
    ],
)
def test_ses_says_what_is_wrong_in_the_configuration(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], sentence: str
) -> None:
    """One sentence names the option."""
    monkeypatch.setenv("TEST_KEY", "AKIDEXAMPLE")
    keys = {"key": {"env": "TEST_KEY"}, "secret": {"env": "TEST_KEY"}}
    with pytest.raises(ConfigError, match=sentence):
        plugins.build(Plugin(family="providers", name="ses", options={**keys, **options}))


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "email.eu-west-1.amazonaws.com"),
        ("us-gov-west-1", "email.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "email.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_every_region_has_its_address(region: str, host: str) -> None:
    """As in Amazon's list of endpoints; China's ends otherwise."""
    assert ses(region=region).request(sample_batch(1)).url.host == host
