"""Mails that are refused, one by one or with their batch, and a provider that takes nothing from us."""

from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from driver import URL, deliver
from invariants import violations
from naive import adopt
from naive_providers import Blunt, Credulous, Halving, Harsh, Hasty, Keyless
from plans import ISSUE, emails
from resend_server import ResendServer

from newsletter.delivery import backlog
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers.resend import Resend
from newsletter.delivery.sender import CONCURRENCY, Report

Campaign = Callable[..., Path]
MANY = 2 * CONCURRENCY * 20


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


@pytest.mark.parametrize("kind", [Resend, Credulous])
def test_a_few_refused_among_many(campaign: Campaign, kind: type[Resend]) -> None:
    """They fail with the provider's words, the others are sent; whoever overlooks those words is found out."""
    folder = campaign(100, 20)
    with ResendServer() as server, Outbox(URL, folder) as outbox:
        server.refused = frozenset({"reader7@city.example", "reader8@city.example", "reader9@city.example"})
        report = deliver(outbox, server.url, kind=kind)
        assert len(server.ledger) == 97
        found = wrongly_failed(folder, server.refused) + violations(folder, server)
        if kind is Credulous:
            assert [one for one in found if one.startswith("I3")]
            return
        assert (report, found) == (Report(sent=97, failed=3), [])
        assert {one.reason for one in outbox.failed()} == {"refused"}


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


@pytest.mark.parametrize("kind", [Resend, Hasty])
def test_a_batch_in_doubt_that_is_refused_then(campaign: Campaign, kind: type[Resend]) -> None:
    """Perhaps accepted by a request before: it is uncertain, neither halved nor failed; halved, it goes out twice."""
    folder = campaign(20, 20)
    with ResendServer(faults=("500", "500", "422", "422")) as server, Outbox(URL, folder) as outbox:
        report = deliver(outbox, server.url, kind=kind)
        assert (server.fired["500"], server.fired["422"]) == (2, 2)
        twice = [one for one in violations(folder, server) if one.startswith("I1")]
        assert bool(twice) == (kind is Hasty)
        if kind is Resend:
            assert report == Report(uncertain=20)
            assert violations(folder, server) == []


def all_refused(outbox: Outbox, server: ResendServer, most: int) -> tuple[Report, list[str]]:
    """Send where everybody is refused; what came of it, and what is wrong if more than so many failed by that."""
    server.refused = frozenset(emails(MANY))
    report = deliver(outbox, server.url)
    assert report.sent == len(server.ledger) == 0
    assert report.failed
    found = [f"{report.failed} failed"] if report.failed > most else []
    stops = any("were refused" in why for why in report.stopped)
    return report, found if stops else [*found, "the campaign did not stop"]


def test_all_refused(campaign: Campaign) -> None:
    """The campaign stops for a person before everybody failed, and goes on where that person says so."""
    folder = campaign(MANY, 5)
    with ResendServer() as server, Outbox(URL, folder) as outbox:
        report, found = all_refused(outbox, server, CONCURRENCY * 5)
        assert found == []
        assert deliver(outbox, server.url).failed == 0
        server.refused = frozenset()
        outbox.resume(outbox.campaigns(ISSUE)[0].plan.hash)
        assert deliver(outbox, server.url) == Report(sent=MANY - report.failed)
        assert violations(folder, server) == []


@pytest.mark.parametrize("canary", [10, 0])
def test_the_canary_bears_it_alone(campaign: Campaign, canary: int) -> None:
    """Where everything is refused only the canary's mails fail; without one, as many as are under way."""
    with ResendServer() as server, Outbox(URL, campaign(MANY, 20, canary=canary)) as outbox:
        _, found = all_refused(outbox, server, canary or CONCURRENCY * 20)
        assert (found, len(server.times)) == ([], 1 if canary else CONCURRENCY)


@pytest.mark.parametrize("canary", [10, 0])
def test_a_stubborn_sender_is_found_out(campaign: Campaign, monkeypatch: pytest.MonkeyPatch, canary: int) -> None:
    """Whoever does not look at what is refused fails everybody."""
    monkeypatch.setattr(backlog, "rejections", backlog.rejections)
    adopt(["stubborn"])
    with ResendServer() as server, Outbox(URL, campaign(MANY, 20, canary=canary)) as outbox:
        report, found = all_refused(outbox, server, canary or CONCURRENCY * 20)
        assert (report.failed, len(found)) == (MANY, 2)
