"""Nothing can be written, because the disk is full or somebody else writes: before a request, or right after it."""

import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from invariants import violations
from nameserver import name_server
from plans import emails
from points import Doom
from resend_server import ResendServer
from senders import Driver, Process
from test_crashes import finish, total, uncertain
from test_steering import TOML
from troubles import FullDisk, LargestFile, Locked, Trouble

from newsletter import config
from newsletter.delivery.sender import CONCURRENCY
from newsletter.doctor import examine, log
from newsletter.doctor.lookups import Lookups

Campaign = Callable[..., Path]
SIZE = 5
READERS = 2 * CONCURRENCY * SIZE  # twice as many batches as are under way
LETTERS = 1000  # enough to fill a log
SHORT = {
    "newsletter.delivery.database.BUSY_MILLISECONDS": 20,
    "newsletter.delivery.courier.PERSISTENCE": (0.1, 0.2),
}
PATIENT = {
    "newsletter.delivery.database.BUSY_MILLISECONDS": 20,
    "newsletter.delivery.courier.PERSISTENCE": (0.1,) * 100,
}


@pytest.fixture(params=[FullDisk, LargestFile, Locked])
def troubled(request: pytest.FixtureRequest, campaign: Campaign) -> tuple[Path, Trouble]:
    """A campaign, and what will befall its outbox."""
    if request.param is LargestFile and sys.platform != "linux":
        pytest.skip("only Linux bounds the files of another process")
    name = "letter"
    if request.param is FullDisk:
        request.getfixturevalue("disk")
        name = "disk/letter"
    folder = campaign(READERS, SIZE, name)
    return folder, request.param(folder)


@pytest.mark.parametrize("careless", [(), ("unannounced",)], ids=["ours", "unannounced"])
def test_before_a_request(troubled: tuple[Path, Trouble], driver: Driver, careless: tuple[str, ...]) -> None:
    """What cannot be announced is not sent: one sentence and the exit code, and later everybody gets it once."""
    folder, trouble = troubled
    order = {"kind": "none", "constants": SHORT, "without": careless}
    with ResendServer(keeps_keys=False) as server:
        sender = driver.start(folder, server.url, dooms=(Doom("filled", 1, "stop"),), **order)
        sender.stopped()
        trouble.begin(sender)
        sender.go_on()
        assert sender.wait() == trouble.code
        assert "the outbox" in sender.error
        assert bool(server.times) == bool(careless)
        if not isinstance(trouble, LargestFile):
            trouble.end(sender)
        finish(driver, folder, server, kind="none")
        assert bool(violations(folder, server)) == bool(careless)
        assert set(server.ledger) == emails(READERS)


def befallen(server: ResendServer, trouble: Trouble, sender: list[Process]) -> None:
    """Let trouble begin when the first request was accepted, before it is answered."""

    def begin(number: int) -> None:
        if number == 1:
            trouble.begin(sender[0])

    server.accepted = begin


@pytest.mark.parametrize("careless", [(), ("careless",)], ids=["ours", "careless"])
def test_after_a_request_and_over_soon(
    troubled: tuple[Path, Trouble], driver: Driver, careless: tuple[str, ...]
) -> None:
    """The answer is kept in mind and written down later; nothing else is sent meanwhile, and nothing is in doubt."""
    folder, trouble = troubled
    with ResendServer(keeps_keys=False, delay=0.2) as server:
        started: list[Process] = []
        befallen(server, trouble, started)
        sender = driver.start(folder, server.url, kind="none", constants=PATIENT, without=careless)
        started.append(sender)
        while not server.fired.total() or server.under_way:
            time.sleep(0.01)
        time.sleep(0.3)
        assert total(folder, "inflight") == CONCURRENCY * SIZE
        trouble.end(sender)
        assert (sender.wait() == 0) == (not careless)
        assert len(server.times) == CONCURRENCY
        finish(driver, folder, server, kind="none")
        assert bool(uncertain(folder)) == bool(careless)
        assert violations(folder, server) == []
        assert set(server.ledger) == emails(READERS)
        if not careless:
            assert sender.error == ""
            assert sender.report["sent"] == CONCURRENCY * SIZE


def outlasted(
    driver: Driver, folder: Path, trouble: Trouble, server: ResendServer, **order: object
) -> tuple[str, list[str]]:
    """Trouble that does not end while the sender waits, and the run after it; what the first said, what is wrong."""
    started: list[Process] = []
    befallen(server, trouble, started)
    started.append(sender := driver.start(folder, server.url, constants=SHORT, **order))
    assert sender.wait() in (2, 75)
    assert total(folder, "inflight") > 0
    if not isinstance(trouble, LargestFile):
        trouble.end(sender)
    finish(driver, folder, server, **order)
    return sender.error, violations(folder, server)


@pytest.mark.parametrize("kind", ["none", "keys"])
def test_after_a_request_and_for_long(troubled: tuple[Path, Trouble], driver: Driver, kind: str) -> None:
    """The run ends with a sentence; the next one repeats with keys, and calls it uncertain without them."""
    folder, trouble = troubled
    with ResendServer(keeps_keys=kind == "keys", delay=0.1) as server:
        said, found = outlasted(driver, folder, trouble, server, kind=kind)
        assert "cannot be written down" in said
        assert found == []
        assert len(uncertain(folder)) == (0 if kind == "keys" else CONCURRENCY * SIZE)
        assert set(server.ledger) == emails(READERS)


def test_a_careless_sender_is_found_out(troubled: tuple[Path, Trouble], driver: Driver) -> None:
    """Whoever neither keeps the answer in mind nor knows of the doubt mails people twice."""
    folder, trouble = troubled
    with ResendServer(keeps_keys=False, delay=0.1) as server:
        _, found = outlasted(driver, folder, trouble, server, kind="none", without=("careless", "forgetful"))
        assert [one for one in found if one.startswith("I1")]


@pytest.mark.parametrize("careless", [(), ("journalled",)], ids=["ours", "journalled"])
def test_somebody_looks_for_long(campaign: Campaign, driver: Driver, careless: tuple[str, ...]) -> None:
    """A reader holds nobody up, and the log is gone with the last program; without the log it would."""
    folder = campaign(READERS, SIZE)
    path = folder / "newsletter.db"
    with ResendServer() as server, closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        planned = reader.execute("SELECT count(*) FROM message WHERE state = 'pending'").fetchone()
        sender = driver.start(folder, server.url, constants=PATIENT, without=careless)
        code = sender.wait()
        found = violations(folder, server) if code == 0 else [sender.error]
        assert bool(found) == bool(careless)
        assert reader.execute("SELECT count(*) FROM message WHERE state = 'pending'").fetchone() == planned
        reader.execute("ROLLBACK")
        finish(driver, folder, server)
        assert violations(folder, server) == []
    with closing(sqlite3.connect(path)) as last:
        last.execute("SELECT count(*) FROM message").fetchone()
    assert not path.with_name("newsletter.db-wal").exists()


def looked(folder: Path) -> tuple[str, str]:
    """What ``newsletter doctor`` says of the log, and what to do next."""
    (folder / config.FILE).write_text(TOML, "utf-8")
    with name_server({}) as resolver:
        verdicts = examine(config.load(folder), dns=Lookups(resolver))
    [found] = [verdict for verdict in verdicts if verdict.check == "log"]
    return found.level, found.fix


@pytest.mark.parametrize("holds", [True, False], ids=["holds", "lets go"])
def test_a_log_that_grows(campaign: Campaign, driver: Driver, monkeypatch: pytest.MonkeyPatch, holds: bool) -> None:
    """Doctor warns of a reader that has looked for long, and not of one that looked once; what it advises helps."""
    monkeypatch.setattr(log, "LARGEST", 5_000_000)  # SQLite writes it back every four
    folder = campaign(LETTERS, SIZE)
    with ResendServer() as server:
        with closing(sqlite3.connect(folder / "newsletter.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM message").fetchone()
            if not holds:
                reader.execute("ROLLBACK")
            assert driver.start(folder, server.url).wait() == 0
            level, fix = looked(folder)
            assert (level, fix != "") == (("warning", True) if holds else ("ok", False))
            assert violations(folder, server) == []
        finish(driver, folder, server)
        assert looked(folder) == ("ok", "")
