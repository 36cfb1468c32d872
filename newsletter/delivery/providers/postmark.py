"""Postmark's batch endpoint (https://postmarkapp.com/developer/api/email-api#send-batch-emails).

Every mail of a batch is finished, and is accepted or refused by itself below HTTP status 200. ``/email/bulk`` would
fill mails in, but takes them without saying what became of each, so it is not used. There are no idempotency keys.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from itertools import starmap
from typing import ClassVar

import httpx
import msgspec

from newsletter.delivery import mime
from newsletter.delivery.providers import Fetch, Limits, _hooks, _pictures, _postmark_events
from newsletter.delivery.providers._http import HttpProvider, problem, written
from newsletter.delivery.providers._reserved import guarded
from newsletter.errors import DeliveryError, OutcomeUnknown, RefusedError, TemporaryError
from newsletter.model import Asset, Batch, Event, Receipt
from newsletter.plugins import Secret

_RESERVED = ("pm:unsubscribe",)  # {{{ pm:unsubscribe_url }}} becomes a link of Postmark's own, in any broadcast
_TEST_TOKEN = "POSTMARK_API_TEST"  # noqa: S105 - Postmark's own word for "check this, send nothing"
_STOPPED = (10, 400, 401, 405, 412, 413)  # the token, the sender's signature, the credit, the account
_STOPPED_WORDS = ("sender signature", "message stream", "messagestream")  # of the same, under another code
_LATER = (100, 429)  # maintenance, too fast
_PAGE = 500  # bounces, the most that a page has
_MOST = 10_000  # bounces, the most that can be asked for


class _Result(
    msgspec.Struct, frozen=True, gc=False, rename={"code": "ErrorCode", "message": "Message", "id": "MessageID"}
):
    """What became of a mail; while Postmark is slow, the code is left out."""

    code: int | None = None
    message: str = ""
    id: str = ""


class _Bounces(msgspec.Struct, frozen=True, rename="pascal"):
    bounces: tuple[dict[str, object], ...]


class _Header(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    name: str
    value: str


class _Mail(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True, gc=False):
    message_stream: str
    from_: str = msgspec.field(name="From")
    to: str
    subject: str
    html_body: str
    headers: tuple[_Header, ...]
    metadata: Mapping[str, str]
    text_body: str = ""
    reply_to: str = ""
    attachments: tuple[Mapping[str, str], ...] = ()


class Postmark(HttpProvider):
    """Sends through a ``stream`` for broadcasts; ``sandbox`` has requests checked and nothing sent.

    The stream's unsubscribe handling must be ``Custom``, which Postmark's support switches on: in any other stream for
    broadcasts Postmark adds a link and a List-Unsubscribe of its own, whose use comes back as an event. ``webhook`` is
    ``user:password`` as it stands in the address that Postmark was given.
    """

    name: ClassVar[str] = "postmark"
    limits: ClassVar[Limits] = Limits(
        messages=500,
        bytes=40_000_000,  # Postmark takes 50 MB
        pictures=True,
    )

    def __init__(
        self,
        *,
        key: Secret,
        stream: str = "broadcast",
        base_url: str = "https://api.postmarkapp.com",
        sandbox: bool = False,
        webhook: Secret | None = None,
    ) -> None:
        super().__init__(key=key, base_url=base_url)
        self.stream = stream
        self.sandbox = sandbox
        self._webhook = webhook

    def request(self, batch: Batch) -> httpx.Request:
        """``POST /email/batch``."""
        mails = list(self._mails(batch))
        token = _TEST_TOKEN if self.sandbox else self._key.reveal()
        return self.built("POST", "/email/batch", _headers(token), content=msgspec.json.encode(mails))

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """One result a mail, in order."""
        results = self.decoded(response, tuple[_Result, ...])
        if len(results) != len(batch.messages):
            raise OutcomeUnknown("its answer does not name every mail of the request.", where=self.name)
        return [_receipt(message.key, result) for message, result in zip(batch.messages, results, strict=True)]

    def verdict(self, response: httpx.Response) -> DeliveryError | None:
        """Postmark's own code says more than the status, whose numbers it uses for other things."""
        result = problem(response, _Result) or _Result()
        if result.code in _LATER:
            return self.error(TemporaryError, response)
        stopped = response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and _stopped(result)
        return self.error(RefusedError, response) if stopped else None

    def probe(self) -> httpx.Request:
        """``GET /server``."""
        return self.built("GET", "/server", _headers(self._key.reveal()))

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:  # noqa: ARG002
        """The one event of a call; Postmark signs nothing."""
        _hooks.authorised(headers, _hooks.configured(self._webhook, self.name), self.name)
        records = _hooks.records(body, self.name)
        return [event for record in records if (event := _postmark_events.read(record, now))]

    def poll(self, since: datetime) -> httpx.Request:
        """``GET /bounces``, complaints among them; by days of Postmark's time zone, so it begins a day early."""
        first = since.astimezone(UTC) - timedelta(days=1)
        days = {"fromdate": f"{first:%Y-%m-%d}", "messagestream": self.stream}
        return self._bounces(httpx.QueryParams({**days, "count": _PAGE, "offset": 0}))

    def polled(self, response: httpx.Response) -> tuple[list[Event], httpx.Request | None]:
        """The bounces of a page, without our keys: they are found by ``provider_id``. A full page has a next one."""
        self.accept(response)
        records = self.decoded(response, _Bounces).bounces
        now = datetime.now(UTC)
        events = [event for record in records if (event := _postmark_events.bounce(record, now))]
        asked = response.request.url.params
        following = int(asked.get("offset", 0)) + _PAGE
        more = len(records) == _PAGE and following < _MOST
        return events, self._bounces(asked.set("offset", following)) if more else None

    def _bounces(self, query: httpx.QueryParams) -> httpx.Request:
        return self.built("GET", f"/bounces?{query}", _headers(self._key.reveal()))

    def _mails(self, batch: Batch) -> Iterator[_Mail]:
        known = cache(written)  # nearly always the same sender
        for message, headers in zip(batch.messages, self.headers(batch.messages), strict=True):
            html, pictures = mime.embed(guarded(message, _RESERVED, self.name), batch.edition.assets)
            yield _Mail(
                message_stream=self.stream,
                from_=known(message.sender),
                to=written(message.to),
                subject=message.subject,
                html_body=html,
                headers=tuple(starmap(_Header, headers.items())),
                metadata=message.metadata,
                text_body=message.text,
                reply_to=known(message.reply_to) if message.reply_to else "",
                attachments=tuple(starmap(_attachment, pictures.items())),
            )


def _headers(token: str) -> dict[str, str]:
    return {"X-Postmark-Server-Token": token, "Accept": "application/json", "Content-Type": "application/json"}


def _attachment(name: str, asset: Asset) -> dict[str, str]:
    return {
        "Name": _pictures.file_name(name, asset),
        "Content": _pictures.encoded(asset),
        "ContentType": asset.type,
        "ContentID": f"cid:{name}",
    }


def _receipt(key: str, result: _Result) -> Receipt:
    """Without a code, and with 0, a mail was taken where it has an id; code 0 is also said of a suppressed address."""
    if result.code in (0, None):
        if "will not deliver" in result.message:
            return Receipt(key=key, outcome="failed", error=result.message)
        if result.id:
            return Receipt(key=key, provider_id=result.id)
        return Receipt(key=key, outcome="unknown", error=result.message or "neither an id nor a reason")
    why = f"{result.code}: {result.message}"
    if result.code in _LATER:
        return Receipt(key=key, outcome="later", error=why)
    return Receipt(key=key, outcome="paused" if _stopped(result) else "failed", error=why)


def _stopped(result: _Result) -> bool:
    return result.code in _STOPPED or any(words in result.message.lower() for words in _STOPPED_WORDS)
