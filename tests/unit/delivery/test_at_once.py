"""How many requests are under way at once, and a provider that takes fewer."""

import asyncio
import math
from typing import Any

import pytest
from desk import Desk, Scripted, choices

from newsletter.delivery.providers import Limits
from newsletter.delivery.sender import CONCURRENCY, MOST_FAILURES, Report
from newsletter.errors import TemporaryError
from newsletter.model import Batch, Receipt


class Narrow(Scripted):
    """A provider that takes so many requests at once, and then tells the others to come again."""

    takes, busy, most = 1.0, 0, 0

    async def send(self, client: Any, batch: Batch) -> list[Receipt]:
        full = self.busy >= self.takes
        self.busy += 1
        self.most = max(self.most, self.busy)
        await asyncio.sleep(0.04 if full else 0.02)
        self.busy -= 1
        if full:
            raise TemporaryError("429: too many at once", retry_after=0.05)
        return await super().send(client, batch)


@pytest.mark.parametrize("failures", [MOST_FAILURES, CONCURRENCY - 4])
def test_one_request_taken_of_many_keeps_the_run_alive(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    """All that were under way with it are refused, and go again; who counts fewer refusals gives up too early."""
    monkeypatch.setattr("newsletter.delivery.sender.MOST_FAILURES", failures)
    desk.provider = Narrow(limits=desk.provider.limits)
    desk.approved(choices(200))
    assert (desk.send(pace=None) == Report(sent=200)) == (failures == MOST_FAILURES)


@pytest.mark.parametrize(("at_once", "most"), [(0, CONCURRENCY), (1, 1), (3, 3), (99, CONCURRENCY)])
def test_never_more_under_way_than_a_provider_allows(desk: Desk, at_once: int, most: int) -> None:
    """What waits for its turn is not announced, so that a crash leaves nothing of it in doubt."""
    desk.provider = Narrow(limits=Limits(messages=1, bytes=10**9, at_once=at_once))
    desk.provider.takes = math.inf
    desk.approved(choices(30))
    assert desk.send() == Report(sent=30)
    assert desk.provider.most == most
