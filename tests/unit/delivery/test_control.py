"""What stops a campaign and what lets it go on: people, too many rejections, a provider, and time."""

import sqlite3
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from desk import URL, Clock, Desk, choices
from sqlalchemy import func, select

from newsletter.delivery import schema, spool
from newsletter.delivery.control import Resolution
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers import Limits
from newsletter.delivery.sender import Report
from newsletter.errors import HeldError, OutcomeUnknown
from newsletter.model import Batch, Outcome, Receipt

SAMPLES = Path(__file__).parents[2] / "samples"
NO_KEYS = Limits(messages=4, bytes=10**9)


def refusing(refused: Callable[[int], Outcome]) -> Callable[[Batch], list[Receipt]]:
    """Answers for a batch, by the number in a reader's address."""

    def answer(batch: Batch) -> list[Receipt]:
        outcomes = [refused(int(message.to.email[6:].partition("@")[0])) for message in batch.messages]
        return [
            Receipt(key=message.key, outcome=outcome, error="" if outcome == "sent" else f"it is {outcome}")
            for message, outcome in zip(batch.messages, outcomes, strict=True)
        ]

    return answer


class Answering:
    """A scripted provider that answers each batch by a rule."""

    def __init__(self, desk: Desk, rule: Callable[[int], Outcome]) -> None:
        self.desk, self.answer, self.send_ = desk, refusing(rule), desk.provider.send
        self.name, self.limits = desk.provider.name, desk.provider.limits

    async def send(self, client: object, batch: Batch) -> list[Receipt]:
        await self.send_(client, batch)
        return self.answer(batch)


def states(desk: Desk) -> dict[str, int]:
    """How many messages are in which state."""
    table = schema.message
    with desk.outbox.transaction() as connection:
        rows = connection.execute(select(table.c.state, func.count()).group_by(table.c.state))
        return dict(list(rows))


def counted(desk: Desk) -> int:
    """The messages that the batches count; always as many as there are."""
    table = schema.batch
    with desk.outbox.transaction() as connection:
        return connection.scalar(select(func.sum(table.c.n + table.c.suppressed))) or 0


def test_a_paused_campaign_sends_nothing_until_it_is_resumed(desk: Desk) -> None:
    """Neither this run nor the next; then everybody gets the mail once."""
    plan = desk.approved(choices(8))
    desk.outbox.pause(plan.hash, by="Octavi")
    [sentence] = desk.send().stopped
    assert "8 mails are stopped (paused by Octavi)" in sentence
    assert desk.provider.mailed == []
    desk.outbox.resume(plan.hash[:8])
    assert desk.send() == Report(sent=8)
    assert len(set(desk.provider.mailed)) == 8
    with pytest.raises(HeldError, match="done, not paused"):
        desk.outbox.resume(plan.hash)


def test_a_note_stops_a_run_before_its_next_batch(desk: Desk, tmp_path: Path) -> None:
    """Left by another process while this one sends: what is under way is finished, the rest waits."""
    plan = desk.approved(choices(80))

    def note(batch: Batch) -> None:
        if not spool.waiting(desk.outbox.path):
            spool.put(desk.outbox.path, spool.Note(step="pause", facts={"name": plan.campaign, "by": "Inés"}))

    desk.provider.before = note
    report = desk.send()
    assert report.sent == len(desk.provider.mailed) < 80
    assert "paused by Inés" in report.stopped[0]
    assert desk.outbox.campaigns()[0].state == "paused"
    assert not spool.waiting(desk.outbox.path)


def test_a_note_that_nobody_can_read_is_put_aside(desk: Desk, tmp_path: Path) -> None:
    """It stops nothing, and is not lost."""
    spool.put(desk.outbox.path, spool.Note(step="pause", facts={}))
    [path] = spool.waiting(desk.outbox.path)
    path.write_bytes(b"{")
    desk.outbox.take_in()
    assert not spool.waiting(desk.outbox.path)
    assert [one.suffix for one in spool.folder(desk.outbox.path).iterdir()] == [".unreadable"]


def test_the_canary_goes_first_and_the_others_wait_for_it(desk: Desk) -> None:
    """Its batch is small, nothing goes out beside it, and when too much of it is refused, nothing goes out at all."""
    desk.provider.limits = Limits(messages=20, bytes=10**9)
    plan = desk.approved(choices(100), canary=10)
    provider = Answering(desk, lambda number: "failed" if number < 6 else "sent")
    report = desk.send(provider=provider)
    assert (report.sent, report.failed) == (4, 6)
    assert len(desk.provider.mailed) == 10
    assert "6 of the first 10 messages were refused" in report.stopped[0]
    desk.outbox.resume(plan.hash)
    again = desk.send(provider=provider)
    assert (again.sent, again.failed, again.stopped) == (90, 0, ())


def test_a_few_rejections_stop_nothing(desk: Desk) -> None:
    """One address in ten is a bad list, not a bad day."""
    desk.approved(choices(100), canary=10)
    report = desk.send(provider=Answering(desk, lambda number: "failed" if number % 10 == 0 else "sent"))
    assert (report.sent, report.failed, report.stopped) == (90, 10, ())


def test_every_wave_has_a_canary(desk: Desk) -> None:
    """A wave that is due later is tried out by itself."""
    start = desk.clock()
    desk.approved(choices(8), canary=1, due=lambda s: start + timedelta(hours=int(s.address.email[6]) % 2))
    with desk.outbox.transaction() as connection:
        rows = connection.execute(select(schema.batch.c.due_at, schema.batch.c.n).where(schema.batch.c.canary)).all()
    assert {row.due_at for row in rows} == {start, start + timedelta(hours=1)}
    assert {row.n for row in rows} == {1}


@pytest.mark.parametrize(
    ("outcome", "report"),
    [
        ("later", Report(sent=3, left=1)),
        ("paused", Report(sent=3, left=1, paused="it is paused")),
        ("unknown", Report(sent=3, uncertain=1)),
        ("failed", Report(sent=3, failed=1)),
    ],
)
def test_each_message_has_its_own_outcome(desk: Desk, outcome: Outcome, report: Report) -> None:
    """Those that were accepted are never sent again, whatever the others need."""
    desk.provider.limits = NO_KEYS
    desk.approved(choices(4))
    stop = threading.Event()
    desk.provider.before = lambda _batch: stop.set()
    assert desk.send(provider=Answering(desk, lambda n: outcome if n == 2 else "sent"), stop=stop) == report
    desk.clock.forward(minutes=10)
    desk.send()
    mailed = desk.provider.mailed
    assert mailed.count("reader2@city.example") == (2 if outcome in ("later", "paused") else 1)
    assert len(mailed) == 4 + (outcome in ("later", "paused"))
    assert counted(desk) == 4


def test_what_was_due_long_ago_waits_for_a_person(desk: Desk, clock: Clock) -> None:
    """A machine that was off for days does not send old news by itself."""
    plan = desk.approved(choices(8))
    clock.forward(hours=25)
    [sentence] = desk.send().stopped
    assert "nothing was tried since" in sentence
    assert desk.provider.mailed == []
    desk.outbox.resume(plan.hash)
    assert desk.send() == Report(sent=8), "who resumed it knows how old it is"


@pytest.mark.parametrize(
    ("how", "final", "mailed"),
    [("sent", {"sent": 8}, 4), ("drop", {"sent": 4, "failed": 4}, 4), ("again", {"sent": 8}, 8)],
)
def test_a_person_resolves_what_nobody_knows(desk: Desk, how: Resolution, final: dict[str, int], mailed: int) -> None:
    """All of them or some; what is to go again is sent by the next run, and the counts stay right."""
    desk.provider.limits = NO_KEYS
    desk.provider.script = [OutcomeUnknown("broken")]
    desk.approved(choices(8))
    assert desk.send() == Report(sent=4, uncertain=4)
    first = [one.email for one in desk.outbox.uncertain()][:1]
    assert desk.outbox.resolve("2026-11", how, emails=first, by="Octavi") == 1
    assert len(desk.outbox.uncertain()) == 3
    assert desk.outbox.resolve("2026-11", how, by="Octavi") == 3
    assert desk.outbox.resolve("2026-11", how, by="Octavi") == 0
    assert desk.outbox.uncertain() == []
    desk.provider.requests.clear()
    desk.send()
    assert len(desk.provider.mailed) == mailed - 4
    assert states(desk) == final
    assert counted(desk) == 8


def test_an_outbox_of_the_first_version_goes_on_where_it_was(tmp_path: Path) -> None:
    """In mid-campaign: what was sent stays sent, what was under way is uncertain, and the rest is sent."""
    file = tmp_path / "newsletter.db"
    connection = sqlite3.connect(file)
    connection.executescript((SAMPLES / "databases" / "version-1.sql").read_text("utf-8"))
    connection.close()
    clock = Clock()
    with Outbox(URL, tmp_path, mode="read", clock=clock) as outbox:
        assert outbox.status("2026-11")["en"].sent == 3
    with Outbox(URL, tmp_path, clock=clock) as outbox:
        desk = Desk(outbox=outbox, clock=clock)
        assert desk.send() == Report(sent=6, uncertain=4), "this version would write the request in other words"
        assert states(desk) == {"sent": 9, "failed": 1, "uncertain": 4}
        assert outbox.campaigns()[0].state == "done"
        assert "reader0@city.example" not in desk.provider.mailed, "it was sent before"
        plan = desk.plan([*choices(10)])
        assert plan.skipped == {"already sent": 9}, "people are recognised by their new keys"
