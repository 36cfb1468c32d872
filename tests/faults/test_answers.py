"""A provider that answers badly, over real sockets: what is sent again, what is not, and what is written down."""

import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from driver import URL, Keyless, deliver
from resend_server import ResendServer

from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers.resend import Resend
from newsletter.delivery.sender import CONCURRENCY, Report

Campaign = Callable[[int, int], Path]
DOUBTFUL = ["reset", "half", "500", "garbage", "html", "short"]


@pytest.mark.parametrize("fault", DOUBTFUL)
def test_accepted_but_not_answered_with_keys(campaign: Campaign, fault: str) -> None:
    """The same request again: everybody once."""
    with ResendServer(faults=(fault, "", fault)) as server, Outbox(URL, campaign(40, 10)) as outbox:
        assert deliver(outbox, server.url) == Report(sent=40)
        assert server.fired[fault] == 2
        assert sorted(server.ledger.values()) == [1] * 40


@pytest.mark.parametrize("fault", DOUBTFUL)
def test_accepted_but_not_answered_without_keys(campaign: Campaign, fault: str) -> None:
    """The batch is uncertain and never sent again; the others are sent."""
    with (
        ResendServer(keeps_keys=False, faults=("", fault)) as server,
        Outbox(URL, campaign(40, 10)) as outbox,
    ):
        assert deliver(outbox, server.url, kind=Keyless) == Report(sent=30, uncertain=10)
        assert deliver(outbox, server.url, kind=Keyless) == Report()
        assert server.fired[fault] == 1
        assert sorted(server.ledger.values()) == [1] * 40
        assert len(outbox.uncertain("2026-11")) == 10


@pytest.mark.parametrize("kind", [Resend, Keyless])
def test_told_to_wait(campaign: Campaign, kind: type[Resend]) -> None:
    """429 with Retry-After: 1: no request comes before, then everything is sent, and nothing is in doubt."""
    keeps = kind is Resend
    with ResendServer(keeps_keys=keeps, faults=("429",)) as server, Outbox(URL, campaign(20, 20)) as outbox:
        assert deliver(outbox, server.url, kind=kind) == Report(sent=20)
        first = server.times[0]
        assert min(moment - first for moment in server.times[2:]) >= 1
        assert sorted(server.ledger.values()) == [1] * 20


def test_a_wrong_key(campaign: Campaign) -> None:
    """The campaign pauses, nobody failed, and with the right key everybody gets it once."""
    with ResendServer(faults=("401",) * CONCURRENCY) as server, Outbox(URL, campaign(200, 5)) as outbox:
        report = deliver(outbox, server.url)
        assert (report.sent, report.failed, report.left) == (0, 0, 200)
        assert report.paused.startswith("resend: answered 401: API key is invalid")
        assert len(server.times) <= CONCURRENCY
        assert deliver(outbox, server.url) == Report(sent=200)
        assert sorted(server.ledger.values()) == [1] * 200


def test_nobody_listens(campaign: Campaign) -> None:
    """A closed port was surely not reached: everything is left for later, nothing is uncertain."""
    with ResendServer() as server:
        pass
    with Outbox(URL, campaign(20, 5)) as outbox:
        assert deliver(outbox, server.url) == Report(left=20)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems answer where the queue is full")
def test_a_connection_that_never_opens(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can have been sent before it is open: everything is left for later, nothing is in doubt."""
    monkeypatch.setattr("newsletter.delivery.sender.CONNECT_SECONDS", 0.1)
    monkeypatch.setattr("newsletter.delivery.sender.MOST_FAILURES", 1)
    with ExitStack() as opened, socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        outbox = opened.enter_context(Outbox(URL, campaign(20, 20)))
        assert deliver(outbox, f"http://127.0.0.1:{deaf.getsockname()[1]}", kind=Keyless) == Report(left=20)


def test_an_outage_leaves_nobody_behind(campaign: Campaign) -> None:
    """Hours of answers nobody can read, run after run: when the server is well again everybody gets it once."""
    with ResendServer(faults=("500",) * 40) as server, Outbox(URL, campaign(40, 20)) as outbox:
        for _ in range(3):
            assert deliver(outbox, server.url) == Report(left=40)
        server.faults.clear()
        assert deliver(outbox, server.url) == Report(sent=40)
        assert sorted(server.ledger.values()) == [1] * 40


def test_one_refused_among_many(campaign: Campaign) -> None:
    """It fails with the provider's words, the others are sent."""
    with ResendServer() as server, Outbox(URL, campaign(40, 10)) as outbox:
        server.refused = "reader7@city.example"
        assert deliver(outbox, server.url) == Report(sent=39, failed=1)
        assert sorted(server.ledger.values()) == [1] * 39


def test_one_that_spoils_its_batch(campaign: Campaign) -> None:
    """It is isolated by halving, and fails alone; everybody else gets it once."""
    with ResendServer() as server, Outbox(URL, campaign(80, 40)) as outbox:
        server.poison = "reader8@city.example"
        assert deliver(outbox, server.url) == Report(sent=79, failed=1)
        assert sorted(server.ledger.values()) == [1] * 79
        assert outbox.status("2026-11")["en"].failed == 1
