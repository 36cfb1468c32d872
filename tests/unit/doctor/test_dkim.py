"""DKIM: how a key record is read, where keys are looked for, and what is said of them."""

import base64
import re
from functools import lru_cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from nameserver import Zone, txt
from surroundings import TOML, Around, said

from newsletter.doctor import dkim
from newsletter.errors import ConfigError

DOMAIN = "river-cities.example"
NAMED = f'{TOML}\n[doctor]\ndkim = ["s1"]\n'
HERE: Zone = {DOMAIN: ["MX 10 mail.river-cities.example."]}


@lru_cache
def rsa_key(bits: int) -> str:
    """The public half of a new key, as DNS has it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@lru_cache
def other_key(kind: str) -> str:
    """A public key that is not RSA, or RSA in the form of PKCS #1."""
    if kind == "ed25519":
        data = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    elif kind == "ec":
        public = ec.generate_private_key(ec.SECP256R1()).public_key()
        data = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
        data = public.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("text", "kind", "bits", "fault"),
    [
        (f"v=DKIM1; k=rsa; p={rsa_key(2048)}", "rsa", 2048, ""),
        (f"p={rsa_key(1024)};", "rsa", 1024, ""),
        (f"p={other_key('pkcs1')}", "rsa", 2048, ""),
        (f"k=ed25519; p={other_key('ed25519')}", "ed25519", 256, ""),
        (f"v=DKIM1; h=sha1:sha256; s=email; p={rsa_key(1024)[:40]} {rsa_key(1024)[40:]}", "rsa", 1024, ""),
        ("v=DKIM1; p=", "rsa", 0, "withdrawn"),
        ("v=DKIM1; k=rsa", "rsa", 0, "no key"),
        (f"v=DKIM2; p={rsa_key(1024)}", "rsa", 0, "cannot be read"),
        (f"p={rsa_key(1024)}; p=x", "rsa", 0, "cannot be read"),
        ("hello", "rsa", 0, "cannot be read"),
        (f"h=sha1; p={rsa_key(1024)}", "rsa", 0, "sha256"),
        (f"s=web; p={rsa_key(1024)}", "rsa", 0, "not for mail"),
        (f"p={rsa_key(1024)[:-20]}", "rsa", 0, "damaged"),
        ("p=not!base64", "rsa", 0, "damaged"),
        (f"k=rsa; p={other_key('ec')}", "rsa", 0, "damaged"),
        (f"k=ed25519; p={rsa_key(1024)}", "ed25519", 0, "damaged"),
        ("k=ed25519; p=AAAA", "ed25519", 0, "damaged"),
        (f"k=dilithium; p={rsa_key(1024)}", "dilithium", 0, "damaged"),
    ],
)
def test_a_key_is_read(text: str, kind: str, bits: int, fault: str) -> None:
    """Its kind and its length, or the one thing that is wrong with it."""
    key = dkim.read(text)
    assert (key.kind, key.bits) == (kind, bits)
    assert fault in key.fault
    assert bool(key.fault) == bool(fault)


@given(
    st.text() | st.binary().map(lambda data: f"v=DKIM1; k=rsa; p={base64.b64encode(data).decode()}"),
    st.sampled_from(["", "k=ed25519;", "t=y:s;"]),
)
def test_no_key_is_too_strange_to_read(text: str, before: str) -> None:
    """What is no key has a fault; only what has none has a length."""
    key = dkim.read(before + text)
    assert bool(key.fault) == (key.bits == 0)


@pytest.mark.parametrize(
    ("records", "level", "says"),
    [
        ([f"p={rsa_key(2048)}"], "ok", "s1._domainkey.river-cities.example is a good one (2048 bits)"),
        ([f"p={rsa_key(1024)}"], "warning", "1024 bits, which is accepted but weak"),
        ([f"k=ed25519; p={other_key('ed25519')}"], "note", "Ed25519"),
        (["p="], "problem", "was withdrawn"),
        ([], "problem", "has nothing"),
        ([f"p={rsa_key(2048)}", f"p={rsa_key(1024)}"], "problem", "2 records, where one belongs"),
    ],
)
def test_what_is_said_of_a_named_key(around: Around, records: list[str], level: str, says: str) -> None:
    """``[doctor] dkim`` names it, and then it must be there and good."""
    made = around({**HERE, f"s1._domainkey.{DOMAIN}": [txt(record) for record in records]}, NAMED)
    (found,) = said(dkim.look(made))
    assert found[0] == level
    assert says in found[1]


@pytest.mark.parametrize(
    ("line", "says"), [('dkim = "s1"', 'Write a list, as in ["s1", "s2"].'), ("dkin = []", "The keys are: dkim.")]
)
def test_a_mistake_in_the_table_is_explained(around: Around, line: str, says: str) -> None:
    """With its line, as everywhere in the file."""
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        around(toml=f"{TOML}\n[doctor]\n{line}\n")
    assert caught.value.where.endswith("newsletter.toml:11")


def test_a_key_that_only_tries_is_said(around: Around) -> None:
    """With t=y, receivers act as if nothing were signed."""
    made = around({**HERE, f"s1._domainkey.{DOMAIN}": [txt(f"t=y; p={rsa_key(2048)}")]}, NAMED)
    assert [level for level, _text in said(dkim.look(made))] == ["ok", "warning"]


def test_a_short_key_is_refused_everywhere() -> None:
    """RFC 8301 §3.2; the library that made the others makes none so short."""
    assert dkim._strength("s1._domainkey.x", dkim.Key(bits=768)).level == "problem"


@pytest.mark.parametrize(
    ("name", "dmarc", "levels"),
    [
        ("pic._domainkey.mg.river-cities.example", "v=DMARC1; p=none", ["ok"]),
        ("pic._domainkey.mg.river-cities.example", "v=DMARC1; p=none; adkim=s", ["ok", "warning"]),
        ("pic._domainkey.provider.example", "v=DMARC1; p=none", ["ok", "warning"]),
    ],
)
def test_who_signs_must_be_the_sender(around: Around, name: str, dmarc: str, levels: list[str]) -> None:
    """A whole name may be at another domain; DMARC decides whether that proves anything."""
    zone = {**HERE, name: [txt(f"p={rsa_key(2048)}")], f"_dmarc.{DOMAIN}": [txt(dmarc)]}
    made = around(zone, f'{TOML}\n[doctor]\ndkim = ["{name}"]\n')
    assert [level for level, _text in said(dkim.look(made))] == levels


def test_where_a_provider_usually_puts_its_keys_is_tried(around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there is judged; what is not is no fault, since nobody said that it should be."""
    monkeypatch.setenv("RESEND_KEY", "re_123")
    toml = TOML.replace('use = "folder"\npath = "outbox"', 'use = "resend"\nkey = { env = "RESEND_KEY" }')
    found = said(dkim.look(around({**HERE, f"resend._domainkey.{DOMAIN}": [txt("p=")]}, toml)))
    assert [level for level, _text in found] == ["problem"]
    ((level, text),) = said(dkim.look(around(HERE, toml)))
    assert level == "note"
    assert "where resend usually puts it (resend)" in text
    assert 'dkim = ["NAME"]' in text


def test_nothing_is_known_of_another_provider(around: Around) -> None:
    """Then the next step is to say the name."""
    ((level, text),) = said(dkim.look(around(HERE)))
    assert (level, "usually" in text) == ("note", False)
