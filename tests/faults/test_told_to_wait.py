"""A provider that says when: no request by any worker before that, and no mail the worse for it."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from driver import URL, deliver
from invariants import too_early, too_fast, violations
from naive import adopt
from naive_providers import Gloomy, Impatient, Keyless, Literal
from plans import emails
from resend_server import ResendServer

from newsletter.delivery import limits
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers.resend import Resend
from newsletter.delivery.sender import CONCURRENCY, Report

Campaign = Callable[..., Path]

SECONDS = {
    "429 in a second": 1.0,
    "429 at a date": 1.0,
    "503 in half a second": 0.5,
}
AT_ONCE = ("429 at a past date", "429 negative", "429 infinite", "429 in words", "429 without a word")
STORM = 3
FULL = 3 * CONCURRENCY  # more than there are batches
SIZE = 4
READERS = 2 * CONCURRENCY * SIZE  # twice as many batches as are under way


def storm(folder: Path, fault: str, kind: type[Resend]) -> tuple[Report, list[str]]:
    """Send into a storm; what came of it, and what is wrong.

    All workers are under way when the first answer comes. Whatever any of them asks later must have waited.
    """
    with ResendServer(keeps_keys=kind is not Keyless, faults=(fault,) * STORM) as server:
        with Outbox(URL, folder) as outbox:
            report = deliver(outbox, server.url, kind=kind)
        assert server.fired[fault] == STORM
        return report, violations(folder, server) + too_early(server, SECONDS[fault], after=CONCURRENCY - 1)


@pytest.mark.parametrize("fault", SECONDS)
def test_no_request_before_the_time(campaign: Campaign, fault: str) -> None:
    """In seconds, with a fraction, at a date: nobody asks sooner, nobody failed."""
    kind = Keyless if "date" in fault else Resend  # no key is needed to know that it was not accepted
    assert storm(campaign(READERS, SIZE), fault, kind) == (Report(sent=READERS), [])


@pytest.mark.parametrize("kind", [Keyless, Literal])
def test_no_time_at_all(campaign: Campaign, kind: type[Resend]) -> None:
    """In the past, negative, for ever, in words, or not said: everybody gets it soon, and nobody failed."""
    folder = campaign(READERS, SIZE)
    with ResendServer(keeps_keys=False, faults=AT_ONCE) as server, Outbox(URL, folder) as outbox:
        with nullcontext() if kind is Keyless else pytest.raises(OverflowError):
            assert deliver(outbox, server.url, kind=kind) == Report(sent=READERS)
        assert all(server.fired[fault] == 1 for fault in AT_ONCE)
        assert bool(violations(folder, server)) == (kind is Literal)


def test_an_impatient_sender_is_found_out(campaign: Campaign) -> None:
    """Whoever does not read the header asks too early."""
    report, found = storm(campaign(READERS, SIZE), "429 in a second", Impatient)
    assert report.sent == READERS
    assert found


@pytest.mark.parametrize("kind", [Resend, Impatient])
def test_told_to_wait_for_days(campaign: Campaign, kind: type[Resend]) -> None:
    """The run ends with everything left, and the next one asks nothing, since the time is in the outbox."""
    folder, reports = campaign(READERS, READERS), []
    with ResendServer(faults=("429 for long",) * 2) as server:
        for _ in range(2):
            with Outbox(URL, folder) as outbox:
                reports.append(deliver(outbox, server.url, kind=kind))
        assert server.fired["429 for long"] == 2  # once for each language, before the first answer
        assert (len(server.times) > 2) == (kind is Impatient)
        assert (reports == [Report(left=READERS)] * 2) == (kind is Resend)
        if kind is Resend:
            assert all("answered 429: Too many" in report.trouble for report in reports)
        assert violations(folder, server, ended=False) == []


@pytest.mark.parametrize("kind", [Keyless, Gloomy])
def test_no_failure_of_a_mail(campaign: Campaign, kind: type[Resend]) -> None:
    """However often everything is put off, run after run, nothing fails and nothing is in doubt."""
    folder = campaign(READERS, SIZE)
    with ResendServer(keeps_keys=False, faults=("429 negative",) * FULL) as server, Outbox(URL, folder) as outbox:
        while deliver(outbox, server.url, kind=kind).left and not outbox.failed() and not outbox.uncertain():
            """Until all is sent, or some of it is given up."""
        assert (server.fired["429 negative"] == FULL) == (kind is Keyless)
        assert (set(server.ledger) == emails(READERS)) == (kind is Keyless)
        assert violations(folder, server, ended=kind is Keyless) == []


RATE = 60.0


@pytest.mark.parametrize("kind", ["ours", "breathless"])
def test_the_rate_is_kept(campaign: Campaign, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Also by several workers, and over two runs; a sender without it is found out."""
    if kind == "breathless":
        monkeypatch.setattr(limits.Pace, "wait", limits.Pace.wait)
        adopt(["breathless"])
    folder = campaign(60, 5)
    with ResendServer() as server:
        with Outbox(URL, folder) as outbox:
            deliver(outbox, server.url, per_second=RATE)
        assert violations(folder, server) == []
        assert bool(too_fast(server, RATE)) == (kind == "breathless")
