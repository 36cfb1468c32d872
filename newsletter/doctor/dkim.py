"""DKIM: the public keys that receivers check the provider's signatures with (RFC 6376, RFC 8301, RFC 8463)."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.doctor import dmarc, tags
from newsletter.doctor.habits import HABITS
from newsletter.doctor.verdicts import Verdict, note, ok, problem, warning

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings

SHORTEST = 1024  # bits of an RSA key; receivers must not accept less (RFC 8301 §3.2)
GOOD = 2048
_ED25519_BYTES = 32
_MIDDLE = "._domainkey."
_WHERE = "The provider's page about your domain shows the record to publish."


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A key record, read: its ``kind``, its length in ``bits``, and what is wrong with it (``fault``)."""

    kind: str = "rsa"
    bits: int = 0
    testing: bool = False
    fault: str = ""


def read(text: str) -> Key:
    """A key record (RFC 6376 §3.6.1); whatever stands there, what is wrong becomes a fault, never an exception."""
    found = tags.read(text)
    kind = found.get("k", "rsa")
    testing = "y" in _list(found.get("t", ""))
    if not found or found.get("v", "DKIM1") != "DKIM1":
        return Key(fault="cannot be read")
    if "p" not in found:
        return Key(fault="has no key (p=)")
    data = re.sub(r"\s", "", found["p"])
    if not data:
        return Key(fault="was withdrawn (its p= is empty)")
    if "h" in found and "sha256" not in _list(found["h"]):
        return Key(fault="does not allow sha256, which every signature uses")
    if "s" in found and not {"*", "email"} & set(_list(found["s"])):
        return Key(fault="is not for mail (s=)")
    try:
        bits = _bits(kind, base64.b64decode(data, validate=True))
    except (ValueError, binascii.Error):
        return Key(kind=kind, fault="is damaged: its p= is no key, perhaps cut off or with a line break")
    return Key(kind=kind, bits=bits, testing=testing)


def _list(text: str) -> list[str]:
    return [part.strip().lower() for part in text.split(":")]


def _bits(kind: str, data: bytes) -> int:
    """The length of a public key; ValueError where it is none of its kind."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    if kind == "ed25519" and len(data) == _ED25519_BYTES:
        return 8 * _ED25519_BYTES
    try:
        key = load_der_public_key(data)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error
    if kind != "rsa" or not isinstance(key, RSAPublicKey):
        raise ValueError(f"no {kind} key")
    return key.key_size


def look(around: "Surroundings") -> Iterator[Verdict]:
    """Each selector of ``[doctor] dkim``; where none is named, those the provider usually has."""
    domain = around.domain
    if not around.dns.exists(domain):
        return
    selectors = around.config.doctor.dkim
    if selectors:
        for selector in selectors:
            yield from _judge(around, selector if _MIDDLE in selector else f"{selector}{_MIDDLE}{domain}")
        return
    usual = HABITS[around.service].selectors if around.service in HABITS else ()
    names = [f"{selector}{_MIDDLE}{domain}" for selector in usual]
    there = [name for name in names if around.dns.texts(name)]
    for name in there:
        yield from _judge(around, name)
    if not there:
        tried = f" It has none where {around.service} usually puts it ({', '.join(usual)})." if usual else ""
        yield note(
            f"Not checked: nobody said under which name the DKIM key of {domain} stands.{tried}",
            'Write dkim = ["NAME"] into [doctor]; NAME is what stands before ._domainkey on the provider\'s page '
            "about your domain.",
        )


def _judge(around: "Surroundings", name: str) -> Iterator[Verdict]:
    signer = name.partition(_MIDDLE)[2].lower()
    texts = around.dns.texts(name)
    if len(texts) != 1:
        found = f"{len(texts)} records, where one belongs" if texts else "nothing"
        yield problem(f"{name} has {found}, so no receiver can check a signature with it.", _WHERE)
        return
    key = read(texts[0])
    if key.fault:
        yield problem(f"The DKIM key {name} {key.fault}.", _WHERE)
        return
    yield _strength(name, key)
    if key.testing:
        yield warning(
            f"The DKIM key {name} is marked as a test (t=y), so receivers act as if nothing were signed.",
            "Ask who looks after the domain to remove t=y.",
        )
    if not dmarc.aligned(around.dns, signer, around.domain, by="adkim"):
        yield warning(
            f"A signature of {signer} proves nothing about mail from {around.domain} (DMARC).",
            f"Let the provider sign for {around.domain}.",
        )


def _strength(name: str, key: Key) -> Verdict:
    if key.kind == "ed25519":
        return note(
            f"{name} is an Ed25519 key; many receivers check RSA keys only, so let the provider sign with both."
        )
    if key.bits < SHORTEST:
        return problem(
            f"The DKIM key {name} has {key.bits} bits; receivers accept none below {SHORTEST}.",
            "Make a new one of 2048 bits with the provider.",
        )
    if key.bits < GOOD:
        return warning(
            f"The DKIM key {name} has {key.bits} bits, which is accepted but weak.",
            "Make a new one of 2048 bits with the provider.",
        )
    return ok(f"The DKIM key {name} is a good one ({key.bits} bits).")
