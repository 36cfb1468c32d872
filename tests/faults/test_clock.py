"""The clock jumps while mails go out, or between two runs: nobody asks too early, and nothing stands still."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from invariants import too_early, too_fast, violations
from plans import URL, begin, plan, readers
from points import Doom
from resend_server import ResendServer
from senders import PATIENCE, Driver
from test_crashes import total, uncertain

from newsletter.delivery.outbox import Outbox
from newsletter.delivery.sender import CONCURRENCY

SIZE = 5
READERS = 2 * CONCURRENCY * SIZE  # twice as many batches as are under way
RATE = float(READERS)
DAY = "+23h"  # nearly, and enough for a provider's clock that differs from ours
WARY = {"newsletter.delivery.claims.KEY_MARGIN": 0.0}
TRUSTFUL = {"newsletter.delivery.claims.KEY_MARGIN": 1000.0}
LONGEST = 4.0  # seconds between two requests, then something waits that should not


@dataclass
class Clock:
    """The clock that the senders of ``driver`` see; it is put forward or back while they run."""

    driver: Driver
    file: Path

    def set(self, offset: str) -> None:
        """Seconds, minutes or hours from what it is: ``+1h``."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{offset}\n", "ascii")
        new.rename(self.file)


@pytest.fixture(scope="module")
def clocked(
    need: Callable[[str], str], surroundings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clock]:
    """Senders with a clock of their own; only what measures time, and no clock, goes on as always."""
    shown = subprocess.run(
        [need("faketime"), "-f", "+0", "sh", "-c", "echo $LD_PRELOAD"], capture_output=True, text=True, check=True
    )
    folder = tmp_path_factory.mktemp("clock")
    settings = {
        "LD_PRELOAD": shown.stdout.strip(),
        "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    (folder / "clock").write_text("+0\n", "ascii")
    driver = Driver(folder, **surroundings, **settings)
    yield Clock(driver=driver, file=folder / "clock")
    driver.close()


@pytest.fixture
def clock(clocked: Clock) -> Clock:
    """The clock, right to begin with."""
    clocked.set("+0")
    return clocked


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    """A campaign that has been due for some hours."""
    due = datetime.now(UTC) - timedelta(hours=3)
    with Outbox(URL, tmp_path) as outbox:
        begin(outbox, plan(outbox, readers(READERS), size=SIZE, due=lambda _reader: due))
    return tmp_path


def sees(clock: Clock, folder: Path) -> timedelta:
    """How far from our own clock that is what a sender wrote down last."""
    with Outbox(URL, folder, mode="read") as outbox, outbox.transaction() as connection:
        written = connection.exec_driver_sql("SELECT max(started) FROM attempt").scalar_one()
    return datetime.fromisoformat(written).replace(tzinfo=UTC) - datetime.now(UTC)


def told(folder: Path) -> int:
    """How often the outbox knows that everybody shall wait."""
    with Outbox(URL, folder, mode="read") as outbox, outbox.transaction() as connection:
        return connection.exec_driver_sql("SELECT max(failures) FROM rate").scalar() or 0


def asked_to_wait(clock: Clock, folder: Path, offset: str, *without: str) -> list[str]:
    """A sender whose clock jumps when it was asked to wait, and other answers are still on their way; what is wrong."""
    seconds, fault = (2, "429 in two seconds") if without else (1, "429 in a second")
    with ResendServer(faults=(fault,) * 3) as server:
        jumped = threading.Event()
        server.accepted = lambda _number: jumped.wait(PATIENCE) and None
        sender = clock.driver.start(folder, server.url, without=without)
        sender.under_way(server, requests=CONCURRENCY)
        while told(folder) < 3:
            time.sleep(0.01)
        clock.set(offset)
        jumped.set()
        assert sender.wait() == 0, sender.output
        assert server.fired[fault] == 3
        return violations(folder, server) + too_early(server, seconds, after=CONCURRENCY - 1)


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_a_jump_while_everybody_waits(clock: Clock, letter: Path, offset: str) -> None:
    """The time that the provider asked for is measured by a clock that does not jump."""
    assert asked_to_wait(clock, letter, offset) == []


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_a_sender_that_waits_by_the_wall_clock_is_found_out(clock: Clock, letter: Path, offset: str) -> None:
    """It asks too early, or not at all."""
    assert asked_to_wait(clock, letter, offset, "wallclock")


def slowly(clock: Clock, folder: Path, offset: str, *without: str) -> list[str]:
    """A sender whose clock jumps while it keeps to a rate; what is wrong."""
    with ResendServer() as server:
        sender = clock.driver.start(folder, server.url, per_second=RATE, without=without)
        sender.under_way(server, requests=2)
        clock.set(offset)
        longest = LONGEST / 4 if without else LONGEST
        while sender.alive():
            if time.monotonic() - server.times[-1] > longest:
                sender.kill()
                return [f"it stood still for {longest:g} s"]
            time.sleep(0.01)
        assert sender.wait() == 0, sender.output
        return violations(folder, server) + too_fast(server, RATE)


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_a_jump_while_mails_go_out(clock: Clock, letter: Path, offset: str) -> None:
    """The rate is kept, and nothing stands still."""
    assert slowly(clock, letter, offset) == []


def test_a_sender_that_goes_by_the_wall_clock_is_found_out(clock: Clock, letter: Path) -> None:
    """Where its clock is put back it waits for an hour."""
    assert slowly(clock, letter, "-1h", "wallclock")


def between(
    clock: Clock, folder: Path, server: ResendServer, offset: str, *, point: str = "settled", **order: object
) -> None:
    """A sender that is killed, a clock that jumps, and the next sender; in a day the provider forgets its keys."""
    first = clock.driver.start(folder, server.url, dooms=(Doom(point),), **order)
    assert first.wait() == -9
    while server.under_way:
        time.sleep(0.01)
    clock.set(offset)
    if offset == DAY:
        server.forget()
    second = clock.driver.start(folder, server.url, **order)
    assert second.wait() == 0, second.output


@pytest.mark.parametrize("careless", [(), ("wallclock",)], ids=["ours", "wallclock"])
@pytest.mark.parametrize(("before", "after"), [("+0", "-1h"), ("+1h", "+0")], ids=["put back", "set right"])
def test_put_back_between_two_runs(
    clock: Clock, letter: Path, before: str, after: str, careless: tuple[str, ...]
) -> None:
    """What had to wait for seconds does not wait for hours; a sender that does not look is found out."""
    with ResendServer(faults=("429 in a second",) * 8) as server:
        clock.set(before)
        between(clock, letter, server, after, without=careless)
        assert server.fired["429 in a second"] >= 1
        assert bool(violations(letter, server)) == bool(careless)


@pytest.mark.parametrize("constants", [{}, WARY], ids=["ours", "wary"])
def test_put_forward_between_two_runs(clock: Clock, letter: Path, constants: dict[str, float]) -> None:
    """What was under way is repeated as long as the provider surely knows its key; who never dares is found out …"""
    with ResendServer() as server:
        between(clock, letter, server, "+1h", point="answered", constants=constants)
        assert timedelta(minutes=59) < sees(clock, letter) < timedelta(minutes=61), "its clock did not jump"
        assert violations(letter, server) == []
        assert (total(letter, "sent") == READERS) == (constants != WARY)


@pytest.mark.parametrize("constants", [{}, TRUSTFUL], ids=["ours", "trustful"])
def test_put_forward_by_a_day(clock: Clock, letter: Path, constants: dict[str, float]) -> None:
    """… and is uncertain when the provider may have forgotten it; who repeats it all the same mails people twice."""
    with ResendServer(delay=0.1) as server:
        between(clock, letter, server, DAY, point="answered", constants=constants)
        found, doubtful = violations(letter, server), uncertain(letter)
        if constants:
            assert [one for one in found if one.startswith("I1")]
            return
        assert found == []
        assert doubtful
        assert total(letter, "sent") == READERS - len(doubtful)
