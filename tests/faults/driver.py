"""Senders in processes of their own, as cron would start them, and planners as well.

The modules are loaded once and every process is forked, so that a test can afford to kill many. A line of stdin is a
JSON list: ``["start", order]`` prints the new process's id; ``["wait", id]`` how it ended, its exit code or the signal
that killed it as a negative number, or ``"stopped"``; ``["look", id]`` the same, or null while it runs. What a process
says itself goes to ``out`` and ``err`` in the order's folder ``says``.
"""

import json
import os
import signal
import sys
import traceback
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import naive
import plans
from naive_providers import KINDS, Keyless
from plans import NEWS, URL
from points import Doom, arm

from newsletter.delivery.envelope import Filling
from newsletter.delivery.limits import Pace, Rates
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers.resend import Resend
from newsletter.delivery.sender import Report, send
from newsletter.errors import NewsletterError
from newsletter.model import Edition
from newsletter.plugins import Secret

__all__ = ["NEWS", "URL", "Keyless", "Order", "deliver"]

FAST = 1e6
PATIENCE = 120  # seconds; a process that hangs ends by itself


class Order(msgspec.Struct, kw_only=True):
    """What a process does: send what is due, or plan for a members' list.

    ``kind`` is a provider of ``naive.KINDS``, ``without`` the precautions that are taken out, ``constants`` are values
    of the library by their full names, and ``dooms`` what happens to the process on its way.
    """

    folder: str
    says: str
    url: str = ""
    task: str = "send"
    kind: str = "keys"
    without: tuple[str, ...] = ()
    per_second: float = FAST
    constants: dict[str, Any] = {}
    dooms: tuple[Doom, ...] = ()


def deliver(outbox: Outbox, base_url: str, *, kind: type[Resend] = Resend, per_second: float = FAST) -> Report:
    """One run with trivial texts; backing off takes next to no time."""
    rates = Rates(per_second=per_second)

    def compile(edition: Edition) -> Filling:  # noqa: A001 - what it does
        return Filling(
            fields=(),
            fill=lambda values, _: [
                (edition.subject, edition.html, url) for url in values["recipient.unsubscribe_url"]
            ],
        )

    return send(
        outbox,
        kind(key=Secret("re_test"), base_url=base_url),
        compile,
        rates=rates,
        pace=Pace(provider=kind.name, rates=rates, chance=lambda _low, high: high / 1e9),
    )


def run(order: Order) -> int:
    """One process; its report goes to stdout as JSON, an error to stderr."""
    for name, value in order.constants.items():
        module, _, constant = name.rpartition(".")
        assert hasattr(import_module(module), constant), name
        setattr(import_module(module), constant, value)
    naive.adopt(order.without)
    arm(order.dooms)
    folder = Path(order.folder)
    try:
        with Outbox(URL, folder) as outbox:
            if order.task == "plan":
                print(plans.plan(outbox, plans.listed(folder)).messages)
            else:
                report = deliver(outbox, order.url, kind=KINDS[order.kind], per_second=order.per_second)
                print(json.dumps(asdict(report)))
    except NewsletterError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 - the driver must not end with it
        traceback.print_exc()
        return 70
    return 0


def start(order: Order) -> int:
    """Fork a process; its id."""
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        out, err = (Path(order.says, name) for name in ("out", "err"))
        with out.open("w") as sys.stdout, err.open("w") as sys.stderr:
            code = run(order)
        os._exit(code)
    return child


def warm() -> None:
    """Load what a sender loads late, so that not every process has to do it again."""
    with TemporaryDirectory() as folder, Outbox(URL, Path(folder)) as outbox:
        plans.begin(outbox, plans.plan(outbox, plans.readers(1)))
        deliver(outbox, "http://127.0.0.1:9")


def ended(child: int, options: int) -> int | str | None:
    """How a process ended, or that it stopped; None where it did neither."""
    found, status = os.waitpid(child, options | os.WUNTRACED)
    if not found:
        return None
    return "stopped" if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)


def main() -> None:
    """Do what the lines say; at the end of stdin, end every process that is left."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # who runs the tests under nohup ignores it, and so would every sender
    warm()
    print("ready", flush=True)
    living: set[int] = set()
    for line in sys.stdin:
        verb, fact = json.loads(line)
        said: int | str | None
        if verb == "start":
            said = start(msgspec.convert(fact, Order))
            living.add(said)
        else:
            said = ended(fact, os.WNOHANG if verb == "look" else 0)
            if isinstance(said, int):
                living.discard(fact)
        print(json.dumps(said), flush=True)
    for child in living:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
