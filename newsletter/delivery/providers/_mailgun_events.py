"""What Mailgun tells of a message later, by a webhook or when asked; the record of the event is the same.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks. The signature covers a time and a
token, not the event: whoever has seen one could sign another event with it. So the token is the event's id, and whoever
keeps events believes it once.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from newsletter.delivery.providers import _hooks
from newsletter.model import Bounce, Event, EventKind

_REPEATED_FOR = 9 * 3600.0  # seconds: Mailgun tries for eight hours to hand on a call
_KINDS: Mapping[str, EventKind] = {
    "accepted": "accepted",
    "delivered": "delivered",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
    "opened": "opened",
    "clicked": "clicked",
}
_REASONS: Mapping[str, tuple[EventKind, Bounce]] = {
    "suppress-bounce": ("bounced", "hard"),
    "suppress-complaint": ("complained", ""),
    "suppress-unsubscribe": ("unsubscribed", ""),
    "old": ("bounced", "soft"),
    "espblock": ("bounced", "message"),
    "blacklisted": ("bounced", "message"),
}
"""Why Mailgun gave up, where that says more than the server's answer."""


class _Signature(msgspec.Struct, frozen=True):
    timestamp: str
    token: str
    signature: str


class _Call(msgspec.Struct, frozen=True, rename="kebab"):
    signature: _Signature
    event_data: dict[str, object]


def read(body: bytes, *, secret: str, now: datetime) -> list[Event]:
    """The event of a call that Mailgun signed not longer ago than it repeats itself."""
    try:
        call = msgspec.json.decode(body, type=_Call, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _hooks.forged("mailgun") from None
    seal = call.signature
    _hooks.same(seal.signature, _hooks.hmac_hex(secret, f"{seal.timestamp}{seal.token}".encode()), "mailgun")
    _hooks.fresh(_seconds(seal.timestamp), now, "mailgun", within=_REPEATED_FOR)
    event = _event(call.event_data, seal.token, now)
    return [event] if event else []


def polled(record: Mapping[str, object], *, now: datetime) -> Event | None:
    """An event of a page; its own id is good for a day, so its time is part of ours."""
    return _event(record, _hooks.digest(_hooks.text(record, "id"), record.get("timestamp")), now)


def _seconds(timestamp: str) -> float:
    try:
        return float(timestamp)
    except ValueError:
        raise _hooks.forged("mailgun") from None


def _event(record: Mapping[str, object], number: str, now: datetime) -> Event | None:
    found = _meaning(record)
    if found is None:
        return None
    kind, bounce = found
    status, reject = _hooks.part(record, "delivery-status"), _hooks.part(record, "reject")
    said = _hooks.text(status, "message") or _hooks.text(status, "description") or _hooks.text(reject, "reason")
    return Event(
        kind=kind,
        id=number,
        at=_hooks.moment(record.get("timestamp"), now),
        key=_hooks.key(record.get("user-variables")),
        provider_id=_hooks.text(_hooks.part(_hooks.part(record, "message"), "headers"), "message-id").strip("<>"),
        address=_hooks.text(record, "recipient"),
        bounce=bounce,
        reason=said or _hooks.text(record, "reason"),
        link=_hooks.text(record, "url"),
        raw=_hooks.raw(record),
    )


def _meaning(record: Mapping[str, object]) -> tuple[EventKind, Bounce] | None:
    event = _hooks.text(record, "event")
    if event == "rejected":  # by Mailgun itself, before any server was asked
        return "bounced", "message"
    if event == "failed" and _hooks.text(record, "severity") == "temporary":
        return "deferred", ""
    if event == "failed":
        status = _hooks.part(record, "delivery-status")
        words = f"{_hooks.text(status, 'enhanced-code')} {_hooks.text(status, 'message')}"
        return _REASONS.get(_hooks.text(record, "reason"), ("bounced", _hooks.bounce(words) or "hard"))
    kind = _KINDS.get(event)
    return (kind, "") if kind else None
