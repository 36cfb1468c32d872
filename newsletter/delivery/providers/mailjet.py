"""Mailjet, Send API v3.1 (https://dev.mailjet.com/email/reference/send-emails): 50 readers a request.

What the messages of a request share stands once, in ``Globals``: with a template, the whole edition; the pictures in
either case. Fields are ``[[var:name]]``, in HTML and text alone. Every message is accepted or refused by itself; the
HTTP status is 400 as soon as one is refused, so the body is believed first. ``List-Id`` is Mailjet's own.

Nothing keeps a repeated request apart, but with ``deduplicate`` Mailjet sends a reader one mail of a campaign only:
what was in doubt may be sent again, and who has it already does not get it a second time.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import ClassVar, Literal

import httpx
import msgspec

from newsletter.delivery import mime
from newsletter.delivery.providers import Fetch, Limits, _hooks, _pictures
from newsletter.delivery.providers._http import HttpProvider, problem
from newsletter.delivery.providers._reserved import guarded
from newsletter.errors import OutcomeUnknown, RejectedError
from newsletter.model import Address, Asset, Batch, Bounce, Event, EventKind, Message, Outcome, Receipt
from newsletter.plugins import Secret

_DAY = 86_400.0  # Mailjet names no end of a campaign's memory; longer than this no doubt waits for an answer
_STOPPED = ("mj-0001", "mj-0015", "send-0006", "send-0007", "send-0008")  # suspended, credentials, the sender
_RESERVED = ("[[",)
_LONGEST_SUBJECT = 255  # characters
_FORBIDDEN = ("list-id", "x-mailer", "user-agent", "x-csa-complaints", "x-feedback-id", "date", "message-id")

_KINDS: Mapping[str, EventKind] = {
    "sent": "delivered",  # to the reader's mail server
    "open": "opened",
    "click": "clicked",
    "bounce": "bounced",
    "blocked": "bounced",
    "spam": "complained",
    "unsub": "unsubscribed",
}

_BOUNCES: Mapping[str, Bounce] = {
    **dict.fromkeys(("user unknown", "mailbox inactive", "invalid domain", "no mail host", "typofix"), "hard"),
    **dict.fromkeys(("preblocked", "blacklisted"), "hard"),  # Mailjet knows it from mails before this one
    **dict.fromkeys(("quota exceeded", "greylisted"), "soft"),
    **dict.fromkeys(("system issue", "protocol issue", "connection issue"), "soft"),
    **dict.fromkeys(("relay/access denied", "sender blocked", "content blocked", "policy issue"), "message"),
    **dict.fromkeys(("spam preblocked", "bad or empty template", "error in template language"), "message"),
}
"""Mailjet's table of errors."""


class _Reader(msgspec.Struct, frozen=True):
    message_id: int | str = msgspec.field(name="MessageID", default="")


class _Error(msgspec.Struct, frozen=True, rename="pascal"):
    error_code: str = ""
    status_code: int = 0
    error_message: str = ""


class _Result(msgspec.Struct, frozen=True, rename="pascal"):
    status: Literal["success", "error"]
    to: tuple[_Reader, ...] = ()
    errors: tuple[_Error, ...] = ()
    custom_id: str = msgspec.field(name="CustomID", default="")


class _Answer(msgspec.Struct, frozen=True, rename="pascal"):
    messages: tuple[_Result, ...]


class Mailjet(HttpProvider):
    """Sends through Mailjet; ``key`` and ``secret`` are an API key's two halves, ``sandbox`` has requests checked only.

    ``webhook`` is the ``user:password`` in the address that Mailjet is given for its events.
    """

    name: ClassVar[str] = "mailjet"
    limits: ClassVar[Limits] = Limits(
        messages=50, bytes=14_000_000, merging="provider", pictures=True, forbids=frozenset(_FORBIDDEN)
    )

    def __init__(
        self,
        *,
        key: Secret,
        secret: Secret,
        base_url: str = "https://api.mailjet.com",
        deduplicate: bool = False,
        sandbox: bool = False,
        webhook: Secret | None = None,
    ) -> None:
        super().__init__(key=key, base_url=base_url, others=(secret,))
        self._secret = secret
        self.deduplicate = deduplicate
        self.sandbox = sandbox
        self._webhook = webhook
        if deduplicate:
            kept = replace(self.limits, idempotency="message", key_life=_DAY)
            self.limits = kept  # type: ignore[misc]  # an option changes what the class says

    def request(self, batch: Batch) -> httpx.Request:
        """``POST /v3.1/send``; every message is to one reader, with headers of its own."""
        pictures: dict[str, Asset] = {}
        pairs = zip(batch.messages, self.headers(batch.messages), strict=True)
        messages = [self._message(message, headers, batch, pictures) for message, headers in pairs]
        shared = self._shared(batch, pictures)
        body = {"Messages": messages, "Globals": shared, **({"SandboxMode": True} if self.sandbox else {})}
        content = msgspec.json.encode(body)
        return self.built("POST", "/v3.1/send", self._headers(), content=content)

    def read(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """The receipts in an answer of any status, where it names the messages; else what its status means."""
        found = None if response.is_success else problem(response, _Answer)
        return super().read(response, batch) if found is None else self.receipts(response, batch)

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """One result a message, in order and with its ``CustomID``; the sandbox gives no ids."""
        results = self.decoded(response, _Answer).messages
        if len(results) != len(batch.messages):
            raise OutcomeUnknown("its answer does not name every mail of the request.", where=self.name)
        pairs = list(zip(batch.messages, results, strict=True))
        if any(result.custom_id not in ("", message.key) for message, result in pairs):
            raise OutcomeUnknown("its answer names the mails in another order.", where=self.name)
        return [_receipt(message.key, result) for message, result in pairs]

    def probe(self) -> httpx.Request:
        """``GET /v3/REST/sender``, the first of the account's senders."""
        return self.built("GET", "/v3/REST/sender?Limit=1", self._headers())

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:  # noqa: ARG002
        """One event, or an array of them where events are grouped; Mailjet signs nothing."""
        _hooks.authorised(headers, _hooks.configured(self._webhook, self.name), self.name)
        return [event for record in _hooks.records(body, self.name) if (event := _event(record, now))]

    def _headers(self) -> dict[str, str]:
        pair = b64encode(f"{self._key.reveal()}:{self._secret.reveal()}".encode()).decode()
        return {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}

    def _message(
        self, message: Message, headers: Mapping[str, str], batch: Batch, pictures: dict[str, Asset]
    ) -> dict[str, object]:
        """What is a reader's own; the pictures that it shows are added to ``pictures``."""
        own: dict[str, object] = {
            "To": [_address(message.to)],
            "Headers": headers,
            "CustomID": message.key,
            "EventPayload": msgspec.json.encode(message.metadata, order="deterministic").decode(),
        }
        if batch.template:
            return {**own, "Variables": dict(message.variables)}
        html, shown = mime.embed(guarded(message, _RESERVED, self.name), batch.edition.assets)
        pictures |= shown
        return {**own, "Subject": _subject(message.subject), "HTMLPart": html, "TextPart": message.text}

    def _shared(self, batch: Batch, pictures: dict[str, Asset]) -> dict[str, object]:
        """What Mailjet adds to each message."""
        first = batch.messages[0]
        shared: dict[str, object] = {"From": _address(first.sender)}
        if first.reply_to:
            shared["ReplyTo"] = _address(first.reply_to)
        if self.deduplicate:
            shared |= {"CustomCampaign": f"{batch.edition.issue} {batch.campaign}", "DeduplicateCampaign": True}
        if batch.template:
            html, pictures = mime.embed(batch.template.html, batch.edition.assets)
            subject, text = _subject(batch.template.subject), batch.template.text
            shared |= {"Subject": subject, "HTMLPart": html, "TextPart": text}
        if pictures:
            shared["InlinedAttachments"] = [_picture(name, asset) for name, asset in pictures.items()]
        return shared


def _address(address: Address) -> dict[str, str]:
    return {"Email": address.email, **({"Name": address.name} if address.name else {})}


def _subject(subject: str) -> str:
    if len(subject) > _LONGEST_SUBJECT:
        raise RejectedError(
            f"the subject is longer than the {_LONGEST_SUBJECT} characters that mailjet takes.",
            where=repr(subject[:40]),
        )
    return subject


def _picture(name: str, asset: Asset) -> dict[str, str]:
    file, data = _pictures.file_name(name, asset), _pictures.encoded(asset)
    return {"ContentType": asset.type, "Filename": file, "ContentID": name, "Base64Content": data}


def _receipt(key: str, result: _Result) -> Receipt:
    if result.status == "success":
        number = next((str(reader.message_id) for reader in result.to if reader.message_id), "")
        return Receipt(key=key, provider_id=number)
    said = "; ".join(error.error_message or error.error_code for error in result.errors) or "refused without a reason"
    return Receipt(key=key, outcome=_outcome(result.errors), error=said)


def _outcome(errors: Iterable[_Error]) -> Outcome:
    """What follows from the gravest of a message's errors, each of which has a code and a status of its own."""
    codes, statuses = {error.error_code for error in errors}, {error.status_code for error in errors}
    if codes & set(_STOPPED) or statuses & {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return "paused"
    if any(status >= HTTPStatus.INTERNAL_SERVER_ERROR for status in statuses):
        return "unknown"
    return "later" if statuses == {HTTPStatus.TOO_MANY_REQUESTS} else "failed"


def _event(record: Mapping[str, object], now: datetime) -> Event | None:
    """A record, which has no id; a second mail that ``deduplicate`` kept back is no event, since the first one went."""
    name, error = _hooks.text(record, "event"), _hooks.text(record, "error")
    kind = _KINDS.get(name)
    if not kind or error == "duplicate in campaign":
        return None
    bounce: Bounce = ""
    if kind == "bounced":
        kind, bounce = _bounce(name, error, hard=record.get("hard_bounce"))
    message = _hooks.text(record, "MessageID") or _hooks.text(record, "mj_message_id")
    address, link = _hooks.text(record, "email"), _hooks.text(record, "url")
    return Event(
        kind=kind,
        id=_hooks.digest(message, name, address, record.get("time"), error, link),
        at=_hooks.moment(record.get("time"), now),
        key=_hooks.text(record, "CustomID") or _hooks.key(record.get("Payload")),
        provider_id=message,
        address=address,
        bounce=bounce,
        reason=error or _hooks.text(record, "smtp_reply"),
        link=link,
        raw=_hooks.raw(record),
    )


def _bounce(name: str, error: str, *, hard: object) -> tuple[EventKind, Bounce]:
    """What Mailjet's table of errors means, and its flag where it says so or the table does not know the error."""
    if error == "spam reporter":
        return "complained", ""
    if error == "greylisted" and hard is not True:
        return "deferred", ""
    known = _BOUNCES.get(error) or ("message" if name == "blocked" else "hard" if hard is True else "soft")
    return "bounced", "soft" if known == "hard" and hard is False else known
