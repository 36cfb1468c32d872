"""Mailtrap holds the contracts of providers and of webhooks, and keeps to its own description."""

import json
from base64 import b64decode
from collections.abc import Mapping
from hmac import digest
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from newsletter.delivery.providers.mailtrap import Mailtrap
from newsletter.errors import ConfigError
from newsletter.model import Batch
from newsletter.plugins import Secret
from newsletter.testing import SECRET, HttpProviderContract, sample_batch
from newsletter.testing.hooks import HookContract

SAMPLES = Path(__file__).parents[1] / "samples" / "mailtrap"
HOOK = "8d9a3c0e7f5b2d4a6c1e9f8b3a7d5c2e"
Text = Annotated[str, msgspec.Meta(min_length=1)]


class _Struct(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A part of Mailtrap's OpenAPI 2.0.0 of ``POST /api/batch``, ``BatchEmail``."""


class _Address(_Struct):
    email: str
    name: str = ""


class _Attachment(_Struct):
    content: Text
    filename: Text
    type: str
    disposition: Literal["attachment", "inline"]
    content_id: Text


class _Base(_Struct):
    sender: _Address = msgspec.field(name="from")
    reply_to: _Address | None = None
    attachments: list[_Attachment] = []


class _Request(_Struct):
    to: Annotated[list[_Address], msgspec.Meta(min_length=1, max_length=1000)]
    subject: Text
    html: Text
    headers: dict[str, str]
    custom_variables: dict[str, str]
    text: Text | msgspec.UnsetType = msgspec.UNSET


class _Body(_Struct):
    base: _Base
    requests: Annotated[list[_Request], msgspec.Meta(max_length=500)]


def mailtrap(*, webhook: Secret | None = None, **options: Any) -> Mailtrap:
    return Mailtrap(key=Secret(SECRET), webhook=webhook, **options)


def body(batch: Batch) -> _Body:
    return msgspec.json.decode(mailtrap().request(batch).content, type=_Body)


class TestMailtrap(HttpProviderContract):
    """Mailtrap."""

    samples = SAMPLES

    def make(self, folder: Path, base_url: str) -> Mailtrap:
        return mailtrap(base_url=base_url)

    def answer(self, request: httpx.Request) -> httpx.Response:
        results = [
            {"success": True, "message_ids": [f"m-{n}"]} for n, _ in enumerate(json.loads(request.content)["requests"])
        ]
        return httpx.Response(200, json={"success": True, "responses": results})

    def test_a_request_is_what_the_api_describes(self) -> None:
        """Method, address, the key, our name, and a mail of its own to each reader."""
        batch = sample_batch(500)
        request = mailtrap().request(batch)
        made = msgspec.json.decode(request.content, type=_Body)
        assert (request.method, str(request.url)) == ("POST", "https://bulk.api.mailtrap.io/api/batch")
        assert request.headers["Authorization"] == f"Bearer {SECRET}"
        assert request.headers["User-Agent"].startswith("newsletter/")
        assert [mail.to for mail in made.requests] == [
            [_Address(email=message.to.email, name=message.to.name)] for message in batch.messages
        ]
        assert made.requests[7].headers == batch.messages[7].headers
        assert made.requests[7].custom_variables == {"newsletter_id": batch.messages[7].key}
        assert made.base.sender == _Address(email="news@river-cities.example", name="River Cities Letter")
        assert made.base.reply_to == _Address(email="office@river-cities.example")

    def test_pictures_are_sent_once(self) -> None:
        """In the base, from where every mail has them."""
        batch = sample_batch(3)
        made = body(batch)
        [picture] = made.base.attachments
        assert (picture.disposition, picture.type) == ("inline", "image/png")
        assert b64decode(picture.content) == batch.edition.assets[0].data
        assert all(f'src="cid:{picture.content_id}"' in mail.html for mail in made.requests)

    def test_a_mail_without_text(self) -> None:
        """Mailtrap takes no empty text, but takes none."""
        batch = sample_batch(1)
        [made] = body(replace(batch, messages=(replace(batch.messages[0], text=""),))).requests
        assert made.text is msgspec.UNSET

    @pytest.mark.parametrize(
        ("options", "url"),
        [
            ({}, "https://bulk.api.mailtrap.io/api/batch"),
            ({"sandbox": 4321}, "https://sandbox.api.mailtrap.io/api/batch/4321"),
            ({"base_url": "https://send.api.mailtrap.io"}, "https://send.api.mailtrap.io/api/batch"),
            ({"base_url": "https://mail.example", "sandbox": 1}, "https://mail.example/api/batch/1"),
        ],
    )
    def test_streams_and_sandboxes_have_addresses_of_their_own(self, options: dict[str, Any], url: str) -> None:
        """The bulk stream is for newsletters; a sandbox is chosen by its number."""
        assert str(mailtrap(**options).request(sample_batch(1)).url) == url

    def test_a_sandbox_that_is_none(self) -> None:
        """The sentence says where its number stands."""
        with pytest.raises(ConfigError, match="0 is no sandbox") as caught:
            mailtrap(sandbox=0)
        assert "[provider] sandbox" in str(caught.value)

    def test_probe(self) -> None:
        """The key can be tried without sending anything, where accounts live, or at a test server."""
        for base, url in (
            ("https://bulk.api.mailtrap.io", "https://mailtrap.io/api/accounts"),
            ("https://mail.example", "https://mail.example/api/accounts"),
        ):
            request = mailtrap(base_url=base).probe()
            assert (request.method, str(request.url)) == ("GET", url)
            assert request.headers["Authorization"] == f"Bearer {SECRET}"


class TestMailtrapHooks(HookContract):
    """Mailtrap signs the body."""

    samples = SAMPLES

    def hooked(self, *, secret: bool = True) -> Mailtrap:
        return mailtrap(webhook=Secret(HOOK) if secret else None)

    def signed(self, body: bytes) -> Mapping[str, str]:
        return {"Mailtrap-Signature": digest(HOOK.encode(), body, "sha256").hex()}

    def test_the_signature_that_mailtraps_own_libraries_are_tested_with(self) -> None:
        """One payload, secret and signature that all of them share."""
        payload = (
            b'{"event":"delivery","sending_stream":"transactional","category":"welcome",'
            b'"message_id":"a8b1d8f6-1f8d-4a3c-9b2e-1a2b3c4d5e6f","email":"recipient@example.com",'
            b'"event_id":"f1e2d3c4-b5a6-7890-1234-567890abcdef","timestamp":1716070000}'
        )
        signature = "6d262e2611cd09be1f948382b5c611d63b0e585c4c9c5e40139d6ac3876d5433"
        [event] = self.events(payload, {"Mailtrap-Signature": signature})
        assert (event.kind, event.id) == ("delivered", "f1e2d3c4-b5a6-7890-1234-567890abcdef")
