"""What comes back to a newsletter, at its one door: calls of a provider, questions to it, links, lists and people."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from newsletter import Newsletter
from newsletter.delivery import spool, unsubscribe
from newsletter.delivery.events import Recorded
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers import Fetch
from newsletter.delivery.providers.folder import Folder
from newsletter.errors import (
    AudienceError,
    BusyError,
    ConfigError,
    DeliveryError,
    ForgedError,
    HeldError,
    NewsletterError,
    TemporaryError,
)
from newsletter.mailbox import LARGEST_CALL, Mailbox, asking
from newsletter.model import Event

SECRET = "whsec_cml2ZXJzaWRlLWZvcnVt"
LINK = "https://hooks.provider.example/confirm"


class Confirming(Folder):
    """A folder whose webhooks need to be confirmed, as those of Amazon SNS do; it believes every call."""

    link = LINK

    def events(self, headers: Any, body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:
        """The call's body is where the certificate lies, if it is not empty."""
        certificate = fetch(body.decode()) if body else b""
        return [Event(kind="confirm", id="1", at=now, link=self.link, raw=certificate.decode())]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newsletter that was sent to the three members of its list, into a folder."""
    folder = tmp_path / "letter"
    newsletter = Newsletter.create(folder)
    plan = newsletter.approve(newsletter.plan(newsletter.issue()), by="Octavi")
    newsletter.send(plan)
    monkeypatch.setenv("KEY", "re_test")
    monkeypatch.setenv("HOOK", SECRET)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


def provider(folder: Path, *lines: str) -> Mailbox:
    """The mailbox of the newsletter with another provider."""
    file = folder / "newsletter.toml"
    text = file.read_text("utf-8")
    table = text[text.index("[provider]") :].partition("\n\n")[0]
    file.write_text(text.replace(table, "\n".join(("[provider]", *lines))), "utf-8")
    return Newsletter.open(folder).mailbox


def resend(folder: Path) -> Mailbox:
    """The mailbox with Resend, which signs its calls."""
    return provider(folder, 'use = "resend"', 'key = { env = "KEY" }', 'webhook = { env = "HOOK" }')


def member(folder: Path) -> tuple[str, str]:
    """Key and address of the first mail that was sent."""
    newsletter = Newsletter.open(folder)
    with Outbox(newsletter.config.outbox.url, folder, mode="read") as outbox, outbox.transaction() as connection:
        row = connection.exec_driver_sql("SELECT idem, email FROM message ORDER BY id").first()
    assert row
    return row[0], row[1]


def call(kind: str, key: str, *, number: int = 1, at: datetime | None = None) -> tuple[dict[str, str], bytes]:
    """A call of Resend, signed."""
    moment = at or datetime.now(UTC)
    data = {"email_id": "x", "to": ["a@city.example"], "tags": {"newsletter_id": key}, "bounce": {"type": "Permanent"}}
    body = json.dumps({"type": f"email.{kind}", "created_at": moment.isoformat(), "data": data}).encode()
    signed = f"msg_{number}.{moment.timestamp():.0f}.".encode() + body
    digest = hmac.digest(base64.b64decode(SECRET.removeprefix("whsec_")), signed, hashlib.sha256)
    headers = {
        "Svix-Id": f"msg_{number}",
        "Svix-Timestamp": f"{moment.timestamp():.0f}",
        "Svix-Signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    return headers, body


@contextmanager
def sending(folder: Path) -> Iterator[Outbox]:
    """Somebody holds the outbox, as a long send does."""
    with Outbox(Newsletter.open(folder).config.outbox.url, folder) as outbox:
        yield outbox


def test_a_call_is_recorded_at_once(folder: Path) -> None:
    """Verified, with whatever spelling of its headers' names; the reader is suppressed."""
    mailbox, (key, email) = resend(folder), member(folder)
    [event] = mailbox.receive(*call("bounced", key))
    assert (event.kind, event.bounce, event.key) == ("bounced", "hard", key)
    assert [(one.email, one.reason, one.source) for one in mailbox.suppressions()] == [(email, "bounced", "resend")]
    mailbox.receive(*call("bounced", key))
    assert len(mailbox.export(email).events) == 1


def test_a_call_during_a_send_is_left_as_a_note(folder: Path) -> None:
    """It survives whatever happens, and the send takes it in before its next batch."""
    mailbox, (key, email) = resend(folder), member(folder)
    with sending(folder) as outbox:
        for number in range(3):
            mailbox.receive(*call("bounced", key, number=number))
        assert len(spool.waiting(outbox.path)) == 3
        assert mailbox.suppressions() == []
        outbox.take_in()
        assert [one.email for one in mailbox.suppressions()] == [email]
        mailbox.lift(email)
        mailbox.suppress("Somebody@City.example", by="Inés")
        with pytest.raises(BusyError):
            mailbox.erase(email)
        with pytest.raises(BusyError):
            mailbox.take_in()
    assert mailbox.take_in() == 2
    assert [(one.email, one.reason) for one in mailbox.suppressions()] == [("Somebody@city.example", "manual")]
    assert len(mailbox.export(email).events) == 3


def test_a_note_that_was_done_may_be_done_again(folder: Path) -> None:
    """A power cut comes between doing it and removing it."""
    mailbox, (key, email) = resend(folder), member(folder)
    with sending(folder) as outbox:
        mailbox.receive(*call("complained", key))
        [path] = spool.waiting(outbox.path)
        content = path.read_bytes()
        outbox.take_in()
        path.write_bytes(content)
        outbox.take_in()
    assert len(mailbox.export(email).events) == 1


def test_a_note_of_a_later_version_is_put_aside(folder: Path) -> None:
    """It stops nobody, and is not lost."""
    with sending(folder) as outbox:
        spool.put(outbox.path, spool.Note(step="fly", facts={"name": "x", "by": "y"}))
        spool.put(outbox.path, spool.Note(step="events", facts={"provider": "resend", "events": [{"kind": "odd"}]}))
        spool.put(outbox.path, spool.Note(step="lift", facts={"email": "nobody@city.example"}))
        outbox.take_in()
        assert sorted(path.suffix for path in spool.folder(outbox.path).iterdir()) == [".unreadable"] * 2


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda headers, body: (headers, body + b" "), ForgedError),
        (lambda headers, body: ({}, body), ForgedError),
        (lambda headers, body: call("bounced", "", at=datetime.now(UTC) - timedelta(hours=1)), ForgedError),
        (lambda headers, body: (headers, b"[" * (LARGEST_CALL + 1)), DeliveryError),
    ],
)
def test_a_call_that_is_not_the_provider_s(
    folder: Path, change: Callable[..., Any], error: type[NewsletterError]
) -> None:
    """Nothing is recorded; one that is too large is not even looked at."""
    mailbox, (key, email) = resend(folder), member(folder)
    with pytest.raises(error):
        mailbox.receive(*change(*call("bounced", key)))
    assert mailbox.export(email).events == ()


def test_a_provider_that_tells_nothing(folder: Path) -> None:
    """The folder calls nobody and cannot be asked; both are said."""
    mailbox = Newsletter.open(folder).mailbox
    with pytest.raises(ConfigError, match="calls no web address"):
        mailbox.receive({}, b"")
    with pytest.raises(ConfigError, match="cannot be asked"):
        mailbox.poll()
    assert not mailbox.polls


def confirming(folder: Path, answer: Callable[[httpx.Request], httpx.Response]) -> Mailbox:
    """A mailbox whose provider wants to be confirmed; the network is a function."""
    mailbox = provider(folder, f'use = "{__name__}:Confirming"', 'path = "outbox"')
    return Mailbox(mailbox.config, connect=lambda: httpx.Client(transport=httpx.MockTransport(answer)))


def test_a_webhook_is_confirmed_once(folder: Path) -> None:
    """Its link is opened before the call is recorded, and not again when the call is repeated."""
    opened: list[str] = []
    mailbox = confirming(folder, lambda request: opened.append(str(request.url)) or httpx.Response(200, content=b"ok"))
    assert [event.kind for event in mailbox.receive({}, b"https://provider.example/certificate")] == ["confirm"]
    mailbox.receive({}, b"")
    assert opened == ["https://provider.example/certificate", LINK]


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: httpx.Response(500),
        lambda request: httpx.Response(302, headers={"Location": "http://127.0.0.1/"}),
        lambda request: httpx.Response(200, content=b"x" * (asking.LARGEST_FILE + 1)),
        lambda request: (_ for _ in ()).throw(httpx.ConnectError("no route")),
    ],
)
def test_what_cannot_be_confirmed_now_is_asked_for_again(folder: Path, answer: Callable[..., Any]) -> None:
    """The provider calls again; until then it counts as not confirmed."""
    opened: list[httpx.Request] = []
    mailbox = confirming(folder, lambda request: opened.append(request) or answer(request))
    for _ in range(2):
        with pytest.raises(TemporaryError):
            mailbox.receive({}, b"")
    assert len(opened) == 2, "and a redirection is not followed"


@pytest.mark.parametrize("url", ["http://provider.example/", "file:///etc/passwd", "https://x:y/"])
def test_no_other_address_is_opened(folder: Path, url: str) -> None:
    """Whatever a call names: nothing but https."""
    mailbox = confirming(folder, lambda request: pytest.fail("it was opened"))
    with pytest.raises(ForgedError, match="no https address"):
        mailbox.receive({}, url.encode())


class _Mailgun(BaseHTTPRequestHandler):
    """Two pages of events and then an empty one; or whatever status a test wants."""

    server: "Asked"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        page = int(self.path.rpartition("page")[2] or 0) if "page" in self.path else 0
        items = self.server.items[page : page + 1] if page < 2 else []
        paging = {"next": f"https://elsewhere.example/v3/x/events/page{page + 1}"}
        body = json.dumps({"items": items, "paging": paging}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base names it
        """Say nothing."""


class Asked(ThreadingHTTPServer):
    """Mailgun's list of events on 127.0.0.1."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mailgun)
        self.asked: list[str] = []
        self.items: list[dict[str, Any]] = []

    def __enter__(self) -> "Asked":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.shutdown()
        self.server_close()


def mailgun(folder: Path, server: Asked) -> Mailbox:
    """The mailbox with Mailgun, which can be asked."""
    url = f"http://127.0.0.1:{server.server_address[1]}"
    return provider(
        folder, 'use = "mailgun"', 'key = { env = "KEY" }', 'domain = "letters.city.example"', f'base_url = "{url}"'
    )


def listed(kind: str, key: str, number: int) -> dict[str, Any]:
    """An event as Mailgun lists it."""
    return {
        "id": str(number),
        "event": kind,
        "timestamp": 1_795_000_000.5,
        "recipient": "a@city.example",
        "user-variables": {"newsletter_id": key},
    }


def test_a_provider_is_asked_for_all_pages(folder: Path) -> None:
    """From a week ago the first time, then from a little before the last time; what is told twice counts once."""
    key, email = member(folder)
    with Asked() as server:
        mailbox = mailgun(folder, server)
        server.items = [listed("delivered", key, 1), listed("complained", key, 2)]
        assert mailbox.polls
        assert mailbox.poll() == Recorded(new={"delivered": 1, "complained": 1}, suppressed=1)
        assert len(server.asked) == 3
        assert mailbox.poll() == Recorded(repeated=2)
        begins = [float(httpx.URL(path).params["begin"]) for path in server.asked if "begin" in path]
    assert [round((datetime.now(UTC).timestamp() - begin) / 3600) for begin in begins] == [7 * 24, 1]
    assert [one.email for one in mailbox.suppressions()] == [email]


def test_a_provider_is_asked_during_a_send(folder: Path) -> None:
    """What it tells is left as notes; also up to when it was asked."""
    key, _ = member(folder)
    with Asked() as server:
        mailbox = mailgun(folder, server)
        server.items = [listed("delivered", key, 1), listed("opened", key, 2)]
        with sending(folder):
            assert mailbox.poll() is None
        assert mailbox.take_in() == 3
        assert mailbox.poll() == Recorded(repeated=2)
        assert "begin" in server.asked[-3]
    assert Newsletter.open(folder).status("welcome")["en"].opened == 1


def test_a_provider_that_does_not_answer(folder: Path) -> None:
    """An error of ours, and the next time it is asked for the same again."""
    with Asked() as server:
        mailbox = mailgun(folder, server)
        server.status = 500
        with pytest.raises(DeliveryError):
            mailbox.poll()
    with pytest.raises(TemporaryError, match="cannot be asked"):
        mailbox.poll()


def test_a_link_in_a_mail_takes_its_reader_off(folder: Path) -> None:
    """Twice is as once; after they came back, it works again; the page shows an address that only they know."""
    mailbox, (key, email) = Newsletter.open(folder).mailbox, member(folder)
    with Outbox(mailbox.config.outbox.url, folder) as outbox:
        token = unsubscribe.token(key, outbox.signing_key())
    assert [mailbox.unsubscribe(token) for _ in range(3)] == [f"{email[0]}…@{email.partition('@')[2]}"] * 3
    assert [(one.email, one.reason) for one in mailbox.suppressions()] == [(email, "unsubscribed")]
    assert len(mailbox.export(email).events) == 1
    assert sum(counts.unsubscribed for counts in Newsletter.open(folder).status("welcome").values()) == 1
    mailbox.lift(email)
    mailbox.unsubscribe(token)
    assert [one.email for one in mailbox.suppressions()] == [email]
    mailbox.erase(email)
    assert mailbox.unsubscribe(token) == ""
    assert [one.reason for one in mailbox.suppressions()] == ["erased"]


def test_a_link_of_somebody_else_s(folder: Path) -> None:
    """One that we did not sign, and one of a mail that is not known."""
    mailbox = Newsletter.open(folder).mailbox
    with Outbox(mailbox.config.outbox.url, folder) as outbox:
        secret = outbox.signing_key()
    for token in (unsubscribe.token("f" * 32, b"x" * 32), "", "ä", unsubscribe.token("f" * 32, secret)):
        with pytest.raises(ForgedError):
            mailbox.unsubscribe(token)
    assert mailbox.suppressions() == []


def test_a_list_from_another_tool(folder: Path, tmp_path: Path) -> None:
    """Comes in whole, goes out the same, and makes no complaint less."""
    mailbox, file = Newsletter.open(folder).mailbox, tmp_path / "list.csv"
    mailbox.suppress("ana@city.example", by="Inés", reason="complained")
    rows = ("jorg@müller.example", "Ana@City.example,bounced,,", "o@city.example,complained,2020-01-02T03:04:05Z,Tool")
    file.write_text("\n".join(("Email,Reason,At,Source", *rows)), "utf-8")
    assert mailbox.import_suppressions(file) == 3
    found = {one.email: (one.reason, one.source) for one in mailbox.suppressions()}
    assert found == {
        "ana@city.example": ("complained", "Inés"),
        "jorg@xn--mller-kva.example": ("manual", "list.csv"),
        "o@city.example": ("complained", "Tool"),
    }
    assert mailbox.export_suppressions(file) == 3
    before = mailbox.suppressions()
    for one in before:
        mailbox.lift(one.email)
    assert mailbox.import_suppressions(file) == 3
    assert mailbox.suppressions() == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("who\na@city.example", ":1: there is no column called “email”"),
        ("email,reason\na@city.example,odd", ":2: unknown reason 'odd'"),
        ("email,reason\na@city.example,erased", ":2: unknown reason 'erased'"),
        ("email\nb@city.example\nnobody", ":3: 'nobody' is no mail address"),
        ("email,reason,at\na@city.example,,soon", ":2: 'soon' is no time"),
        (None, "there is no such file"),
    ],
)
def test_a_list_that_cannot_be_used(folder: Path, tmp_path: Path, text: str | None, says: str) -> None:
    """The line is named, and nobody of it is taken."""
    mailbox, file = Newsletter.open(folder).mailbox, tmp_path / "list.csv"
    if text:
        file.write_text(text, "utf-8")
    with pytest.raises(AudienceError) as caught:
        mailbox.import_suppressions(file)
    assert says in str(caught.value)
    assert mailbox.suppressions() == []


def test_lifting_somebody_who_is_not_suppressed(folder: Path) -> None:
    """Is said; so is an address that is none."""
    mailbox = Newsletter.open(folder).mailbox
    with pytest.raises(HeldError, match="is not suppressed"):
        mailbox.lift("ana@city.example")
    with pytest.raises(AudienceError):
        mailbox.suppress("ana", by="Inés")


def test_a_recorded_call_is_taken_in(folder: Path, tmp_path: Path) -> None:
    """Headers, an empty line and the body, whose bytes are what was signed; a body alone has no signature."""
    mailbox, (key, email) = resend(folder), member(folder)
    headers, body = call("delivered", key)
    file = tmp_path / "call.http"
    file.write_bytes("".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n" + body)
    assert [event.kind for event in mailbox.replay(file)] == ["delivered"]
    bare = tmp_path / "body.json"
    bare.write_bytes(body)
    with pytest.raises(ForgedError):
        mailbox.replay(bare)
    assert len(mailbox.export(email).events) == 1


def test_a_mail_that_came_back_is_taken_in(folder: Path, tmp_path: Path) -> None:
    """With a provider that reads mails, a file is one, whole, whatever it is called."""
    key, email = member(folder)
    mailbox = provider(folder, 'use = "smtp"', 'host = "mail.city.example"')
    file = tmp_path / "1764201600.M1.host:2,S"
    file.write_text(f"From: {email}\nTo: news@city.example\nSubject: unsubscribe {key}\n\nbye\n", "utf-8")
    assert [event.kind for event in mailbox.replay(file)] == ["unsubscribed"]
    assert [(one.email, one.reason) for one in mailbox.suppressions()] == [(email, "unsubscribed")]
