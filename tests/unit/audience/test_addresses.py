"""Which mail addresses are taken, in which spelling, and which are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience import addresses
from newsletter.audience.addresses import AddressError


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("ana@city.example", "ana@city.example"),
        ("Ana.Perez@city.example", "Ana.Perez@city.example"),
        ("ana@CITY.Example", "ana@city.example"),
        (" \u00a0\u200bana@city.example\ufeff\t", "ana@city.example"),
        ("\u202aana@city.example\u202c", "ana@city.example"),
        ("info@münchen.example", "info@xn--mnchen-3ya.example"),
        ("info@mu\u0308nchen.example", "info@xn--mnchen-3ya.example"),
        ("info@MÜNCHEN.example", "info@xn--mnchen-3ya.example"),
        ("info@xn--mnchen-3ya.example", "info@xn--mnchen-3ya.example"),
        ("info@서울.example", "info@xn--2i4bq6h.example"),
        ("a+b_c'd/e=f@city.example", "a+b_c'd/e=f@city.example"),
        (f"{'a' * 64}@city.example", f"{'a' * 64}@city.example"),
    ],
)
def test_parse(written: str, email: str) -> None:
    """Blanks around it go, the domain becomes lower-case ASCII, and the rest stays."""
    assert addresses.parse(written).email == email


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "has no address"),
        ("\u00a0\u200b", "has no address"),
        ("ana", "no mail address"),
        ("a@@b", "no mail address"),
        ("a@b@city.example", "no mail address"),
        ("@city.example", "no mail address"),
        ("ana@", "no mail address"),
        ("ana@localhost", "no dot"),
        ("ana@city..example", "domain"),
        ("ana@-city.example", "domain"),
        ("ana@city.example.", "domain"),
        ("ana@10.0.0.1", "domain"),
        ("ana@[10.0.0.1]", "domain"),
        ("ana@xn--a.example", "domain"),
        ("ana@ci ty.example", "domain"),
        ("ana maria@city.example", "space"),
        (".ana@city.example", "dot"),
        ("a..na@city.example", "dot"),
        ('"ana"@city.example', "forbidden"),
        ("Ana <ana@city.example>", "one address"),
        ("ana@city.example, bo@city.example", "no mail address"),
        ("aña@city.example", "not plain ASCII"),
        (f"{'a' * 65}@city.example", "longer than 64"),
        (f"a@{'b' * 62}.{'c' * 62}.{'d' * 62}.{'e' * 62}.example", "longer than 254"),
        ("ana@city.example\r\nBcc: x@y.example", "line break"),
        ("ana@city.example\n", "line break"),
        ("a\x00na@city.example", "control"),
        ("a\u200bna@city.example", "invisible"),
        ("ana@ci\u202ety.example", "invisible"),
    ],
)
def test_refused(written: str, said: str) -> None:
    """What would break a header, deceive a reader or bounce for certain is refused with its reason."""
    assert not addresses.is_plain(written)
    with pytest.raises(AddressError) as caught:
        addresses.parse(written)
    assert said in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("written", "name", "fault"),
    [
        ("", "", "empty"),
        ("a@@b", "", "address"),
        (f"{'a' * 65}@city.example", "", "long"),
        ("aña@city.example", "", "unicode"),
        ("ana@city.example", "Ana\r\nBcc: x", "break"),
        ("ana\x00@city.example", "", "control"),
        ("a\u200bna@city.example", "", "hidden"),
        ("ana@city.example", "\u202eana", "turning"),
    ],
)
def test_faults(written: str, name: str, fault: str) -> None:
    """Every refusal has a kind, for counting."""
    with pytest.raises(AddressError) as caught:
        addresses.parse(written, name)
    assert caught.value.fault == fault


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (" Ana\u00a0", "Ana"),
        ("نادیه", "نادیه"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Ana 👩\u200d🌾", "Ana 👩\u200d🌾"),
        ("E\u0301va", "Éva"),
    ],
)
def test_names(written: str, name: str) -> None:
    """Names of every script, with joiners and emoji, are taken in NFC."""
    assert addresses.parse("ana@city.example", written).name == name


@pytest.mark.parametrize(
    "name", ["Ana\r\nBcc: x@y.example", "Ana\nB", "A\x07na", "Ana\u2028B", "\u202egnp.ana", "A\u2066na"]
)
def test_names_refused(name: str) -> None:
    """A name cannot add headers to the mail or turn the direction of writing."""
    with pytest.raises(AddressError, match="the name"):
        addresses.parse("ana@city.example", name)


def test_key() -> None:
    """Two spellings of one mailbox have one key."""
    one, two = addresses.parse("Ana@MÜNCHEN.example"), addresses.parse(" ana@xn--mnchen-3ya.EXAMPLE")
    assert addresses.key(one.email) == addresses.key(two.email)
    assert addresses.key(one.email) != addresses.key(addresses.parse("an@münchen.example").email)


@given(
    st.text(max_size=80) | st.from_regex(r"[a-zé.]{1,9}@[a-zü.-]{1,9}\.[a-z]{2,5}", fullmatch=True),
    st.text(max_size=20),
)
def test_any_text(email: str, name: str) -> None:
    """Any text is refused, or makes an address that is plain ASCII, stable, and cannot break a header."""
    try:
        address = addresses.parse(email, name)
    except AddressError:
        assert not addresses.is_plain(email) or name
        return
    assert address.email.isascii()
    assert address.email == email or not addresses.is_plain(email)
    assert addresses.parse(address.email, address.name) == address
    assert not set("\r\n\0") & set(address.email + address.name)


@given(st.from_regex(r"[A-Za-z0-9_+'.-]{1,66}@[a-z0-9.-]{1,70}", fullmatch=True))
def test_plain(email: str) -> None:
    """What the quick look takes, the thorough one takes as it stands."""
    if addresses.is_plain(email):
        assert addresses.parse(email).email == email


@pytest.mark.parametrize("email", ["ana@city.example", "Ana.Perez+news@sub-1.city.example", "o'neil_1@a.b.example"])
def test_most_addresses_are_plain(email: str) -> None:
    """The quick look is not blind."""
    assert addresses.is_plain(email)
