"""What Amazon SES tells of a message later, through a topic of Amazon SNS.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html. Our key comes back as a tag,
but only where the events are those of a configuration set; an identity's own notifications have the message's id alone.
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr

import msgspec

from newsletter.delivery.providers import _hooks
from newsletter.model import Bounce, Event, EventKind

_GREETING = "Successfully validated SNS topic"  # plain text, once, when events are switched on
_OF_THE_MESSAGE = ("MessageTooLarge", "ContentRejected", "AttachmentRejected")  # such a bounce blames no mailbox
_KINDS: Mapping[str, tuple[str, EventKind]] = {
    "Send": ("send", "accepted"),
    "Delivery": ("delivery", "delivered"),
    "DeliveryDelay": ("delivery_delay", "deferred"),
    "Bounce": ("bounce", "bounced"),
    "Reject": ("reject", "bounced"),
    "Rendering Failure": ("failure", "bounced"),
    "Complaint": ("complaint", "complained"),
    "Subscription": ("subscription", "unsubscribed"),
    "Open": ("open", "opened"),
    "Click": ("click", "clicked"),
}
"""By the event's type: where its details stand in the record, and what it is here."""


class _Recipient(msgspec.Struct, frozen=True, rename="camel"):
    email_address: str = ""
    diagnostic_code: str | None = None


class _Preferences(msgspec.Struct, frozen=True, rename="camel"):
    unsubscribe_all: bool = False


class _Detail(msgspec.Struct, frozen=True, rename="camel"):
    """What an event says of itself; each has only some of it."""

    timestamp: str | None = None
    bounce_type: str = ""
    bounce_sub_type: str | None = None
    complaint_feedback_type: str | None = None
    delay_type: str | None = None
    reason: str | None = None
    error_message: str | None = None
    smtp_response: str | None = None
    link: str = ""
    bounced_recipients: tuple[_Recipient, ...] = ()
    complained_recipients: tuple[_Recipient, ...] = ()
    delayed_recipients: tuple[_Recipient, ...] = ()
    new_topic_preferences: _Preferences = _Preferences()

    @property
    def recipients(self) -> tuple[_Recipient, ...]:
        return self.bounced_recipients + self.complained_recipients + self.delayed_recipients

    @property
    def why(self) -> str:
        """The reason for an event that concerns all recipients alike."""
        kind = " ".join(filter(None, (self.bounce_type, self.bounce_sub_type)))
        feedback = self.complaint_feedback_type or self.delay_type
        return self.reason or self.error_message or self.smtp_response or kind or feedback or ""


class _Mail(msgspec.Struct, frozen=True, rename="camel"):
    message_id: str = ""
    timestamp: str | None = None
    destination: tuple[str, ...] = ()
    tags: dict[str, tuple[str, ...]] = {}


class _Record(msgspec.Struct, frozen=True, rename="camel"):
    """One event; ``eventType`` is called ``notificationType`` where no configuration set publishes it."""

    event_type: str = ""
    notification_type: str = ""
    mail: _Mail = _Mail()
    send: _Detail = _Detail()
    delivery: _Detail = _Detail()
    delivery_delay: _Detail = _Detail()
    bounce: _Detail = _Detail()
    reject: _Detail = _Detail()
    failure: _Detail = _Detail()
    complaint: _Detail = _Detail()
    subscription: _Detail = _Detail()
    open: _Detail = _Detail()
    click: _Detail = _Detail()


def read(message: Mapping[str, str], *, now: datetime) -> list[Event]:
    """The events in a message of a topic, one for every reader that it names."""
    if message["Type"] == "SubscriptionConfirmation":
        return [_confirmation(message, now)]
    text = message.get("Message", "")
    if message["Type"] != "Notification" or text.startswith(_GREETING):
        return []
    record = _hooks.read(text.encode("utf-8", "replace"), _Record, "ses")
    section, kind = _KINDS.get(record.event_type or record.notification_type, ("", None))
    if not kind:
        return []
    detail: _Detail = getattr(record, section)
    if kind == "complained" and detail.complaint_feedback_type == "not-spam":
        return []  # the reader took a message out of the spam folder
    if kind == "unsubscribed" and not detail.new_topic_preferences.unsubscribe_all:
        return []
    named = detail.recipients or tuple(_Recipient(email_address=address) for address in record.mail.destination)
    key = record.mail.tags.get("newsletter_id", ("",))
    return [
        Event(
            kind=kind,
            id=f"{message.get('MessageId', '')}-{place}",  # the topic's message, the same when it comes again
            at=_hooks.moment(detail.timestamp or record.mail.timestamp, now),
            key=key[0] if key else "",
            provider_id=record.mail.message_id,
            address=parseaddr(recipient.email_address)[1],
            bounce=_bounce(detail) if kind == "bounced" else "",
            reason=recipient.diagnostic_code or detail.why,
            link=detail.link,
            raw=text,
        )
        for place, recipient in enumerate(named or (_Recipient(),))
    ]


def _bounce(detail: _Detail) -> Bounce:
    """A rejected message and one that was never made have no type; ``Undetermined`` may be over next time."""
    if not detail.bounce_type or detail.bounce_sub_type in _OF_THE_MESSAGE:
        return "message"
    return "hard" if detail.bounce_type == "Permanent" else "soft"


def _confirmation(message: Mapping[str, str], now: datetime) -> Event:
    return Event(
        kind="confirm",
        id=message.get("MessageId", ""),
        at=_hooks.moment(message.get("Timestamp"), now),
        reason=message["TopicArn"],
        link=message.get("SubscribeURL", ""),
        raw=_hooks.raw(message),
    )
