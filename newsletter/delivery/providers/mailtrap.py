"""Mailtrap (https://docs.mailtrap.io/developers/email-sending): 500 finished mails a request.

Newsletters must go through its bulk stream, whose address is the usual one here; the transactional stream is at
https://send.api.mailtrap.io. What stands in ``base`` is every mail's, but whatever a mail says of its own replaces it
as a whole. Variables are filled into stored templates only, so nothing is merged. Every mail is accepted or refused by
itself, below HTTP status 200. Nothing keeps a repeated request apart.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import httpx
import msgspec

from newsletter.delivery import mime
from newsletter.delivery.providers import Fetch, Limits, _hooks, _pictures
from newsletter.delivery.providers._http import AGENT, HttpProvider
from newsletter.errors import ConfigError, DeliveryError, OutcomeUnknown
from newsletter.model import Address, Asset, Batch, Bounce, Event, EventKind, Message, Receipt
from newsletter.plugins import Secret

_HOME = "mailtrap.io"
_BULK, _SANDBOX = f"https://bulk.api.{_HOME}", f"https://sandbox.api.{_HOME}"

_KINDS: Mapping[str, EventKind] = {
    "delivery": "delivered",
    **dict.fromkeys(("soft bounce", "suspension"), "deferred"),  # it tries ten times more
    **dict.fromkeys(("bounce", "reject"), "bounced"),
    "spam": "complained",
    "unsubscribe": "unsubscribed",
    "open": "opened",
    "click": "clicked",
}

_CATEGORIES: Mapping[str, Bounce] = {
    **dict.fromkeys(("transientfail", "greylisting", "dnsfail", "generalfail"), "soft"),
    **dict.fromkeys(("badsender", "block", "content", "spam"), "message"),
}
"""What ``bounce_category`` means where the mailbox is not at fault; Mailtrap goes on sending to it as well."""


class _Result(msgspec.Struct, frozen=True):
    success: bool
    message_ids: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class _Answer(msgspec.Struct, frozen=True):
    responses: tuple[_Result, ...]


class Mailtrap(HttpProvider):
    """Sends through a stream of Mailtrap's, or into a sandbox of the account, by its number, where nobody gets it.

    ``webhook`` is the signing secret that Mailtrap shows for a webhook.
    """

    name: ClassVar[str] = "mailtrap"
    limits: ClassVar[Limits] = Limits(messages=500, bytes=45_000_000, pictures=True)

    def __init__(
        self, *, key: Secret, base_url: str = _BULK, sandbox: int | None = None, webhook: Secret | None = None
    ) -> None:
        if sandbox is not None and sandbox < 1:
            raise ConfigError(
                f"{sandbox} is no sandbox.",
                where="[provider] sandbox",
                hint="Write the number in the sandbox's web address, or leave it out.",
            )
        super().__init__(key=key, base_url=_SANDBOX if sandbox and base_url == _BULK else base_url)
        self.sandbox = sandbox
        self._webhook = webhook

    def request(self, batch: Batch) -> httpx.Request:
        """``POST /api/batch``, or the same with a sandbox's number."""
        first, pictures = batch.messages[0], dict[str, Asset]()
        pairs = zip(batch.messages, self.headers(batch.messages), strict=True)
        mails = [_mail(message, headers, batch.edition.assets, pictures) for message, headers in pairs]
        base: dict[str, object] = {"from": _address(first.sender)}
        if first.reply_to:
            base["reply_to"] = _address(first.reply_to)
        if pictures:
            base["attachments"] = [_picture(name, asset) for name, asset in pictures.items()]
        content = msgspec.json.encode({"base": base, "requests": mails})
        path = f"/api/batch/{self.sandbox}" if self.sandbox else "/api/batch"
        return self.built("POST", path, self._headers(), content=content)

    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """One result a mail, in order, with an id for each of its readers, which is one."""
        results = self.decoded(response, _Answer).responses
        if len(results) != len(batch.messages):
            raise OutcomeUnknown("its answer does not name every mail of the request.", where=self.name)
        return [_receipt(message.key, result) for message, result in zip(batch.messages, results, strict=True)]

    def probe(self) -> httpx.Request:
        """``GET /api/accounts``, which is not at the address for sending."""
        base = f"https://{_HOME}" if self.base_url.endswith(f".api.{_HOME}") else self.base_url
        return httpx.Request("GET", f"{base}/api/accounts", headers={"User-Agent": AGENT, **self._headers()})

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:  # noqa: ARG002
        """Some events, signed as a whole with HMAC-SHA256."""
        expected = _hooks.hmac_hex(_hooks.configured(self._webhook, self.name), body)
        _hooks.same(headers.get("mailtrap-signature", ""), expected, self.name)
        return [event for record in _records(body) if (event := _event(record, now))]

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key.reveal()}", "Content-Type": "application/json"}


def _mail(
    message: Message, headers: Mapping[str, str], assets: tuple[Asset, ...], pictures: dict[str, Asset]
) -> dict[str, object]:
    """What is a reader's own; the pictures that it shows are added to ``pictures``. No text may be empty."""
    html, shown = mime.embed(message.html, assets)
    pictures |= shown
    return {
        "to": [_address(message.to)],
        "subject": message.subject,
        "html": html,
        **({"text": message.text} if message.text else {}),
        "headers": headers,
        "custom_variables": dict(message.metadata),
    }


def _address(address: Address) -> dict[str, str]:
    return {"email": address.email, **({"name": address.name} if address.name else {})}


def _picture(name: str, asset: Asset) -> dict[str, str]:
    file, data = _pictures.file_name(name, asset), _pictures.encoded(asset)
    return {"content_id": name, "filename": file, "type": asset.type, "content": data, "disposition": "inline"}


def _receipt(key: str, result: _Result) -> Receipt:
    if result.success:
        return Receipt(key=key, provider_id=next(iter(result.message_ids), ""))
    return Receipt(key=key, outcome="failed", error="; ".join(result.errors) or "refused without a reason")


def _records(body: bytes) -> list[dict[str, object]]:
    """The events in either format that a webhook may have: an object with ``events``, or an event a line."""
    lines = [line for line in body.splitlines() if line.strip()]
    try:
        rows = _hooks.records(body, "mailtrap")
    except DeliveryError:
        if len(lines) < 2:
            raise
        rows = [row for line in lines for row in _hooks.records(line, "mailtrap")]
    found: list[dict[str, object]] = []
    for row in rows:
        events = row.get("events")
        found += [event for event in events if isinstance(event, dict)] if isinstance(events, list) else [row]
    return found


def _event(record: Mapping[str, object], now: datetime) -> Event | None:
    name = _hooks.text(record, "event")
    kind = _KINDS.get(name)
    if not kind:
        return None
    reason = _hooks.text(record, "response") or _hooks.text(record, "reason")
    bounce: Bounce = ""
    if name == "bounce":
        bounce = _CATEGORIES.get(_hooks.text(record, "bounce_category").lower(), "hard")
    elif name == "reject":
        kind, bounce = _rejected(reason.lower())
    message, address = _hooks.text(record, "message_id"), _hooks.text(record, "email")
    return Event(
        kind=kind,
        id=_hooks.text(record, "event_id") or _hooks.digest(message, name, address, record.get("timestamp")),
        at=_hooks.moment(record.get("timestamp"), now),
        key=_hooks.key(record.get("custom_variables")),
        provider_id=message,
        address=address,
        bounce=bounce,
        reason=reason,
        link=_hooks.text(record, "url"),
        raw=_hooks.raw(record),
    )


def _rejected(reason: str) -> tuple[EventKind, Bounce]:
    """Why Mailtrap itself kept a mail back: a suppression, by its reason, or the account and its domain."""
    if "suppression list" not in reason:
        return "bounced", "message"
    if "unsubscri" in reason:
        return "unsubscribed", ""
    return ("complained", "") if "spam" in reason else ("bounced", "hard")
