"""Whole campaigns over SMTP, by a server that fails wherever it can."""

import random
from dataclasses import replace
from typing import Any

import pytest
from desk import FAST, Desk, choices
from smtp_server import DROP, RESET, Fault, sent_twice, serving

from newsletter.delivery.limits import Pace
from newsletter.delivery.providers.smtp import Smtp
from newsletter.plugins import Secret

READERS = 60
FAULTS = {
    "greeting": (DROP, "421 4.3.2 Busy", "554 5.7.1 On a list"),
    "EHLO": (DROP, "451 4.7.0 Later"),
    "AUTH": (DROP, "535 5.7.8 Wrong", "454 4.7.0 Later"),
    "MAIL": (DROP, "421 4.3.2 Closing", "450 4.7.1 Slower", "550 5.7.1 Not from you"),
    "RCPT": (DROP, "451 4.7.1 Greylisted", "550 5.1.1 No such user", "554 5.7.1 Relay access denied"),
    "DATA": (DROP, RESET, "451 4.3.0 Not now"),
    "content": (DROP, RESET),
    "end": (DROP, RESET, "421 4.3.2 Closing", "452 4.3.1 No room", "554 5.7.1 Spam", "nonsense"),
    "QUIT": (DROP, RESET),
}


def _faults(chance: random.Random) -> list[Fault]:
    """At the first mail and two dozen others, or connections; what the server had taken by then is chance as well."""
    found = {("end", 0): Fault(step="end", act=DROP, kept=True)}
    for number in chance.sample(range(1, READERS + 20), 24):
        step = chance.choice(list(FAULTS))
        act = chance.choice(FAULTS[step])
        at = number if step not in ("greeting", "EHLO", "AUTH") else number % 15
        kept = act in (DROP, RESET, "nonsense") and chance.random() < 0.5
        found[step, at] = Fault(step=step, act=act, number=at, kept=kept)
    return list(found.values())


@pytest.mark.parametrize("seed", range(4))
def test_a_campaign_survives_every_fault(desk: Desk, seed: int) -> None:
    """Run after run, until nothing is left: nobody is mailed twice, and nobody is said to be mailed who is not."""
    with serving(*_faults(random.Random(seed)), says={"EHLO": "250-mail.example\r\n250 AUTH PLAIN LOGIN"}) as ledger:
        options: dict[str, Any] = {"port": ledger.port, "security": "none", "ehlo": "c.example"}
        login = {"user": "news", "password": Secret("k-3f9c1e7a")}
        provider: Any = Smtp(host="127.0.0.1", per_connection=3, timeout=10, deadline=30, **options, **login)
        provider.limits = replace(provider.limits, messages=5)
        desk.provider = provider
        desk.approved(choices(READERS))
        sent = 0
        for _ in range(20):
            pace = Pace(provider="smtp", rates=FAST, chance=lambda _low, _high: 0.0)
            report = desk.send(pace=pace)
            sent += report.sent
            if not report.left:
                break
            desk.clock.forward(minutes=5)
        failed = {one.email for one in desk.outbox.failed("2026-11")}
        unknown = {one.email for one in desk.outbox.uncertain("2026-11")}
        mailed = set(ledger.readers)
        everybody = {choice.subscriber.address.email for choice in choices(READERS)}
        assert report.left == 0
        assert not sent_twice(ledger)
        assert not failed & mailed
        assert everybody - failed - unknown <= mailed
        assert sent == READERS - len(failed) - len(unknown)
        assert unknown & mailed, "the first mail was taken and not answered"
