"""Amazon SES holds the contract of providers, and keeps to Amazon's own description."""

import base64
import json
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from newsletter import plugins
from newsletter.delivery.providers.ses import Ses
from newsletter.errors import ConfigError, RejectedError
from newsletter.model import Address
from newsletter.plugins import Plugin, Secret
from newsletter.rendering.provider_fields import SYNTAXES
from newsletter.testing import SECRET, HttpProviderContract, sample_batch

SAMPLES = Path(__file__).parents[1] / "samples" / "ses"

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
