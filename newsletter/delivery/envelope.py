"""What every message of a campaign carries besides its edition: who it is from, and how a reader leaves.

The sender is approved with the plan and kept in the campaign's settings: what is in ``newsletter.toml`` when a half
sent campaign goes on counts only for the next one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from newsletter.delivery import mime, unsubscribe
from newsletter.delivery.lease import Member
from newsletter.model import Address, Message, Template

Fill = Callable[[Mapping[str, str]], tuple[str, str, str]]
"""Fills the merge fields of one edition: values in; subject, HTML and text out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filling:
    """How an edition's merge fields are filled: by us, or where there is a ``template`` by the provider.

    ``variables`` makes a reader's values into those that the template names.
    """

    fill: Fill
    template: Template | None = None
    variables: Callable[[Mapping[str, str]], Mapping[str, str]] = lambda _values: {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """Who a campaign's mails are from, and who gets the answers; without ``reply_to``, the sender.

    ``unsubscribe_url`` is the web address that takes back subscriptions, if there is one.
    """

    sender: Address
    reply_to: Address | None = None
    unsubscribe_url: str = ""

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "Envelope":
        """As it stands in a campaign's settings."""
        sender = Address(email=settings["sender_email"], name=settings["sender_name"])
        reply_to = Address(email=settings["reply_to_email"], name=settings["reply_to_name"])
        url = settings.get("unsubscribe_url", "")
        return cls(sender=sender, reply_to=reply_to if reply_to.email else None, unsubscribe_url=url)

    @property
    def settings(self) -> dict[str, str]:
        """For the settings of a campaign."""
        reply_to = self.reply_to or Address(email="")
        return {
            "sender_email": self.sender.email,
            "sender_name": self.sender.name,
            "reply_to_email": reply_to.email,
            "reply_to_name": reply_to.name,
            "unsubscribe_url": self.unsubscribe_url,
        }

    def messages(
        self,
        members: Iterable[Member],
        filling: Filling,
        *,
        newsletter: str,
        campaign: str,
        language: str,
        secret: bytes,
    ) -> Iterator[Message]:
        """Each member's message, finished, or with the variables for the provider to finish it."""
        mailbox = self.reply_to or self.sender
        leave = unsubscribe.links(mailbox, base=self.unsubscribe_url, secret=secret)
        listed = mime.list_headers(newsletter, self.sender, language, campaign=campaign)
        merges = filling.template is not None
        for member in members:
            url, leaving = leave(member.key)
            values = {
                **member.fields,
                "recipient.email": member.email,
                "recipient.name": member.name,
                "recipient.unsubscribe_url": url,
            }
            subject, html, text = ("", "", "") if merges else filling.fill(values)
            yield Message(
                key=member.key,
                to=Address(email=member.email, name=mime.one_line(member.name)),
                sender=self.sender,
                reply_to=self.reply_to,
                subject=subject,
                html=html,
                text=text,
                language=language,
                headers={**leaving, **listed},
                metadata={"newsletter_id": member.key},
                variables=filling.variables(values) if merges else {},
            )
