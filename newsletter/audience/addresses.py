"""Mail addresses: normalised to one spelling, or refused with a reason a person understands.

What is refused is what could break a header, deceive a reader or bounce for certain; whether a mailbox exists, only its
server knows. Sources: RFC 5321 §4.5.3.1 (lengths), RFC 5322 §3.2.3 (dot-atom), RFC 5891 (IDNA).
"""

import re
import unicodedata
from functools import lru_cache

import idna

from newsletter.errors import AudienceError
from newsletter.model import Address

LONGEST = 254
LONGEST_LOCAL = 64

_INVISIBLE = "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_BLANK = " \t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_HIDDEN = re.compile(f"[{_INVISIBLE}{_BIDI}]")
_TURNING = re.compile(f"[{_BIDI}]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+(?![0-9]+\Z){_LABEL}")


def parse(email: str, name: str = "") -> Address:
    """The address in its one spelling: trimmed, in NFC, the domain lower-case and in ASCII.

    Line breaks and control characters are refused in both parts, for they could add headers to the mail; so are
    characters that turn the direction of writing, for they make an address look like another one.
    AudienceError says what is wrong with it.
    """
    text = unicodedata.normalize("NFC", email.strip(_BLANK + _INVISIBLE + _BIDI))
    _refuse_tricks(text)
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or "@" in local:
        raise AudienceError(f"{text!r} is no mail address.", hint="Write it as: name@city.example")
    _check_local(local)
    address = f"{local}@{_ascii(domain)}"
    if len(address) > LONGEST:
        raise AudienceError(f"the address is longer than {LONGEST} characters.", hint="Correct it.")
    return Address(email=address, name=_name(name))


def key(address: Address) -> str:
    """What two spellings of one mailbox share; no server in use tells upper from lower case before the ``@``."""
    return address.email.lower()


def _refuse_tricks(text: str) -> None:
    if _CONTROL.search(text):
        raise AudienceError(f"the address {text!r} has a line break or control character.", hint="Remove it.")
    if _HIDDEN.search(text):
        raise AudienceError(f"the address {text!a} has an invisible character inside.", hint="Type it again.")


def _check_local(local: str) -> None:
    if not local.isascii():
        raise AudienceError(
            f"{local!r} before the @ is not plain ASCII, and few mail servers deliver to such an address.",
            hint="Ask for another address.",
        )
    if len(local) > LONGEST_LOCAL:
        raise AudienceError(f"the part before the @ is longer than {LONGEST_LOCAL} characters.", hint="Correct it.")
    if not _LOCAL.fullmatch(local):
        raise AudienceError(
            f"{local!r} before the @ has a space, a misplaced dot or a forbidden character.",
            hint="Correct it; a cell holds one address and nothing else.",
        )


@lru_cache(maxsize=65536)
def _ascii(domain: str) -> str:
    """The domain as DNS knows it; a list repeats its domains, so each is worked out once."""
    lower = domain.lower()
    try:
        found = lower if _DOMAIN.fullmatch(lower) and "xn--" not in lower else idna.encode(domain, uts46=True).decode()
    except UnicodeError as error:  # idna.IDNAError is one
        raise AudienceError(f"{domain!r} is no domain name ({error}).", hint="Correct it.") from error
    if not _DOMAIN.fullmatch(found):
        dots = "has no dot" if "." not in found else "is no domain name"
        raise AudienceError(f"the domain {domain!r} {dots}.", hint="Write it as: name@city.example")
    return found


def _name(name: str) -> str:
    text = unicodedata.normalize("NFC", name.strip(_BLANK + "\ufeff\u200b"))
    if _CONTROL.search(text):
        raise AudienceError(f"the name {text!r} has a line break or control character.", hint="Remove it.")
    if _TURNING.search(text):
        raise AudienceError(f"the name {text!a} turns the direction of writing.", hint="Type it again.")
    return text
