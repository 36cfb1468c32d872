"""The provider's key, the clock and the newsletter's own web addresses, asked on this computer."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from nameserver import BROKEN
from services import Asked, Reply, serve
from surroundings import TOML, Around, said

from newsletter.doctor import clock, service, web
from newsletter.plugins import Secret

SECRET = "pigeon-4711"


class Pigeon:
    """A provider that can be asked whether it takes the key, with little patience."""

    def __init__(self, *, key: Secret, base_url: str) -> None:
        self.key, self.base_url = key, base_url

    def probe(self) -> httpx.Request:
        """A question that costs nothing."""
        patience = httpx.Timeout(0.3).as_dict()
        return httpx.Request(
            "GET", f"{self.base_url}/me", headers={"X-Key": self.key.reveal()}, extensions={"timeout": patience}
        )


class Mute:
    """A provider that cannot be asked anything."""


def toml(base_url: str) -> str:
    """A newsletter that sends with pigeons."""
    options = f'use = "{__name__}:Pigeon"\nkey = {{ env = "PIGEON_KEY" }}\nbase_url = "{base_url}"'
    return TOML.replace('use = "folder"\npath = "outbox"', options)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIGEON_KEY", SECRET)


@pytest.fixture
def closed() -> str:
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize(
    ("status", "body", "level", "says"),
    [
        (200, b"{}", "ok", "takes the key"),
        (204, b"", "ok", "takes the key"),
        (401, SECRET.encode(), "problem", "and set PIGEON_KEY"),
        (403, b"no", "problem", "refuses the key (it answered 403)"),
        (401, b'{"name":"restricted_api_key"}', "ok", "may do little besides sending"),
        (403, b'{"message":"User: x is not authorized to perform: ses:GetAccount"}', "ok", "knows the key"),
        (429, b"", "warning", "Try again in some minutes."),
        (503, b"", "warning", "in trouble (it answered 503)"),
        (404, b"", "warning", "the key was not tried"),
        (302, b"", "warning", "the key was not tried"),
    ],
)
def test_the_key_is_tried(around: Around, status: int, body: bytes, level: str, says: str) -> None:
    """By the answer's status alone; the key itself is never shown."""
    asked: list[Asked] = []

    def answer(request: Asked) -> Reply:
        asked.append(request)
        return Reply(status=status, body=body)

    with serve(answer) as url:
        ((found, text),) = said(service.look(around(toml=toml(url))))
    assert (found, says in text) == (level, True), text
    assert SECRET not in text
    assert [(each.method, each.path, each.headers["x-key"]) for each in asked] == [("GET", "/me", SECRET)]


def test_a_refusal_may_leave_open_what_is_wrong(around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mailgun answers a key that may only send as it does a wrong one."""
    monkeypatch.setenv("MAILGUN_KEY", SECRET)
    with serve(lambda _asked: Reply(status=401)) as url:
        options = (
            f'use = "mailgun"\nkey = {{ env = "MAILGUN_KEY" }}\ndomain = "river-cities.example"\nbase_url = "{url}"'
        )
        ((level, text),) = said(service.look(around(toml=TOML.replace('use = "folder"\npath = "outbox"', options))))
    assert (level, "it may only send, or it is wrong" in text) == ("warning", True)
    assert "set MAILGUN_KEY to it" in text


def test_a_provider_that_is_away(around: Around, closed: str) -> None:
    """Nothing listens there; nobody answers in time; the name does not exist; nobody knows the name."""
    ((level, text),) = said(service.look(around(toml=toml(closed))))
    assert (level, "nothing answers at 127.0.0.1" in text) == ("problem", True)

    waiting = threading.Event()

    def late(_request: Asked) -> Reply:
        waiting.wait(5)
        return Reply()

    with serve(late) as url:
        ((level, text),) = said(service.look(around(toml=toml(url))))
        waiting.set()
    assert (level, "does not answer within" in text) == ("warning", True)


def test_a_missing_variable_is_named(around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the line of the table and what to do."""
    made = around(toml=toml("http://127.0.0.1:1"))
    monkeypatch.delenv("PIGEON_KEY")
    ((level, text),) = said(service.look(made))
    assert level == "problem"
    assert "newsletter.toml:6, table [provider], key 'key'" in text
    assert "PIGEON_KEY is not set. Set PIGEON_KEY and try again." in text


def test_who_cannot_be_asked_is_not(around: Around) -> None:
    """Neither a folder, nor a provider that has no such question."""
    assert said(service.look(around())) == [
        ("note", "Mails are written into a folder on this computer; nobody gets them.")
    ]
    mute = TOML.replace('use = "folder"\npath = "outbox"', f'use = "{__name__}:Mute"')
    ((level, text),) = said(service.look(around(toml=mute)))
    assert (level, "cannot be asked anything without sending" in text) == ("note", True)


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A provider with an address."""

    base_url: str


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("off", "level", "says"),
    [
        (timedelta(0), "ok", "is right"),
        (timedelta(seconds=-50), "ok", "is right"),
        (timedelta(seconds=90), "warning", "90 seconds fast"),
        (timedelta(seconds=-200), "warning", "200 seconds slow"),
        (timedelta(minutes=20), "problem", "20 minutes fast; providers refuse"),
        (timedelta(days=-400), "problem", "slow; providers refuse"),
    ],
)
def test_the_clock_is_compared_with_an_answer(around: Around, off: timedelta, level: str, says: str) -> None:
    """Whatever the answer's status; a zone east of here changes nothing."""
    with serve(lambda _asked: Reply(status=404)) as url:
        now = (datetime.now(UTC) + off).astimezone(timezone(timedelta(hours=9)))
        made = replace(around(now=now), provider=Elsewhere(base_url=url))
        ((found, text),) = said(clock.look(made))
    assert (found, says in text) == (level, True), text


def test_an_answer_from_a_cache_is_as_old_as_it_says(around: Around) -> None:
    """Its date and its age together are now."""
    with serve(lambda _asked: Reply(headers=(("Age", "600"),))) as url:
        made = around(toml=TOML.replace("[provider]", f'base_url = "{url}"\n\n[provider]'))
        ((level, text),) = said(clock.look(made))
    assert (level, "10 minutes slow" in text) == ("problem", True)


def test_without_an_answer_the_clock_is_not_checked(around: Around, closed: str) -> None:
    """The reason is said; the newsletter's own site stands in for the provider."""
    assert said(clock.look(around())) == [("note", "Not checked: there is no web address to compare it with.")]
    made = replace(around(), provider=Elsewhere(base_url=closed))
    assert "nothing answers at 127.0.0.1" in said(clock.look(made))[0][1]
    with serve(lambda _asked: Reply()) as url:
        there = around(toml=TOML.replace("[provider]", f'base_url = "{url}"\n\n[provider]'))
        assert said(clock.look(replace(there, provider=Elsewhere(base_url=closed))))[0][0] == "ok"


def own(**addresses: str) -> str:
    """A newsletter with web addresses."""
    lines = "".join(f'{key} = "{url}"\n' for key, url in addresses.items())
    return TOML.replace("[provider]", f"{lines}\n[provider]")


@pytest.mark.parametrize(
    ("status", "unsubscribing", "website"),
    [(200, "ok", "ok"), (404, "ok", "ok"), (301, "ok", "ok"), (500, "problem", "warning")],
)
def test_the_newsletters_addresses_answer(
    around: Around, tmp_path: Path, status: int, unsubscribing: str, website: str
) -> None:
    """What is there without a reader's key may be missing; only a server in trouble is wrong."""
    pem = tmp_path / "server.pem"
    with _encrypted(pem, status) as url, httpx.Client(verify=ssl.create_default_context(cafile=pem)) as client:
        made = replace(around(toml=own(unsubscribe_url=url, base_url=url)), client=client)
        assert [level for level, _text in said(web.unsubscribe(made))] == [unsubscribing]
        assert [level for level, _text in said(web.base(made))] == [website]


@pytest.mark.parametrize(
    ("url", "unsubscribing", "website", "says"),
    [
        ("https://gone.river-cities.example/", "problem", "warning", "there is no gone.river-cities.example. Correct"),
        ("https://dark.river-cities.example/", "warning", "warning", "Connect to the internet; if it is: Correct"),
        ("https://river-cities.example:door/", "problem", "warning", "is no web address. Correct"),
    ],
)
def test_what_does_not_answer(around: Around, url: str, unsubscribing: str, website: str, says: str) -> None:
    """Its own fault where that is certain, else perhaps the network's; graver where readers could not leave."""
    made = around({"dark.river-cities.example": ["A 192.0.2.1"]}, own(unsubscribe_url=url, base_url=url))
    for look, level in ((web.unsubscribe, unsubscribing), (web.base, website)):
        ((found, text),) = said(look(made))
        assert (found, says in text) == (level, True), text


def test_without_addresses_nothing_is_asked(around: Around) -> None:
    """Readers then leave by mail."""
    assert [*web.unsubscribe(around()), *web.base(around())] == []


def test_a_certificate_of_nobodys_is_a_problem(around: Around, tmp_path: Path) -> None:
    """Readers' mail programs would refuse it as well."""
    with _encrypted(tmp_path / "server.pem", 200) as url:
        ((level, text),) = said(web.unsubscribe(around(toml=own(unsubscribe_url=url))))
    assert (level, "the certificate of 127.0.0.1 is not valid (self-signed certificate)" in text) == ("problem", True)


def test_a_name_server_that_fails_says_nothing_about_the_address(around: Around) -> None:
    """The check as a whole is left open then."""
    from newsletter.doctor.lookups import UnansweredError

    made = around({"x.river-cities.example": [BROKEN]}, own(base_url="https://x.river-cities.example"))
    with pytest.raises(UnansweredError):
        list(web.base(made))


@contextmanager
def _encrypted(pem: Path, status: int) -> Iterator[str]:
    """A server that answers so, with a certificate that it signed itself."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    certificate = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
