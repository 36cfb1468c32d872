"""Mailgun holds the contract of providers, and keeps to its own description."""

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from newsletter import plugins
from newsletter.delivery.providers.mailgun import Mailgun
from newsletter.errors import ConfigError, RejectedError
from newsletter.model import Address, Batch
from newsletter.plugins import Plugin, Secret
from newsletter.rendering.provider_fields import SYNTAXES
from newsletter.testing import SECRET, HttpProviderContract, sample_batch

SAMPLES = Path(__file__).parents[1] / "samples" / "mailgun"
FIELD = SYNTAXES["mailgun"].tag("name", "html").replace("%", "%%").replace("name", "%s")
DOMAIN = "letters.river-cities.example"

Filled = Annotated[str, msgspec.Meta(min_length=1)]


class _Form(msgspec.Struct, forbid_unknown_fields=True, rename={"sender": "from", "variables": "recipient-variables"}):
    """Mailgun's OpenAPI of July 2026, ``POST /v3/{domain_name}/messages``, as far as it is used.

    Options by prefix are apart: those of ``o:``, ``h:`` and ``v:`` may have 16 KB together.
    """

    to: Annotated[list[Filled], msgspec.Meta(min_length=1, max_length=1000)]
    sender: Filled
    subject: Filled
    html: Filled
    variables: str
    text: Filled | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An ``inline`` file of a form."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A form as a server reads it."""

    form: _Form
    options: dict[str, str]
    pictures: list[Picture]

    @property
    def variables(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = json.loads(self.form.variables)
        return found

    def seen_by(self, address: str, text: str) -> str:
        """What Mailgun makes of a text for one reader: every field by its own value."""
        for name, value in self.variables[address].items():
            text = text.replace(f"%recipient.{name}%", value)
        assert "%recipient" not in text
        return text


def read(request: httpx.Request) -> Asked:
    """The form, by the standard library's reader of MIME."""
    head = b"Content-Type: " + request.headers["Content-Type"].encode() + b"\r\n\r\n"
    fields: dict[str, Any] = {"to": []}
    options: dict[str, str] = {}
    pictures: list[Picture] = []
    for part in message_from_bytes(head + request.content, policy=policy.HTTP).iter_parts():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if name == "inline":
            pictures.append(Picture(name=part.get_filename() or "", type=part.get_content_type(), data=data))
        elif name == "to":
            fields["to"].append(data.decode())
        elif name[1:2] == ":":
            options[name] = data.decode()
        else:
            assert name not in fields
            fields[name] = data.decode()
    return Asked(form=msgspec.convert(fields, _Form), options=options, pictures=pictures)


def mailgun(**options: Any) -> Mailgun:
    return Mailgun(key=Secret(SECRET), **{"domain": DOMAIN, **options})


class TestMailgun(HttpProviderContract):
    """Mailgun."""

    samples = SAMPLES
    field = FIELD

    def make(self, folder: Path, base_url: str) -> Mailgun:
        return mailgun(base_url=base_url)

    def answer(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"id": "<1@letters.river-cities.example>", "message": "Queued. Thank you."})

    def said(self, request: httpx.Request) -> str:
        """The form with the readers' values read."""
        found = read(request)
        form = msgspec.to_builtins(found.form) | {"recipient-variables": found.variables}
        return json.dumps([form, found.options], ensure_ascii=False)

    def test_a_request_is_what_the_api_describes(self) -> None:
        """Method, address, key and form; every reader is in ``to`` and has values of their own."""
        batch = sample_batch(1000, field=FIELD)
        request = mailgun().request(batch)
        assert (request.method, str(request.url)) == ("POST", f"https://api.mailgun.net/v3/{DOMAIN}/messages")
        assert request.headers["Authorization"] == "Basic " + b64encode(f"api:{SECRET}".encode()).decode()
        found = read(request)
        emails = [message.to.email for message in batch.messages]
        assert [to.rpartition("<")[2].rstrip(">") for to in found.form.to] == emails
        assert list(found.variables) == emails
        assert sum(len(name) + len(value) for name, value in found.options.items()) <= 16_000
        [picture] = found.pictures
        assert (picture.data, picture.type) == (batch.edition.assets[0].data, "image/png")
        assert f'src="cid:{picture.name}"' in found.form.html

    def test_every_reader_sees_their_own_values(self) -> None:
        """In the HTML, the text, the headers and the metadata; what is the same for all is said once."""
        batch = sample_batch(3, field=FIELD)
        post = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        messages = tuple(replace(message, headers={**message.headers, **post}) for message in batch.messages)
        found = read(mailgun().request(replace(batch, messages=messages)))
        assert found.options["h:List-Unsubscribe-Post"] == post["List-Unsubscribe-Post"]
        assert isinstance(found.form.text, str)
        for message in messages:
            email = message.to.email
            assert message.variables["name_html"] in found.seen_by(email, found.form.html)
            assert message.variables["name_text"] in found.seen_by(email, found.form.text)
            assert found.seen_by(email, found.options["v:newsletter_id"]) == message.key
            seen = {name[2:]: found.seen_by(email, value) for name, value in found.options.items() if name[0] == "h"}
            assert seen == {**message.headers, "Reply-To": "office@river-cities.example"}

    def test_a_finished_message_is_a_request_of_its_own(self) -> None:
        """Its variables are empty, but there, so that no other address could ever be seen; two are no request."""
        found = read(mailgun().request(sample_batch(1)))
        assert found.variables == {"reader0@city.example": {}}
        with pytest.raises(ValueError, match="one finished message"):
            mailgun().request(sample_batch(2))

    @pytest.mark.parametrize("sign", ["%recipient.name%", "%recipient%", "%unsubscribe_url%", "%tag_unsubscribe_url%"])
    def test_signs_of_mailguns_own(self, sign: str) -> None:
        """In a finished message's HTML they are written otherwise; in subject and text they cannot be."""
        batch = sample_batch(1)
        message = replace(batch.messages[0], html=f"<p>Write {sign}</p>")
        html = read(mailgun().request(replace(batch, messages=(message,)))).form.html
        assert sign not in html
        assert unescape(html) == message.html
        for change in ({"subject": f"About {sign}"}, {"text": f"Write {sign}"}):
            with pytest.raises(RejectedError, match="would take for a field of its own"):
                mailgun().request(replace(batch, messages=(replace(message, **change),)))

    def test_a_template_with_mailguns_own_links(self) -> None:
        """Its fields are ours, and links that Mailgun would add are not."""
        batch = sample_batch(2, field=FIELD)
        assert batch.template
        template = replace(batch.template, html=batch.template.html + "%unsubscribe_url%")
        html = read(mailgun().request(replace(batch, template=template))).form.html
        assert "%unsubscribe_url%" not in html
        assert FIELD % "name_html" in html
        with pytest.raises(RejectedError):
            mailgun().request(replace(batch, template=replace(template, text="%unsubscribe_url%")))

    def test_two_readers_with_one_address_are_cut_apart(self) -> None:
        """Mailgun would send one mail and say nothing; the batch is refused, and halved by whoever sends it."""
        batch = sample_batch(2, field=FIELD)
        first, second = batch.messages
        for email in (first.to.email, first.to.email.upper()):
            twice = (first, replace(second, to=Address(email=email)))
            with pytest.raises(RejectedError, match="same address"):
                mailgun().request(replace(batch, messages=twice))

    def test_mails_with_other_headers_are_cut_apart(self) -> None:
        """A header that only some readers have cannot be said in one request."""
        batch = sample_batch(2, field=FIELD)
        first, second = batch.messages
        with pytest.raises(RejectedError, match="same headers"):
            mailgun().request(replace(batch, messages=(first, replace(second, headers={}))))

    def test_test_mode_and_region(self) -> None:
        """``o:testmode``, and the address of the EU, for all requests."""
        provider = mailgun(region="eu", sandbox=True)
        assert read(provider.request(sample_batch(1))).options["o:testmode"] == "yes"
        urls = [provider.request(sample_batch(1)).url, provider.probe().url, provider.poll(datetime.now(UTC)).url]
        assert {url.host for url in urls} == {"api.eu.mailgun.net"}

    def test_mail_without_text(self) -> None:
        """An empty field would be refused."""
        batch = sample_batch(1)
        bare: Batch = replace(batch, messages=(replace(batch.messages[0], text=""),))
        assert read(mailgun().request(bare)).form.text is msgspec.UNSET


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "needs the option 'domain'"),
        ({"domain": "letters.river-cities.example/"}, "is no domain"),
        ({"domain": "letters"}, "is no domain"),
        ({"domain": DOMAIN, "region": "moon"}, "'moon'"),
    ],
)
def test_mailgun_says_what_is_wrong_in_the_configuration(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], sentence: str
) -> None:
    """One sentence names the option."""
    monkeypatch.setenv("TEST_KEY", "key-abc")
    with pytest.raises(ConfigError, match=sentence):
        plugins.build(Plugin(family="providers", name="mailgun", options={"key": {"env": "TEST_KEY"}, **options}))
