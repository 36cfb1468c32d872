"""SparkPost holds the contracts of providers and of webhooks, and keeps to its own reference."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from newsletter.delivery.providers.sparkpost import SINK, SparkPost
from newsletter.errors import DeliveryError, RefusedError, RejectedError
from newsletter.model import Batch, Message
from newsletter.plugins import Secret
from newsletter.testing import SECRET, HttpProviderContract, sample_batch
from newsletter.testing.hooks import HookContract

SAMPLES = Path(__file__).parents[1] / "samples" / "sparkpost"
FIELD = "{{%s}}"
HOOK = "river:w-7d2e90"
NOW = datetime(2026, 11, 13, 9, tzinfo=UTC)


class _Struct(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A part of SparkPost's reference of the Transmissions API; what it does not know it ignores without a word."""


class _Address(_Struct):
    email: str
    name: str = ""


class _Options(_Struct):
    transactional: bool
    perform_substitutions: bool


class _Image(_Struct):
    type: str
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    data: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]+=*$")]


class _Content(_Struct):
    """``headers`` without those that it writes itself."""

    sender: _Address = msgspec.field(name="from")
    subject: str
    html: str
    text: str
    headers: dict[str, str]
    reply_to: str = ""
    inline_images: list[_Image] = []


class _Reader(_Struct):
    address: _Address
    metadata: dict[str, str]
    substitution_data: dict[str, str] = {}


class _Transmission(_Struct):
    options: _Options
    content: _Content
    recipients: Annotated[list[_Reader], msgspec.Meta(min_length=1)]


def sparkpost(
    *,
    base_url: str = "https://api.sparkpost.com/api/v1",
    transactional: bool = False,
    sandbox: bool = False,
    webhook: Secret | None = None,
) -> SparkPost:
    return SparkPost(
        key=Secret(SECRET), base_url=base_url, transactional=transactional, sandbox=sandbox, webhook=webhook
    )


def made(batch: Batch, provider: SparkPost | None = None) -> _Transmission:
    return msgspec.json.decode((provider or sparkpost()).request(batch).content, type=_Transmission)


def changed(batch: Batch, number: int, **fields: object) -> Batch:
    """The batch with one message changed."""
    messages: list[Message] = list(batch.messages)
    messages[number] = replace(messages[number], **fields)
    return replace(batch, messages=tuple(messages))


class TestSparkPost(HttpProviderContract):
    """SparkPost."""

    samples = SAMPLES
    field = FIELD
    meanings: Mapping[int, type[DeliveryError]] = {**HttpProviderContract.meanings, 420: RefusedError}
    """420 is SparkPost's own: the account's sending limit, with nothing sent."""

    def make(self, folder: Path, base_url: str) -> SparkPost:
        return sparkpost(base_url=base_url)

    def answer(self, request: httpx.Request) -> httpx.Response:
        readers = len(json.loads(request.content)["recipients"])
        counts = {"total_accepted_recipients": readers, "total_rejected_recipients": 0}
        return httpx.Response(200, json={"results": {"id": "t-1", **counts}})

    def test_a_request_is_what_the_api_describes(self) -> None:
        """Method, address, the key as it is, and every reader apart with values of their own."""
        batch = sample_batch(1000, field=FIELD)
        request = sparkpost().request(batch)
        sent = msgspec.json.decode(request.content, type=_Transmission)
        assert (request.method, str(request.url)) == ("POST", "https://api.sparkpost.com/api/v1/transmissions")
        assert request.headers["Authorization"] == SECRET
        assert [reader.address.email for reader in sent.recipients] == [m.to.email for m in batch.messages]
        assert [reader.metadata for reader in sent.recipients] == [m.metadata for m in batch.messages]
        assert sent.content.reply_to == "office@river-cities.example"
        assert sent.options == _Options(transactional=False, perform_substitutions=True)

    def test_a_header_of_each_reader_is_a_field(self) -> None:
        """In the content stands the field, beside each reader the value."""
        batch = sample_batch(2, field=FIELD)
        sent = made(batch)
        assert sent.content.headers == {"List-Unsubscribe": "{{header_list_unsubscribe}}"}
        values = [reader.substitution_data["header_list_unsubscribe"] for reader in sent.recipients]
        assert values == [message.headers["List-Unsubscribe"] for message in batch.messages]

    def test_readers_with_other_headers_are_no_transmission(self) -> None:
        """A header that one reader lacks would go out empty."""
        with pytest.raises(RejectedError, match="must have the same headers"):
            sparkpost().request(changed(sample_batch(2, field=FIELD), 1, headers={}))

    def test_a_finished_message_goes_alone_and_untouched(self) -> None:
        """Its fields are switched off, but not in its headers, and nobody shares it."""
        batch = changed(sample_batch(1), 0, html="<p>{{ a }}</p>", text="{{ b }}")
        sent = made(batch)
        assert not sent.options.perform_substitutions
        assert (sent.content.html, sent.content.text) == ("<p>{{ a }}</p>", "{{ b }}")
        assert sent.content.headers == batch.messages[0].headers
        with pytest.raises(RejectedError, match="one content for all of its readers"):
            sparkpost().request(sample_batch(2))
        with pytest.raises(RejectedError, match="in the header 'X-Code' for a field"):
            sparkpost().request(changed(batch, 0, headers={"X-Code": "{{ c }}"}))

    def test_pictures_are_sent_once(self) -> None:
        """However many readers share them."""
        for batch in (sample_batch(1), sample_batch(3, field=FIELD)):
            content = made(batch).content
            [image] = content.inline_images
            assert f'src="cid:{image.name}"' in content.html
            assert b64decode(image.data) == batch.edition.assets[0].data

    def test_who_writes_list_unsubscribe(self) -> None:
        """SparkPost, unless the mail is called transactional."""
        assert "list-unsubscribe" in sparkpost().limits.replaces
        assert not sparkpost(transactional=True).limits.replaces
        assert made(sample_batch(1), sparkpost(transactional=True)).options.transactional

    def test_sandbox(self) -> None:
        """Every reader becomes one at SparkPost's sink, and an event there is the reader's own."""
        careful = sparkpost(sandbox=True, webhook=Secret(HOOK))
        for batch in (sample_batch(1), sample_batch(3, field=FIELD)):
            assert all(reader.address.email.endswith(SINK) for reader in made(batch, careful).recipients)
        event = {"type": "delivery", "event_id": "1", "rcpt_to": f"a@city.example{SINK}"}
        body = json.dumps([{"msys": {"message_event": event}}]).encode()
        authorization = {"authorization": f"Basic {b64encode(HOOK.encode()).decode()}"}
        [found] = careful.events(authorization, body, now=NOW, fetch=str.encode)
        assert found.address == "a@city.example"

    def test_probe(self) -> None:
        """The key can be tried without sending anything."""
        request = sparkpost().probe()
        assert (request.method, str(request.url)) == ("GET", "https://api.sparkpost.com/api/v1/transmissions")
        assert request.headers["Authorization"] == SECRET


class TestSparkPostHooks(HookContract):
    """SparkPost signs nothing: its calls carry a name and a password that only it and we know."""

    samples = SAMPLES
    covers_body = False

    def hooked(self, *, secret: bool = True) -> SparkPost:
        return sparkpost(webhook=Secret(HOOK) if secret else None)

    def signed(self, body: bytes) -> Mapping[str, str]:
        return {"Authorization": f"Basic {b64encode(HOOK.encode()).decode()}"}


def reported(number: int) -> dict[str, object]:
    """A record as the report has it."""
    return {"type": "delivery", "event_id": f"{number}", "timestamp": "2026-11-13T09:00:05.000Z"}


def test_the_report_is_asked_for_in_utc() -> None:
    """From a minute on, wherever the clock stands."""
    east = datetime(2026, 11, 13, 18, 30, tzinfo=timezone(timedelta(hours=9)))
    url = sparkpost().poll(east).url
    assert url.path == "/api/v1/events/message"
    assert dict(url.params) == {"cursor": "initial", "from": "2026-11-13T09:30", "per_page": "1000"}


@pytest.mark.parametrize("host", ["", "https://elsewhere.example"])
def test_the_report_is_read_to_its_last_page(host: str) -> None:
    """The next page is asked for at our own address, whatever the link says: the key goes nowhere else."""
    provider = sparkpost(base_url="https://mail.example/base")
    first = {"results": [reported(1)], "links": {"next": f"{host}/api/v1/events/message?cursor=a%2Bb&per_page=1000"}}
    events, further = provider.polled(httpx.Response(200, json=first))
    assert further
    assert (further.url.host, further.url.path) == ("mail.example", "/base/events/message")
    assert dict(further.url.params) == {"cursor": "a+b", "per_page": "1000"}
    assert further.headers["Authorization"] == SECRET
    last, end = provider.polled(httpx.Response(200, json={"results": [reported(2)], "links": {}}))
    assert [event.id for event in events + last] == ["1", "2"]
    assert (events[0].at, end) == (datetime(2026, 11, 13, 9, 0, 5, tzinfo=UTC), None)


def test_a_report_that_ends_or_is_refused() -> None:
    """An empty page ends it even where it has a link; an error is an error."""
    empty = {"results": [], "links": {"next": "/api/v1/events/message?cursor=x"}}
    assert sparkpost().polled(httpx.Response(200, json=empty)) == ([], None)
    with pytest.raises(RefusedError, match="Unauthorized"):
        sparkpost().polled(httpx.Response(401, json={"errors": [{"message": "Unauthorized."}]}))
