"""Senders that are killed all the time, for long; the README has the table that this makes.

``pytest -m chaos tests/faults/test_chaos.py`` adds its rows to ``build/chaos.md``; it takes some minutes.
"""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from invariants import violations
from plans import emails
from points import Doom
from resend_server import ResendServer
from senders import Driver
from test_crashes import uncertain

from newsletter.delivery.sender import CONCURRENCY

pytestmark = pytest.mark.chaos

Campaign = Callable[..., Path]
RUNS, READERS, SIZE = 20, 5000, 50
EVERY = 20  # requests
TABLE = Path(__file__).parents[2] / "build" / "chaos.md"
KILLS = ("kill before", "kill after", "kill answered")
DOUBTS = ("500", "reset", "garbage")
OTHERS = (*DOUBTS, "429 in half a second")

POLICIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "with keys": ("keys", ()),
    "without keys": ("none", ()),
    "a forgetful sender, without keys": ("none", ("forgetful",)),
}


@dataclass
class Tally:
    """What came of all runs with one policy, in messages and kills."""

    messages: int = 0
    kills: int = 0
    lost: int = 0
    twice: int = 0
    uncertain: int = 0
    arrived: int = 0

    def add(self, server: ResendServer, kills: int, doubtful: set[str]) -> None:
        """One run more."""
        self.messages += READERS
        self.kills += kills
        self.lost += len(emails(READERS) - server.ledger.keys() - doubtful)
        self.twice += sum(times - 1 for times in server.ledger.values())
        self.uncertain += len(doubtful)
        self.arrived += len(doubtful & server.ledger.keys())

    def row(self, name: str) -> str:
        """For the table of the README."""
        doubt = f"{self.uncertain:,} ({self.arrived:,} had arrived)" if self.uncertain else "0"
        return f"| {name} | {self.messages:,} | {self.kills} | {self.lost} | {self.twice:,} | {doubt} |\n"


def faults(chance: random.Random) -> list[str]:
    """What a long line of requests meets: the sender is killed at every twentieth, from a random one on."""
    line = [chance.choice(OTHERS) if chance.random() < 0.05 else "" for _ in range(100 * EVERY)]
    for place in range(chance.randrange(EVERY), len(line), EVERY):
        line[place] = chance.choice(KILLS)
    return line


def survive(driver: Driver, folder: Path, server: ResendServer, **order: object) -> None:
    """Start senders until one has nothing left to do."""
    for _ in range(200):
        sender = driver.start(folder, server.url, dooms=(Doom("before the claim", 1, "stop"),), **order)
        sender.stopped()
        server.victim = sender.pid
        sender.go_on()
        if sender.wait() == 0 and not sender.report["left"]:
            return
    pytest.fail("it never ended")


@pytest.mark.parametrize("policy", POLICIES)
def test_killed_at_every_twentieth_request(campaign: Campaign, driver: Driver, policy: str) -> None:
    """Nothing lost, nobody twice, and in doubt only without keys; the forgetful sender is found out."""
    kind, without = POLICIES[policy]
    tally = Tally()
    for run in range(RUNS):
        line = faults(random.Random(f"{policy} {run}"))
        folder = campaign(READERS, SIZE, f"letter-{run}")
        with ResendServer(keeps_keys=kind == "keys", delay=0.01, faults=tuple(line)) as server:
            survive(driver, folder, server, kind=kind, without=without)
            found, doubtful = violations(folder, server), uncertain(folder)
            kills = sum(server.fired[fault] for fault in KILLS)
            doubts = sum(server.fired[fault] for fault in DOUBTS)
        assert kills
        assert without or found == []
        assert len(doubtful) <= (kills * CONCURRENCY + doubts) * SIZE if kind == "none" else not doubtful
        tally.add(server, kills, doubtful)
        shutil.rmtree(folder)
    TABLE.parent.mkdir(exist_ok=True)
    with TABLE.open("a", encoding="utf-8") as table:
        table.write(tally.row(policy))
    assert bool(tally.twice) == bool(without)
    assert tally.lost == 0
