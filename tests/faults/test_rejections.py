"""Mails that are refused, one by one or with their batch, and a provider that takes nothing from us."""

from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from driver import URL, deliver
from invariants import violations
from naive import Blunt, Halving, Harsh, Keyless
from plans import ISSUE, emails
from resend_server import ResendServer

from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers.resend import Resend
from newsletter.delivery.sender import CONCURRENCY, Report

Campaign = Callable[..., Path]


def wrongly_failed(folder: Path, refused: Collection[str] = ()) -> list[str]:
    """Who failed although nobody refused them, and who did not although somebody did."""
    with Outbox(URL, folder, mode="read") as outbox:
        failed = {one.email for one in outbox.failed()}
    return sorted(failed ^ set(refused))


def stopped(folder: Path, server: ResendServer, kind: type[Resend]) -> list[str]:
    """Send to a provider that takes nothing; what is wrong then, and once it takes everything."""
    with Outbox(URL, folder) as outbox:
        report = deliver(outbox, server.url, kind=kind)
        found = wrongly_failed(folder) + ([] if report.paused else ["the campaign did not pause"])
        if (asked := len(server.times)) > CONCURRENCY:
            found.append(f"it asked {asked} times")
        server.faults.clear()
        deliver(outbox, server.url, kind=kind)
    return found + violations(folder, server)


@pytest.mark.parametrize("status", ["401", "402", "403"])
def test_a_wrong_key_or_an_unpaid_bill(campaign: Campaign, status: str) -> None:
    """The campaign pauses at once, nobody failed, and when it is put right everybody gets it once."""
    folder = campaign(100, 5)
    with ResendServer(faults=(status,) * 100) as server:
        assert stopped(folder, server, Resend) == []
        assert 1 <= server.fired[status] <= CONCURRENCY
        assert set(server.ledger) == emails(100)


def test_a_harsh_sender_is_found_out(campaign: Campaign) -> None:
    """Whoever takes a wrong key for a wrong mail fails everybody."""
    with ResendServer(faults=("401",) * 1000) as server:
        assert stopped(campaign(40, 5), server, Harsh)


def test_a_few_refused_among_many(campaign: Campaign) -> None:
    """They fail with the provider's words, the others are sent."""
    folder = campaign(100, 20)
    with ResendServer() as server, Outbox(URL, folder) as outbox:
        server.refused = frozenset({"reader7@city.example", "reader8@city.example", "reader9@city.example"})
        assert deliver(outbox, server.url) == Report(sent=97, failed=3)
        assert {one.reason for one in outbox.failed()} == {"refused"}
        assert wrongly_failed(folder, server.refused) == []
        assert violations(folder, server) == []


def poisoned(folder: Path, server: ResendServer, kind: type[Resend]) -> list[str]:
    """Send where one address spoils its batch; what is wrong then."""
    server.poison = "reader8@city.example"
    with Outbox(URL, folder) as outbox:
        deliver(outbox, server.url, kind=kind)
    assert server.fired["poison"] >= 1
    return wrongly_failed(folder, [server.poison]) + violations(folder, server)


def test_one_that_spoils_its_batch(campaign: Campaign) -> None:
    """It is isolated by halving, and fails alone; everybody else gets it once."""
    with ResendServer() as server:
        assert poisoned(campaign(80, 40), server, Resend) == []
        assert server.fired["poison"] == 7  # batches of 40, 20, 10, 5, 3, 2 and 1


def test_a_blunt_sender_is_found_out(campaign: Campaign) -> None:
    """Whoever fails the whole batch fails others with it."""
    with ResendServer() as server:
        assert poisoned(campaign(80, 40), server, Blunt)


@pytest.mark.parametrize("kind", [Keyless, Halving])
def test_only_what_was_not_accepted_is_halved(campaign: Campaign, kind: type[Resend]) -> None:
    """A batch in doubt stays whole; halving it mails people twice."""
    folder = campaign(80, 40)
    with ResendServer(keeps_keys=False, faults=("500",)) as server, Outbox(URL, folder) as outbox:
        deliver(outbox, server.url, kind=kind)
        assert server.fired["500"] == 1
        assert bool(violations(folder, server)) == (kind is Halving)
        assert len(outbox.uncertain()) == (0 if kind is Halving else 40)


def test_a_batch_in_doubt_that_is_refused_then(campaign: Campaign) -> None:
    """Perhaps accepted by a request before: it is uncertain, neither halved nor failed."""
    folder = campaign(20, 20)
    with ResendServer(faults=("500", "500", "422", "422")) as server, Outbox(URL, folder) as outbox:
        assert deliver(outbox, server.url) == Report(uncertain=20)
        assert server.fired == {"500": 2, "422": 2}
        assert violations(folder, server) == []


def test_all_refused(campaign: Campaign) -> None:
    """The campaign stops for a person before everybody failed, and goes on where that person says so."""
    folder = campaign(240, 5)
    with ResendServer() as server, Outbox(URL, folder) as outbox:
        server.refused = frozenset(emails(240))
        report = deliver(outbox, server.url)
        assert report.sent == 0
        assert 5 <= report.failed <= CONCURRENCY * 5
        assert "were refused" in report.stopped[0]
        assert deliver(outbox, server.url).failed == 0
        server.refused = frozenset()
        outbox.resume(outbox.campaigns(ISSUE)[0].plan.hash)
        assert deliver(outbox, server.url) == Report(sent=240 - report.failed)
        assert violations(folder, server) == []


@pytest.mark.parametrize("canary", [10, 0])
def test_the_canary_bears_it_alone(campaign: Campaign, canary: int) -> None:
    """Where everything is refused only the canary's mails fail; without one, as many as are under way."""
    folder = campaign(240, 20, canary=canary)
    with ResendServer() as server, Outbox(URL, folder) as outbox:
        server.refused = frozenset(emails(240))
        report = deliver(outbox, server.url)
        assert (len(server.times), report.failed) == ((1, 10) if canary else (CONCURRENCY, CONCURRENCY * 20))
        assert "were refused" in report.stopped[0]
