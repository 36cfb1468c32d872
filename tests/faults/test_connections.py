"""Connections that never open, and answers that never end: nothing was sent, or nobody waits for ever."""

import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
import trustme
from answers import SLOW
from driver import URL, deliver
from invariants import violations
from naive_providers import Gloomy, Keyless, Unbounded
from plans import emails
from resend_server import ResendServer

from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers.resend import Resend
from newsletter.delivery.sender import Report

Campaign = Callable[..., Path]
DEADLINE = 0.3  # seconds, instead of a minute
MOST_SECONDS = 1.3  # for a run in which every request meets the deadline
MOST_BYTES = 20_000_000  # of an answer without end: what fits into the buffers between two programs


def certified(authority: trustme.CA) -> ssl.SSLContext:
    """A server's TLS, with a certificate from an authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@contextmanager
def closed(_: Path) -> Iterator[str]:
    """A port at which nobody listens."""
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{once.getsockname()[1]}"
    yield address


@contextmanager
def nameless(_: Path) -> Iterator[str]:
    """A name that nobody has (RFC 6761 §6.4)."""
    yield "http://api.resend.invalid"


@contextmanager
def untrusted(_: Path) -> Iterator[str]:
    """A provider whose certificate is from somebody nobody knows."""
    with ResendServer(tls=certified(trustme.CA())) as server:
        yield server.url
        until = time.monotonic() + 5
        while not server.fired and time.monotonic() < until:
            time.sleep(0.01)
        assert any("SSL" in error or "Connection" in error for error in server.fired), server.fired
        assert not server.times


@contextmanager
def plain(_: Path) -> Iterator[str]:
    """A provider that speaks no TLS where it should."""
    with ResendServer() as server:
        yield server.url.replace("http:", "https:")
        assert not server.times


@contextmanager
def deaf(_: Path) -> Iterator[str]:
    """A port whose queue is full, so that a connection never opens."""
    with ExitStack() as opened, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _number in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


PLACES = (closed, nameless, untrusted, plain)
ELSEWHERE = pytest.mark.skipif(sys.platform != "linux", reason="other systems answer where a queue is full")
DEAF = pytest.param(deaf, Keyless, marks=ELSEWHERE)


def given_up(folder: Path) -> list[str]:
    """Who will get nothing although nothing was sent."""
    with Outbox(URL, folder, mode="read") as outbox:
        return [one.email for one in (*outbox.uncertain(), *outbox.failed())]


@pytest.mark.parametrize(
    ("place", "kind"), [(closed, Resend), (closed, Gloomy), *((place, Keyless) for place in PLACES), DEAF]
)
def test_nobody_there(
    campaign: Campaign,
    monkeypatch: pytest.MonkeyPatch,
    place: Callable[[Path], AbstractContextManager[str]],
    kind: type[Resend],
) -> None:
    """Surely not reached: all is left for later and nothing in doubt; a sender that gives up is found out."""
    monkeypatch.setattr("newsletter.delivery.sender.CONNECT_SECONDS", 0.3)
    monkeypatch.setattr("newsletter.delivery.sender.MOST_FAILURES", 1)
    folder = campaign(40, 20)
    with place(folder) as url, Outbox(URL, folder) as outbox:
        report = deliver(outbox, url, kind=kind)
    assert report.sent == 0
    if kind is Gloomy:
        assert given_up(folder)
        return
    assert (report.left, given_up(folder)) == (40, [])
    with ResendServer() as server, Outbox(URL, folder) as outbox:
        assert deliver(outbox, server.url, kind=kind) == Report(sent=40)
        assert violations(folder, server) == []


def test_a_certificate_from_whom_one_trusts(campaign: Campaign, authority: trustme.CA) -> None:
    """With the right authority the same server is believed."""
    folder = campaign(40, 20)
    with ResendServer(tls=certified(authority)) as server, Outbox(URL, folder) as outbox:
        assert deliver(outbox, server.url) == Report(sent=40)
        assert set(server.ledger) == emails(40)


def endless(folder: Path, server: ResendServer, kind: type[Resend]) -> list[str]:
    """Send once; where that took longer, or took in more, than it may."""
    start = time.monotonic()
    with Outbox(URL, folder) as outbox:
        deliver(outbox, server.url, kind=kind)
    took = time.monotonic() - start
    found = [f"the run took {took:.1f} s"] if took > MOST_SECONDS else []
    server.shutdown()
    while server.under_way:
        time.sleep(0.01)
    return found + ([f"it took in {server.pushed} bytes"] if server.pushed > MOST_BYTES else [])


@pytest.mark.parametrize(("fault", "kind"), [("loris", Resend), *((fault, Keyless) for fault in SLOW)])
def test_answers_without_an_end(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, fault: str, kind: type[Resend]
) -> None:
    """One byte after the other, nothing at all, too much: the deadline of a request holds for all of it."""
    monkeypatch.setattr("newsletter.delivery.providers._http.DEADLINE", DEADLINE)
    folder, keeps = campaign(10, 10), kind is Resend
    with ResendServer(keeps_keys=keeps, faults=(fault,)) as server:
        assert endless(folder, server, kind) == []
        assert server.fired[fault] == 1
        assert violations(folder, server) == []
        assert len(given_up(folder)) == (0 if keeps else 5)


@pytest.mark.parametrize("fault", ["loris", "huge"])
def test_an_unbounded_sender_is_found_out(campaign: Campaign, fault: str) -> None:
    """Whoever waits as long as bytes come waits too long, or takes in too much."""
    folder = campaign(10, 10)
    with ResendServer(keeps_keys=False, faults=(fault,)) as server:
        assert endless(folder, server, Unbounded)
