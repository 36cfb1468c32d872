"""SMTP holds the contract of providers, and knows at every break what became of a mail."""

import asyncio
import dataclasses
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from smtp_server import DRIBBLE, DROP, HANG, RESET, Fault, Ledger, sent_twice, serving

from newsletter import plugins
from newsletter.delivery.providers.smtp import Smtp
from newsletter.errors import ConfigError, DeliveryError, RefusedError, TemporaryError
from newsletter.model import Address, Asset, Batch, Receipt
from newsletter.plugins import Plugin, Secret
from newsletter.testing import SECRET, ProviderContract, sample_batch

GOOD = 20  # seconds, where nothing is slow but this computer
SLOW = {"timeout": 1.0, "deadline": 2.5}


def smtp(port: int, **options: Any) -> Smtp:
    options = {"security": "none", "ehlo": "client.example", "timeout": GOOD, "deadline": 3 * GOOD, **options}
    return Smtp(host=options.pop("host", "127.0.0.1"), port=port, **options)


def send(provider: Smtp, batch: Batch) -> list[Receipt]:
    async def run() -> list[Receipt]:
        async with httpx.AsyncClient() as client:
            return await provider.send(client, batch)

    return asyncio.run(run())


def heavy(batch: Batch) -> Batch:
    """The batch with a picture that no buffer between two programs holds."""
    picture = Asset(url="images/river.png", type="image/png", data=bytes(9_000_000))
    return replace(batch, edition=dataclasses.replace(batch.edition, assets=(picture,)))


class TestSmtp(ProviderContract):
    """SMTP, with a server of its own for each batch."""

    def make(self, folder: Path, base_url: str) -> Smtp:
        return smtp(25)

    def send(self, provider: Smtp, batch: Batch, reply: object = None) -> list[Receipt]:
        with serving() as ledger:
            receipts = send(smtp(ledger.port), batch)
        assert ledger.readers == [message.to.email for message in batch.messages]
        return receipts


# What happens to the second of four mails, and what becomes of all four: S is sent, F failed, L later, P paused and U
# unknown, which the server may have kept or not.
FAULTS = [
    ("MAIL", DROP, "SLLL"),
    ("MAIL", HANG, "SLLL"),
    ("MAIL", DRIBBLE, "SLLL"),
    ("MAIL", "421 4.3.2 Closing", "SLLL"),
    ("MAIL", "450 4.7.1 Too many mails from you", "SLLL"),
    ("MAIL", "452 4.3.1 No room", "SLLL"),
    ("MAIL", "550 5.7.1 Not from you", "SPPP"),
    ("MAIL", "530 5.7.0 Log in first", "SPPP"),
    ("MAIL", "552 5.3.4 Too large", "SFSS"),
    ("MAIL", "nonsense", "SPPP"),
    ("RCPT", DROP, "SLLL"),
    ("RCPT", HANG, "SLLL"),
    ("RCPT", "421 4.7.0 Closing", "SLLL"),
    ("RCPT", "451 4.7.1 Greylisted, come back", "SLSS"),
    ("RCPT", "452 4.5.3 Too many", "SLSS"),
    ("RCPT", "550 5.1.1 No such user", "SFSS"),
    ("RCPT", "550 5.1.1 User unknown in relay recipient table", "SFSS"),
    ("RCPT", "554 5.7.1 <reader1@city.example>: Relay access denied", "SPPP"),
    ("RCPT", "550 5.7.54 Unable to relay recipient in non-accepted domain", "SPPP"),
    ("RCPT", "530 5.7.0 Log in first", "SPPP"),
    ("RCPT", "354 Go on", "SLLL"),
    ("DATA", DROP, "SLLL"),
    ("DATA", "421 Closing", "SLLL"),
    ("DATA", "451 4.3.0 Not now", "SLSS"),
    ("DATA", "554 5.5.1 No valid recipients", "SFSS"),
    ("DATA", "250 Ok", "SLLL"),
    ("DATA", "354 Go on\r\n421 4.3.2 No, do not", "SLLL"),
    ("DATA", "354 Go on\r\n250 2.0.0 Ok: queued as nothing", "SLLL"),
    ("content", RESET, "SLLL"),
    ("content", HANG, "SLLL"),
    ("end", DROP, "SULL"),
    ("end", RESET, "SULL"),
    ("end", HANG, "SULL"),
    ("end", DRIBBLE, "SULL"),
    ("end", "nonsense", "SULL"),
    ("end", "25", "SULL"),
    ("end", "354 Go on", "SULL"),
    ("end", "x" * 9000, "SULL"),
    ("end", "421 4.3.2 Closing", "SLLL"),
    ("end", "451 4.3.0 Try again", "SLSS"),
    ("end", "552 5.2.2 Mailbox full", "SFSS"),
    ("end", "554 5.7.1 Looks like spam", "SFSS"),
]


@pytest.mark.parametrize(
    ("step", "act", "outcomes", "kept"),
    [(*fault, kept) for fault in FAULTS for kept in ((False, True) if "U" in fault[2] else (False,))],
    ids=lambda value: value[:12] if isinstance(value, str) else None,
)
def test_what_becomes_of_a_batch_with_a_fault(step: str, act: str, outcomes: str, kept: bool) -> None:
    """Sent is only what the server has; what goes again it never had; and nobody is mailed twice."""
    batch = sample_batch(4)
    options = SLOW if act in (HANG, DRIBBLE) else {}
    if (step, act) == ("content", HANG):
        options = {"timeout": 2.0, "deadline": GOOD}  # for a large mail
    with serving(Fault(step=step, act=act, number=1, kept=kept)) as ledger:
        receipts = send(smtp(ledger.port, **options), heavy(batch) if step == "content" else batch)
        first = list(ledger.readers)
        assert "".join(receipt.outcome[0].upper() for receipt in receipts) == outcomes
        assert all(bool(receipt.error) != (receipt.outcome == "sent") for receipt in receipts)
        _hold(ledger, batch, receipts, kept=kept)
        again = {receipt.key for receipt in receipts if receipt.outcome in ("later", "paused")}
        if again:
            rest = replace(batch, messages=tuple(one for one in batch.messages if one.key in again))
            assert {receipt.outcome for receipt in send(smtp(ledger.port), rest)} == {"sent"}
        assert not sent_twice(ledger)
        assert len(ledger.readers) == len(first) + len(again)


def _hold(ledger: Ledger, batch: Batch, receipts: list[Receipt], *, kept: bool) -> None:
    """The ledger has what was sent, perhaps what is unknown, and nothing else."""
    to = {message.key: message.to.email for message in batch.messages}
    expected = [to[one.key] for one in receipts if one.outcome == "sent" or (kept and one.outcome == "unknown")]
    assert ledger.readers == expected


@pytest.mark.parametrize(
    ("step", "act", "kind"),
    [
        ("greeting", DROP, TemporaryError),
        ("greeting", HANG, TemporaryError),
        ("greeting", "421 4.3.2 Busy", TemporaryError),
        ("greeting", "554 5.7.1 Your address is on a list", RefusedError),
        ("greeting", "HTTP/1.1 400 Bad Request", RefusedError),
        ("EHLO", DROP, TemporaryError),
        ("EHLO", DRIBBLE, TemporaryError),
        ("EHLO", "421 4.7.0 Busy", TemporaryError),
        ("EHLO", "451 4.7.0 Later", TemporaryError),
        ("EHLO", "502 5.5.1 What is that", RefusedError),
        ("EHLO", "250 mail.city.example", RefusedError),
        ("EHLO", "250-mail.city.example\r\n250 AUTH GSSAPI", RefusedError),
        ("AUTH", DROP, TemporaryError),
        ("AUTH", HANG, TemporaryError),
        ("AUTH", "454 4.7.0 The directory does not answer", TemporaryError),
        ("AUTH", "535 5.7.8 Wrong password", RefusedError),
        ("AUTH", f"535 5.7.8 I do not know AHVzZXIAay0zZjljMWU3YTViMmQ= or {SECRET}", RefusedError),
        ("MAIL", DROP, TemporaryError),
        ("MAIL", "421 4.3.2 Closing", TemporaryError),
        ("MAIL", "451 4.3.0 Not now", TemporaryError),
        ("MAIL", "553 5.7.1 Not your address", RefusedError),
        ("RCPT", DROP, TemporaryError),
        ("RCPT", "554 5.7.1 Relay access denied", RefusedError),
        ("DATA", DROP, TemporaryError),
    ],
)
def test_what_ends_a_batch_before_its_first_mail(step: str, act: str, kind: type[DeliveryError]) -> None:
    """All of it goes again, or the campaign waits for a person; nothing was sent, and no secret is told."""
    options = SLOW if act in (HANG, DRIBBLE) else {}
    with serving(Fault(step=step, act=act)) as ledger:
        provider = smtp(ledger.port, user="user", password=Secret(SECRET), **options)
        with pytest.raises(kind) as caught:
            send(provider, sample_batch(3))
        assert type(caught.value) is kind
        assert not ledger.mails
        said = f"{caught.value!r} {caught.value} {provider!r} {vars(provider)}"
        assert SECRET not in said
        assert "AHVzZXIAay0zZjljMWU3YTViMmQ" not in said
        assert [receipt.outcome for receipt in send(provider, sample_batch(3))] == ["sent"] * 3


def test_a_server_that_is_not_there() -> None:
    """Nothing was sent, and the same batch goes again."""
    with serving() as ledger:
        port = ledger.port
    with pytest.raises(TemporaryError, match=f"127.0.0.1:{port} cannot be reached"):
        send(smtp(port), sample_batch(1))


@pytest.mark.parametrize(
    ("fault", "outcomes"),
    [
        (None, ["sent"] * 5),
        (Fault(step="greeting", act="421 Busy", number=1), ["sent"] * 2 + ["later"] * 3),
        (Fault(step="EHLO", act="554 No", number=1), ["sent"] * 2 + ["paused"] * 3),
    ],
)
def test_a_connection_carries_only_so_many_mails(fault: Fault | None, outcomes: list[str]) -> None:
    """Then comes a new one; where that one fails, what went over the first remains sent."""
    with serving(*([fault] if fault else [])) as ledger:
        provider = smtp(ledger.port, per_connection=2)
        assert [receipt.outcome for receipt in send(provider, sample_batch(5))] == outcomes
        assert ledger.connections == (3 if fault is None else 2)
        assert ledger.talk[0].upper() == "EHLO CLIENT.EXAMPLE"


def test_a_refused_mail_is_taken_back_before_the_next() -> None:
    """RSET only where the server still has a sender in mind; one that it breaks off ends the batch."""
    with serving(Fault(step="RCPT", act="550 5.1.1 Nobody", number=0)) as ledger:
        send(smtp(ledger.port), sample_batch(3))
        verbs = [words.split()[0].upper() for words in ledger.talk]
        assert verbs == ["EHLO", "MAIL", "RCPT", "RSET", *["MAIL", "RCPT", "DATA"] * 2, "QUIT"]
    for act, outcome in ((DROP, "later"), ("421 Closing", "later"), ("500 What", "paused")):
        faults = Fault(step="RCPT", act="550 5.1.1 Nobody", number=0), Fault(step="RSET", act=act, number=0)
        with serving(*faults) as ledger:
            receipts = send(smtp(ledger.port), sample_batch(3))
            assert [receipt.outcome for receipt in receipts] == ["failed", outcome, outcome]


def test_batches_at_once_have_connections_of_their_own() -> None:
    """No more of them than allowed; nobody is mailed twice, or not at all."""
    batch = sample_batch(40)
    parts = [replace(batch, messages=batch.messages[start : start + 5]) for start in range(0, 40, 5)]

    async def run(provider: Smtp) -> list[list[Receipt]]:
        async with httpx.AsyncClient() as client:
            return await asyncio.gather(*(provider.send(client, part) for part in parts))

    with serving() as ledger:
        provider = smtp(ledger.port, connections=3)
        assert provider.limits.at_once == 3
        results = asyncio.run(run(provider))
        assert {receipt.outcome for part in results for receipt in part} == {"sent"}
        assert sorted(ledger.readers) == sorted(message.to.email for message in batch.messages)


def test_a_run_that_is_given_up_sends_no_more() -> None:
    """Its thread does not go on behind everybody's back."""

    async def run(provider: Smtp) -> None:
        async with httpx.AsyncClient() as client:
            await asyncio.wait_for(provider.send(client, sample_batch(4)), 0.5)

    with serving(Fault(step="RCPT", act=HANG, number=1)) as ledger:
        with pytest.raises(TimeoutError):
            asyncio.run(run(smtp(ledger.port)))
        assert ledger.readers == ["reader0@city.example"]


def test_no_mail_is_begun_or_ended_whose_answer_nobody_could_wait_for() -> None:
    """A server that is slow with each word, though never too slow, gets what fits, and the rest goes again."""
    batch = sample_batch(50)
    with serving(pause=0.1) as ledger:
        receipts = send(smtp(ledger.port, timeout=2, deadline=4), batch)
        outcomes = [receipt.outcome for receipt in receipts]
        assert outcomes == ["sent"] * len(ledger.mails) + ["later"] * (50 - len(ledger.mails))
        assert 0 < len(ledger.mails) < 50
        assert "too slow for a whole batch" in receipts[-1].error


def test_the_size_that_the_server_takes() -> None:
    """It is told how large a mail is, and not sent one that it would refuse."""
    with serving(says={"EHLO": "250-mail.city.example\r\n250 SIZE 100000"}) as ledger:
        assert [receipt.outcome for receipt in send(smtp(ledger.port), sample_batch(1))] == ["sent"]
        [command] = [words for words in ledger.talk if words.startswith("MAIL")]
        assert command == f"MAIL FROM:<news@river-cities.example> SIZE={len(ledger.mails[0][2])}"
        [receipt] = send(smtp(ledger.port), heavy(sample_batch(1)))
        assert (receipt.outcome, len(ledger.mails)) == ("failed", 1)
        assert "the server takes 100000" in receipt.error
    for size in ("", " 0", " 9" + "9" * 30, " x"):
        with serving(says={"EHLO": f"250-mail.city.example\r\n250 SIZE{size}"}) as ledger:
            assert send(smtp(ledger.port), sample_batch(1))[0].outcome == "sent"


def test_a_line_with_a_dot_arrives_as_it_was() -> None:
    """Also a line of one dot, which would end the mail, and one that begins with several."""
    text = ".\n..\n.hidden\nword.\n.\nThe end.\n"
    batch = sample_batch(2)
    messages = tuple(replace(message, text=text) for message in batch.messages)
    with serving() as ledger:
        send(smtp(ledger.port), replace(batch, messages=messages))
        for _, _, mail in ledger.mails:
            assert b"\r\n.hidden\r\n" in mail
            plain = message_from_bytes(mail, policy=policy.default).get_body(("plain",))
            assert plain
            assert plain.get_content().replace("\r\n", "\n") == text
        assert len(ledger.mails) == 2


@pytest.mark.parametrize("email", ["a b@city.example", "a>b@city.example", "ana@city.example\r\nRSET", "ana", "@"])
def test_an_address_that_no_command_can_say_fails_alone(email: str) -> None:
    """One sentence, and the others go out."""
    batch = sample_batch(2)
    bad = replace(batch.messages[0], to=Address(email=email))
    with serving() as ledger:
        receipts = send(smtp(ledger.port), replace(batch, messages=(bad, batch.messages[1])))
        assert [receipt.outcome for receipt in receipts] == ["failed", "sent"]
        assert "is no address" in receipts[0].error
        assert len(ledger.mails) == 1


def test_each_mail_may_come_back_to_an_address_of_its_own() -> None:
    """With the message's key in it; without, to one for all."""
    for bounces, expected in (
        ("bounces+{key}@river-cities.example", [f"bounces+{n:032x}@river-cities.example" for n in range(2)]),
        ("bounces@river-cities.example", ["bounces@river-cities.example"] * 2),
        ("", ["news@river-cities.example"] * 2),
    ):
        with serving() as ledger:
            send(smtp(ledger.port, bounces=bounces), sample_batch(2))
            assert [sender for _, sender, _ in ledger.mails] == expected


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "needs the option 'host'"),
        ({"host": "mail.example:25"}, "is no mail server"),
        ({"host": "https://mail.example"}, "is no mail server"),
        ({"host": "a" * 64 + ".example"}, "is no mail server"),
        ({"host": "mail.example", "port": 70000}, "is no port"),
        ({"host": "mail.example", "security": "ssl"}, "security"),
        ({"host": "mail.example", "security": "none"}, "others can read and change"),
        ({"host": "mail.example", "user": "ana"}, "belong together"),
        ({"host": "mail.example", "password": {"env": "TEST_PASSWORD"}}, "belong together"),
        ({"host": "mail.example", "password": "secret", "user": "ana"}, "a secret does not belong into the file"),
        ({"host": "mail.example", "ehlo": "a b"}, "is no name of a computer"),
        ({"host": "mail.example", "timeout": 0}, "timeout"),
        ({"host": "mail.example", "timeout": 60, "deadline": 100}, "at most half of it"),
        ({"host": "mail.example", "deadline": 300}, "at most 240 seconds"),
        ({"host": "mail.example", "connections": 0}, "1 or more"),
        ({"host": "mail.example", "bounces": "bounces"}, "is no address"),
        ({"host": "mail.example", "bounces": f"{'b' * 40}+{{key}}@x.example"}, "is no address"),
        ({"host": "mail.example", "bounces": "b@{key}.example"}, "before the @"),
        ({"host": "mail.example", "bounces": "{key}-{key}@x.example"}, "before the @"),
    ],
)
def test_smtp_says_what_is_wrong_in_the_configuration(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], sentence: str
) -> None:
    """A provider is built from newsletter.toml, or one sentence says why not."""
    monkeypatch.setenv("TEST_PASSWORD", "secret")
    with pytest.raises(ConfigError, match=sentence):
        plugins.build(Plugin(family="providers", name="smtp", options=options))


@pytest.mark.parametrize(
    ("options", "port"),
    [
        ({"host": "mail.example"}, 587),
        ({"host": "mail.example", "security": "tls"}, 465),
        ({"host": "localhost", "security": "none"}, 25),
        ({"host": "::1", "security": "none", "port": 2525}, 2525),
        ({"host": "mail", "security": "none", "unencrypted": True}, 25),
    ],
)
def test_the_port_follows_from_the_security(options: dict[str, Any], port: int) -> None:
    """Encrypted after STARTTLS unless something else is asked for."""
    provider = plugins.build(Plugin(family="providers", name="smtp", options=options))
    assert (provider.host, provider._server.port) == (options["host"], port)
