"""The loop, against a provider that answers as told: what each answer does to a batch, and when a run ends."""

import signal
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from desk import SENDER, Clock, Desk, choice, choices, pace

from newsletter.delivery.envelope import Envelope, Filling
from newsletter.delivery.limits import Rates
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers import Limits
from newsletter.delivery.sender import MOST_FAILURES, Report
from newsletter.errors import BusyError, OutcomeUnknown, RefusedError, RejectedError, RenderError, TemporaryError
from newsletter.model import Address, Batch, Receipt

NO_KEYS = Limits(messages=4, bytes=10**9)


def test_everybody_gets_one_finished_message(desk: Desk) -> None:
    """Filled, addressed, with the headers of a list, and its key in the metadata."""
    desk.approved([*choices(5), choice("x", "es")])
    steps: list[tuple[int, int]] = []
    assert desk.send(progress=lambda done, total: steps.append((done, total))) == Report(sent=6)
    assert sorted(desk.provider.mailed) == sorted({f"reader{n}@city.example" for n in (0, 1, 2, 3, 4, "x")})
    assert steps[-1] == (6, 6)
    message = desk.provider.requests[0].messages[0]
    assert (message.to, message.sender) == (Address(email="reader0@city.example", name="Reader 0"), SENDER)
    assert (message.subject, message.text, message.language) == ("in en", "Reader 0: in en", "en")
    assert message.headers == {
        "List-Unsubscribe": f"<mailto:news@river-cities.example?subject=unsubscribe%20{message.key}>",
        "List-Id": "<river-cities.river-cities.example>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": "en",
        "Feedback-ID": f"{desk.outbox.campaigns()[0].plan.campaign[:12]}:en:river-cities:river-cities.example",
    }
    assert message.metadata == {"newsletter_id": message.key}
    assert desk.outbox.campaigns()[0].state == "done"
    assert desk.send() == Report(), "a second run has nothing to do"


def test_nothing_approved_nothing_sent(desk: Desk) -> None:
    """A draft is not sent."""
    desk.plan(choices(3))
    assert desk.send() == Report()
    assert desk.provider.requests == []


def test_a_temporary_failure_is_sent_later_with_the_same_key(desk: Desk) -> None:
    """Nothing failed, nothing twice."""
    desk.provider.script = [TemporaryError("429", retry_after=0.0), TemporaryError("cannot be reached")]
    desk.approved(choices(4))
    assert desk.send() == Report(sent=4)
    assert all(batch == desk.provider.requests[0] for batch in desk.provider.requests)


def test_a_pause_holds_for_all_batches(desk: Desk) -> None:
    """No other batch goes out before the time the provider asked for."""
    times: list[float] = []
    desk.provider.before = lambda _batch: times.append(time.monotonic())
    desk.provider.limits = Limits(messages=1, bytes=10**9)
    desk.provider.script = [TemporaryError("429", retry_after=0.3)]
    desk.approved(choices(3))
    assert desk.send(pace=pace(Rates(per_second=2))) == Report(sent=3)
    assert times[1] - times[0] >= 0.29


def test_a_long_pause_ends_the_run(desk: Desk, clock: Clock) -> None:
    """The work that is left is reported, and the next run, after the pause, goes on."""
    desk.provider.script = [TemporaryError("429", retry_after=600.0)]
    desk.approved(choices(4))
    assert desk.send() == Report(left=4)
    again = desk.send()
    assert again == Report(left=4), "the batch itself waits, in the database"
    assert again.trouble == "429", "and its reason with it"
    clock.forward(seconds=601)
    assert desk.send() == Report(sent=4)


def test_a_provider_that_cannot_be_reached_ends_the_run(desk: Desk) -> None:
    """After some failures in a row, with everything still to be sent."""
    desk.provider.script = [TemporaryError("refused") for _ in range(99)]
    desk.approved(choices(4))
    assert desk.send() == Report(left=4)
    assert len(desk.provider.requests) == MOST_FAILURES


def test_receipts_for_other_messages_are_no_receipts(desk: Desk) -> None:
    """An answer that does not fit is unknown."""
    desk.provider.limits = NO_KEYS
    desk.provider.script = [[Receipt(key="somebody", provider_id="1")]]
    desk.approved(choices(1))
    assert desk.send() == Report(uncertain=1)


def test_single_refusals_fail_alone(desk: Desk) -> None:
    """The others of the batch are sent."""
    desk.approved(choices(2))

    class Picky(type(desk.provider)):  # type: ignore[misc]
        async def send(self, client: Any, batch: Batch) -> list[Receipt]:
            return [
                Receipt(key=m.key, outcome="failed", error="no such mailbox")
                if "reader1" in m.to.email
                else Receipt(key=m.key, provider_id="id")
                for m in batch.messages
            ]

    desk.provider = Picky()
    assert desk.send() == Report(sent=1, failed=1)
    assert desk.outbox.status("2026-11")["en"].failed == 1


def test_one_poisoned_message_is_found(desk: Desk) -> None:
    """A batch refused as a whole is halved until the message stands alone; every other reader gets one mail."""
    desk.provider.limits = Limits(messages=16, bytes=10**9, idempotency="request", key_life=3600)
    accepted: list[str] = []

    class Strict(type(desk.provider)):  # type: ignore[misc]
        async def send(self, client: Any, batch: Batch) -> list[Receipt]:
            addresses = [message.to.email for message in batch.messages]
            if "reader5@city.example" in addresses:
                raise RejectedError("422")
            accepted.extend(addresses)
            return [Receipt(key=message.key, provider_id="1") for message in batch.messages]

    desk.provider = Strict(limits=desk.provider.limits)
    desk.approved(choices(16))
    assert desk.send() == Report(sent=15, failed=1)
    assert sorted(accepted) == sorted(f"reader{n}@city.example" for n in range(16) if n != 5)


def test_a_wrong_key_fails_nobody(desk: Desk) -> None:
    """The campaign pauses after the first answer, and the next run, with the right key, sends everything."""
    desk.provider.script = [RefusedError("401: wrong key", where="scripted", hint="Check the key.")]
    desk.provider.limits = Limits(messages=1, bytes=10**9)
    desk.approved(choices(20))
    report = desk.send(pace=pace(Rates(per_second=1000)))
    assert (report.failed, report.left, report.uncertain) == (0, 20 - report.sent, 0)
    assert report.paused == "scripted: 401: wrong key Check the key."
    [campaign] = desk.outbox.campaigns()
    assert (campaign.state, campaign.reason) == ("paused", report.paused)
    assert desk.send().sent == report.left
    assert len(desk.provider.mailed) == 21


@pytest.mark.parametrize("place", ["provider", "compile", "fill"])
def test_a_bug_ends_the_run_like_a_crash(desk: Desk, place: str) -> None:
    """The exception comes through, and the next run clears up: nobody twice, nobody lost."""

    def broken(*_: Any) -> Any:
        raise RenderError("there is no field.")

    desk.approved(choices(8))
    if place == "provider":
        desk.provider.script = [RenderError("there is no field.")]
        options: dict[str, Any] = {}
    else:
        options = {"compile": broken if place == "compile" else lambda _edition: Filling(fields=(), fill=broken)}
    with pytest.raises(RenderError):
        desk.send(**options)
    asked = len(desk.provider.requests)
    report = desk.send()
    assert report == Report(sent=8 if place != "provider" else report.sent)
    assert desk.outbox.status("2026-11")["en"].sent == 8
    assert len({batch.key for batch in desk.provider.requests}) == 2
    assert asked == (2 if place == "provider" else 0)


def test_later_waves_are_left_for_later(desk: Desk, clock: Clock) -> None:
    """What is not due is counted and not waited for."""
    start = clock()
    desk.approved(choices(4), due=lambda s: start + timedelta(days=int(s.address.email[6])))
    assert desk.send() == Report(sent=1, later=3)
    clock.forward(days=2)
    assert desk.send(stale_after=timedelta(days=30)) == Report(sent=2, later=1)


def test_a_stop_finishes_what_is_under_way(desk: Desk) -> None:
    """Nothing new is claimed, everything asked is settled."""
    stop = threading.Event()
    desk.provider.limits = Limits(messages=1, bytes=10**9)
    desk.provider.before = lambda _batch: stop.set()
    desk.approved(choices(20))
    report = desk.send(stop=stop, pace=pace(Rates(per_second=1)))
    assert (report.sent, report.left) == (1, 19)
    assert desk.outbox.status("2026-11")["en"].inflight == 0


def test_a_signal_stops_and_is_given_back(desk: Desk) -> None:
    """SIGTERM ends the run in order; afterwards it means what it meant before."""
    before = signal.getsignal(signal.SIGTERM)
    desk.provider.limits = Limits(messages=1, bytes=10**9)
    desk.provider.before = lambda _batch: signal.raise_signal(signal.SIGTERM)
    desk.approved(choices(5))
    report = desk.send(pace=pace(Rates(per_second=2)))
    assert (report.sent, report.left) == (1, 4)
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_rate_holds(desk: Desk) -> None:
    """Forty messages a second: nine batches of one need at least eight fortieths."""
    desk.provider.limits = Limits(messages=1, bytes=10**9)
    desk.approved(choices(9))
    start = time.monotonic()
    assert desk.send(pace=None, rates=Rates(per_second=40)).sent == 9
    assert time.monotonic() - start >= 8 / 40


def test_our_own_pace_ends_no_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the newsletter's rate: the run waits, and keeps it."""
    monkeypatch.setattr("newsletter.delivery.sender.LONGEST_WAIT", 0.05)
    desk.provider.limits = Limits(messages=2, bytes=10**9)
    desk.approved(choices(4))
    start = time.monotonic()
    assert desk.send(pace=pace(Rates(per_second=5))) == Report(sent=4)
    assert time.monotonic() - start >= 2 / 5


def test_mails_are_from_who_was_approved(desk: Desk) -> None:
    """The sender and the address for answers are the campaign's own, with their names as they are written."""
    envelope = Envelope(sender=Address(email="a@x.example", name='A, "B" <c>'), reply_to=Address(email="r@x.example"))
    desk.approved(choices(1), **envelope.settings)
    desk.send()
    [message] = desk.provider.requests[0].messages
    assert (message.sender, message.reply_to) == (envelope.sender, envelope.reply_to)
    assert message.headers["List-Unsubscribe"].startswith("<mailto:r@x.example?")


def test_failed_and_uncertain_ones_are_named(desk: Desk) -> None:
    """With the reason, for a person to act on."""
    desk.provider.limits = Limits(messages=1, bytes=10**9)
    desk.provider.script = [RejectedError("no such mailbox"), OutcomeUnknown("broken")]
    desk.approved(choices(3))
    desk.send()
    found = [(one.email, one.reason) for one in (*desk.outbox.failed("2026-11"), *desk.outbox.uncertain("2026-11"))]
    assert found == [("reader0@city.example", "no such mailbox"), ("reader1@city.example", "broken")]
    assert desk.outbox.failed("2026-12") == []


def test_the_provider_of_another_plan_is_not_asked(desk: Desk) -> None:
    """Batches are cut and keyed for one provider; the others are reported as left, and how to go on."""
    plan = desk.approved(choices(3))
    desk.provider.name = "another"
    report = desk.send()
    assert report == Report(left=3)
    assert report.elsewhere == (
        f"3 mails wait for the provider scripted; configure it again, or: newsletter cancel {plan.hash[:12]}"
    )
    assert desk.provider.requests == []
    desk.outbox.cancel(plan.hash[:12])
    assert desk.send().elsewhere == ""


def test_two_senders_are_one_too_many(desk: Desk) -> None:
    """The second leaves at once, with exit code 75."""
    with (
        pytest.raises(BusyError, match="another send is running"),
        Outbox("sqlite:///newsletter.db", desk.outbox.path.parent),
    ):
        pass
