"""A sender that is asked to stop, told to stop at once, or made to sleep for longer than it may hold a batch."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from invariants import violations
from naive import heeding
from plans import emails
from points import Doom
from resend_server import ResendServer
from senders import Driver
from test_crashes import finish, total, uncertain

from newsletter.delivery import signals
from newsletter.delivery.sender import CONCURRENCY

Campaign = Callable[..., Path]
SIZE = 5
READERS = 2 * CONCURRENCY * SIZE  # twice as many batches as are under way
LEASE = 0.3
NAPPING = {"newsletter.delivery.courier.LEASE_SECONDS": LEASE, "newsletter.delivery.sender.LEASE_SECONDS": LEASE}
ONCE = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


def asked(driver: Driver, folder: Path, server: ResendServer, number: int, *without: str) -> list[str]:
    """Ask a sender to stop while requests are under way, then let another finish; what is wrong."""
    order = {"kind": "none", "without": without}
    sender = driver.start(folder, server.url, **order)
    sender.under_way(server, requests=CONCURRENCY)
    moment = time.monotonic()
    sender.signal(number)
    code = sender.wait()
    found = [f"it ended with {code}: {sender.error}"] if code or sender.error else []
    late = [each for each in server.times if each >= moment]
    found += [f"{len(late)} requests were made after it was asked to stop"] if late else []
    if open_ends := len(server.times) * SIZE - total(folder, "sent"):
        found.append(f"{open_ends} mails were under way and were not finished")
    elif sender.report["sent"] != len(server.times) * SIZE:
        found.append(f"it says that {sender.report['sent']} mails were sent")
    found += violations(folder, server, ended=False)
    finish(driver, folder, server, **order)
    return found + violations(folder, server)


@pytest.mark.parametrize("number", ONCE)
def test_asked_to_stop(campaign: Campaign, driver: Driver, number: int) -> None:
    """What is under way is finished and written down, no other request is made, the rest is for the next run."""
    folder = campaign(READERS, SIZE)
    with ResendServer(keeps_keys=False, delay=0.3) as server:
        assert asked(driver, folder, server, number) == []
        assert set(server.ledger) == emails(READERS)


@pytest.mark.parametrize("without", ["restless", "abrupt"])
def test_a_sender_that_does_not_stop_as_it_should_is_found_out(
    campaign: Campaign, driver: Driver, without: str
) -> None:
    """It goes on with what was not begun, or lets go of what was."""
    with ResendServer(keeps_keys=False, delay=0.3) as server:
        found = asked(driver, campaign(READERS, SIZE), server, signal.SIGTERM, without)
        wanted = "after it was asked to stop" if without == "restless" else "not finished"
        assert [one for one in found if wanted in one], found


def told(driver: Driver, folder: Path, server: ResendServer, number: int, **order: object) -> tuple[int, list[str]]:
    """Tell a sender to stop at once, then let another finish; how the first ended, and what is wrong."""
    sender = driver.start(folder, server.url, **order)
    sender.under_way(server, requests=CONCURRENCY)
    sender.signal(number)
    sender.notices()  # two signals that come before are one
    assert sender.alive(), (sender.code, sender.output)
    sender.signal(number)
    code = sender.wait()
    found = [] if server.under_way == CONCURRENCY else ["it waited for the answers"]
    assert found or total(folder, "inflight") == CONCURRENCY * SIZE
    server.hurry.set()
    while server.under_way:
        time.sleep(0.01)
    finish(driver, folder, server, **order)
    return code, found + violations(folder, server)


@pytest.mark.parametrize(
    ("number", "code", "kind"),
    [(signal.SIGTERM, -15, "keys"), (signal.SIGINT, 130, "none"), (signal.SIGHUP, -1, "none")],
)
def test_told_to_stop_at_once(campaign: Campaign, driver: Driver, number: int, code: int, kind: str) -> None:
    """The second time nobody waits for an answer, and the next run makes the best of it."""
    folder = campaign(READERS, SIZE)
    with ResendServer(keeps_keys=kind == "keys", delay=20) as server:
        assert told(driver, folder, server, number, kind=kind) == (code, [])
        assert len(uncertain(folder)) == (0 if kind == "keys" else CONCURRENCY * SIZE)


@pytest.mark.parametrize("without", ["unhurried", "forgetful"])
def test_a_sender_that_makes_the_worst_of_it_is_found_out(campaign: Campaign, driver: Driver, without: str) -> None:
    """It is polite however often it is told, or mails once more those of whom it did not wait to hear."""
    with ResendServer(keeps_keys=False, delay=20 if without == "forgetful" else 1) as server:
        _, found = told(driver, campaign(READERS, SIZE), server, signal.SIGTERM, kind="none", without=(without,))
        assert [one for one in found if one.startswith("I1" if without == "forgetful" else "it waited")], found


@pytest.mark.parametrize("stopping", [signals.stopping, heeding], ids=["ours", "heeding"])
def test_a_terminal_that_closes_may_be_ignored(stopping: Callable[..., AbstractContextManager[None]]) -> None:
    """Under nohup a sending goes on, also after the terminal is gone; one that listens to everything is found out."""
    stop, before = threading.Event(), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping(stop):
            os.kill(os.getpid(), signal.SIGHUP)
        assert stop.is_set() == (stopping is heeding)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


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
    folder = campaign(READERS, SIZE)
    with ResendServer(keeps_keys=False) as server:
        assert napped(driver, folder, server, point) == []
        assert set(server.ledger) == emails(READERS)
        assert not uncertain(folder)


@pytest.mark.parametrize("careless", [(), ("unheard",)], ids=["ours", "unheard"])
def test_asleep_with_a_request_under_way(campaign: Campaign, driver: Driver, careless: tuple[str, ...]) -> None:
    """What another sender had to call uncertain is sent once the one who knows wakes up and says so."""
    folder = campaign(READERS, SIZE)
    with ResendServer(keeps_keys=False) as server:
        assert napped(driver, folder, server, "answered", *careless) == []
        assert set(server.ledger) == emails(READERS)
        assert bool(uncertain(folder)) == bool(careless)


@pytest.mark.parametrize("point", ["claimed", "filled"])
def test_a_sender_without_a_fence_is_found_out(campaign: Campaign, driver: Driver, point: str) -> None:
    """Whoever sends what it once claimed mails people a second time."""
    folder = campaign(READERS, SIZE)
    with ResendServer(keeps_keys=False) as server:
        assert [one for one in napped(driver, folder, server, point, "unfenced") if one.startswith("I1")]
