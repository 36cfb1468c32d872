"""Mail addresses: normalised to one spelling, or refused with a reason a person understands.

What is refused is what could break a header, deceive a reader or bounce for certain; whether a mailbox exists, only its
server knows. Sources: RFC 5321 §4.5.3.1 (lengths), RFC 5322 §3.2.3 (dot-atom), RFC 5891 (IDNA).
"""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

import idna

from newsletter.errors import AudienceError
from newsletter.model import Address

Fault = Literal["empty", "address", "long", "unicode", "break", "control", "hidden", "turning"]
"""What can be wrong with an address or a name, in one word."""

key = str.lower
"""What two spellings of one mailbox share, of a parsed address: no server in use tells upper from lower case there."""

LONGEST = 254
LONGEST_LOCAL = 64
_QUOTED = 80

_INVISIBLE = "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_BLANK = " \t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_HIDDEN = re.compile(f"[{_INVISIBLE}{_BIDI}]")
_TURNING = re.compile(f"[{_BIDI}]")
_BREAK = re.compile("[\r\n\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+(?![0-9]+\Z){_LABEL}")


class AddressError(AudienceError):
    """An address or a name that cannot be used; ``fault`` is why, for counting."""

    def __init__(self, what: str, *, hint: str, fault: Fault) -> None:
        super().__init__(what, hint=hint)
        self.fault: Fault = fault


is_plain = re.compile(
    rf"(?!.{{{LONGEST_LOCAL + 1}}})"
    r"[A-Za-z0-9_+'-]++(?:\.[A-Za-z0-9_+'-]++)*+@(?:[a-z0-9]++(?:-[a-z0-9]++)*+\.)+[a-z]++"
).fullmatch
"""Whether ``parse`` would surely return an address as it stands; a quick answer for the many that look so."""


def parse(email: str, name: str = "") -> Address:
    """The address in its one spelling: trimmed, in NFC, the domain lower-case and in ASCII.

    Line breaks and control characters are refused in both parts, for they could add headers to the mail; so are
    characters that turn the direction of writing, for they make an address look like another one.
    AddressError says what is wrong with it.
    """
    text = unicodedata.normalize("NFC", email.strip(_BLANK + _INVISIBLE + _BIDI))
    if not text:
        raise AddressError("it has no address.", hint="Write it as: name@city.example", fault="empty")
    _refuse_control(text, "address")
    if _HIDDEN.search(text):
        what = f"the address {_short(text)!a} has an invisible character inside."
        raise AddressError(what, hint="Type it again.", fault="hidden")
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or "@" in local:
        raise AddressError(
            f"{_short(text)!r} is no mail address.", hint="Write it as: name@city.example", fault="address"
        )
    _check_local(local)
    address = f"{local}@{_ascii(domain)}"
    if len(address) > LONGEST:
        raise AddressError(f"the address is longer than {LONGEST} characters.", hint="Correct it.", fault="long")
    return Address(email=address, name=_name(name))


def _refuse_control(text: str, what: str) -> None:
    """No part of an address may break or add a header."""
    if _BREAK.search(text):
        raise AddressError(f"the {what} {_short(text)!r} has a line break in it.", hint="Remove it.", fault="break")
    if _CONTROL.search(text):
        raise AddressError(
            f"the {what} {_short(text)!r} has a control character in it.", hint="Remove it.", fault="control"
        )


def _check_local(local: str) -> None:
    if not local.isascii():
        raise AddressError(
            f"{_short(local)!r} before the @ is not plain ASCII, and few mail servers deliver to such an address.",
            hint="Ask for another address.",
            fault="unicode",
        )
    if len(local) > LONGEST_LOCAL:
        what = f"the part before the @ is longer than {LONGEST_LOCAL} characters."
        raise AddressError(what, hint="Correct it.", fault="long")
    if not _LOCAL.fullmatch(local):
        raise AddressError(
            f"{_short(local)!r} before the @ has a space, a misplaced dot or a forbidden character.",
            hint="Correct it; a cell holds one address and nothing else.",
            fault="address",
        )


@lru_cache(maxsize=65536)
def _ascii(domain: str) -> str:
    """The domain as DNS knows it; a list repeats its domains, so each is worked out once."""
    lower = domain.lower()
    try:
        found = lower if _DOMAIN.fullmatch(lower) and "xn--" not in lower else idna.encode(domain, uts46=True).decode()
    except UnicodeError as error:  # idna.IDNAError is one
        raise AddressError(
            f"{_short(domain)!r} is no domain name ({error}).", hint="Correct it.", fault="address"
        ) from error
    if not _DOMAIN.fullmatch(found):
        dots = "has no dot" if "." not in found else "is no domain name"
        hint = "Write it as: name@city.example"
        raise AddressError(f"the domain {_short(domain)!r} {dots}.", hint=hint, fault="address")
    return found


def _name(name: str) -> str:
    text = unicodedata.normalize("NFC", name.strip(_BLANK + "\ufeff\u200b"))
    _refuse_control(text, "name")
    if _TURNING.search(text):
        what = f"the name {_short(text)!a} turns the direction of writing."
        raise AddressError(what, hint="Type it again.", fault="turning")
    return text


def _short(text: str) -> str:
    """Of a text that is no address, as much as a sentence bears."""
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
