"""One batch's way through the database: who may write to it, and what a crash leaves."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from desk import Clock, Desk, choices
from sqlalchemy import func, select, update

from newsletter.delivery import backlog, claims, lease, schema
from newsletter.delivery.lease import Lease
from newsletter.delivery.providers import Limits
from newsletter.model import Receipt

NO_KEYS = Limits(messages=4, bytes=10**9)
KEYS = Limits(messages=4, bytes=10**9, idempotency="request", key_life=3600)
BY_MESSAGE = Limits(messages=4, bytes=10**9, idempotency="message", key_life=float("inf"))


class Hand:
    """Takes the steps of the sender one by one."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self.desk, self.clock = desk, clock

    def claim(self, seconds: float = 60) -> Lease | None:
        with self.desk.outbox.transaction() as connection:
            return claims.claim(connection, "scripted", limits=KEYS, now=self.clock(), seconds=seconds)

    def claimed(self) -> Lease:
        held = self.claim()
        assert held is not None
        return held

    def fence(self, held: Lease) -> bool:
        with self.desk.outbox.transaction() as connection:
            return claims.fence(connection, held, body="b", now=self.clock(), seconds=60)

    def settle(self, held: Lease, error: str = "") -> None:
        outcome = "failed" if error else "sent"
        receipts = [
            Receipt(key=member.key, outcome=outcome, provider_id=f"id-{member.key}", error=error)
            for member in held.members
        ]
        with self.desk.outbox.transaction() as connection:
            lease.settle(connection, held, receipts, now=self.clock())

    def recover(self, limits: Limits, provider: str = "scripted") -> None:
        with self.desk.outbox.transaction() as connection:
            backlog.recover(connection, provider, limits=limits, now=self.clock())

    def states(self, table: Any = schema.batch) -> list[str]:
        with self.desk.outbox.transaction() as connection:
            return list(connection.scalars(select(table.c.state).order_by(table.c.id)))


@pytest.fixture
def hand(desk: Desk, clock: Clock) -> Hand:
    """A hand at the desk, with two approved batches: four readers, and two."""
    desk.approved(choices(6))
    return Hand(desk, clock)


def test_the_straight_way(hand: Hand) -> None:
    """pending, claimed, inflight, sent: every step is in the database before the next begins."""
    held = hand.claimed()
    assert hand.states() == ["claimed", "pending"]
    assert hand.fence(held)
    assert hand.states() == ["inflight", "pending"]
    hand.settle(held)
    assert hand.states() == ["sent", "pending"]
    assert hand.states(schema.message) == ["sent"] * 4 + ["pending"] * 2
    assert hand.desk.outbox.campaigns()[0].state == "running"
    last = hand.claimed()
    hand.fence(last)
    hand.settle(last)
    assert hand.desk.outbox.campaigns()[0].state == "done"


def test_every_batch_is_claimed_once(hand: Hand) -> None:
    """Two claims get two batches, a third gets none."""
    first, second = hand.claimed(), hand.claimed()
    assert {len(first.members), len(second.members)} == {4, 2}
    assert not {m.key for m in first.members} & {m.key for m in second.members}
    assert hand.claim() is None


def test_an_expired_claim_is_handed_out_again_and_the_late_one_is_fenced_off(hand: Hand, clock: Clock) -> None:
    """A sender that slept over its lease sends nothing."""
    slow = hand.claimed()
    clock.forward(seconds=61)
    hand.claimed()
    quick = hand.claimed()
    assert (quick.id, quick.key, quick.members) == (slow.id, slow.key, slow.members)
    assert not hand.fence(slow)
    assert hand.fence(quick)
    assert not hand.fence(quick), "a request is fenced once"


def test_a_batch_under_way_is_never_handed_out(hand: Hand, clock: Clock) -> None:
    """However long ago it went out."""
    hand.fence(hand.claimed())
    clock.forward(days=365)
    assert len(hand.claimed().members) == 2
    assert hand.claim() is None


def test_only_the_holder_of_the_lease_writes(hand: Hand) -> None:
    """A result with another token changes nothing."""
    held = hand.claimed()
    hand.fence(held)
    hand.settle(replace(held, token="somebody"))
    assert hand.states() == ["inflight", "pending"]
    assert hand.states(schema.message) == ["pending"] * 6


@pytest.mark.parametrize("state", ["approved", "paused", "cancelled"])
def test_a_campaign_that_does_not_run_is_fenced(hand: Hand, state: str) -> None:
    """Even after a batch of it was claimed; nothing of it can be claimed again."""
    held = hand.claimed()
    with hand.desk.outbox.transaction() as connection:
        connection.execute(update(schema.campaign).values(state=state))
    assert not hand.fence(held)
    with hand.desk.outbox.transaction() as connection:
        claims.hand_back(connection, held)
    assert hand.states() == ["pending", "pending"]
    assert hand.claim() is None


def test_a_draft_and_a_later_wave_stay(desk: Desk, clock: Clock) -> None:
    """Only what was started and is due is claimed."""
    hand = Hand(desk, clock)
    due = clock() + timedelta(hours=1)
    plan = desk.plan(choices(2), due=lambda _: due)
    clock.forward(hours=2)
    assert hand.claim() is None, "it is a draft"
    clock.forward(hours=-2)
    desk.outbox.approve(plan.hash, "Octavi")
    clock.forward(hours=1)
    assert hand.claim() is None, "nobody checked it"
    clock.forward(hours=-1)
    desk.outbox.start(plan.campaign)
    assert hand.claim() is None, "it is not due"
    clock.forward(hours=1)
    assert len(hand.claimed().members) == 2


@pytest.mark.parametrize(
    ("limits", "provider", "states"),
    [
        (KEYS, "scripted", ["pending", "pending"]),
        (BY_MESSAGE, "scripted", ["pending", "pending"]),
        (NO_KEYS, "scripted", ["uncertain", "pending"]),
        (KEYS, "another", ["pending", "pending"]),
        (NO_KEYS, "another", ["pending", "pending"]),
    ],
)
def test_after_a_crash(hand: Hand, limits: Limits, provider: str, states: list[str]) -> None:
    """What was claimed goes back; what was under way is replayed where keys are known, else uncertain.

    What is with another provider is not ours to judge: it waits for that one.
    """
    before = hand.claimed()
    hand.fence(before)
    hand.claimed()
    hand.recover(limits, provider)
    assert hand.states() == states
    doubtful = states[0] == "uncertain"
    assert [one.email for one in hand.desk.outbox.uncertain()] == [m.email for m in before.members if doubtful]
    if not doubtful:
        again = hand.claimed()
        assert (again.id, again.key, again.members, again.body_hash) == (before.id, before.key, before.members, "b")
        assert again.doubt_since is not None


def test_a_key_that_the_provider_may_have_forgotten_is_not_used(hand: Hand, clock: Clock) -> None:
    """Its life minus a margin after the first request, the batch is uncertain instead of replayed."""
    held = hand.claimed()
    hand.fence(held)
    hand.recover(KEYS)
    clock.forward(seconds=0.91 * KEYS.key_life)
    assert len(hand.claimed().members) == 2, "the other batch"
    assert hand.states() == ["uncertain", "claimed"]
    assert len(hand.desk.outbox.uncertain("2026-11")) == 4
    assert hand.desk.outbox.uncertain("2026-12") == []


def test_another_provider_s_doubt_is_never_sent_without_its_key(hand: Hand) -> None:
    """When it is configured again and keeps no keys, what it had under way is uncertain."""
    hand.fence(hand.claimed())
    hand.recover(KEYS, "another")
    with hand.desk.outbox.transaction() as connection:
        held = claims.claim(connection, "scripted", limits=NO_KEYS, now=hand.clock(), seconds=60)
    assert held is not None
    assert (len(held.members), hand.states()) == (2, ["uncertain", "claimed"])


def test_a_second_crash_does_not_make_a_key_younger(hand: Hand, clock: Clock) -> None:
    """The first request counts."""
    for _ in range(3):
        held = hand.claim()
        assert held is not None
        assert held.id == 1
        hand.fence(held)
        hand.recover(KEYS)
        clock.forward(seconds=0.4 * KEYS.key_life)
    hand.claim()
    assert hand.states()[0] == "uncertain"


def test_a_late_result_is_believed(hand: Hand) -> None:
    """What was uncertain is known when the answer comes after all."""
    held = hand.claimed()
    hand.fence(held)
    with hand.desk.outbox.transaction() as connection:
        lease.give_up(connection, held, reason="no answer", now=hand.clock())
    assert len(hand.desk.outbox.uncertain()) == 4
    hand.settle(held)
    assert hand.desk.outbox.uncertain() == []
    assert hand.states() == ["sent", "pending"]


def test_a_split_keeps_everybody_once(hand: Hand) -> None:
    """Two halves with keys of their own; the old batch is empty."""
    held = hand.claimed()
    hand.fence(held)
    with hand.desk.outbox.transaction() as connection:
        lease.split(connection, held, reason="422", now=hand.clock())
    assert hand.states() == ["split", "pending", "pending", "pending"]
    claimed = [hand.claimed() for _ in range(3)]
    assert sorted(len(one.members) for one in claimed) == [2, 2, 2]
    assert len({one.key for one in claimed} | {held.key}) == 4
    assert {m.key for one in claimed for m in one.members} >= {m.key for m in held.members}
    assert hand.desk.outbox.status("2026-11")["en"].pending == 6


def test_every_request_has_a_row(hand: Hand) -> None:
    """With its number, its times and how it ended; a crash closes the row as lost."""
    held = hand.claimed()
    hand.fence(held)
    hand.recover(KEYS)
    again = hand.claimed()
    hand.fence(again)
    hand.settle(again)
    with hand.desk.outbox.transaction() as connection:
        columns = (schema.attempt.c.n, schema.attempt.c.outcome, schema.attempt.c.finished > schema.attempt.c.started)
        rows = connection.execute(select(*columns).order_by(schema.attempt.c.id)).all()
        assert [tuple(row) for row in rows] == [(1, "lost", True), (2, "sent", True)]
        assert connection.scalar(select(func.count()).select_from(schema.attempt)) == 2


def test_status_counts_messages_by_language(hand: Hand) -> None:
    """A batch may be sent in part; what is claimed is still to be sent."""
    first = hand.claimed()
    hand.fence(first)
    receipts = [
        Receipt(key=member.key, outcome="failed" if number else "sent", error="no such mailbox" if number else "")
        for number, member in enumerate(first.members)
    ]
    with hand.desk.outbox.transaction() as connection:
        lease.settle(connection, first, receipts, now=hand.clock())
    hand.claimed()
    counts = hand.desk.outbox.status("2026-11")["en"]
    assert (counts.sent, counts.failed, counts.pending, counts.inflight, counts.uncertain) == (1, 3, 2, 0, 0)
    assert hand.desk.outbox.status("2026-12") == {}
