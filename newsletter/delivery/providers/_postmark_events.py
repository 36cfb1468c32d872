"""What Postmark tells of a message later, by a webhook or when asked for bounces.

https://postmarkapp.com/developer/webhooks/webhooks-overview and the types of bounces in the bounce API.
"""

from collections.abc import Mapping
from datetime import datetime

from newsletter.delivery.providers import _hooks
from newsletter.model import Bounce, Event, EventKind

_KINDS: Mapping[str, tuple[EventKind, str]] = {
    "Delivery": ("delivered", "DeliveredAt"),
    "Open": ("opened", "ReceivedAt"),
    "Click": ("clicked", "ReceivedAt"),
}
"""By the record's type: what it is here, and where its time stands."""
_BOUNCES: Mapping[str, tuple[EventKind, Bounce]] = {
    **dict.fromkeys(("HardBounce", "BadEmailAddress"), ("bounced", "hard")),
    **dict.fromkeys(("SoftBounce", "Transient", "DnsError", "Unknown"), ("bounced", "soft")),
    **dict.fromkeys(
        ("Blocked", "SpamNotification", "VirusNotification", "DMARCPolicy", "SMTPApiError", "TemplateRenderingFailed"),
        ("bounced", "message"),
    ),
    "SpamComplaint": ("complained", ""),
    **dict.fromkeys(("Unsubscribe", "ManuallyDeactivated"), ("unsubscribed", "")),
}
"""Not here: what is no failure, such as an answer by a machine, and what is about mail to us."""
_SUPPRESSED: Mapping[str, tuple[EventKind, Bounce]] = {
    "HardBounce": ("bounced", "hard"),
    "SpamComplaint": ("complained", ""),
    "ManualSuppression": ("unsubscribed", ""),
}


def read(record: Mapping[str, object], now: datetime) -> Event | None:
    """The event in a call; None where it is of a type that says nothing of a message."""
    kind = _hooks.text(record, "RecordType")
    if kind in ("Bounce", "SpamComplaint"):
        return bounce(record, now)
    if kind == "SubscriptionChange":
        found = _SUPPRESSED.get(_hooks.text(record, "SuppressionReason"))
        return _event(record, found, "ChangedAt", now) if found and record.get("SuppressSending") is True else None
    known = _KINDS.get(kind)
    return _event(record, (known[0], ""), known[1], now) if known else None


def bounce(record: Mapping[str, object], now: datetime) -> Event | None:
    """A record of a bounce or a complaint, the same in a call and in a page of them."""
    found = _BOUNCES.get(_hooks.text(record, "Type"))
    return _event(record, found, "BouncedAt", now) if found else None


def _event(record: Mapping[str, object], meaning: tuple[EventKind, Bounce], time: str, now: datetime) -> Event:
    """Bounces have numbers; what else happens is told apart by what it says."""
    kind, kind_of_bounce = meaning
    message = _hooks.text(record, "MessageID")
    address = _hooks.text(record, "Email") or _hooks.text(record, "Recipient")
    number, link = _hooks.text(record, "ID"), _hooks.text(record, "OriginalLink")
    return Event(
        kind=kind,
        id=number or _hooks.digest(message, kind, kind_of_bounce, address, _hooks.text(record, time), link),
        at=_hooks.moment(record.get(time), now),
        key=_hooks.key(record.get("Metadata")),
        provider_id=message,
        address=address,
        bounce=kind_of_bounce,
        reason=_hooks.text(record, "Details") or _hooks.text(record, "Description"),
        link=link,
        raw=_hooks.raw(record),
    )
