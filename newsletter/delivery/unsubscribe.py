"""How a reader leaves: the link in the mail, and the headers that mail programs show as a button.

Without a web address of its own, a newsletter is left by a mail to its mailbox. With one, mail programs post to the
link by themselves when a reader presses the button (RFC 8058), and the link is short: Microsoft refuses mails whose
List-Unsubscribe is long.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from hmac import compare_digest
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Row, select

from newsletter.delivery import people
from newsletter.delivery.schema import message
from newsletter.errors import ForgedError
from newsletter.model import Address

_KEY, _SIGNATURE = 16, 8  # bytes; 32 characters together


def links(
    keys: Sequence[str], mailbox: Address, *, base: str = "", secret: bytes = b""
) -> tuple[list[str], list[Mapping[str, str]]]:
    """For each message, by its key, the address to leave at; and for each the headers that say so.

    The subject of a mail to ``mailbox`` names the message, so that whoever reads it knows who wants to leave. ``base``
    is the web address that the signed token is appended to.
    """
    mailing = f"mailto:{quote(mailbox.email, safe='@')}?subject=unsubscribe%20"
    mails = [f"{mailing}{key}" for key in keys]
    if not base:
        return mails, [{"List-Unsubscribe": f"<{mail}>"} for mail in mails]
    page, post = base.rstrip("/"), {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    urls = [f"{page}/{token(key, secret)}" for key in keys]
    both = zip(urls, mails, strict=True)
    return urls, [{"List-Unsubscribe": f"<{url}>, <{mail}>", **post} for url, mail in both]


def token(key: str, secret: bytes) -> str:
    """A message's key, signed, as 32 characters that stand in an address as they are."""
    raw = bytes.fromhex(key)
    return urlsafe_b64encode(raw + _sign(raw, secret)).decode()


def read(text: str, secret: bytes) -> str:
    """The key of the message whose link this token is of; a ForgedError where we did not sign it."""
    try:
        raw = urlsafe_b64decode(text.strip().encode("ascii"))
    except (Error, ValueError):
        raw = b""
    key, signature = raw[:_KEY], raw[_KEY:]
    if not compare_digest(signature, _sign(key, secret)) or len(key) != _KEY:
        raise ForgedError("this link to unsubscribe is not one of ours.", hint="Open it from the mail once more.")
    return key.hex()


def message_of(connection: Connection, text: str) -> Row[*tuple[Any, ...]]:
    """The message whose link a token is of: its ``idem``, ``email`` and ``recipient_key``; a ForgedError where none."""
    key = read(text, people.signing_key(connection))
    query = select(message.c.idem, message.c.email, message.c.recipient_key).where(message.c.idem == key)
    found = connection.execute(query).first()
    if found is None:
        raise ForgedError("the mail of this link is not known any more.", hint="Answer it, and ask to be taken off.")
    return found


def _sign(raw: bytes, secret: bytes) -> bytes:
    return blake2b(raw, key=secret, digest_size=_SIGNATURE, person=b"unsubscribe").digest()
