"""Resend (https://resend.com/docs/api-reference/emails/send-batch-emails): 100 mails a request, keys for 24 hours.

A key with the same body gets the first answer again, with another body 409 ``invalid_idempotent_request``, and while
the first request is under way 409 ``concurrent_idempotent_requests``: all of them mean "perhaps accepted".
A batch takes no attachments, so pictures are not sent inside the mail. Events are signed by Svix
(https://docs.svix.com/receiving/verifying-payloads/how-manual).
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr
from typing import ClassVar

import httpx
import msgspec

from newsletter.delivery.providers import Fetch, Limits, _hooks
from newsletter.delivery.providers._http import HttpProvider, problem, written
from newsletter.errors import ConfigError, DeliveryError, OutcomeUnknown, RefusedError
from newsletter.model import Batch, Bounce, Event, EventKind, Message, Receipt
from newsletter.plugins import Secret

_QUOTAS = ("daily_quota_exceeded", "monthly_quota_exceeded")  # 429, but not over in a moment

_KINDS: Mapping[str, EventKind] = {
    "email.sent": "accepted",
    "email.delivered": "delivered",
    "email.delivery_delayed": "deferred",
    **dict.fromkeys(("email.bounced", "email.suppressed", "email.failed"), "bounced"),
    "email.complained": "complained",
    "email.opened": "opened",
    "email.clicked": "clicked",
}

_DETAILS = {
    "email.bounced": "bounce",
    "email.suppressed": "suppressed",
    "email.failed": "failed",
    "email.clicked": "click",
}
"""Where an event's own details stand in its data."""

_ITS_OWN_FAULT = ("MessageTooLarge", "ContentRejected", "AttachmentRejected")  # the mail's, not the mailbox's


class _Id(msgspec.Struct, frozen=True):
    id: str


class _Refusal(msgspec.Struct, frozen=True):
    index: int
    message: str


class _Answer(msgspec.Struct, frozen=True):
    data: tuple[_Id, ...]
    errors: tuple[_Refusal, ...] = ()


class _Problem(msgspec.Struct, frozen=True):
    name: str = ""


class Resend(HttpProvider):
    """Sends through Resend's batch endpoint; single mails that it refuses fail alone."""

    name: ClassVar[str] = "resend"
    limits: ClassVar[Limits] = Limits(
        messages=100, bytes=40_000_000, idempotency="request", key_life=86_400, requests_per_second=5
    )
    wait: ClassVar[str] = "ratelimit-reset"

    def __init__(self, *, key: Secret, base_url: str = "https://api.resend.com", webhook: Secret | None = None) -> None:
        super().__init__(key=key, base_url=base_url)
        self._webhook = webhook
        if webhook:
            _signing(webhook.reveal())

    def request(self, batch: Batch) -> httpx.Request:
        """``POST /emails/batch``; ``permissive`` lets the good mails of a batch go where one is refused."""
        headers = {**self._headers(), "Idempotency-Key": batch.key, "x-batch-validation": "permissive"}
        body = msgspec.json.encode(list(map(_mail, batch.messages, self.headers(batch.messages))))
        return self.built("POST", "/emails/batch", headers, content=body)

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """``data`` names the accepted mails in order, ``errors`` the refused ones by their place in the request."""
        answer = self.decoded(response, _Answer)
        refused = {refusal.index: refusal.message or "refused" for refusal in answer.errors}
        if len(answer.data) + len(refused) != len(batch.messages) or not refused.keys() <= set(
            range(len(batch.messages))
        ):
            raise OutcomeUnknown("its answer does not name every mail of the request.", where=self.name)
        ids = iter(answer.data)
        return [
            Receipt(key=message.key, outcome="failed", error=refused[place])
            if place in refused
            else Receipt(key=message.key, provider_id=next(ids).id)
            for place, message in enumerate(batch.messages)
        ]

    def verdict(self, response: httpx.Response) -> DeliveryError | None:
        """A quota that is used up is no matter of seconds: nothing more can be sent until somebody acts."""
        refused = problem(response, _Problem)
        return self.error(RefusedError, response) if refused and refused.name in _QUOTAS else None

    def probe(self) -> httpx.Request:
        """``GET /domains``; a key that may only send is told so: 401 ``restricted_api_key``."""
        return self.built("GET", "/domains", self._headers())

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:  # noqa: ARG002
        """One event, whose id is the call's: it stays the same when Svix calls again."""
        _verify(headers, body, _signing(_hooks.configured(self._webhook, self.name)), now)
        call = headers.get("svix-id", "")
        return [event for record in _hooks.records(body, self.name) if (event := _event(record, call, now))]

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key.reveal()}", "Content-Type": "application/json"}


def _mail(message: Message, headers: Mapping[str, str]) -> dict[str, object]:
    mail: dict[str, object] = {
        "from": written(message.sender),
        "to": [written(message.to)],
        "subject": message.subject,
        "html": message.html,
        "text": message.text,
        "headers": headers,
        "tags": _tags(message.metadata),
    }
    return {**mail, "reply_to": written(message.reply_to)} if message.reply_to else mail


def _tags(metadata: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in metadata.items()]


def _signing(secret: str) -> bytes:
    """The key in a signing secret, ``whsec_`` and base64; a ConfigError where it is none."""
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except (Error, ValueError):
        key = b""
    if not key:
        raise ConfigError(
            "this is no signing secret of a webhook.",
            where="[provider] webhook",
            hint="Copy it from Resend's page on the webhook; it begins with whsec_.",
        )
    return key


def _verify(headers: Mapping[str, str], body: bytes, key: bytes, now: datetime) -> None:
    """A ForgedError unless one of the signatures is over the call's id, its time and its body, and the time is now."""
    call, time = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
    signed = f"{call}.{time}.".encode() + body
    expected = b64encode(hmac.digest(key, signed, "sha256"))
    given = [signature.partition(",") for signature in headers.get("svix-signature", "").split()]
    found = [hmac.compare_digest(value.encode(), expected) for version, _, value in given if version == "v1"]
    if not any(found) or not time.isdecimal():
        raise _hooks.forged("resend")
    _hooks.fresh(float(time), now, "resend")


def _event(record: Mapping[str, object], call: str, now: datetime) -> Event | None:
    """A record; its mail has one reader, so that the event is that reader's."""
    name, data = _hooks.text(record, "type"), _hooks.part(record, "data")
    kind = _KINDS.get(name)
    if not kind:
        return None
    detail = _hooks.part(data, _DETAILS.get(name, ""))
    bounce: Bounce = ""
    if kind == "bounced":
        kind, bounce = _bounce(name, detail)
    to = data.get("to")
    readers = [reader for reader in to if isinstance(reader, str)] if isinstance(to, list) else []
    return Event(
        kind=kind,
        id=call,
        at=_hooks.moment(record.get("created_at"), now),
        key=_hooks.key(data.get("tags")),
        provider_id=_hooks.text(data, "email_id"),
        address=parseaddr(readers[0])[1] if readers else "",
        bounce=bounce,
        reason=_hooks.text(detail, "message") or _hooks.text(detail, "reason"),
        link=_hooks.text(detail, "link"),
        raw=_hooks.raw(record),
    )


def _bounce(name: str, detail: Mapping[str, object]) -> tuple[EventKind, Bounce]:
    if name == "email.suppressed":  # Resend sends nothing more to who complained, or has no mailbox
        complained = _hooks.text(detail, "reason") == "previous_complaint"
        return ("complained", "") if complained else ("bounced", "hard")
    if name == "email.failed" or _hooks.text(detail, "subType") in _ITS_OWN_FAULT:
        return "bounced", "message"
    return "bounced", "hard" if _hooks.text(detail, "type") == "Permanent" else "soft"
