"""Senders in processes of their own, as cron would start them: one for every line of stdin.

A line is a JSON list: folder, address of the provider, and a policy. ``keys`` is Resend as it is, ``none`` a provider
without idempotency keys. ``naive`` does what many senders do after a crash, sending again what was under way; it is
there to show that the tests would notice.

The modules are loaded once and every sender is forked, so that a test can afford to kill many. For each the process id
and then the exit code go to stdout; what it says itself goes to ``sender.out`` and ``sender.err`` in the folder.
"""

import json
import os
import sys
import traceback
from dataclasses import asdict, replace
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select, update

from newsletter.delivery import schema
from newsletter.delivery.envelope import Filling
from newsletter.delivery.limits import Pace, Rates
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers.resend import Resend
from newsletter.delivery.sender import Report, send
from newsletter.errors import NewsletterError
from newsletter.model import Address, Edition
from newsletter.plugins import Secret

URL = "sqlite:///newsletter.db"
FAST = Rates(per_second=1e6)
NEWS = Address(email="news@river-cities.example", name="River Cities Letter")


class Keyless(Resend):
    """Resend, if it kept no keys."""

    limits = replace(Resend.limits, idempotency="none", key_life=0)


def deliver(outbox: Outbox, base_url: str, *, kind: type[Resend] = Resend) -> Report:
    """One run with trivial texts; backing off takes milliseconds."""

    def compile(edition: Edition) -> Filling:  # noqa: A001 - what it does
        return Filling(fill=lambda values: (edition.subject, edition.html, values["recipient.unsubscribe_url"]))

    return send(
        outbox,
        kind(key=Secret("re_test"), base_url=base_url),
        compile,
        rates=FAST,
        pace=Pace(provider=kind.name, rates=FAST, chance=lambda _low, high: high / 1000),
    )


def forget(outbox: Outbox) -> None:
    """Put what was under way back with a new key."""
    with outbox.transaction() as connection:
        lost = connection.scalars(select(schema.batch.c.id).where(schema.batch.c.state == "inflight")).all()
        for number in lost:
            again = update(schema.batch).where(schema.batch.c.id == number)
            connection.execute(again.values(state="pending", key=uuid4().hex))


def run(folder: Path, base_url: str, policy: str) -> int:
    """One sender; the report goes to stdout as JSON, an error to stderr."""
    try:
        with Outbox(URL, folder) as outbox:
            if policy == "naive":
                forget(outbox)
            print(json.dumps(asdict(deliver(outbox, base_url, kind=Keyless if policy == "none" else Resend))))
    except NewsletterError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except Exception:  # noqa: BLE001 - the driver must not end with it
        traceback.print_exc()
        return 70
    return 0


def main() -> None:
    """Say that the modules are loaded, then fork a sender for every line, and wait for it."""
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            folder, base_url, policy = json.loads(line)
            out, err = (Path(folder, name) for name in ("sender.out", "sender.err"))
            with out.open("w") as sys.stdout, err.open("w") as sys.stderr:
                code = run(Path(folder), base_url, policy)
            os._exit(code)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
