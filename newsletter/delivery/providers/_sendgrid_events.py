"""What SendGrid tells of a message later: its signed event webhook.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event; the signature is an ECDSA signature over the
time and the body as it came, down to the line's end behind it.
"""

import base64
from binascii import Error
from collections.abc import Mapping
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.delivery.providers import _hooks
from newsletter.errors import ConfigError
from newsletter.model import Bounce, Event, EventKind

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIME = "x-twilio-email-event-webhook-timestamp"
_REPEATED_FOR = 86_400.0  # seconds: how long SendGrid tries to hand on a call that it signed once
_KINDS: Mapping[str, EventKind] = {
    "processed": "accepted",
    "delivered": "delivered",
    "deferred": "deferred",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "open": "opened",
    "click": "clicked",
}
_DROPPED: Mapping[str, tuple[EventKind, Bounce]] = {
    "bounced address": ("bounced", "hard"),
    "invalid": ("bounced", "hard"),
    "unsubscribed address": ("unsubscribed", ""),
    "spam reporting address": ("complained", ""),
}
_CLASSES: tuple[tuple[str, Bounce], ...] = (
    ("invalid address", "hard"),
    ("mailbox unavailable", "soft"),
    ("technical", "soft"),
    ("frequency", "message"),
    ("content", "message"),
    ("reputation", "message"),
)
"""How the classes of bounces begin, which are written longer in one place than in another."""


def verifier(secret: str) -> EllipticCurvePublicKey:
    """The verification key as SendGrid shows it: base64 of a SubjectPublicKeyInfo."""
    try:
        key = load_der_public_key(base64.b64decode(secret, validate=True))
    except (Error, ValueError):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise ConfigError(
            "this is no verification key of SendGrid's.",
            where="[provider] webhook",
            hint="Copy it from Settings, Mail Settings, Event Webhooks.",
        )
    return key


def read(headers: Mapping[str, str], body: bytes, *, key: EllipticCurvePublicKey, now: datetime) -> list[Event]:
    """The events in a call that SendGrid signed not longer ago than it repeats itself."""
    time = headers.get(_TIME, "")
    try:
        key.verify(base64.b64decode(headers.get(_SIGNATURE, ""), validate=True), time.encode() + body, ECDSA(SHA256()))
        seconds = float(time)
    except (Error, ValueError, InvalidSignature):
        raise _hooks.forged("sendgrid") from None
    _hooks.fresh(seconds, now, "sendgrid", within=_REPEATED_FOR)
    return [event for record in _hooks.records(body, "sendgrid") if (event := _event(record, now))]


def _event(record: Mapping[str, object], now: datetime) -> Event | None:
    found = _meaning(record)
    if found is None:
        return None
    kind, bounce = found
    message = _hooks.text(record, "sg_message_id")
    return Event(
        kind=kind,
        id=_hooks.text(record, "sg_event_id") or _hooks.digest(_hooks.raw(record)),
        at=_hooks.moment(record.get("timestamp"), now),
        key=_hooks.key(record),
        provider_id=message.partition(".")[0],  # what the answer's X-Message-Id says, and then which machines it passed
        address=_hooks.text(record, "email"),
        bounce=bounce,
        reason=_hooks.text(record, "reason") or _hooks.text(record, "response"),
        link=_hooks.text(record, "url"),
        raw=_hooks.raw(record),
    )


def _meaning(record: Mapping[str, object]) -> tuple[EventKind, Bounce] | None:
    event = _hooks.text(record, "event")
    if event == "dropped":  # SendGrid did not try, mostly because of an earlier event
        return _DROPPED.get(_hooks.text(record, "reason").lower(), ("bounced", "message"))
    if event == "bounce":
        return "bounced", _bounce(record)
    kind = _KINDS.get(event)
    return (kind, "") if kind else None


def _bounce(record: Mapping[str, object]) -> Bounce:
    """By SendGrid's class where it says one; ``blocked`` is a server that refuses us, not the mailbox."""
    said = _hooks.text(record, "bounce_classification").lower()
    usual: Bounce = "message" if _hooks.text(record, "type") == "blocked" else "hard"
    return next((bounce for beginning, bounce in _CLASSES if said.startswith(beginning)), usual)
