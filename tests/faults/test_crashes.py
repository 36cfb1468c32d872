"""A sender that is killed again and again: nothing lost, nobody twice, and what nobody can know is uncertain."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from driver import URL
from resend_server import ResendServer

from newsletter.delivery.outbox import Outbox
from newsletter.delivery.results import Counts
from newsletter.delivery.sender import CONCURRENCY

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the senders are forked")

DRIVER = Path(__file__).with_name("driver.py")
SIZE = 5
PATIENCE = 20.0


class Senders:
    """Starts senders one after another, each a process of its own."""

    def __init__(self, folder: Path, url: str, policy: str) -> None:
        pipe = subprocess.PIPE
        self._driver = subprocess.Popen([sys.executable, str(DRIVER)], stdin=pipe, stdout=pipe, text=True)
        self._line = json.dumps([str(folder), url, policy]) + "\n"
        self._folder = folder
        self.pid = 0
        assert self._said() == "ready\n"

    def start(self) -> None:
        """A new sender."""
        assert self._driver.stdin
        self._driver.stdin.write(self._line)
        self._driver.stdin.flush()
        self.pid = int(self._said())

    def wait(self) -> int:
        """How the sender ended: its exit code, or the signal that killed it as a negative number."""
        return int(self._said())

    def alive(self) -> bool:
        """Whether the sender still runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def output(self) -> tuple[str, str]:
        """What it said on stdout and stderr."""
        return (self._folder / "sender.out").read_text(), (self._folder / "sender.err").read_text()

    def close(self) -> None:
        """End the driver, which waits for lines."""
        self._driver.communicate(timeout=PATIENCE)

    def _said(self) -> str:
        assert self._driver.stdout
        return self._driver.stdout.readline()


@dataclass
class Crashes:
    """Kills senders while requests are under way, and looks at the database and the provider's ledger."""

    folder: Path
    server: ResendServer
    senders: Senders
    chance: random.Random
    fired: int = 0
    cut_off: list[int] = field(default_factory=list)

    def begin(self) -> None:
        """Start a sender and wait for its first request."""
        seen, until = len(self.server.times), time.monotonic() + PATIENCE
        self.senders.start()
        while len(self.server.times) == seen:
            assert self.senders.alive(), self.senders.output()
            assert time.monotonic() < until, "no request came"
            time.sleep(0.002)

    def finish(self) -> None:
        """A run that nobody disturbs, with a quick server; its errors fail the test."""
        self.server.delay = 0
        self.senders.start()
        assert (self.senders.wait(), self.senders.output()[1]) == (0, "")

    def crash(self, count: int) -> None:
        """Kill so many senders, each proven by the database to have had requests under way."""
        while self.fired < count:
            self.begin()
            time.sleep(self.chance.uniform(0, 0.08))
            os.kill(self.senders.pid, signal.SIGKILL)
            assert self.senders.wait() == -signal.SIGKILL, "it ended before it was killed"
            under_way = self.total("inflight")
            self.fired += under_way > 0
            self.cut_off.append(under_way)

    def counts(self) -> dict[str, Counts]:
        """What the database says, looked at from outside."""
        with Outbox(URL, self.folder, mode="read") as outbox:
            return outbox.status("2026-11")

    def total(self, name: str) -> int:
        """One count over all languages."""
        return sum(getattr(counts, name) for counts in self.counts().values())

    def uncertain(self) -> set[str]:
        """The addresses of which nobody knows."""
        with Outbox(URL, self.folder, mode="read") as outbox:
            return {one.email for one in outbox.uncertain()}


@contextmanager
def crashing(folder: Path, policy: str, *, keeps_keys: bool = True, delay: float = 0.03) -> Iterator[Crashes]:
    """A server, senders with a policy, and chance with a seed."""
    with ResendServer(keeps_keys=keeps_keys, delay=delay) as server:
        senders = Senders(folder, server.url, policy)
        try:
            yield Crashes(folder=folder, server=server, senders=senders, chance=random.Random(f"{policy} 2026"))
        finally:
            senders.close()


def test_with_keys_everybody_gets_it_once(campaign: Callable[[int, int], Path]) -> None:
    """Ten kills: every reader is in the provider's ledger exactly once, and the database knows it."""
    readers = 800
    with crashing(campaign(readers, SIZE), "keys") as crashes:
        crashes.crash(10)
        crashes.finish()
        assert crashes.fired == 10
        assert set(crashes.server.ledger) == {f"reader{n}@city.example" for n in range(readers)}
        assert set(crashes.server.ledger.values()) == {1}
        assert (crashes.total("sent"), crashes.total("uncertain")) == (readers, 0)


def test_without_keys_nobody_gets_it_twice(campaign: Callable[[int, int], Path]) -> None:
    """Ten kills: who is in the ledger is there once, who is not is uncertain, and no more than was under way."""
    readers = 800
    with crashing(campaign(readers, SIZE), "none", keeps_keys=False) as crashes:
        crashes.crash(10)
        crashes.finish()
        everybody = {f"reader{n}@city.example" for n in range(readers)}
        uncertain = crashes.uncertain()
        assert set(crashes.server.ledger.values()) == {1}
        assert everybody - set(crashes.server.ledger) <= uncertain
        assert 0 < len(uncertain) == sum(crashes.cut_off) <= len(crashes.cut_off) * CONCURRENCY * SIZE
        assert crashes.total("sent") == readers - len(uncertain)


def test_a_naive_sender_is_found_out(campaign: Callable[[int, int], Path]) -> None:
    """The same test with "just send again" finds readers who were mailed twice: it can fail."""
    with crashing(campaign(200, SIZE), "naive") as crashes:
        crashes.crash(3)
        crashes.finish()
        assert sum(crashes.server.ledger.values()) > 200


def test_two_senders_at_once(campaign: Callable[[int, int], Path]) -> None:
    """The second leaves with a sentence and exit code 75; the first sends everything once."""
    folder = campaign(100, SIZE)
    with crashing(folder, "keys", delay=0.1) as crashes:
        second = Senders(folder, crashes.server.url, "keys")
        crashes.begin()
        second.start()
        assert second.wait() == 75
        assert "another send is running" in second.output()[1]
        assert "Traceback" not in second.output()[1]
        second.close()
        assert crashes.senders.alive(), "the first ended before the second came"
        assert crashes.senders.wait() == 0
        assert sorted(crashes.server.ledger.values()) == [1] * 100


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop(campaign: Callable[[int, int], Path], number: int) -> None:
    """What is under way is finished and written down, the rest is for the next run."""
    with crashing(campaign(100, SIZE), "keys") as crashes:
        crashes.begin()
        os.kill(crashes.senders.pid, number)
        assert (crashes.senders.wait(), crashes.senders.output()[1]) == (0, "")
        report = json.loads(crashes.senders.output()[0])
        assert report["sent"] + report["left"] == 100
        assert crashes.total("inflight") == 0
        assert crashes.total("sent") == len(crashes.server.ledger) < 100
        crashes.finish()
        assert sorted(crashes.server.ledger.values()) == [1] * 100
