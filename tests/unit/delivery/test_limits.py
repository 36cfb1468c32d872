"""The pace of one run: rate, pauses, and backing off."""

import pytest

from newsletter.delivery.limits import MOST_SECONDS, Pace
from newsletter.errors import ConfigError
from newsletter.waiting import retry_after


class Stopwatch:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


def test_a_batch_takes_the_time_of_its_messages(watch: Stopwatch) -> None:
    """The first goes at once; idle time is not saved up for a burst."""
    pace = Pace(10, monotonic=watch)
    assert pace.wait() == 0
    pace.spend(20)
    assert pace.wait() == pytest.approx(2)
    watch.seconds += 60
    assert pace.wait() == 0
    pace.spend(20)
    pace.spend(10)
    assert pace.wait() == pytest.approx(3)


@pytest.mark.parametrize("rate", [0.5, 7, 50, 1000])
def test_the_rate_is_never_exceeded(watch: Stopwatch, rate: float) -> None:
    """Over a thousand messages in batches of different sizes: at most one batch ahead."""
    pace, sent = Pace(rate, monotonic=watch), 0
    for size in [1, 100, 7, 50] * 10:
        watch.seconds += pace.wait()
        assert sent <= rate * (watch.seconds - 100) + 1e-6
        pace.spend(size)
        sent += size
    assert sent == pytest.approx(rate * (watch.seconds - 100) + 50)


def test_a_provider_gets_the_time_it_asks_for(watch: Stopwatch) -> None:
    """Retry-After counts as it stands, and never shortens a longer pause."""
    pace = Pace(1000, monotonic=watch)
    assert pace.failed(30) == 30
    assert pace.failed(5) == 5
    assert pace.wait() == pytest.approx(30)


def test_backing_off_doubles_up_to_a_bound(watch: Stopwatch) -> None:
    """Full jitter: the bound grows, chance chooses below it; a success starts over."""
    pace = Pace(1000, monotonic=watch, chance=lambda low, high: high - low)
    assert [pace.failed() for _ in range(10)] == [2, 4, 8, 16, 32, 64, 128, 256, MOST_SECONDS, MOST_SECONDS]
    pace.succeeded()
    assert pace.failed() == 2
    assert 0 <= Pace(1).failed() <= 2


def test_only_a_pause_is_a_pause(watch: Stopwatch) -> None:
    """Our own rate makes a run wait, but it is nobody's wish that the run should end."""
    pace = Pace(0.01, monotonic=watch)
    pace.spend(1)
    assert (pace.wait(), pace.pause()) == (pytest.approx(100), 0)
    pace.failed(7)
    assert (pace.wait(), pace.pause()) == (pytest.approx(100), pytest.approx(7))


@pytest.mark.parametrize(
    ("value", "seconds"), [("30", 30), ("soon", None), ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None)]
)
def test_how_long_a_provider_wants_us_to_wait(value: str, seconds: float | None) -> None:
    """What is no time is as if nothing was said."""
    assert retry_after({"Retry-After": value}) == seconds


@pytest.mark.parametrize("rate", [0, -3, 5e-324, 9e-4, 1.1e6, float("inf"), float("nan")])
def test_what_is_no_rate(rate: float) -> None:
    """A sentence that names the key."""
    with pytest.raises(ConfigError, match=r"\[outbox\] per_second"):
        Pace(rate)
