"""A sender that is asked to stop, told to stop at once, or made to sleep for longer than it may hold a batch."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from invariants import violations
from plans import emails
from points import Doom
from resend_server import ResendServer
from senders import Driver
from test_crashes import finish, total, uncertain

from newsletter.delivery.sender import CONCURRENCY

Campaign = Callable[..., Path]
SIZE = 5
LEASE = 0.3
NAPPING = {"newsletter.delivery.courier.LEASE_SECONDS": LEASE, "newsletter.delivery.sender.LEASE_SECONDS": LEASE}
ONCE = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


@pytest.mark.parametrize("number", ONCE)
def test_asked_to_stop(campaign: Campaign, driver: Driver, number: int) -> None:
    """What is under way is finished and written down, no other request is made, the rest is for the next run."""
    folder = campaign(100, SIZE)
    with ResendServer(keeps_keys=False, delay=0.3) as server:
        sender = driver.start(folder, server.url, kind="none")
        sender.under_way(server, requests=CONCURRENCY)
        asked = time.monotonic()
        sender.signal(number)
        assert (sender.wait(), sender.error) == (0, "")
        assert len(server.times) == CONCURRENCY
        assert all(moment < asked for moment in server.times)
        assert sender.report["sent"] == CONCURRENCY * SIZE
        assert sender.report["left"] == 100 - CONCURRENCY * SIZE
        assert violations(folder, server, ended=False) == []
        finish(driver, folder, server, kind="none")
        assert violations(folder, server) == []
        assert set(server.ledger) == emails(100)


@pytest.mark.parametrize(
    ("number", "code", "kind"),
    [(signal.SIGTERM, -15, "keys"), (signal.SIGINT, 130, "none"), (signal.SIGHUP, -1, "none")],
)
def test_told_to_stop_at_once(campaign: Campaign, driver: Driver, number: int, code: int, kind: str) -> None:
    """The second time nobody waits for an answer, and the next run makes the best of it."""
    folder = campaign(60, SIZE)
    with ResendServer(keeps_keys=kind == "keys", delay=20) as server:
        sender = driver.start(folder, server.url, kind=kind)
        sender.under_way(server, requests=CONCURRENCY)
        sender.signal(number)
        sender.notices()  # two signals that come before are one
        assert sender.alive()
        sender.signal(number)
        assert sender.wait() == code
        assert server.under_way == CONCURRENCY, "it waited for the answers"
        assert total(folder, "inflight") == CONCURRENCY * SIZE
        server.hurry.set()
        while server.under_way:
            time.sleep(0.01)
        finish(driver, folder, server, kind=kind)
        assert violations(folder, server) == []
        assert len(uncertain(folder)) == (0 if kind == "keys" else CONCURRENCY * SIZE)


def test_a_terminal_that_closes_may_be_ignored() -> None:
    """Under nohup a sending goes on, also after the terminal is gone."""
    code = """
import os, signal, threading
from newsletter.delivery.signals import stopping
stop = threading.Event()
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with stopping(stop):
    os.kill(os.getpid(), signal.SIGHUP)
    print(stop.is_set())
print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True"]


def napped(driver: Driver, folder: Path, server: ResendServer, point: str, *without: str) -> list[str]:
    """A sender that falls asleep at a point, longer than its lease; another works meanwhile, as if no lock held it."""
    order = {"kind": "none", "constants": NAPPING}
    dooms = (Doom(point, 1, "stop"), Doom("handed back", 1, "stop"))
    first = driver.start(folder, server.url, dooms=dooms, without=("unlocked", *without), **order)
    first.stopped()
    time.sleep(LEASE + 0.1)
    second = driver.start(folder, server.url, without=("unlocked", *without), **order)
    assert second.wait() == 0, second.output
    first.go_on()
    if point != "answered" and not without:
        first.stopped()  # the fence let nothing pass
        first.go_on()
    assert first.wait() == 0, first.output
    finish(driver, folder, server, **order)
    return violations(folder, server)


@pytest.mark.parametrize("point", ["claimed", "filled"])
def test_asleep_with_a_batch_in_hand(campaign: Campaign, driver: Driver, point: str) -> None:
    """Whoever wakes up after the lease hands its batch back: others have sent it, even were there no lock."""
    folder = campaign(60, SIZE)
    with ResendServer(keeps_keys=False) as server:
        assert napped(driver, folder, server, point) == []
        assert set(server.ledger) == emails(60)
        assert not uncertain(folder)


def test_asleep_with_a_request_under_way(campaign: Campaign, driver: Driver) -> None:
    """What another sender had to call uncertain is sent once the one who knows wakes up and says so."""
    folder = campaign(60, SIZE)
    with ResendServer(keeps_keys=False) as server:
        assert napped(driver, folder, server, "answered") == []
        assert set(server.ledger) == emails(60)
        assert not uncertain(folder)


def test_a_sender_without_a_fence_is_found_out(campaign: Campaign, driver: Driver) -> None:
    """Whoever sends what it once claimed mails people a second time."""
    folder = campaign(60, SIZE)
    with ResendServer(keeps_keys=False) as server:
        assert [one for one in napped(driver, folder, server, "filled", "unfenced") if one.startswith("I1")]
