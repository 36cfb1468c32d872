"""How webhooks are verified, and their records read: what several providers share.

A secret is compared in constant time. Only then is the body read.
"""

import base64
import hashlib
import hmac
import re
from binascii import Error
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from newsletter.errors import ConfigError, DeliveryError, ForgedError
from newsletter.model import Bounce
from newsletter.plugins import Secret

TOLERANCE = 300.0  # seconds: what Svix and most others allow between a signature and its arrival
_T = TypeVar("_T")


def configured(secret: Secret | None, provider: str) -> str:
    """The secret of the webhooks; a ConfigError where there is none."""
    if secret is None:
        raise ConfigError(
            f"the events of {provider} cannot be told from forged ones.",
            where="[provider] webhook",
            hint='Write webhook = { env = "NAME" } with the secret that the provider shows.',
        )
    return secret.reveal()


def same(given: str, expected: str, provider: str) -> None:
    """A ForgedError unless the two are equal, however much of them is."""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise forged(provider)


def forged(provider: str, what: str = "the signature is missing or wrong") -> ForgedError:
    """The error of a call that is not surely the provider's."""
    return ForgedError(f"a call in the name of {provider} was refused: {what}.", where=provider)


def hmac_hex(secret: str, message: bytes) -> str:
    """HMAC-SHA256 in hexadecimal digits."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def authorised(headers: Mapping[str, str], secret: str, provider: str) -> None:
    """A ForgedError unless ``Authorization`` carries the secret, for providers that sign nothing.

    ``user:password`` is sent as Basic (RFC 7617), anything else as Bearer (RFC 6750).
    """
    kind, _, given = headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            given = base64.b64decode(given.strip(), validate=True).decode("utf-8", "replace")
        except (Error, ValueError):
            raise forged(provider) from None
    elif kind.lower() != "bearer":
        raise forged(provider)
    same(given.strip(), secret, provider)


def fresh(seconds: float, now: datetime, provider: str, *, within: float = TOLERANCE) -> None:
    """A ForgedError where a signature's time is further from now than clocks differ: it is being replayed."""
    if not abs(now.timestamp() - seconds) <= within:  # which a time that is no number is not either
        raise forged(provider, "its time is not now; correct the clock of this machine, if that is wrong")


def read(body: bytes, kind: type[_T], provider: str) -> _T:
    """The body as JSON of a shape; a DeliveryError where it is none."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DeliveryError(f"a call of {provider} cannot be read ({error}).", where=provider) from None


def records(body: bytes, provider: str) -> list[dict[str, object]]:
    """The records of a body that is one of them, or an array; a DeliveryError where it is neither."""
    found = read(body, object, provider)
    rows = found if isinstance(found, list) else [found]
    good = [row for row in rows if isinstance(row, dict)]
    if len(good) != len(rows):
        raise DeliveryError(f"a call of {provider} is no record and no array of records.", where=provider)
    return good


def text(record: Mapping[str, object], name: str) -> str:
    """A record's value as text; empty where it has none, or where it is no text and no whole number."""
    value = record.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def part(record: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A record inside a record; empty where there is none."""
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def bounce(words: str) -> Bounce:
    """What the status code in a server's words says of a bounce (RFC 3463 §3); empty where it does not decide that.

    Not believed are x.0, x.1.0 and x.5: large providers say so both of unknown mailboxes and of unwanted mails.
    """
    found = re.search(r"\b[45]\.(\d{1,3}\.\d{1,3})\b", words)
    code = found[1] if found else ""
    if code in ("1.7", "1.8", "2.3", "3.4"):  # the sender's address, the size
        return "message"
    if code == "2.1" or (code.startswith("1.") and code != "1.0"):
        return "hard"
    if code.startswith(("2.2", "2.4", "3.", "4.")):
        return "soft"
    return "message" if code.startswith(("6.", "7.")) else ""


def key(echo: object) -> str:
    """Our message's key in what a provider echoes of ours: values by name, or the same as JSON in a string."""
    if isinstance(echo, str):
        try:
            echo = msgspec.json.decode(echo)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return ""
    return text(echo, "newsletter_id") if isinstance(echo, dict) else ""


def raw(record: object) -> str:
    """A record as it is kept."""
    return msgspec.json.encode(record).decode()


def moment(value: object, now: datetime) -> datetime:
    """A record's time, from seconds since 1970, also as digits, or ISO 8601; ``now`` where none can be read."""
    try:
        if isinstance(value, str) and re.fullmatch("[0-9]{9,11}", value):
            value = int(value)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return now


def digest(*parts: object) -> str:
    """An id for a record to which its provider gives none: the same parts give the same id."""
    return hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=16).hexdigest()
