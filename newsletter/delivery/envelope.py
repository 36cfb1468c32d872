"""What every message of a campaign carries besides its edition: who it is from, and how a reader leaves.

The sender is approved with the plan and kept in the campaign's settings: what is in ``newsletter.toml`` when a half
sent campaign goes on counts only for the next one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from newsletter.delivery import mime, unsubscribe
from newsletter.delivery.lease import Member
from newsletter.model import Address, Message

Fill = Callable[[Mapping[str, str]], tuple[str, str, str]]
"""Fills the merge fields of one edition: values in; subject, HTML and text out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """Who a campaign's mails are from, and who gets the answers; without ``reply_to``, the sender."""

    sender: Address
    reply_to: Address | None = None

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "Envelope":
        """As it stands in a campaign's settings."""
        sender = Address(email=settings["sender_email"], name=settings["sender_name"])
        reply_to = Address(email=settings["reply_to_email"], name=settings["reply_to_name"])
        return cls(sender=sender, reply_to=reply_to if reply_to.email else None)

    @property
    def settings(self) -> dict[str, str]:
        """For the settings of a campaign."""
        reply_to = self.reply_to or Address(email="")
        return {
            "sender_email": self.sender.email,
            "sender_name": self.sender.name,
            "reply_to_email": reply_to.email,
            "reply_to_name": reply_to.name,
        }

    def message(self, member: Member, fill: Fill, *, language: str, newsletter: str) -> Message:
        """A member's finished message."""
        url, headers = unsubscribe.link(member.key, self.reply_to or self.sender)
        subject, html, text = fill({**member.fields, "recipient.unsubscribe_url": url})
        return Message(
            key=member.key,
            to=Address(email=member.email, name=member.name),
            sender=self.sender,
            reply_to=self.reply_to,
            subject=subject,
            html=html,
            text=text,
            language=language,
            headers={**headers, **mime.list_headers(newsletter, self.sender, language)},
            metadata={"newsletter_id": member.key},
        )
