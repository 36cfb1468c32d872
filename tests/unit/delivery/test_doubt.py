"""When nobody knows whether a request was accepted: what is repeated, for how long, and what is uncertain."""

import threading
from typing import Any

import pytest
from desk import Clock, Desk, choices, pace

from newsletter.delivery.envelope import Filling
from newsletter.delivery.limits import OPEN_AFTER, OPEN_SECONDS
from newsletter.delivery.providers import Limits
from newsletter.delivery.sender import MOST_FAILURES, Report
from newsletter.errors import OutcomeUnknown, RejectedError

NO_KEYS = Limits(messages=4, bytes=10**9)


def test_an_unknown_outcome_is_replayed_where_keys_are_kept(desk: Desk) -> None:
    """The very same messages under the very same key."""
    desk.provider.script = [OutcomeUnknown("broken"), OutcomeUnknown("broken")]
    desk.approved(choices(4))
    assert desk.send() == Report(sent=4)
    assert all(batch == desk.provider.requests[0] for batch in desk.provider.requests)
    assert len(desk.provider.requests) == 3


def test_a_doubt_lasts_as_long_as_the_provider_knows_the_key(desk: Desk, clock: Clock) -> None:
    """However often nobody could read the answer; when the key's life ends it is uncertain."""
    desk.provider.script = [OutcomeUnknown("broken") for _ in range(999)]
    desk.approved(choices(4))
    for _ in range(3):
        assert desk.send() == Report(left=4)
    assert len(desk.provider.requests) == 3 * MOST_FAILURES
    clock.forward(seconds=desk.provider.limits.key_life)
    assert desk.send() == Report(uncertain=4)


def test_an_outage_ends_well(desk: Desk) -> None:
    """After many unreadable answers the same request is sent once the provider is well again."""
    desk.provider.script = [OutcomeUnknown("503") for _ in range(2 * MOST_FAILURES)]
    desk.approved(choices(4))
    assert [desk.send() for _ in range(3)] == [Report(left=4), Report(left=4), Report(sent=4)]


def test_a_batch_in_doubt_waits_longer_each_time(desk: Desk) -> None:
    """Of its own, as the others go on; a new run is no new start for it."""
    tops: list[float] = []

    def chance(_low: float, top: float) -> float:
        tops.append(top)
        return 0.0

    desk.provider.script = [OutcomeUnknown("500") for _ in range(2 * MOST_FAILURES)]
    desk.approved(choices(4))
    for _ in range(2):
        desk.send(pace=pace(chance=chance))
    own = tops[1::2]
    doubling = [2**number for number in range(1, OPEN_AFTER)]
    assert own == doubling + [2 * OPEN_SECONDS] * (2 * MOST_FAILURES - len(doubling))


def test_an_unknown_outcome_without_keys_is_uncertain(desk: Desk) -> None:
    """It is never sent again, whatever happens later."""
    desk.provider.limits = NO_KEYS
    desk.provider.script = [OutcomeUnknown("broken")]
    desk.approved(choices(6))
    assert desk.send() == Report(sent=2, uncertain=4)
    assert desk.send() == Report()
    assert len(desk.provider.mailed) == 6
    assert [one.reason for one in desk.outbox.uncertain()] == ["broken"] * 4


@pytest.mark.parametrize(("keys", "report"), [("request", Report(uncertain=4)), ("message", Report(sent=4))])
def test_a_doubtful_request_is_not_repeated_in_other_words(desk: Desk, clock: Clock, keys: Any, report: Report) -> None:
    """If the words changed meanwhile, a provider that knows requests would not know it: uncertain."""
    desk.provider.limits = Limits(messages=4, bytes=10**9, idempotency=keys, key_life=3600)
    desk.provider.script = [OutcomeUnknown("broken")]
    desk.approved(choices(4))
    stop = threading.Event()
    desk.provider.before = lambda _batch: stop.set()
    assert desk.send(stop=stop) == Report(left=4)
    clock.forward(minutes=1)
    assert (
        desk.send(
            compile=lambda edition: Filling(fields=(), fill=lambda _, n: [(edition.subject, "other", "words")] * n)
        )
        == report
    )
    assert len(desk.provider.requests) == 1 + (keys == "message")


def test_a_refusal_in_doubt_is_not_split(desk: Desk) -> None:
    """An earlier request with this key was perhaps accepted: nobody of it may be mailed under another key."""
    desk.provider.script = [OutcomeUnknown("broken"), RejectedError("422")]
    desk.approved(choices(4))
    assert desk.send() == Report(uncertain=4)
