"""The tests' side of ``driver``: processes that send or plan, started, watched and ended."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from driver import Order
from resend_server import ResendServer

DRIVER = Path(__file__).with_name("driver.py")
PATIENCE = 60.0


class Driver:
    """Forks processes; ``prefix`` is a command that runs it, such as faketime."""

    def __init__(self, says: Path, *, prefix: tuple[str, ...] = (), **environment: str) -> None:
        pipe = subprocess.PIPE
        command = [*prefix, sys.executable, str(DRIVER)]
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env={**os.environ, **environment})
        self._says, self._numbers = says, count()
        assert self._answer() == "ready", "the driver did not start"

    def start(self, folder: Path, url: str = "", **order: Any) -> "Process":
        """A process with an order, see ``driver.Order``."""
        says = self._says / str(next(self._numbers))
        says.mkdir(parents=True)
        whole = Order(folder=str(folder), url=url, says=str(says), **order)
        return Process(driver=self, pid=self.ask("start", msgspec.to_builtins(whole)), says=says)

    def ask(self, verb: str, fact: Any) -> Any:
        """What it answers."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([verb, fact]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._answer())

    def close(self) -> None:
        """End it, and every process it started."""
        self._process.communicate(timeout=PATIENCE)

    def _answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@dataclass
class Process:
    """A process that a driver started."""

    driver: Driver
    pid: int
    says: Path
    code: int | None = None

    def wait(self) -> int:
        """How it ended."""
        if self.code is None:
            self.code = self.driver.ask("wait", self.pid)
        assert isinstance(self.code, int), "it stopped"
        return self.code

    def stopped(self) -> None:
        """Wait until it stands still."""
        said = self.driver.ask("wait", self.pid)
        assert said == "stopped", (said, self.output)

    def alive(self) -> bool:
        """Whether it still runs."""
        if self.code is None:
            self.code = self.driver.ask("look", self.pid)
        return self.code is None

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def notices(self) -> None:
        """Wait until it was polite: from then on it catches SIGTERM no more."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            time.sleep(1)
            return
        until = time.monotonic() + PATIENCE
        while int(_caught(status), 16) >> (signal.SIGTERM - 1) & 1:
            assert time.monotonic() < until, "it never noticed"
            time.sleep(0.01)

    def go_on(self) -> None:
        """Let it run again after it stopped."""
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.signal(signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL, "it ended before it was killed"

    def under_way(self, server: ResendServer, *, requests: int = 1) -> None:
        """Wait until so many more requests of it arrived."""
        wanted, until = len(server.times) + requests, time.monotonic() + PATIENCE
        while len(server.times) < wanted:
            assert self.alive(), self.output
            assert time.monotonic() < until, "no request came"
            time.sleep(0.002)

    @property
    def output(self) -> tuple[str, str]:
        """What it said on stdout and stderr."""
        return (self.says / "out").read_text(), (self.says / "err").read_text()

    @property
    def report(self) -> dict[str, Any]:
        """What it said that it did."""
        said: dict[str, Any] = json.loads(self.output[0])
        return said

    @property
    def error(self) -> str:
        """What it said was wrong: one sentence or nothing, and never a traceback."""
        said = self.output[1]
        assert "Traceback" not in said, said
        assert said.count("\n") <= 1, said
        return said.strip()


def _caught(status: Path) -> str:
    """The signals a process has handlers for, as Linux shows them."""
    [line] = [line for line in status.read_text("ascii").splitlines() if line.startswith("SigCgt:")]
    return line.split()[1]
