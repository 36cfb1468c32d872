"""A provider that answers badly, over real sockets: what is sent again, what is not, and what is written down."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from answers import DYING, LOST, MALFORMED, ODD, UNCLEAR
from driver import URL, deliver
from invariants import violations
from naive_providers import Credulous, Hasty, Keyless, Trusting
from plans import emails
from resend_server import ResendServer

from newsletter.delivery import claims
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers.resend import Resend
from newsletter.delivery.sender import Report

Campaign = Callable[..., Path]

DOUBTFUL = {"dying": tuple(DYING), "unclear": tuple(UNCLEAR), "malformed": tuple(MALFORMED)}
SIZE = 5


def spaced(faults: Iterable[str]) -> tuple[str, ...]:
    """A good answer after each: after many failures in a row a sender would take a long rest."""
    return tuple(each for fault in faults for each in (fault, ""))


def enough(faults: Iterable[str]) -> int:
    """Readers for a batch for each fault, one for the good answer after it, and two more."""
    return SIZE * (2 * len([*faults]) + 2)


def until_done(folder: Path, server: ResendServer, kind: type[Resend]) -> tuple[int, int]:
    """Run after run until nothing is left; how many messages were sent and how many are uncertain."""
    sent = uncertain = 0
    with Outbox(URL, folder) as outbox:
        for _ in range(20):
            report = deliver(outbox, server.url, kind=kind)
            assert (report.failed, report.paused) == (0, "")
            sent, uncertain = sent + report.sent, uncertain + report.uncertain
            if not report.left:
                break
    return sent, uncertain


def fired(server: ResendServer, faults: Iterable[str]) -> bool:
    """Whether each of the faults struck once."""
    return all(server.fired[fault] == 1 for fault in faults)


@pytest.mark.parametrize("faults", [*DOUBTFUL.values(), LOST], ids=[*DOUBTFUL, "lost"])
def test_answers_that_say_nothing_with_keys(campaign: Campaign, faults: tuple[str, ...]) -> None:
    """The same request again, whether it was accepted or lost: everybody once."""
    readers = enough(faults)
    folder = campaign(readers, SIZE)
    with ResendServer(faults=spaced(faults)) as server:
        assert until_done(folder, server, Resend) == (readers, 0)
        assert fired(server, faults)
        assert violations(folder, server) == []
        assert set(server.ledger) == emails(readers)


@pytest.mark.parametrize("faults", [*DOUBTFUL.values(), LOST], ids=[*DOUBTFUL, "lost"])
def test_answers_that_say_nothing_without_keys(campaign: Campaign, faults: tuple[str, ...]) -> None:
    """Those batches are uncertain and never sent again; the others are sent."""
    readers = enough(faults)
    folder = campaign(readers, SIZE)
    with ResendServer(keeps_keys=False, faults=spaced(faults)) as server:
        doubtful = len(faults) * SIZE
        assert until_done(folder, server, Keyless) == (readers - doubtful, doubtful)
        assert until_done(folder, server, Keyless) == (0, 0)
        assert fired(server, faults)
        assert violations(folder, server) == []
        assert len(server.times) == readers // SIZE


@pytest.mark.parametrize("faults", DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_hasty_sender_is_found_out(campaign: Campaign, faults: tuple[str, ...]) -> None:
    """Sending again whatever was not answered mails everybody of whom that was so once more."""
    readers = enough(faults)
    folder = campaign(readers, SIZE)
    with ResendServer(keeps_keys=False, faults=spaced(faults)) as server:
        until_done(folder, server, Hasty)
        assert [one for one in violations(folder, server) if one.startswith("I1")]
        assert server.ledger.total() == readers + len(faults) * SIZE


def test_a_credulous_sender_is_found_out(campaign: Campaign) -> None:
    """Whoever takes every 2xx for an acceptance counts mails as sent that a portal swallowed."""
    faults = ("lost html", "lost nothing", "lost no content")
    folder = campaign(enough(faults), SIZE)
    with ResendServer(faults=spaced(faults)) as server:
        until_done(folder, server, Credulous)
        assert fired(server, faults)
        assert len([one for one in violations(folder, server) if one.startswith("I3")]) == len(faults) * SIZE


@pytest.mark.parametrize("kind", [Resend, Keyless])
def test_ids_that_are_not_as_one_expects(campaign: Campaign, kind: type[Resend]) -> None:
    """The same id twice, or ids in another order: Resend promises the request's order, and nothing goes out again."""
    folder = campaign(enough(ODD), SIZE)
    with ResendServer(keeps_keys=kind is Resend, faults=tuple(ODD)) as server:
        assert until_done(folder, server, kind) == (enough(ODD), 0)
        assert fired(server, ODD)
        assert violations(folder, server) == []


def test_a_trusting_sender_is_found_out(campaign: Campaign) -> None:
    """Whoever counts ids instead of places sends again to those whose id came twice."""
    folder = campaign(enough(ODD), SIZE)
    with ResendServer(keeps_keys=False, faults=tuple(ODD)) as server:
        until_done(folder, server, Trusting)
        assert [one for one in violations(folder, server) if one.startswith("I1")]


@pytest.mark.parametrize("margin", [claims.KEY_MARGIN, 0], ids=["ours", "wary"])
def test_an_outage_leaves_nobody_behind(campaign: Campaign, monkeypatch: pytest.MonkeyPatch, margin: float) -> None:
    """Hours of answers nobody can read, run after run: when the server is well again everybody gets it once."""
    monkeypatch.setattr(claims, "KEY_MARGIN", margin)
    folder = campaign(40, 20)
    with ResendServer(faults=("500",) * 200) as server, Outbox(URL, folder) as outbox:
        reports = [deliver(outbox, server.url) for _ in range(3)]
        server.faults.clear()
        reports.append(deliver(outbox, server.url))
        assert server.fired["500"] >= 2
        assert (reports == [*[Report(left=40)] * 3, Report(sent=40)]) == (margin > 0)
        assert violations(folder, server) == []
