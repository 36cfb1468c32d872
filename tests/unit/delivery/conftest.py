"""An open outbox, its clock, and a desk to plan and send at."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import URL, Clock, Desk

from newsletter.delivery.outbox import Outbox


@pytest.fixture
def clock() -> Clock:
    """The time of a test."""
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Iterator[Outbox]:
    """An open outbox in an empty folder."""
    with Outbox(URL, tmp_path, clock=clock) as opened:
        yield opened


@pytest.fixture
def desk(outbox: Outbox, clock: Clock) -> Desk:
    """A desk with an open outbox."""
    return Desk(outbox=outbox, clock=clock)
