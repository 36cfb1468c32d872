"""SMTP against a server that is not ours, aiosmtpd: encryption, logging in, and addresses in any script."""

import asyncio
import queue
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from functools import partial
from pathlib import Path
from typing import Any

import certificates
import httpx
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from msgspec.structs import replace

from newsletter.delivery.providers.smtp import Smtp
from newsletter.errors import DeliveryError, RefusedError, TemporaryError
from newsletter.model import Address, Batch, Receipt
from newsletter.plugins import Secret
from newsletter.testing import SECRET, sample_batch

PASSWORD = "Fluß-서울-9f3c"


class Mailbox:
    """What a server took: of each mail its reader and its bytes."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []

    async def handle_DATA(self, server: SMTP, session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append((envelope.rcpt_tos[0], envelope.content))
        return f"250 2.0.0 Ok: queued as {len(self.mails)}"


@contextmanager
def aiosmtpd(
    box: Mailbox | None = None, *, implicit: ssl.SSLContext | None = None, **options: Any
) -> Iterator[tuple[int, Mailbox]]:
    """The port of a server, and what it takes."""
    box, loop, ports = box or Mailbox(), asyncio.new_event_loop(), queue.SimpleQueue[int]()

    async def serve() -> None:
        make = partial(SMTP, box, loop=loop, hostname="mail.city.example", **options)
        server = await loop.create_server(make, "127.0.0.1", 0, ssl=implicit)
        ports.put(server.sockets[0].getsockname()[1])
        await stopped.wait()
        server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    stopped = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        yield ports.get(timeout=60), box
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()
        loop.close()


def send(port: int, batch: Batch, **options: Any) -> list[Receipt]:
    provider = Smtp(host=options.pop("host", "localhost"), port=port, ehlo="client.example", **options)

    async def run() -> list[Receipt]:
        async with httpx.AsyncClient() as client:
            return await provider.send(client, batch)

    return asyncio.run(run())


def contexts(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """What a server shows, and the file of whom to trust for it."""
    file = certificates.of_server(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file


@pytest.mark.parametrize(
    ("server", "security", "name", "trusted", "expected"),
    [
        ("starttls", "starttls", "localhost", True, None),
        ("tls", "tls", "localhost", True, None),
        ("starttls", "starttls", "localhost", False, (RefusedError, "certificate is not trusted")),
        ("tls", "tls", "localhost", False, (RefusedError, "certificate is not trusted")),
        ("starttls", "starttls", "mail.other.example", True, (RefusedError, "certificate is not trusted")),
        ("tls", "tls", "mail.other.example", True, (RefusedError, "certificate is not trusted")),
        ("none", "starttls", "localhost", True, (RefusedError, "offers no STARTTLS")),
        ("none", "tls", "localhost", True, (RefusedError, "does not speak TLS as we do")),
        ("starttls", "none", "localhost", True, (RefusedError, "STARTTLS")),
        ("tls", "starttls", "localhost", True, (TemporaryError, "cannot be reached")),
    ],
)
def test_a_mail_never_goes_out_in_the_clear_or_to_a_stranger(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: str,
    security: str,
    name: str,
    trusted: bool,
    expected: tuple[type[DeliveryError], str] | None,
) -> None:
    """Encrypted, and with a certificate for this very name of an authority that is trusted, or not at all."""
    context, file = contexts(tmp_path, name)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    options: dict[str, Any] = {"tls": {"implicit": context}, "none": {}}.get(
        server, {"tls_context": context, "require_starttls": True}
    )
    patience = {"timeout": 1.0, "deadline": 2.0} if (server, security) == ("tls", "starttls") else {}
    with aiosmtpd(**options) as (port, box):
        if expected is None:
            receipts = send(port, sample_batch(3), security=security)
            assert [receipt.provider_id for receipt in receipts] == [f"2.0.0 Ok: queued as {n}" for n in (1, 2, 3)]
            assert len(box.mails) == 3
            return
        kind, words = expected
        with pytest.raises(kind, match=words):
            send(port, sample_batch(3), security=security, **patience)
        assert not box.mails


@pytest.mark.parametrize("left_out", [(), ("PLAIN",)])
@pytest.mark.parametrize("password", [SECRET, PASSWORD])
def test_who_may_send_is_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left_out: tuple[str, ...], password: str
) -> None:
    """By PLAIN or LOGIN, with a password in any script; a wrong one is tried once and refused."""
    context, file = contexts(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    tried = []

    def authenticate(
        server: SMTP, session: object, envelope: object, mechanism: str, login: LoginPassword
    ) -> AuthResult:
        tried.append((mechanism, login.login.decode(), login.password.decode()))
        return AuthResult(success=login.password.decode() == password, handled=False)

    options = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": authenticate}
    with aiosmtpd(**options, auth_exclude_mechanism=left_out) as (port, box):
        receipts = send(port, sample_batch(2), user="bücher@city.example", password=Secret(password))
        assert [receipt.outcome for receipt in receipts] == ["sent"] * 2
        assert tried == [("LOGIN" if left_out else "PLAIN", "bücher@city.example", password)]
        with pytest.raises(RefusedError, match="does not take the user and the password"):
            send(port, sample_batch(2), user="bücher@city.example", password=Secret("wrong"))
        assert len(tried) == 2
        with pytest.raises(RefusedError, match="does not take the sender"):
            send(port, sample_batch(2))
        assert len(box.mails) == 2


@pytest.mark.parametrize(
    ("server", "option", "outcome"),
    [(True, True, "sent"), (False, True, "failed"), (True, False, "failed"), (False, False, "failed")],
)
def test_an_address_in_any_script_needs_both_sides(server: bool, option: bool, outcome: str) -> None:
    """With SMTPUTF8 it goes out and stands in the mail as it is; without, one sentence, and the others go out."""
    batch = sample_batch(2)
    reader = Address(email="요한.jörg@xn--bcher-kva.example", name="요한 Jörg")
    batch = replace(batch, messages=(replace(batch.messages[0], to=reader), batch.messages[1]))
    with aiosmtpd(enable_SMTPUTF8=server) as (port, box):
        receipts = send(port, batch, host="127.0.0.1", security="none", smtputf8=option)
        assert [receipt.outcome for receipt in receipts] == [outcome, "sent"]
        if outcome == "failed":
            assert "needs SMTPUTF8" in receipts[0].error
            return
        to, content = box.mails[0]
        assert to == reader.email
        assert f"<{reader.email}>".encode() in content
        assert message_from_bytes(content)["Subject"]
