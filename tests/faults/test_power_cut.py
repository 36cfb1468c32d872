"""The power goes: what was not yet on the disk is lost, and for every request that went out its intention is there."""

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from invariants import violations
from plans import emails
from points import Doom
from resend_server import ResendServer
from senders import Driver, Process
from test_crashes import finish

Campaign = Callable[..., Path]
READERS, SIZE = 60, 5
FILE, LOG = "newsletter.db", "newsletter.db-wal"


def after_the_cut(folder: Path, name: str, log: bytes) -> Path:
    """A copy of the outbox with only so much of its log."""
    copy = folder.with_name(name)
    copy.mkdir()
    shutil.copy(folder / FILE, copy / FILE)
    (copy / LOG).write_bytes(log)
    return copy


def missing(copy: Path, column: str, wanted: set[str]) -> list[str]:
    """Which requests went out of which the outbox knows nothing: keys of batches, or of messages (``idem``)."""
    with closing(sqlite3.connect(copy / FILE)) as connection:
        [(sound,)] = connection.execute("PRAGMA integrity_check").fetchall()
        rows = connection.execute(
            f"SELECT {column} FROM attempt JOIN batch ON batch.id = attempt.batch_id JOIN message USING (batch_id)"
        )
        known = {str(key) for (key,) in rows}
    return ([] if sound == "ok" else [sound]) + sorted(wanted - known)


@pytest.fixture
def traced(need: Callable[[str], str], driver: Driver, tmp_path: Path) -> Callable[..., str]:
    """Send until a point, with every write to the disk and to the network recorded in order."""
    strace = need("strace")

    def send(folder: Path, server: ResendServer, *without: str) -> str:
        record = tmp_path / "trace"
        dooms = (Doom("before the claim", 1, "stop"), Doom("settled", 10))
        sender = driver.start(folder, server.url, without=without, dooms=dooms)
        sender.stopped()
        calls = "trace=pwrite64,fsync,fdatasync,sendto"
        command = [strace, "-f", "-y", "-s", "1000", "-e", calls, "-o", str(record), "-p", str(sender.pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr
            said = tracer.stderr.readline()
            if "attached" not in said:
                sender.kill()
                if os.environ.get("NEWSLETTER_REQUIRE_ALL") == "1":
                    pytest.fail(said)
                pytest.skip(f"processes cannot be watched here: {said}")
            sender.go_on()
            assert sender.wait() == -9
        return record.read_text("ascii", "replace")

    return send


def on_the_disk(trace: str) -> Iterator[tuple[str, int]]:
    """For every request its batch's key, and how many bytes of the log were surely on the disk when it went out."""
    written = synced = 0
    for line in trace.splitlines():
        if found := re.search(rf"pwrite64\(\d+<[^>]*{LOG}>.*, (\d+), (\d+)\) = \d+$", line):
            written = max(written, int(found[1]) + int(found[2]))
        elif re.search(rf"f(?:data)?sync\(\d+<[^>]*{LOG}>", line):
            synced = written
        elif found := re.search(r"sendto\(.*POST /emails/batch.*Idempotency-Key: (\w+)", line):
            yield found[1], synced


def lost(folder: Path, trace: str, *, more: Callable[[int], int] = lambda _size: 0) -> list[str]:
    """The requests that the outbox would not know of had the power gone right after each of them.

    ``more`` of the log may have reached the disk than what the sender waited for.
    """
    log, found = (folder / LOG).read_bytes(), []
    for number, (key, size) in enumerate(on_the_disk(trace)):
        copy = after_the_cut(folder, f"cut-{number}", log[: size + more(len(log) - size)])
        found += missing(copy, "batch.key", {key})
    assert number > 5
    return found


def test_every_request_is_on_the_disk_before_it_goes_out(
    campaign: Campaign, traced: Callable[..., str], driver: Driver
) -> None:
    """Whenever the power goes, be it with half a page more than was asked for; and the next run mails nobody twice."""
    folder = campaign(READERS, SIZE)
    with ResendServer() as server:
        trace = traced(folder, server)
        chance = random.Random("2026")
        assert lost(folder, trace, more=lambda rest: chance.randint(0, rest)) == []
        last = list(on_the_disk(trace))[-1]
        copy = after_the_cut(folder, "last", (folder / LOG).read_bytes()[: last[1]])
        finish(driver, copy, server)
        assert violations(copy, server) == []
        assert set(server.ledger) == emails(READERS)


@pytest.mark.parametrize("without", ["unsynced", "unannounced"])
def test_a_sender_that_does_not_wait_for_the_disk_is_found_out(
    campaign: Campaign, traced: Callable[..., str], without: str
) -> None:
    """Requests went out that nobody would know of."""
    folder = campaign(READERS, SIZE)
    with ResendServer() as server:
        assert lost(folder, traced(folder, server, without))


def struck(folder: Path, sender: Process, server: ResendServer, name: str) -> tuple[Path, list[str]]:
    """Hold everything, and copy what there is, with a torn page at the end; what the copy does not know."""
    sender.signal(signal.SIGSTOP)
    sender.stopped()
    arrived = Counter(server.arrived)
    log = folder / LOG
    copy = after_the_cut(folder, name, log.read_bytes() + random.Random(name).randbytes(3000))
    return copy, missing(copy, "message.idem", set(arrived))


@pytest.mark.parametrize("without", [(), ("unannounced",)], ids=["ours", "unannounced"])
def test_at_any_moment(campaign: Campaign, driver: Driver, without: tuple[str, ...]) -> None:
    """What a copy taken in the middle knows, and what comes of it when a new computer goes on with it."""
    folder, chance, found = campaign(READERS * 2, SIZE), random.Random("2026"), []
    with ResendServer(delay=0.15) as server:
        sender = driver.start(folder, server.url, without=without)
        sender.under_way(server)
        for number in range(4):
            time.sleep(chance.uniform(0, 0.05))
            copy, unknown = struck(folder, sender, server, f"copy-{number}")
            found += unknown
            sender.go_on()
        copy, unknown = struck(folder, sender, server, "copy")
        found += unknown
        sender.kill()
        assert server.arrived
        assert bool(found) == bool(without)
        if not without:
            finish(driver, copy, server)
            assert violations(copy, server) == []
            assert set(server.ledger) == emails(READERS * 2)
