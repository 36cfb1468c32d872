"""Mail on the wire: what a reader's program reads back is what was written, in every script."""

import random
import re
import subprocess
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import mime, unsubscribe
from newsletter.errors import RejectedError
from newsletter.model import Address, Asset, Message

DATE = datetime(2026, 11, 13, 9, tzinfo=UTC)
WORDS = {
    "en": "River cities meet on the quay, and 40 mayors come: “Water first”",
    "fr": "L’été des fleuves : les villes se réunissent à Séoul, œuvre commune",
    "es": "¿Qué ciudades? Información de Córdoba y Múnich, mañana",
    "pt-BR": "São Paulo: cidades irmãs, ação e coração às margens",
    "ar": "مدن الأنهار تجتمع في سيول: منتدى ضفاف الأنهار والمياه",
    "fa": "شهرهای رودخانه‌ای در سئول گرد هم می‌آیند و گفت‌وگو می‌کنند",
    "ko": "강변 도시들이 서울에서 만납니다 물과 도시 포럼",
    "ne": "नदी किनारका शहरहरू सियोलमा भेट्छन् र छलफल गर्छन्",
    "zh": "滨河城市在首尔相聚 讨论水与城市 👩‍🌾🌊",
}


def _message(**changes: object) -> Message:
    values: dict[str, object] = {
        "key": "0123456789abcdef0123456789abcdef",
        "to": Address(email="ana@city.example", name="Ana"),
        "sender": Address(email="news@river-cities.example", name="River Cities Letter"),
        "subject": "Hello",
        "html": "<p>Hello</p>",
        "text": "Hello",
        "language": "en",
    }
    return Message(**{**values, **changes})  # type: ignore[arg-type]


def _read(message: Message, assets: tuple[Asset, ...] = ()) -> EmailMessage:
    data = mime.build(message, date=DATE, assets=assets)
    head, _, _ = data.partition(b"\r\n\r\n")
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 76 for line in head.split(b"\r\n") if b"=?utf-8?" in line)
    assert max(map(len, data.split(b"\r\n"))) <= 998
    parsed = cast("EmailMessage", message_from_bytes(data, policy=policy.default))
    assert not parsed.defects
    assert all(not value.defects for value in parsed.values())
    return parsed


def _mailbox(data: bytes, header: str) -> Address:
    """Read with the older parser: the newer one sees a space between two encoded words of a name."""
    name, email = parseaddr(message_from_bytes(data)[header])
    return Address(email=email, name=str(make_header(decode_header(name))))


def _sentences() -> st.SearchStrategy[str]:
    """Words of one language in any order, joined by single spaces, up to the length of a long subject."""
    return st.sampled_from(sorted(WORDS)).flatmap(
        lambda tag: st.lists(st.sampled_from(WORDS[tag].split()), min_size=1, max_size=30).map(" ".join)
    )


@given(subject=_sentences(), name=_sentences(), text=_sentences())
def test_everything_comes_back(subject: str, name: str, text: str) -> None:
    """Subject, names and texts in nine languages, exactly, with no lost space."""
    ana = Address(email="ana@city.example", name=name)
    news = Address(email="news@river-cities.example", name=name[::-1])
    message = _message(subject=subject, to=ana, sender=news, reply_to=ana, text=text, html=f"<p>{text}</p>")
    parsed = _read(message)
    assert parsed["Subject"] == subject
    for header, address in (("To", ana), ("From", news), ("Reply-To", ana)):
        assert _mailbox(mime.build(message, date=DATE), header) == address
    plain, html = parsed.iter_parts()
    assert plain.get_content().rstrip() == text
    assert html.get_content().rstrip() == f"<p>{text}</p>"


def _strictly(header: str) -> str:
    """A header of encoded words read by RFC 2047's own rules; a failure where a careless writer would break one."""
    lines = header.split("\r\n")
    assert all(len(line) <= 76 for line in lines)
    decoded = ""
    for number, line in enumerate(lines):
        word = line if number == 0 else line.removeprefix(" ")
        found = re.fullmatch(r"=\?utf-8\?b\?([A-Za-z0-9+/]+=*)\?=", word)
        assert found, line
        assert len(word) <= 75
        decoded += b64decode(found[1], validate=True).decode("utf-8")  # each word is whole characters (§5)
    return decoded


def _subjects(language: str) -> list[str]:
    """400 subjects of one language, the same in every run, from a word to 200 characters."""
    chance = random.Random(language)
    words = WORDS[language].split()
    return [" ".join(chance.choices(words, k=chance.randint(1, 30)))[:200].strip() for _ in range(400)]


@pytest.mark.parametrize("language", ["fa", "ar", "ko", "fr"])
def test_four_hundred_subjects_arrive(language: str, need: Callable[[str], str]) -> None:
    """Subjects and names, of which Python before 3.13 garbles up to a third, read by Python, Perl and the RFC."""
    subjects = _subjects(language)
    written = []
    for subject in subjects:
        head = mime.build(_message(subject=subject, to=Address(email="a@b.example", name=subject)), date=DATE)
        fields = re.sub(rb"\r\n (?=<)", b" ", head.partition(b"\r\n\r\n")[0]).decode("ascii")
        coded = re.search(r"^Subject: (.+?)\r\n(?=\S)", fields, re.DOTALL | re.MULTILINE)
        name = re.search(r"^To: (.+?) <a@b.example>", fields, re.DOTALL | re.MULTILINE)
        assert coded
        assert name
        for header in (coded[1], name[1]):
            assert (_strictly(header) if header.startswith("=?") else header.strip('"')) == subject
        assert message_from_bytes(head, policy=policy.default)["Subject"] == subject
        assert str(make_header(decode_header(message_from_bytes(head)["Subject"]))) == subject
        written.append(coded[1])
    program = (
        'use Encode; binmode(STDOUT, ":utf8"); $/ = "\\0"; while (<>) { chomp; print decode("MIME-Header", $_), "\\0" }'
    )
    perl = subprocess.run(
        [need("perl"), "-e", program], input="\0".join(written), capture_output=True, check=True, encoding="utf-8"
    )
    assert perl.stdout.rstrip("\0").split("\0") == subjects


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=120))
def test_any_name_and_subject_comes_back_or_is_harmless(text: str) -> None:
    """Whatever people are called: quotes, commas, brackets, encoded words, emoji."""
    parsed = _read(_message(subject=text, to=Address(email="ana@city.example", name=text)))
    assert parsed["Subject"] == text
    assert [address.addr_spec for address in parsed["To"].addresses] == ["ana@city.example"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Ana Pérez", "=?utf-8?b?QW5hIFDDqXJleg==?="),
        ("Ana", "Ana"),
        ("Pérez, Ana", "=?utf-8?b?UMOpcmV6LCBBbmE=?="),
        ("Perez, Ana", '"Perez, Ana"'),
        ('The "Quay"', '"The \\"Quay\\""'),
        ("=?utf-8?q?trick?=", "=?utf-8?b?PT91dGYtOD9xP3RyaWNrPz0=?="),
    ],
)
def test_names_are_written_as_a_reader_expects(name: str, written: str) -> None:
    """Plain where it is plain, quoted where signs would mean something, encoded else."""
    assert mime.mailbox(Address(email="a@x.example", name=name)) == f"{written} <a@x.example>"


@pytest.mark.parametrize("domain", ["münchen.example", "bücher.straße.example", "서울.example"])
def test_a_domain_is_written_in_ascii(domain: str) -> None:
    """As IDNA 2008 has it, where ß is a letter of its own."""
    written = mime.mailbox(Address(email=f"info@{domain}"))
    assert written.isascii()
    assert b"\x00" not in written.encode()
    assert written.startswith("info@")
    assert "xn--" in written
    assert "strasse" not in written


@pytest.mark.parametrize(
    "message",
    [
        _message(subject="Hello\r\nBcc: everybody@city.example"),
        _message(subject="Hello\nX: y"),
        _message(to=Address(email="ana@city.example", name="Ana\r\nBcc: x@y.example")),
        _message(headers={"X-Note": "a\r\nBcc: x@y.example"}),
        _message(headers={"X Note": "a"}),
        _message(headers={"X-Note": "é"}),
        _message(headers={"List-Unsubscribe": f"<https://city.example/{'x' * 990}>"}),
        _message(subject="Hello \x1b[31m"),
        _message(subject="Hello \u2028Bcc: x@y.example"),
        _message(subject="Half \ud83d a character"),
        _message(to=Address(email="jörg@city.example")),
        _message(to=Address(email=f"a@{'ü' * 80}.example")),
    ],
)
def test_what_would_break_the_headers_is_refused(message: Message) -> None:
    """For good, and for this message alone."""
    with pytest.raises(RejectedError):
        mime.build(message, date=DATE)


def test_the_headers_of_a_newsletter() -> None:
    """In full, as they stand on the wire; the link to leave by is never encoded, however long."""
    mailbox = Address(email="news+leave@a-rather-long-name.river-cities.example")
    [url], [headers] = unsubscribe.links(["k" * 32], mailbox)
    listed = mime.list_headers("River Cities – Letter", Address(email="news@river-cities.example"), "pt-BR")
    data = mime.build(_message(headers={**headers, **listed}), date=DATE)
    head = data.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert head[:-1] == [
        "From: River Cities Letter <news@river-cities.example>",
        "To: Ana <ana@city.example>",
        "Subject: Hello",
        "Date: Fri, 13 Nov 2026 09:00:00 +0000",
        "Message-ID: <0123456789abcdef0123456789abcdef@river-cities.example>",
        f"List-Unsubscribe: <{url}>",
        "List-Id: <river-cities-letter.river-cities.example>",
        "Auto-Submitted: auto-generated",
        "Content-Language: pt-BR",
        "MIME-Version: 1.0",
    ]
    assert url == f"mailto:news%2Bleave@a-rather-long-name.river-cities.example?subject=unsubscribe%20{'k' * 32}"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Las ciudades de la ribera se encuentran en Córdoba\n" * 40, "quoted-printable"), ("강변 도시 " * 99, "base64")],
)
def test_the_shorter_encoding_is_taken(text: str, encoding: str) -> None:
    """Quoted-printable for Latin letters, base64 for the others."""
    parsed = _read(_message(text=text))
    assert [part["Content-Transfer-Encoding"] for part in parsed.iter_parts()] == [encoding, "quoted-printable"]
    assert next(parsed.iter_parts()).get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


def test_the_same_message_is_the_same_bytes() -> None:
    """A replay is byte for byte the first request."""
    first = mime.build(_message(), date=DATE)
    assert first == mime.build(_message(), date=DATE)
    assert first != mime.build(_message(key="f" * 32), date=DATE)


def test_pictures_travel_inside() -> None:
    """Each once, found by its Content-ID; what no message shows stays out, and a name inside another is no mistake."""
    red, blue = (
        Asset(url="i/a.png", type="image/png", data=b"red"),
        Asset(url="i/a.png.jpg", type="image/jpeg", data=b"b"),
    )
    same, unused = replace(red, url="i/same.png"), replace(red, url="i/unused.png", data=b"unused")
    html = '<img src="i/a.png"><img src="i/a.png.jpg"><img src="i/same.png"><img src="i/a.png">'
    parsed = _read(_message(html=html), (red, blue, same, unused))
    assert parsed.get_content_type() == "multipart/alternative"
    plain, related = parsed.iter_parts()
    assert (plain.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    body, *pictures = cast("EmailMessage", related).iter_parts()
    named = {part["Content-ID"].strip("<>"): part for part in pictures}
    assert sorted(b64decode(part.get_payload()) for part in pictures) == [b"b", b"red"]
    shown = body.get_content()
    assert "i/" not in shown
    assert {name for name in named if f'"cid:{name}"' in shown} == set(named)
    assert shown.count("cid:") == 4
