"""How a reader leaves: the link in the mail and the headers that mail programs show as a button."""

from collections.abc import Mapping
from urllib.parse import quote

from newsletter.model import Address


def link(key: str, mailbox: Address) -> tuple[str, Mapping[str, str]]:
    """The address to leave at and the headers that say so (RFC 2369), for the message with this key.

    A mail to the newsletter's own mailbox: it needs no server, works in every mail program, and its subject names the
    message, so that whoever reads it knows who wants to leave.
    """
    url = f"mailto:{quote(mailbox.email, safe='@')}?subject=unsubscribe%20{key}"
    return url, {"List-Unsubscribe": f"<{url}>"}
