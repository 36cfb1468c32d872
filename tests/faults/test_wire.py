"""What readers' own words may do to a mail on its way: begin another header, or leave a field open. Nothing."""

import csv
import email.policy
import gc
import re
from collections.abc import Iterable
from contextlib import nullcontext
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

import httpx
import msgspec
import pytest
from driver import URL, deliver
from invariants import violations
from naive_providers import Keyless
from plans import begin, chosen, edition, emails, plan
from resend_server import ResendServer, reader_of

from newsletter import fillings
from newsletter.audience.sources.csv import Csv
from newsletter.delivery.envelope import Filling
from newsletter.delivery.limits import Rates
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.plan import Plan
from newsletter.delivery.providers.folder import Folder
from newsletter.delivery.providers.resend import Resend
from newsletter.delivery.sender import Report, send
from newsletter.errors import HeldError, RenderError
from newsletter.model import Address, Batch, Choice, Columns, Edition, Message, Receipt, Subscriber
from newsletter.plugins import Secret
from newsletter.rendering.fields import FIELDS, marker

NAMES = [
    "Ana\r\nBcc: spy@elsewhere.example",
    "Ana\nSubject: Another",
    "Ana\rX-Header: 1",
    "Ana\u2028Bcc: spy@elsewhere.example",
    "Ana\x00",
    "Ana\u202egnp.exe",
    "Ana\u200b",
    '"Ana" <spy@elsewhere.example>, "',
    "Ana, spy@elsewhere.example",
    "=?utf-8?q?Bcc=3A_spy?=",
    "{{ recipient.email }}",
    "Xqf00drecipient.emailf00dqX",
    "😀 Zoë 中",
    "A" * 5000,
    "",
]
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202e]")
SENT = {"from", "to", "subject", "headers", "html", "text", "tags"}
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Id", "Auto-Submitted",
    "Content-Language", "Feedback-ID", "MIME-Version", "Content-Type",
}  # fmt: skip

EDITION = edition(
    "en",
    subject=f"For {marker('recipient.name', 'f00d')}",
    html=f"<p>{marker('recipient.name', 'f00d')} of {marker('recipient.organisation', 'f00d')}</p>",
    text=f"{marker('recipient.name', 'f00d')} {marker('recipient.unsubscribe_url', 'f00d')}",
)


class Raw(Keyless):
    """Puts names into the mail as they are."""

    def request(self, batch: Batch) -> httpx.Request:
        mails = msgspec.json.decode(super().request(batch).content)
        for mail, message in zip(mails, batch.messages, strict=True):
            mail["to"] = [f"{message.to.name} <{message.to.email}>"]
        return self.built("POST", "/emails/batch", self._headers(), content=msgspec.json.encode(mails))


class Pasted(Folder):
    """Puts a mail together line by line, each as it comes."""

    def _write(self, message: Message, batch: Batch, read: set[str]) -> Receipt:
        lines = [f"To: {message.to.name} <{message.to.email}>", f"Subject: {message.subject}", "", message.text]
        (self.path / "new" / f"{message.key}.eml").write_text("\n".join(lines), "utf-8")
        return Receipt(key=message.key)


def named() -> list[Choice]:
    """A reader for each name, whatever a list of members would make of it."""
    addresses = [Address(email=f"reader{n}@city.example", name=name) for n, name in enumerate(NAMES)]
    return [chosen(Subscriber(address=address), "en") for address in addresses]


def begun(outbox: Outbox, choices: Iterable[Choice], text: Edition = EDITION) -> Plan:
    """A campaign of one edition."""
    return begin(outbox, plan(outbox, choices, editions=[text]))


def filled(outbox: Outbox, provider: Resend | Folder, *, naive: bool = False) -> Report:
    """Send with the merge fields filled as in life, or by replacing what there is a value for."""

    def careless(text: str, values: dict[str, str]) -> str:
        for name, value in values.items():
            text = text.replace(marker(name, "f00d"), value) if value else text
        return text

    def compile(edition: Edition) -> Filling:  # noqa: A001 - what it does
        if not naive:
            return fillings.filling(edition, provider)
        subject, html, text = edition.subject, edition.html, edition.text

        def fill(columns: Columns, _count: int) -> list[tuple[str, str, str]]:
            readers = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
            return [(careless(subject, reader), careless(html, reader), careless(text, reader)) for reader in readers]

        return Filling(fill=fill, fields=FIELDS)

    return send(outbox, provider, compile, rates=Rates(per_second=1e6))


def injected(server: ResendServer) -> list[str]:
    """What in a request is more than one line, one reader, or what we write."""
    found = []
    for mail in server.mails:
        reader = reader_of(mail)
        lines = [mail["from"], *mail["to"], mail["subject"], *mail["headers"], *mail["headers"].values()]
        found += [f"{reader}: {line!r} has a control character" for line in lines if CONTROL.search(line)]
        found += [f"{reader}: {name} is none of ours" for name in mail.keys() - SENT]
        found += [f"{reader}: to {mail['to']}"] if len(getaddresses(mail["to"])) != 1 else []
    return found


def readable(path: Path) -> list[str]:
    """The same of a mail in a file, as a mail program reads it."""
    mail = message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    found = [f"{path.name}: {name} is none of ours" for name in mail.keys() if name not in HEADERS]  # noqa: SIM118
    found += [f"{path.name}: {name} twice" for name in set(mail.keys()) if len(mail.get_all(name, [])) > 1]
    found += [f"{path.name}: {defect}" for part in mail.walk() for defect in part.defects]
    return found + ([f"{path.name}: to {mail['To']}"] if len(mail["To"].addresses) != 1 else [])


@pytest.mark.parametrize("kind", [Resend, Raw])
def test_no_name_begins_a_header(tmp_path: Path, kind: type[Resend]) -> None:
    """Nobody else gets the mail, and no header is in it that is not ours; a sender of raw names is found out."""
    with ResendServer(keeps_keys=kind is Resend) as server, Outbox(URL, tmp_path) as outbox:
        begun(outbox, named())
        assert deliver(outbox, server.url, kind=kind) == Report(sent=len(NAMES))
        assert bool(injected(server)) == (kind is Raw)


@pytest.mark.parametrize("kind", [Folder, Pasted])
def test_no_name_begins_a_header_in_a_file(tmp_path: Path, kind: type[Folder]) -> None:
    """The same of finished mails; and who has no address that is one fails alone, before anything is written."""
    injecting = Address(email="reader99@city.example\r\nBcc: spy@elsewhere.example", name="Ana")
    with Outbox(URL, tmp_path) as outbox:
        begun(outbox, [*named(), chosen(Subscriber(address=injecting), "en")])
        provider = kind(path=tmp_path / "mails")
        provider.name = "resend"  # type: ignore[misc]
        failed = 0 if kind is Pasted else 1
        assert filled(outbox, provider) == Report(sent=len(NAMES) + 1 - failed, failed=failed)
        assert [one.email for one in outbox.failed()] == [injecting.email][:failed]
    written = list((tmp_path / "mails" / "new").iterdir())
    assert len(written) == len(NAMES) + 1 - failed
    assert bool([one for path in written for one in readable(path)]) == (kind is Pasted)


def members(path: Path, *, naive: bool) -> list[Subscriber]:
    """Who can be used of a list; naively, everybody as they stand there."""
    if not naive:
        return [row for row in Csv(path=path).rows() if isinstance(row, Subscriber)]
    with path.open(newline="", encoding="utf-8") as file:
        return [Subscriber(address=Address(**row)) for row in csv.DictReader(file)]


@pytest.mark.parametrize("naive", [False, True], ids=["ours", "naive"])
def test_no_row_of_a_list_begins_a_header(tmp_path: Path, naive: bool) -> None:
    """From the members' list to the wire: whose name cannot be used is named, everybody else gets it once."""
    with (tmp_path / "members.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["email", "name"])
        rows.writerows([f"reader{n}@city.example", name] for n, name in enumerate(NAMES))
    read = members(tmp_path / "members.csv", naive=naive)
    assert 0 < len(read) <= len(NAMES)
    assert (len(read) == len(NAMES)) == naive
    kind = Raw if naive else Resend
    with ResendServer(keeps_keys=not naive) as server, Outbox(URL, tmp_path) as outbox:
        begun(outbox, [chosen(member, "en") for member in read])
        assert filled(outbox, kind(key=Secret("re_test"), base_url=server.url)).sent == len(read)
        assert bool(injected(server)) == naive
        assert violations(tmp_path, server) == []


def unfilled(server: ResendServer) -> list[str]:
    """Who would see a field instead of a value."""
    field = re.compile(r"\{\{ *recipient|f00d(?!recipient\.emailf00dqX)|Hello \{|None")
    mine = [mail for mail in server.mails if reader_of(mail) in emails(2)]
    return [reader_of(mail) for mail in mine if field.search(mail["subject"] + mail["html"] + mail["text"])]


@pytest.mark.parametrize("naive", [False, True], ids=["ours", "naive"])
def test_a_value_that_is_missing(tmp_path: Path, naive: bool) -> None:
    """Who has no name or organisation sees nothing in its place; replacing only what there is leaves the field open."""
    readers = [Address(email="reader0@city.example"), Address(email="reader1@city.example", name="Ana")]
    with ResendServer() as server, Outbox(URL, tmp_path) as outbox:
        begun(outbox, [chosen(Subscriber(address=address), "en") for address in readers])
        assert filled(outbox, Resend(key=Secret("re_test"), base_url=server.url), naive=naive) == Report(sent=2)
        assert bool(unfilled(server)) == naive


@pytest.mark.parametrize("naive", [False, True], ids=["ours", "naive"])
def test_a_field_that_nobody_knows(tmp_path: Path, caplog: pytest.LogCaptureFixture, naive: bool) -> None:
    """It is one error before the first mail, however many batches meet it, and not a word in all of them."""
    damaged = edition("en", html=f"<p>Hello {marker('recipient.nickname', 'f00d')}</p>")
    with ResendServer() as server, Outbox(URL, tmp_path) as outbox:
        begun(outbox, named(), damaged)
        with nullcontext() if naive else pytest.raises(RenderError, match=r"no merge field 'recipient.nickname'"):
            filled(outbox, Resend(key=Secret("re_test"), base_url=server.url), naive=naive)
        assert bool(server.times) == bool(unfilled(server)) == naive
        assert violations(tmp_path, server, ended=False) == []
    gc.collect()
    assert not caplog.records, "the errors of the other batches are shown as well"


def anyhow(choices: Iterable[Choice]) -> list[Choice]:
    """What a sender chooses that will have nobody go without: the edition that there is."""
    return [chosen(choice.subscriber, EDITION.language) for choice in choices]


def foreign(server: ResendServer, choices: Iterable[Choice]) -> list[str]:
    """Who got the mail in a language that nobody chose for them."""
    other = {choice.subscriber.address.email for choice in choices if choice.language != EDITION.language}
    return sorted(other & set(server.ledger))


@pytest.mark.parametrize("naive", [False, True], ids=["ours", "naive"])
def test_a_translation_that_is_missing(tmp_path: Path, naive: bool) -> None:
    """A plan for somebody whose edition is not there is refused as a whole, and nothing of it is kept."""
    choices = [*named(), chosen(Subscriber(address=Address(email="reader99@city.example")), "ar")]
    why = r"there is no edition in 'ar', but reader99@city\.example is to get it"
    with ResendServer() as server, Outbox(URL, tmp_path) as outbox:
        with nullcontext() if naive else pytest.raises(HeldError, match=why):
            begun(outbox, anyhow(choices) if naive else choices)
        deliver(outbox, server.url)
        assert bool(foreign(server, choices)) == bool(outbox.campaigns()) == naive


@pytest.mark.parametrize("naive", [False, True], ids=["ours", "naive"])
def test_a_reader_who_waits_for_a_translation(tmp_path: Path, naive: bool) -> None:
    """Somebody whose language is held gets nothing now, and nothing in another language."""
    waits = Choice(
        subscriber=Subscriber(address=Address(email="waits@city.example"), languages=("ar",)),
        language="",
        kind="held",
        reason="ar waits for review",
        waits="ar",
    )
    choices = [waits, *named()]
    with ResendServer() as server, Outbox(URL, tmp_path) as outbox:
        made = begun(outbox, anyhow(choices) if naive else choices)
        assert made.held == ({} if naive else {"ar": 1})
        deliver(outbox, server.url)
        assert bool(foreign(server, choices)) == naive
        assert violations(tmp_path, server) == []
