"""What every message of a campaign carries besides its edition: who it is from, and how a reader leaves.

The sender is approved with the plan and kept in the campaign's settings: what is in ``newsletter.toml`` when a half
sent campaign goes on counts only for the next one.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from newsletter.delivery import mime, unsubscribe
from newsletter.delivery.lease import Member
from newsletter.model import Address, Columns, Message, Template

Fill = Callable[[Columns, int], Iterable[tuple[str, str, str]]]
"""Fills the merge fields of one edition for so many readers: values in; subject, HTML and text of each out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filling:
    """How an edition's merge fields are filled: by us, or where there is a ``template`` by the provider.

    ``fields`` are those that stand in it; a reader's name, address and link to leave are always at hand. ``variables``
    makes the values of so many readers into those that the template names.
    """

    fill: Fill
    fields: Collection[str]
    template: Template | None = None
    variables: Callable[[Columns, int], Iterable[Mapping[str, str]]] = lambda _columns, count: repeat({}, count)


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
        members: Sequence[Member],
        filling: Filling,
        *,
        newsletter: str,
        campaign: str,
        language: str,
        secret: bytes,
    ) -> Iterator[Message]:
        """Each member's message, finished, or with the variables for the provider to finish it."""
        keys, mailbox = [member.key for member in members], self.reply_to or self.sender
        urls, leaving = unsubscribe.links(keys, mailbox, base=self.unsubscribe_url, secret=secret)
        listed = mime.list_headers(newsletter, self.sender, language, campaign=campaign)
        columns, count = _columns(members, urls, filling.fields), len(members)
        filled: Iterable[tuple[str, str, str]] = repeat(("", "", ""), count)
        variables: Iterable[Mapping[str, str]] = repeat({}, count)
        if filling.template:
            variables = filling.variables(columns, count)
        else:
            filled = filling.fill(columns, count)
        rows = zip(members, leaving, filled, variables, strict=True)
        for member, headers, (subject, html, text), own in rows:
            yield Message(
                key=member.key,
                to=Address(email=member.email, name=mime.one_line(member.name)),
                sender=self.sender,
                reply_to=self.reply_to,
                subject=subject,
                html=html,
                text=text,
                language=language,
                headers={**headers, **listed},
                metadata={"newsletter_id": member.key},
                variables=own,
            )


def _columns(members: Sequence[Member], urls: Sequence[str], fields: Iterable[str]) -> Columns:
    """What is at hand of the readers for the merge fields that stand in an edition."""
    known = {
        "recipient.email": [member.email for member in members],
        "recipient.name": [member.name for member in members],
        "recipient.unsubscribe_url": urls,
    }
    others = set(fields) - known.keys()
    if not others:
        return known
    values = [member.fields for member in members]
    return known | {field: [value.get(field, "") for value in values] for field in others}
