"""Mailjet holds the contracts of providers and of webhooks, and keeps to its own reference."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from newsletter.delivery.providers.mailjet import Mailjet
from newsletter.errors import RejectedError
from newsletter.model import Batch
from newsletter.plugins import Secret
from newsletter.testing import SECRET, HttpProviderContract, sample_batch
from newsletter.testing.hooks import HookContract

SAMPLES = Path(__file__).parents[1] / "samples" / "mailjet"
FIELD = "[[var:%s]]"
HOOK = "river:w-7d2e90"


class _Struct(msgspec.Struct, forbid_unknown_fields=True, rename="pascal", omit_defaults=True):
    """A part of what dev.mailjet.com's reference of Send API v3.1 describes, as of 2023; nothing else may be there."""


class _Address(_Struct):
    email: str
    name: str = ""


class _Picture(_Struct):
    content_type: str
    filename: Annotated[str, msgspec.Meta(min_length=1)]
    content_id: str = msgspec.field(name="ContentID")
    base64_content: str = ""


class _Message(_Struct):
    to: Annotated[list[_Address], msgspec.Meta(min_length=1, max_length=1)]
    headers: dict[str, str]
    event_payload: str
    custom_id: str = msgspec.field(name="CustomID")
    subject: Annotated[str, msgspec.Meta(max_length=255)] = ""
    text_part: str = ""
    html_part: str = msgspec.field(name="HTMLPart", default="")
    variables: dict[str, str] = {}


class _Globals(_Struct):
    """What each message gets; every property of a message may stand here."""

    sender: _Address = msgspec.field(name="From")
    reply_to: _Address | None = None
    subject: Annotated[str, msgspec.Meta(max_length=255)] = ""
    text_part: str = ""
    html_part: str = msgspec.field(name="HTMLPart", default="")
    inlined_attachments: list[_Picture] = []
    custom_campaign: str = ""
    deduplicate_campaign: bool = False


class _Body(_Struct):
    messages: Annotated[list[_Message], msgspec.Meta(min_length=1, max_length=50)]
    shared: _Globals = msgspec.field(name="Globals")
    sandbox_mode: bool = False


def mailjet(
    *, base_url: str = "https://api.mailjet.com", deduplicate: bool = False, sandbox: bool = False, hook: bool = False
) -> Mailjet:
    return Mailjet(
        key=Secret(SECRET),
        secret=Secret("s-8e1f"),
        base_url=base_url,
        deduplicate=deduplicate,
        sandbox=sandbox,
        webhook=Secret(HOOK) if hook else None,
    )


def body(batch: Batch, provider: Mailjet | None = None) -> _Body:
    return msgspec.json.decode((provider or mailjet()).request(batch).content, type=_Body)


class TestMailjet(HttpProviderContract):
    """Mailjet."""

    samples = SAMPLES
    field = FIELD

    def make(self, folder: Path, base_url: str) -> Mailjet:
        return mailjet(base_url=base_url)

    def answer(self, request: httpx.Request) -> httpx.Response:
        messages = json.loads(request.content)["Messages"]
        results = [
            {"Status": "success", "CustomID": message["CustomID"], "To": [{**message["To"][0], "MessageID": 5 + n}]}
            for n, message in enumerate(messages)
        ]
        return httpx.Response(200, json={"Messages": results})

    def test_a_request_is_what_the_api_describes(self) -> None:
        """Method, address, both halves of the key, one message to each reader."""
        batch = sample_batch(50)
        request = mailjet().request(batch)
        made = msgspec.json.decode(request.content, type=_Body)
        assert (request.method, str(request.url)) == ("POST", "https://api.mailjet.com/v3.1/send")
        kind, _, pair = request.headers["Authorization"].partition(" ")
        assert (kind, b64decode(pair).decode()) == ("Basic", f"{SECRET}:s-8e1f")
        assert [message.to[0].email for message in made.messages] == [message.to.email for message in batch.messages]
        assert [message.custom_id for message in made.messages] == [message.key for message in batch.messages]
        assert made.shared.sender == _Address(email="news@river-cities.example", name="River Cities Letter")
        assert made.shared.reply_to == _Address(email="office@river-cities.example")

    def test_what_readers_share_is_said_once(self) -> None:
        """With a template the edition, in either case the pictures; a reader's own headers are never shared."""
        for field in ("", FIELD):
            batch = sample_batch(3, field=field)
            made = body(batch)
            [picture] = made.shared.inlined_attachments
            assert b64decode(picture.base64_content) == batch.edition.assets[0].data
            where = [made.shared.html_part] if field else [message.html_part for message in made.messages]
            assert all(f'src="cid:{picture.content_id}"' in html for html in where)
            assert [message.headers for message in made.messages] == [message.headers for message in batch.messages]
            assert {message.variables == {} for message in made.messages} == {not field}

    def test_a_header_of_mailjets_own_stays_here(self) -> None:
        """With List-Id the whole message would be refused."""
        batch = sample_batch(1)
        [message] = batch.messages
        headers = {**message.headers, "List-Id": "<river>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        [made] = body(replace(batch, messages=(replace(message, headers=headers),))).messages
        assert set(made.headers) == {"List-Unsubscribe", "List-Unsubscribe-Post"}

    def test_a_reader_gets_one_mail_of_a_campaign(self) -> None:
        """With ``deduplicate`` a repetition is kept back, and only then may one be sent; other campaigns are others."""
        careful = mailjet(deduplicate=True)
        batch = sample_batch(2)
        first, other = (body(one, careful).shared for one in (batch, replace(batch, campaign="d" * 32)))
        assert first.deduplicate_campaign
        assert first.custom_campaign == f"2026-11 {'c' * 32}" != other.custom_campaign
        assert (careful.limits.idempotency, mailjet().limits.idempotency) == ("message", "none")
        assert careful.limits.key_life == 86_400
        assert body(batch).shared.custom_campaign == ""

    def test_sandbox(self) -> None:
        """A request is checked and nothing sent."""
        assert body(sample_batch(1), mailjet(sandbox=True)).sandbox_mode
        assert not body(sample_batch(1)).sandbox_mode

    def test_signs_of_its_personalisation_are_kept_from_it(self) -> None:
        """A finished message has no fields, so what looks like one is a text of somebody's."""
        batch = sample_batch(1)
        [message] = batch.messages
        html = replace(batch, messages=(replace(message, html="<p>[[var:a]]</p>"),))
        assert body(html).messages[0].html_part == "<p>&#91;&#91;var:a]]</p>"
        with pytest.raises(RejectedError, match=r"the text contains '\[\['"):
            mailjet().request(replace(batch, messages=(replace(message, text="see [[1]]"),)))

    def test_a_subject_that_is_too_long(self) -> None:
        """Mailjet would refuse it in other words."""
        batch = sample_batch(1)
        [message] = batch.messages
        assert body(replace(batch, messages=(replace(message, subject="x" * 255),)))
        with pytest.raises(RejectedError, match="longer than the 255 characters"):
            mailjet().request(replace(batch, messages=(replace(message, subject="x" * 256),)))

    def test_the_secret_is_never_shown(self) -> None:
        """The second half of the key is a secret as well."""
        error = mailjet().error(RejectedError, httpx.Response(400, json={"ErrorMessage": "not s-8e1f"}))
        assert "s-8e1f" not in f"{error} {mailjet()!r} {vars(mailjet())!r}"
        assert "answered 400: not …" in str(error)

    def test_probe(self) -> None:
        """The key can be tried without sending anything."""
        request = mailjet().probe()
        assert (request.method, str(request.url)) == ("GET", "https://api.mailjet.com/v3/REST/sender?Limit=1")
        assert request.headers["Authorization"].startswith("Basic ")


class TestMailjetHooks(HookContract):
    """Mailjet signs nothing: its calls carry a name and a password that only it and we know."""

    samples = SAMPLES
    covers_body = False

    def hooked(self, *, secret: bool = True) -> Mailjet:
        return mailjet(hook=secret)

    def signed(self, body: bytes) -> Mapping[str, str]:
        return {"Authorization": f"Basic {b64encode(HOOK.encode()).decode()}"}

    def test_an_id_longer_than_a_float_is_kept(self) -> None:
        """The ids of messages have more digits than a float holds, and must fit those of the receipts."""
        [event] = self.call('{"event": "sent", "MessageID": 576460752303423489}')
        assert event.provider_id == "576460752303423489"
