"""The rate, in the outbox: what one worker does counts for every other and for the next run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from desk import Desk, choices

from newsletter.delivery import limits
from newsletter.delivery.limits import MOST_SECONDS, OPEN_AFTER, OPEN_SECONDS, Pace, Rates, Wait
from newsletter.errors import ConfigError
from newsletter.waiting import retry_after

START = datetime(2026, 11, 13, 9, tzinfo=UTC)


class Track:
    """A pace on a desk's outbox, at a moment that a test moves."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.now = desk, START

    def pace(self, per_second: float = 1000, *, chance: Callable[[float, float], float] = max, **rates: Any) -> Pace:
        return Pace(provider="scripted", rates=Rates(per_second=per_second, **rates), chance=chance)

    def wait(self, pace: Pace) -> Wait:
        with self.desk.outbox.transaction() as connection:
            return pace.wait(connection, self.now)

    def spend(self, pace: Pace, messages: int) -> bool:
        with self.desk.outbox.transaction() as connection:
            return pace.spend(connection, messages, self.now)

    def failed(self, pace: Pace, seconds: float | None = None) -> float:
        with self.desk.outbox.transaction() as connection:
            return pace.failed(connection, seconds, self.now)

    @contextmanager
    def later(self, **by: float) -> Iterator[None]:
        self.now += timedelta(**by)
        yield


@pytest.fixture
def track(desk: Desk) -> Track:
    return Track(desk)


def test_a_batch_takes_the_time_of_its_messages(track: Track) -> None:
    """The first goes at once; idle time is not saved up for a burst."""
    pace = track.pace(10)
    assert track.wait(pace).seconds == 0
    track.spend(pace, 20)
    assert track.wait(pace).seconds == pytest.approx(2)
    track.now += timedelta(seconds=60)
    assert track.wait(pace).seconds == 0
    track.spend(pace, 20)
    track.spend(pace, 10)
    assert track.wait(pace).seconds == pytest.approx(3)
    assert track.wait(pace).pause == 0


@pytest.mark.parametrize("rate", [0.5, 7, 50, 1000])
def test_the_rate_is_never_exceeded(track: Track, rate: float) -> None:
    """Over a thousand messages by two workers in batches of different sizes: at most one batch ahead."""
    workers, sent = [track.pace(rate), track.pace(rate)], 0
    for number, size in enumerate([1, 100, 7, 50] * 5):
        pace = workers[number % 2]
        track.now += timedelta(seconds=track.wait(pace).seconds)
        assert sent <= rate * (track.now - START).total_seconds() + 1e-3
        track.spend(pace, size)
        sent += size
    assert sent == pytest.approx(rate * (track.now - START).total_seconds() + 50, rel=1e-4)


def test_requests_have_a_rate_of_their_own(track: Track) -> None:
    """Two a second, however few messages are in one."""
    pace = track.pace(1000, requests_per_second=2)
    track.spend(pace, 1)
    assert track.wait(pace).seconds == pytest.approx(0.5)


def test_a_day_has_a_quota(track: Track) -> None:
    """What does not fit into today goes tomorrow, and a batch is never cut for it; the day is that of UTC."""
    pace = track.pace(per_day=100)
    assert track.spend(pace, 60)
    assert not track.spend(pace, 60)
    assert track.wait(pace).pause == pytest.approx(15 * 3600)
    track.now += timedelta(hours=15)
    assert track.wait(pace).seconds == 0
    assert track.spend(pace, 60)


def test_a_provider_gets_the_time_it_asks_for(track: Track) -> None:
    """Retry-After counts as it stands, for every worker, and never shortens a longer pause."""
    pace = track.pace()
    assert track.failed(pace, 30) == 30
    assert track.failed(pace, 5) == 5
    assert track.wait(track.pace()).pause == pytest.approx(30)
    assert track.wait(Pace(provider="another", rates=Rates(per_second=1))).seconds == 0


def test_backing_off_doubles_up_to_a_bound(track: Track) -> None:
    """Full jitter at first; a provider that stays down gets at least half a minute, and in the end five."""
    pace = track.pace(chance=lambda low, high: high - low)
    assert [track.failed(pace) for _ in range(OPEN_AFTER - 1)] == [2, 4, 8, 16]
    assert [track.failed(pace) for _ in range(5)] == [OPEN_SECONDS, 60, 120, 240, MOST_SECONDS]
    with track.desk.outbox.transaction() as connection:
        pace.succeeded(connection)
    assert track.failed(pace) == 2
    assert 0 <= Pace(provider="x", rates=Rates(per_second=1)).back_off(1) <= 2


def test_a_clock_put_back_makes_nobody_wait(desk: Desk) -> None:
    """By an hour: what was to wait five seconds still waits about five."""
    desk.approved(choices(8))
    desk.send()
    track = Track(desk)
    track.now = desk.clock()
    track.failed(track.pace(), 5)
    with desk.outbox.transaction() as connection:
        limits.set_back(connection, 3600)
    track.now -= timedelta(hours=1)
    assert track.wait(track.pace()).seconds == pytest.approx(5, abs=1)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 1e7])
def test_what_is_no_rate(rate: float) -> None:
    """A rate is a number that a mail can be sent at."""
    with pytest.raises(ConfigError, match="is no rate"):
        Rates(per_second=rate)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-5", 0.0), ("999999", 86_400.0), ("soon", None), ("", None), ("nan", None)],
)
def test_how_long_a_service_wants_us_to_wait(value: str, seconds: float | None) -> None:
    """Retry-After in its forms; no more than a day."""
    assert retry_after({"Retry-After": value}) == seconds
