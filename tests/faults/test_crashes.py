"""A sender that is killed again and again: nothing lost, nobody twice, and what nobody can know is uncertain."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from invariants import violations
from plans import ISSUE, URL, emails
from points import ENDINGS, SENDING, Doom
from resend_server import ResendServer
from senders import Driver

from newsletter.delivery.outbox import Outbox
from newsletter.delivery.sender import CONCURRENCY

Campaign = Callable[..., Path]
SIZE = 5
IN_DOUBT = ("before the claim", "filled", "fenced", "answered", "settled, not committed")


def total(folder: Path, name: str) -> int:
    """One count over all languages, looked at from outside."""
    with Outbox(URL, folder, mode="read") as outbox:
        return sum(getattr(counts, name) for counts in outbox.status(ISSUE).values())


def uncertain(folder: Path) -> set[str]:
    """The addresses of which nobody knows."""
    with Outbox(URL, folder, mode="read") as outbox:
        return {one.email for one in outbox.uncertain()}


def finish(driver: Driver, folder: Path, server: ResendServer, **order: object) -> None:
    """A run that nobody disturbs, with a quick server; its errors fail the test."""
    server.delay = 0
    sender = driver.start(folder, server.url, **order)
    assert (sender.wait(), sender.output[1]) == (0, "")
    assert sender.report["left"] == 0


@dataclass
class Crashes:
    """Kills senders while requests are under way; ``cut_off`` says of how many mails each time."""

    driver: Driver
    folder: Path
    server: ResendServer
    order: dict[str, object]
    chance: random.Random = field(default_factory=lambda: random.Random("2026"))
    fired: int = 0
    cut_off: list[int] = field(default_factory=list)

    def crash(self, count: int) -> None:
        """Kill so many senders, each proven by the database to have had requests under way."""
        while self.fired < count:
            sender = self.driver.start(self.folder, self.server.url, **self.order)
            sender.under_way(self.server)
            time.sleep(self.chance.uniform(0, 0.05))
            sender.kill()
            under_way = total(self.folder, "inflight")
            self.fired += under_way > 0
            self.cut_off.append(under_way)


def test_with_keys_everybody_gets_it_once(campaign: Campaign, driver: Driver) -> None:
    """Four kills: every reader is in the provider's ledger exactly once, and the database knows it."""
    folder = campaign(400, SIZE)
    with ResendServer(delay=0.03) as server:
        crashes = Crashes(driver=driver, folder=folder, server=server, order={})
        crashes.crash(4)
        finish(driver, folder, server)
        assert violations(folder, server) == []
        assert set(server.ledger) == emails(400)
        assert total(folder, "sent") == 400


def test_without_keys_nobody_gets_it_twice(campaign: Campaign, driver: Driver) -> None:
    """Four kills: who is in the ledger is there once, who is not is uncertain, and no more than was under way."""
    folder = campaign(400, SIZE)
    with ResendServer(keeps_keys=False, delay=0.03) as server:
        crashes = Crashes(driver=driver, folder=folder, server=server, order={"kind": "none"})
        crashes.crash(4)
        finish(driver, folder, server, kind="none")
        assert violations(folder, server) == []
        doubtful = uncertain(folder)
        assert emails(400) - set(server.ledger) <= doubtful
        assert 0 < len(doubtful) == sum(crashes.cut_off) <= len(crashes.cut_off) * CONCURRENCY * SIZE
        assert total(folder, "sent") == 400 - len(doubtful)


def test_a_forgetful_sender_is_found_out(campaign: Campaign, driver: Driver) -> None:
    """The same test with "just send again" finds readers who were mailed twice: it can fail."""
    folder = campaign(200, SIZE)
    with ResendServer(delay=0.03) as server:
        Crashes(driver=driver, folder=folder, server=server, order={"without": ("forgetful",)}).crash(3)
        finish(driver, folder, server, without=("forgetful",))
        assert [one for one in violations(folder, server) if one.startswith("I1")]


@pytest.mark.parametrize("kind", ["keys", "none"])
def test_killed_between_two_steps(campaign: Campaign, driver: Driver, kind: str) -> None:
    """Wherever it is cut off the next run goes on; only what was perhaps sent is uncertain, and only without keys."""
    folder, found, under_way = campaign(200, 2), {}, 0
    with ResendServer(keeps_keys=kind == "keys", delay=0.02) as server:
        for point in SENDING if kind == "keys" else IN_DOUBT:
            sender = driver.start(folder, server.url, kind=kind, dooms=(Doom(point, 2),))
            assert sender.wait() == -9, f"{point} was not passed"
            found[point] = violations(folder, server, ended=False)
            under_way += total(folder, "inflight") if kind == "none" else 0
        finish(driver, folder, server, kind=kind)
        found["the end"] = violations(folder, server)
        assert not any(found.values()), found
        assert len(uncertain(folder)) == under_way
        assert bool(under_way) == (kind == "none")
        assert set(server.ledger) | uncertain(folder) == emails(200)


FAULTS = {
    "release, not committed": "429 negative",
    "replay, not committed": "500",
    "give_up, not committed": "500",
    "split, not committed": "422",
    "move, not committed": "422",
    "fail, not committed": "422",
}


def cut_off(driver: Driver, folder: Path, server: ResendServer, point: str, *without: str) -> list[str]:
    """Kill a sender that writes down how a request failed, and let another finish; what is wrong then."""
    server.keeps_keys, server.faults = not point.startswith("give_up"), [FAULTS[point]]
    order = {"kind": "keys" if server.keeps_keys else "none", "without": without}
    sender = driver.start(folder, server.url, dooms=(Doom(point),), **order)
    assert sender.wait() == -9
    assert server.fired[FAULTS[point]] == 1
    finish(driver, folder, server, **order)
    lost = emails(20) - set(server.ledger) - uncertain(folder)
    return violations(folder, server) + ([f"{len(lost)} got nothing"] if lost else [])


@pytest.mark.parametrize("point", ENDINGS)
def test_killed_while_it_writes_down_a_failure(campaign: Campaign, driver: Driver, point: str) -> None:
    """Also where a batch is given back, repeated, given up, split or refused, it is all done or nothing."""
    folder = campaign(20, 1 if point.startswith("fail") else SIZE)
    with ResendServer() as server:
        assert cut_off(driver, folder, server, point) == []


@pytest.mark.parametrize("point", [point for point, fault in FAULTS.items() if fault == "500"])
def test_a_forgetful_sender_is_found_out_in_the_middle_of_a_failure(
    campaign: Campaign, driver: Driver, point: str
) -> None:
    """Where the request was accepted all the same, what it sends again arrives twice."""
    with ResendServer() as server:
        found = cut_off(driver, campaign(20, SIZE), server, point, "forgetful")
        assert [one for one in found if one.startswith("I1")]


@pytest.mark.parametrize("point", ["before the request", "answered"])
def test_a_forgetful_sender_is_found_out_at_each_point(campaign: Campaign, driver: Driver, point: str) -> None:
    """Killed between the request and its record, it mails twice; before the request nobody could tell."""
    folder = campaign(40, SIZE)
    with ResendServer(keeps_keys=False) as server:
        order = {"without": ("forgetful",), "kind": "none"}
        assert driver.start(folder, server.url, dooms=(Doom(point, 2),), **order).wait() == -9
        finish(driver, folder, server, **order)
        twice = [one for one in violations(folder, server) if one.startswith("I1")]
        assert twice or point == "before the request"


def test_two_senders_at_once(campaign: Campaign, driver: Driver) -> None:
    """The second leaves with a sentence and exit code 75; the first sends everything once."""
    folder = campaign(100, SIZE)
    with ResendServer(delay=0.1) as server:
        first = driver.start(folder, server.url)
        first.under_way(server)
        second = driver.start(folder, server.url)
        assert second.wait() == 75
        assert "another send is running" in second.error
        assert first.alive(), "the first ended before the second came"
        assert first.wait() == 0
        assert violations(folder, server) == []
        assert set(server.ledger) == emails(100)


def test_two_senders_without_a_lock_are_found_out(campaign: Campaign, driver: Driver) -> None:
    """The same test finds readers who were mailed by both."""
    folder = campaign(100, SIZE)
    careless = {"without": ("unlocked", "forgetful", "unfenced"), "kind": "none"}
    with ResendServer(keeps_keys=False, delay=0.2) as server:
        first = driver.start(folder, server.url, **careless)
        first.under_way(server, requests=CONCURRENCY)
        second = driver.start(folder, server.url, **careless)
        assert (first.wait(), second.wait()) == (0, 0)
        assert [one for one in violations(folder, server) if one.startswith("I1")]
