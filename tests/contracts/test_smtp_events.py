"""Mails that come back hold the contract of webhooks, but for the signature: only a key of ours makes an event."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.providers.smtp import Smtp
from newsletter.errors import DeliveryError
from newsletter.model import Event
from newsletter.testing import HookContract

SAMPLES = Path(__file__).parents[1] / "samples" / "smtp"
MAILS = {path.stem: path.read_bytes() for path in sorted((SAMPLES / "events").glob("*.eml"))}
NOW = datetime(2026, 11, 13, 9, tzinfo=UTC)
KEY = "5d1f0c2ab47e4f6d9a3c8e7b60412f95"
BOUNCES = "bounces+{key}@river-cities.example"


def nothing(url: str) -> bytes:
    raise AssertionError(f"nothing is to be fetched, but {url} was")


def events(body: bytes, *, bounces: str = BOUNCES) -> list[Event]:
    return Smtp(host="mail.example", bounces=bounces).events({}, body, now=NOW, fetch=nothing)


class TestSmtpEvents(HookContract):
    """Mails to the address for bounces, and to the newsletter's own; a sample's body is the ``.eml`` beside it."""

    samples = SAMPLES
    signs = False

    def hooked(self, *, secret: bool = True) -> Smtp:
        return Smtp(host="mail.example", bounces=BOUNCES)

    def signed(self, body: bytes) -> Mapping[str, str]:
        return {}

    def cases(self) -> list[tuple[str, dict[str, Any]]]:
        return [(name, {**case, "body": MAILS[name].decode()}) for name, case in super().cases()]


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_is_the_same_however_it_was_kept(name: str) -> None:
    """With line ends of a mail or of a file; with or without what a mailbox writes above it."""
    if name == "no-mail":
        return
    mail = MAILS[name]
    kept = b"Delivered-To: office@river-cities.example\nReceived: from mx\n\tby mail\n" + mail
    for other in (mail.replace(b"\n", b"\r\n"), kept):
        assert events(other) == events(mail)


@pytest.mark.parametrize(
    ("name", "bounces", "found"),
    [
        ("postfix-unknown-user", "", True),  # by what is quoted of our mail
        ("exchange-policy", "", True),  # by what it answers
        ("postfix-headers-lost", BOUNCES, True),  # by whom it was from
        ("postfix-headers-lost", "", False),
        ("postfix-headers-lost", "bounces+{key}@other.example", False),
        ("complaint-abuse", BOUNCES, True),
        ("complaint-abuse", "bounces@river-cities.example", False),
    ],
)
def test_where_the_key_is_found(name: str, bounces: str, found: bool) -> None:
    """In the address it came back to, else in what is quoted; without a key there is no event."""
    assert [event.key for event in events(MAILS[name], bounces=bounces)] == [KEY] * found


def test_the_address_it_came_back_to_counts_more_than_what_is_quoted() -> None:
    """A server writes the address; anybody may have written what is quoted."""
    other = "0" * 32
    mail = MAILS["postfix-unknown-user"].replace(f"<{KEY}@".encode(), f"<{other}@".encode())
    assert [event.key for event in events(mail)] == [KEY]
    assert [event.key for event in events(mail, bounces="")] == [other]


@pytest.mark.parametrize(
    ("status", "words", "bounce"),
    [
        ("5.1.1", "", "hard"),
        ("5.1.10", "", "hard"),
        ("5.2.1", "", "hard"),
        ("5.4.4", "", "hard"),
        ("5.4.310", "550 5.4.310 DNS domain does not exist", "hard"),
        ("5.0.0", "550 5.1.1 whatever", "hard"),
        ("5.0.0", "550 Unknown user", "hard"),
        ("5.0.0", "550 The mailbox ana@city.example is unknown", "hard"),
        ("", "550 no such user", "hard"),
        ("4.4.7", "", "soft"),
        ("4.0.0", "", "soft"),
        ("5.2.2", "", "soft"),
        ("5.0.0", "452 4.2.2 full", "soft"),
        ("5.0.0", "552 Mailbox full", "soft"),
        ("5.3.4", "", "message"),
        ("5.6.1", "", "message"),
        ("5.7.1", "550 5.7.1 User unknown", "message"),
        ("5.0.0", "554 blocked, see https://list.example/5.1.1.4", "message"),
        ("5.0.0", "550 refused by 5.1.1.9", ""),
        ("5.0.0", "", ""),
        ("nonsense", "", ""),
    ],
)
def test_what_a_code_says_of_a_mailbox(status: str, words: str, bounce: str) -> None:
    """RFC 3463, by the more exact of two codes, else by the words; where that does not decide, nobody is suppressed."""
    mail = MAILS["postfix-unknown-user"].decode()
    mail = re.sub(r"Status: .*", f"Status: {status}", mail)
    mail = re.sub(r"Diagnostic-Code: .*\n .*", f"Diagnostic-Code: smtp; {words}", mail)
    assert [event.bounce for event in events(mail.encode())] == [bounce]


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Fri, 13 Nov 2026 08:00:07 -0000", "2026-11-13T08:00:07+00:00"),
        ("Fri, 13 Nov 2099 08:00:07 +0000", NOW.isoformat()),
        ("Mon, 1 Jan 0001 00:00:00 +2359", NOW.isoformat()),
        ("Fri, 13 Nov 2026 08:00:07 +9999999", NOW.isoformat()),
        ("yesterday", NOW.isoformat()),
        ("", NOW.isoformat()),
    ],
)
def test_a_date_that_cannot_be_right_is_now(date: str, at: str) -> None:
    """Clocks of mail servers are not ours."""
    mail = re.sub(r"\nDate: .*", f"\nDate: {date}", MAILS["reader-leaves"].decode())
    assert [event.at.isoformat() for event in events(mail.encode())] == [at]


@pytest.mark.parametrize(
    "subject", [f"Unsubscribe  {KEY.upper()} ", f"=?utf-8?B?dW5zdWJzY3JpYmUg?=\n {KEY}", f"unsubscribe\t{KEY}"]
)
def test_mail_programs_change_the_subject_a_little(subject: str) -> None:
    """Upper case, spaces and encoding say the same."""
    mail = re.sub(r"\nSubject: .*", lambda _: f"\nSubject: {subject}", MAILS["reader-leaves"].decode())
    assert [(event.kind, event.key) for event in events(mail.encode())] == [("unsubscribed", KEY)]


@pytest.mark.parametrize(
    "subject", ["unsubscribe", f"unsubscribe {KEY}0", f"Fwd: unsubscribe {KEY}", f"unsubscribe {'g' * 32}"]
)
def test_other_subjects_say_nothing(subject: str) -> None:
    """They are for a person."""
    mail = re.sub(r"\nSubject: .*", f"\nSubject: {subject}", MAILS["reader-leaves"].decode())
    assert events(mail.encode()) == []


def test_a_mail_inside_a_mail_is_no_report() -> None:
    """Who forwards a bounce, or writes one into a mail to us, has not bounced."""
    inner = MAILS["postfix-unknown-user"].decode()
    head = "From: a@x.example\nSubject: Fwd\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b"
    mail = f"{head}\n\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
    assert events(mail.encode()) == []


def test_a_mail_nested_deep() -> None:
    """It is nothing, or an error of ours, and never the end of the program."""

    def nested(depth: int) -> bytes:
        parts = (f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
        return f"Subject: x\n{''.join(parts)}\n\nend".encode()

    assert events(nested(50)) == []
    with pytest.raises(DeliveryError, match="nested too deep"):
        events(nested(5000))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A mail with lines left out, repeated, swapped for those of others, and bytes of any kind in between."""
    lines = draw(st.sampled_from(list(MAILS.values()))).split(b"\n")
    others = draw(st.sampled_from(list(MAILS.values()))).split(b"\n")
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, max(len(lines) - 1, 0)))
        junk = draw(st.binary(max_size=30) | st.sampled_from(others) | st.sampled_from(HOSTILE))
        lines[place : place + draw(st.integers(0, 2))] = [junk] * draw(st.integers(0, 2))
    return b"\n".join(lines)


HOSTILE = [
    b"Content-Type: message/delivery-status; charset=\xff",
    b"Content-Type: message/rfc822",
    b"Content-Type: text/rfc822-headers; charset=none",
    b"Content-Type: multipart/report; boundary*=utf-8''%E2%80; report-type*0=delivery",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: x-uuencode",
    b"Content-Transfer-Encoding: \xe9",
    b"Subject: =?none?B?xxx?= =?utf-8?B?/w==?= =?utf-8?B?a?=",
    b"To: =?utf-8?Q?=FF?= \xff <a@b>",
    b"Date: Fri, 99 Foo -1 99:99 +99999999999",
    b"Message-ID: \x00\xff",
    b"Action: failed\x00",
    b"Status: 5.1.1\xd0",
    b"Diagnostic-Code: ;;\xed\xa0\x80",
    b"X-Failed-Recipients: \xff",
    b"X-Failed-Recipients: \x00",
    b"",
]


@given(damaged() | st.binary(max_size=300))
def test_any_mail_becomes_events_or_one_of_our_errors(body: bytes) -> None:
    """Never another exception; of an event everything can be written down, and nobody is named but by a key."""
    try:
        found = events(body)
    except DeliveryError:
        return
    for event in found:
        assert re.fullmatch("[0-9a-f]{32}", event.key)
        assert not event.address
        assert event.at.tzinfo
        assert not re.search(r"[\x00-\x1f\ud800-\udfff]", event.reason)
        json.loads(event.raw.encode())
