"""MailerSend (https://developers.mailersend.com/api/v1/email.html): one mail a request.

Its bulk endpoint takes 500 mails, but says only later, and only when asked, what became of each; so mails go one by
one, 120 a minute. Nothing keeps a repeated request apart. MailerSend gives no room for values of ours, so our key
travels as a tag. What a plan lets an account write into the header is little, and asked for in ``headers``.
"""

import re
from collections.abc import Mapping
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
from newsletter.errors import DeliveryError, OutcomeUnknown, RefusedError, RejectedError, TemporaryError
from newsletter.model import Address, Asset, Batch, Bounce, Event, EventKind, Message, Receipt
from newsletter.plugins import Secret

_PLAN = "MS42216"  # a feature that the account's plan lacks
_STOPPED = (_PLAN, "MS42204", "MS42207", "MS42222", "MS42225", "MS42901")
"""Codes of 422 and 429 that hold for every mail: the plan, quotas, the sender's domain."""

_RESERVED = ("{{", "{%")
_UNSUBSCRIBE, _ONE_CLICK = "list-unsubscribe", "list-unsubscribe-post"
_OTHERS = (_ONE_CLICK, "list-id", "auto-submitted", "content-language", "feedback-id")
_LEFT_OUT: Mapping[str, tuple[str, ...]] = {"all": (), "unsubscribe": _OTHERS, "none": (_UNSUBSCRIBE, *_OTHERS)}
_WRITTEN: Mapping[str, tuple[str, ...]] = {"unsubscribe": (_ONE_CLICK,), "none": (_UNSUBSCRIBE, _ONE_CLICK)}
_KEY = re.compile("[0-9a-f]{32}")
_REASONS = ("bounce_reason", "reject_reason", "suppression_reason", "unsubscribe_reason", "readable_reason", "reason")

_KINDS: Mapping[str, tuple[EventKind, Bounce]] = {
    "sent": ("accepted", ""),
    "delivered": ("delivered", ""),
    "deferred": ("deferred", ""),
    "hard_bounced": ("bounced", "hard"),
    "soft_bounced": ("bounced", "soft"),
    "suppressed": ("bounced", "hard"),
    **dict.fromkeys(("spam_complaint", "spam_complaints"), ("complained", "")),
    "unsubscribed": ("unsubscribed", ""),
    **dict.fromkeys(("opened", "opened_unique"), ("opened", "")),
    **dict.fromkeys(("clicked", "clicked_unique"), ("clicked", "")),
}


class _Suppressed(msgspec.Struct, frozen=True):
    reasons: tuple[str, ...] = ()


class _Warning(msgspec.Struct, frozen=True):
    type: str = ""
    recipients: tuple[_Suppressed, ...] = ()


class _Answer(msgspec.Struct, frozen=True):
    warnings: tuple[_Warning, ...] = ()


class _Ping(msgspec.Struct, frozen=True):
    type: Literal["webhook.test"]


class MailerSend(HttpProvider):
    """Sends single mails; ``webhook`` is the signing secret that MailerSend shows for a webhook.

    ``headers`` is what the account's plan takes of ours: ``all`` (Enterprise); ``unsubscribe`` alone, where MailerSend
    adds the one-click header to a web address (Professional); or ``none``, where readers leave at MailerSend and an
    event tells.
    """

    name: ClassVar[str] = "mailersend"
    limits: ClassVar[Limits] = Limits(messages=1, bytes=20_000_000, pictures=True, requests_per_second=2)

    def __init__(
        self,
        *,
        key: Secret,
        base_url: str = "https://api.mailersend.com/v1",
        headers: Literal["all", "unsubscribe", "none"] = "unsubscribe",
        webhook: Secret | None = None,
    ) -> None:
        super().__init__(key=key, base_url=base_url)
        self._webhook = webhook
        left_out, written = frozenset(_LEFT_OUT[headers]), frozenset(_WRITTEN.get(headers, ()))
        kept = replace(self.limits, forbids=left_out, replaces=written)
        self.limits = kept  # type: ignore[misc]  # an option changes what the class says
        self._all = headers == "all"

    def request(self, batch: Batch) -> httpx.Request:
        """``POST /email``."""
        if len(batch.messages) > 1:
            raise RejectedError("mailersend shows everybody the addresses of a request with several.", where=self.name)
        content = msgspec.json.encode(self._mail(batch.messages[0], batch.edition.assets))
        return self.built("POST", "/email", self._headers(), content=content)

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """The id is in ``x-message-id``; a body is there only where a reader is on a suppression list."""
        [message] = batch.messages
        warnings = (problem(response, _Answer) or _Answer()).warnings
        if held := [warning for warning in warnings if warning.type in ("ALL_SUPPRESSED", "SOME_SUPPRESSED")]:
            reasons = sorted({reason for warning in held for reader in warning.recipients for reason in reader.reasons})
            said = ", ".join(reasons) or "no reason"
            return [Receipt(key=message.key, outcome="failed", error=f"suppressed by mailersend ({said})")]
        number = response.headers.get("x-message-id", "")
        if not number:
            raise OutcomeUnknown("its answer has no x-message-id.", where=self.name)
        return [Receipt(key=message.key, provider_id=number)]

    def verdict(self, response: httpx.Response) -> DeliveryError | None:
        """Its codes stand behind its words, as ``#MS42901``; 421 is its maintenance."""
        if response.status_code == HTTPStatus.MISDIRECTED_REQUEST:
            return self.error(TemporaryError, response)
        codes = set(re.findall(r"#(MS\d+)", response.text))
        if not codes & set(_STOPPED):
            return None
        error = self.error(RefusedError, response)
        if _PLAN in codes:
            error.hint = 'Write headers = "none" in [provider], or take a plan with more.'
        return error

    def probe(self) -> httpx.Request:
        """``GET /api-quota``: how many requests are left today."""
        return self.built("GET", "/api-quota", self._headers())

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:  # noqa: ARG002
        """One event, signed as a whole with HMAC-SHA256.

        A webhook is tried before its secret exists, by a call that says nothing; so that one is let through.
        """
        if _is_ping(body):
            return []
        expected = _hooks.hmac_hex(_hooks.configured(self._webhook, self.name), body)
        _hooks.same(headers.get("signature", ""), expected, self.name)
        found = (_event(record, now) for record in _hooks.records(body, self.name))
        return [event for event in found if event]

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._key.reveal()}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }

    def _mail(self, message: Message, assets: tuple[Asset, ...]) -> dict[str, object]:
        html, pictures = mime.embed(guarded(message, _RESERVED, self.name), assets)
        mail: dict[str, object] = {
            "from": _address(message.sender),
            "to": [_address(message.to)],
            "subject": message.subject,
            "html": html,
            "text": message.text,
            "tags": [message.key],
            **self._lines(message),
        }
        if message.reply_to:
            mail["reply_to"] = _address(message.reply_to)
        if pictures:
            mail["attachments"] = [_picture(name, asset) for name, asset in pictures.items()]
        return mail

    def _lines(self, message: Message) -> dict[str, object]:
        """The headers, as the plan takes them."""
        [headers] = self.headers([message])
        if self._all:
            return {"headers": [{"name": name, "value": value} for name, value in headers.items()]}
        lines: dict[str, object] = {}
        for name, value in headers.items():
            if name.lower() != _UNSUBSCRIBE:
                raise RejectedError(
                    f"mailersend takes the header {name!r} on its Enterprise plan only.",
                    where=message.key,
                    hint='Write headers = "all" in [provider], if the account has it.',
                )
            lines["list_unsubscribe"] = value.partition(",")[0]  # "a single value"
        return lines


def _address(address: Address) -> dict[str, str]:
    return {"email": address.email, **({"name": address.name} if address.name else {})}


def _picture(name: str, asset: Asset) -> dict[str, str]:
    file, data = _pictures.file_name(name, asset), _pictures.encoded(asset)
    return {"id": name, "filename": file, "content": data, "disposition": "inline"}


def _is_ping(body: bytes) -> bool:
    try:
        return bool(msgspec.json.decode(body, type=_Ping))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _event(record: Mapping[str, object], now: datetime) -> Event | None:
    """A record; what happened stands in its ``type``, the rest in its ``data``."""
    name = _hooks.text(record, "type").removeprefix("activity.")
    known = _KINDS.get(name)
    if not known:
        return None
    data = _second(_hooks.part(record, "data"))
    meta = _hooks.part(data, "meta")
    reason = next(filter(None, (_hooks.text(meta, part) for part in _REASONS)), "")
    kind, bounce = _held(reason) if name == "suppressed" else known
    message, address = _hooks.text(data, "message_id"), _hooks.text(data, "recipient")
    return Event(
        kind=kind,
        id=_hooks.text(data, "id") or _hooks.digest(message, name, address, record.get("created_at")),
        at=_hooks.moment(record.get("created_at"), now),
        key=_key(data.get("tags")),
        provider_id=message,
        address=address,
        bounce=bounce,
        reason=reason,
        link=_hooks.text(meta, "url"),
        raw=_hooks.raw(record),
    )


def _second(data: Mapping[str, object]) -> Mapping[str, object]:
    """The data of version 2; of version 1, which ends with 2026, in the places where version 2 has it."""
    email = _hooks.part(data, "email")
    if not email:
        return data
    message, recipient = _hooks.part(email, "message").get("id"), _hooks.part(email, "recipient").get("email")
    moved = {"message_id": message, "recipient": recipient, "tags": email.get("tags"), "meta": data.get("morph")}
    return {**data, **moved}


def _key(tags: object) -> str:
    """The tag that is a message's key."""
    found = tags if isinstance(tags, list) else []
    return next((tag for tag in found if isinstance(tag, str) and _KEY.fullmatch(tag)), "")


def _held(reason: str) -> tuple[EventKind, Bounce]:
    """Why MailerSend itself kept a mail back."""
    if "unsubscribe" in reason:
        return "unsubscribed", ""
    return ("complained", "") if "spam" in reason else ("bounced", "hard")
