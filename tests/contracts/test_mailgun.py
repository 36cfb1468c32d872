"""Mailgun holds the contracts of providers and of webhooks, and keeps to its own description."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import pytest

from newsletter import plugins
from newsletter.delivery.providers.mailgun import Mailgun
from newsletter.errors import ConfigError, ForgedError, OutcomeUnknown, RefusedError, RejectedError
from newsletter.model import Address, Batch
from newsletter.plugins import Plugin, Secret
from newsletter.rendering.provider_fields import SYNTAXES
from newsletter.testing import SECRET, HookContract, HttpProviderContract, sample_batch

SAMPLES = Path(__file__).parents[1] / "samples" / "mailgun"
FIELD = SYNTAXES["mailgun"].tag("name", "html").replace("%", "%%").replace("name", "%s")
DOMAIN = "letters.river-cities.example"
SIGNING_KEY = "w-4d1f77"

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


class TestMailgunHooks(HookContract):
    """Mailgun, whose signature stands beside the event and does not cover it."""

    samples = SAMPLES
    covers_body = False
    """The signature is over a time and a token, so the token is the event's id and is believed once."""

    def hooked(self, *, secret: bool = True) -> Mailgun:
        return mailgun(webhook=Secret(SIGNING_KEY) if secret else None)

    def signed(self, body: bytes) -> Mapping[str, str]:
        return {}

    def sealed(self, body: bytes) -> bytes:
        try:
            record = json.loads(body)
        except ValueError:
            return body
        return self.around(record)

    def around(self, record: Any, **changes: str) -> bytes:
        """A call with a record in it; ``changes`` are made to its signature."""
        seal = {"timestamp": "1794560400", "token": "t0ken-0f-the-call"}
        text = "".join(seal.values()).encode()
        seal["signature"] = hmac.new(SIGNING_KEY.encode(), text, hashlib.sha256).hexdigest()
        return json.dumps({"signature": {**seal, **changes}, "event-data": record}).encode()

    @pytest.mark.parametrize(
        "changes", [{"timestamp": "1794560401"}, {"token": "another"}, {"signature": "0" * 64}, {"signature": ""}]
    )
    def test_a_changed_seal_is_refused(self, changes: dict[str, str]) -> None:
        """The time, the token and the signature itself."""
        with pytest.raises(ForgedError, match="signature"):
            self.events(self.around({"event": "opened"}, **changes), {})

    def test_a_call_that_comes_again_within_hours_is_believed(self) -> None:
        """Mailgun tries for eight hours to hand on what it signed once."""
        body = self.around({"event": "opened"})
        assert self.events(body, {}, now="2026-11-13T17:00:00+00:00")
        for moment in ("2026-11-13T18:00:01+00:00", "2026-11-12T09:00:00+00:00"):
            with pytest.raises(ForgedError, match="its time is not now"):
                self.events(body, {}, now=moment)

    @pytest.mark.parametrize("time", ["", "soon", "nan"])
    def test_a_time_that_is_none(self, time: str) -> None:
        """Even where it is signed."""
        signature = hmac.new(SIGNING_KEY.encode(), f"{time}t".encode(), hashlib.sha256).hexdigest()
        with pytest.raises(ForgedError):
            self.events(self.around({}, timestamp=time, token="t", signature=signature), {})


def page(*records: Any, following: str = "") -> httpx.Response:
    return httpx.Response(200, json={"items": list(records), "paging": {"next": following, "previous": "x"}})


class TestMailgunPolled:
    """Mailgun, when asked what happened."""

    def test_pages_follow_each_other(self) -> None:
        """From a moment on, oldest first; the next page is asked of the same host, whatever the link says."""
        provider = mailgun()
        first = provider.poll(datetime(2026, 11, 13, 9, tzinfo=UTC))
        assert str(first.url) == (
            f"https://api.mailgun.net/v3/{DOMAIN}/events?begin=1794560400.0&ascending=yes&limit=300"
        )
        record = json.loads((SAMPLES / "events" / "bounce-hard.json").read_text(encoding="utf-8"))["body"]
        link = f"https://evil.example/v3/{DOMAIN}/events/W3siYSI6IGZhbHNlfV0="
        events, following = provider.polled(page(record, {"event": "stored"}, following=link))
        assert [(event.kind, event.bounce, event.key) for event in events] == [
            ("bounced", "hard", "000000000000000000000000000000a1")
        ]
        assert following
        assert str(following.url) == f"https://api.mailgun.net/v3/{DOMAIN}/events/W3siYSI6IGZhbHNlfV0="
        assert following.headers["Authorization"] == first.headers["Authorization"]

    @pytest.mark.parametrize(
        "answer", [page(following="https://api.mailgun.net/v3/x/events/W3"), page({"event": "opened"})]
    )
    def test_the_last_page_has_no_next(self, answer: httpx.Response) -> None:
        """A page without events is the last, and so is one without a link."""
        assert mailgun().polled(answer)[1] is None

    def test_the_same_event_has_the_same_id(self) -> None:
        """Its own id is good for one day only, so the time is part of it."""
        one, other = {"event": "opened", "id": "a", "timestamp": 1.5}, {"event": "opened", "id": "a", "timestamp": 2.5}
        events = mailgun().polled(page(one, one, other))[0]
        assert [event.id == events[0].id for event in events] == [True, True, False]

    def test_an_answer_that_is_none(self) -> None:
        """An error's class says what follows, as when sending."""
        for answer, kind in ((httpx.Response(401), RefusedError), (httpx.Response(200, text="x"), OutcomeUnknown)):
            with pytest.raises(kind):
                mailgun().polled(answer)


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
