"""What providers tell later: what becomes of messages, of people, and of what nobody knew."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from desk import Clock, Desk, choices
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from newsletter.delivery import events, schema, suppressions
from newsletter.delivery.events import DELIVERY, SOFT_BOUNCES, Recorded
from newsletter.delivery.providers import Limits
from newsletter.delivery.results import Counts
from newsletter.errors import HeldError, OutcomeUnknown
from newsletter.model import Event

NO_KEYS = Limits(messages=4, bytes=10**9)
HARD: dict[str, Any] = {"bounce": "hard"}
SOFT: dict[str, Any] = {"bounce": "soft"}


@pytest.fixture
def sent(desk: Desk) -> Desk:
    """An issue that four readers of English got."""
    desk.approved(choices(4))
    assert desk.send().sent == 4
    return desk


def keys(desk: Desk) -> list[str]:
    """The keys of all messages, in order."""
    with desk.outbox.transaction() as connection:
        return list(connection.scalars(select(schema.message.c.idem).order_by(schema.message.c.id)))


def told(desk: Desk, *found: Event, provider: str = "scripted") -> Recorded:
    """Record what a provider told."""
    with desk.outbox.transaction() as connection:
        return events.record(connection, provider, found, now=desk.clock())


def happened(desk: Desk, kind: Any, number: int = 0, *, id: str = "", **rest: Any) -> Event:  # noqa: A002
    """Something that happened to a message."""
    rest = {"at": desk.clock(), "key": keys(desk)[number], **rest}
    return Event(kind=kind, id=id or f"{kind} {number} {rest['at']}", **rest)


def deliveries(desk: Desk) -> list[str]:
    """What is known of each message."""
    with desk.outbox.transaction() as connection:
        return list(connection.scalars(select(schema.message.c.delivery).order_by(schema.message.c.id)))


def gone(desk: Desk) -> dict[str, str]:
    """Who must not be mailed, and why."""
    with desk.outbox.transaction() as connection:
        return {entry.email: entry.reason for entry in suppressions.listing(connection)}


@pytest.mark.parametrize(
    ("kinds", "known", "reason"),
    [
        (["accepted"], "accepted", None),
        (["deferred", "delivered", "opened", "clicked"], "clicked", None),
        (["clicked", "opened", "delivered", "deferred"], "clicked", None),
        (["opened", "delivered"], "opened", None),
        ([("bounced", HARD), "delivered"], "bounced", "bounced"),
        (["delivered", ("bounced", HARD)], "bounced", "bounced"),
        ([("bounced", SOFT), "delivered"], "delivered", None),
        ([("bounced", SOFT)], "undelivered", None),
        ([("bounced", {"bounce": "message"})], "undelivered", None),
        ([("bounced", {})], "undelivered", None),
        (["complained", "clicked", "delivered"], "complained", "complained"),
        (["clicked", "unsubscribed", "opened"], "unsubscribed", "unsubscribed"),
        (["unsubscribed", "complained"], "complained", "complained"),
        (["complained", "unsubscribed", ("bounced", HARD)], "complained", "complained"),
    ],
)
def test_what_is_known_only_moves_forward(sent: Desk, kinds: list[Any], known: str, reason: str | None) -> None:
    """Whatever the order; the gravest reason not to mail somebody stays."""
    for kind in kinds:
        name, more = kind if isinstance(kind, tuple) else (kind, {})
        told(sent, happened(sent, name, **more))
    assert deliveries(sent) == [known, "", "", ""]
    assert gone(sent) == ({"reader0@city.example": reason} if reason else {})


def test_an_event_counts_once(sent: Desk) -> None:
    """In the same call, in a later one, and apart for each provider."""
    one = happened(sent, "delivered", id="1")
    assert told(sent, one, one) == Recorded(new={"delivered": 1}, repeated=1)
    assert told(sent, one) == Recorded(repeated=1)
    assert told(sent, one, provider="other") == Recorded(new={"delivered": 1})


def test_a_message_is_found_by_its_key_or_by_its_id_and_address(sent: Desk) -> None:
    """An id alone names a whole request with some providers; what is not found is kept all the same."""
    first, second = keys(sent)[:2]
    by_id = {"key": "", "provider_id": f"id-{second}"}
    made = told(
        sent,
        happened(sent, "delivered", id="1"),
        happened(sent, "delivered", id="2", **by_id, address="Reader1@city.example"),
        happened(sent, "delivered", id="3", **by_id, address="reader2@city.example"),
        happened(sent, "delivered", id="4", **by_id),
        happened(sent, "delivered", id="5", key="f" * 32, address="reader3@city.example"),
    )
    assert made == Recorded(new={"delivered": 5}, unknown=3)
    assert deliveries(sent) == ["delivered", "delivered", "", ""]
    assert first != second


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        ("bounced", {**HARD, "key": ""}, "bounced"),
        ("bounced", {**HARD, "key": "f" * 32}, "bounced"),
        ("complained", {"key": "f" * 32}, "complained"),
        ("unsubscribed", {"key": ""}, "unsubscribed"),
        ("unsubscribed", {"key": "f" * 32}, None),
        ("bounced", {**SOFT, "key": ""}, None),
    ],
)
def test_somebody_we_never_mailed(sent: Desk, kind: str, more: dict[str, Any], reason: str | None) -> None:
    """A dead mailbox is dead for everybody; but who left another newsletter has not left this one."""
    told(sent, happened(sent, kind, address="stranger@city.example", **more))
    assert gone(sent) == ({"stranger@city.example": reason} if reason else {})


def softly(desk: Desk, number: int) -> None:
    """Every mail to the first reader in so many issues comes back."""
    with desk.outbox.transaction() as connection:
        connection.execute(update(schema.campaign).values(issue=schema.campaign.c.id))
    desk.approved(choices(1))
    desk.send()
    told(desk, happened(desk, "bounced", number, **SOFT))


def test_a_full_mailbox_is_left_alone_after_some_mails(desk: Desk) -> None:
    """Five in a row of different mails; one that came back twice counts once."""
    for number in range(SOFT_BOUNCES):
        assert gone(desk) == {}
        softly(desk, number)
        told(desk, *(happened(desk, "bounced", number, id=f"again {number} {n}", **SOFT) for n in range(2)))
        desk.clock.forward(days=1)
    assert gone(desk) == {"reader0@city.example": "bounced"}


def test_a_mail_that_arrives_ends_the_row(desk: Desk) -> None:
    """Four came back, one was opened, four come back: the mailbox is in use."""
    for number in range(2 * SOFT_BOUNCES - 1):
        softly(desk, number)
        desk.clock.forward(days=1)
        if number == SOFT_BOUNCES - 2:
            told(desk, happened(desk, "opened", number))
            desk.clock.forward(days=1)
        assert bool(gone(desk)) == (number == 2 * SOFT_BOUNCES - 2)


def test_what_nobody_knew_is_known_by_an_event(desk: Desk) -> None:
    """The provider has it, so it was sent, whatever became of it then; the others stay uncertain, the counts right."""
    desk.provider.limits = NO_KEYS
    desk.provider.script = [OutcomeUnknown("broken")]
    desk.approved(choices(8))
    assert desk.send().uncertain == 4
    assert told(desk, happened(desk, "accepted", 0), happened(desk, "bounced", 2, **HARD)).resolved == 2
    assert desk.outbox.status("2026-11")["en"] == Counts(sent=6, uncertain=2, bounced=1)
    assert told(desk, happened(desk, "delivered", 0)).resolved == 0
    assert told(desk, happened(desk, "delivered", 1), happened(desk, "deferred", 3)).resolved == 2
    assert desk.outbox.status("2026-11")["en"] == Counts(sent=8, delivered=2, bounced=1)
    assert desk.outbox.uncertain() == []
    with desk.outbox.transaction() as connection:
        states = connection.execute(select(schema.batch.c.state, func.sum(schema.batch.c.n)).group_by("state"))
        assert dict(list(states)) == {"sent": 8, "split": 0}


def test_an_event_that_comes_before_the_doubt(desk: Desk) -> None:
    """While the request is under way its batch stays whole; once it is uncertain, what is known is sent."""
    desk.provider.limits = NO_KEYS
    desk.provider.script = [OutcomeUnknown("broken")]
    desk.approved(choices(4))
    desk.provider.before = lambda _batch: told(desk, happened(desk, "delivered", 1)) and None
    assert desk.send().uncertain == 3
    assert desk.outbox.status("2026-11")["en"] == Counts(sent=1, uncertain=3, delivered=1)


def test_a_request_that_may_be_repeated_stays_whole(desk: Desk) -> None:
    """An event of one of its mails moves nothing, until the campaign is cancelled and nobody will repeat it."""
    desk.provider.script = [OutcomeUnknown("broken")] * 100
    plan = desk.approved(choices(4))
    assert desk.send().left == 4
    told(desk, happened(desk, "opened", 1))
    first = desk.provider.requests[0]
    desk.clock.forward(minutes=30)
    desk.send()
    assert {(batch.key, len(batch.messages)) for batch in desk.provider.requests} == {(first.key, 4)}
    desk.outbox.cancel(plan.hash)
    assert desk.outbox.status("2026-11")["en"] == Counts(sent=1, uncertain=3, delivered=1, opened=1)


def test_where_a_mail_was_opened_is_not_kept(sent: Desk) -> None:
    """The record of what went wrong is: somebody may have to explain it."""
    told(
        sent, happened(sent, "opened", raw='{"ip": "192.0.2.1"}'), happened(sent, "bounced", 1, **HARD, raw='{"x": 1}')
    )
    with sent.outbox.transaction() as connection:
        rows = connection.execute(select(schema.event.c.kind, schema.event.c.raw).order_by(schema.event.c.id))
        assert list(rows) == [("opened", ""), ("bounced", '{"x": 1}')]


def test_the_figures_of_each_language(desk: Desk) -> None:
    """Who clicked has opened, who opened has got it, and what came back is one number."""
    desk.approved([*choices(9), *choices(12, "es")[9:]])
    desk.send()
    kinds: list[tuple[Any, dict[str, Any]]] = [
        ("accepted", {}),
        ("deferred", {}),
        ("delivered", {}),
        ("opened", {}),
        ("clicked", {}),
        ("bounced", HARD),
        ("bounced", SOFT),
        ("unsubscribed", {}),
        ("complained", {}),
        ("delivered", {}),
    ]
    told(desk, *(happened(desk, kind, number, **more) for number, (kind, more) in enumerate(kinds)))
    english = Counts(sent=9, delivered=5, bounced=2, opened=2, clicked=1, unsubscribed=1, complained=1)
    assert desk.outbox.status("2026-11") == {"en": english, "es": Counts(sent=3, delivered=1)}
    assert str(english) == "9 sent, 5 delivered, 2 bounced, 2 opened, 1 clicked, 1 unsubscribed, 1 complained"


def test_suppressing_and_lifting_by_hand(sent: Desk) -> None:
    """A graver reason replaces a lighter one, never the other way; lifting is by name, once."""
    now, email = sent.clock(), "Reader0@City.example"
    with sent.outbox.transaction() as connection:

        def add(reason: Any) -> bool:
            return suppressions.suppress(connection, email, reason, source="Octavi", now=now)

        assert [add(reason) for reason in ("manual", "manual", "complained", "unsubscribed")] == [
            True,
            False,
            True,
            False,
        ]
        found = suppressions.find(connection, email.lower())
        assert found
        assert (found.reason, found.source, found.at) == ("complained", "Octavi", now)
        assert suppressions.lift(connection, email).reason == "complained"
        assert suppressions.find(connection, email) is None
        with pytest.raises(HeldError, match="is not suppressed"):
            suppressions.lift(connection, email)


def test_of_two_reasons_on_a_list_the_graver_one_counts(sent: Desk) -> None:
    """In either order, also for spellings that differ in their capitals."""
    now = sent.clock()
    reasons: list[suppressions.Reason] = ["complained", "manual", "bounced"]
    with sent.outbox.transaction() as connection:
        entries = [
            suppressions.Suppression(email=f"{'A' if n else 'a'}na@city.example", reason=reason, at=now)
            for n, reason in enumerate(reasons)
        ]
        assert suppressions.add_all(connection, entries) == 1
        assert suppressions.add_all(connection, reversed(entries)) == 0
        assert [entry.reason for entry in suppressions.listing(connection)] == ["complained"]


KINDS: list[tuple[Any, str]] = [
    *((kind, "") for kind in ("accepted", "deferred", "delivered", "opened", "clicked", "unsubscribed", "complained")),
    *(("bounced", bounce) for bounce in ("hard", "soft", "message", "")),
]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_and_repetition_comes_to_the_same(sent: Desk, data: st.DataObject) -> None:
    """Of at most four mails, so that no row of soft bounces is long enough: there alone the order counts."""
    chosen = data.draw(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(KINDS)), max_size=12))
    found = [
        happened(sent, kind, number, id=str(place), bounce=bounce)
        for place, (number, (kind, bounce)) in enumerate(chosen)
    ]

    def outcome(order: Iterable[Event], cut: int) -> tuple[list[str], dict[str, str], int]:
        ordered = list(order)
        with sent.outbox.transaction() as connection:
            for table in (schema.event, schema.suppression):
                connection.execute(delete(table))
            connection.execute(update(schema.message).values(delivery=""))
        told(sent, *ordered[:cut])
        told(sent, *ordered[cut:])
        with sent.outbox.transaction() as connection:
            number = connection.scalar(select(func.count()).select_from(schema.event)) or 0
        return deliveries(sent), gone(sent), number

    again = data.draw(
        st.permutations(found + data.draw(st.lists(st.sampled_from(found), max_size=5) if found else st.just([])))
    )
    cut = data.draw(st.integers(0, len(again)))
    assert outcome(again, cut) == outcome(found, len(found))
    assert all(state in DELIVERY for state in deliveries(sent))


def test_the_event_s_own_time_counts_not_when_it_was_told(desk: Desk, clock: Clock) -> None:
    """A delivery that is told late, but was before the last bounces, does not end their row."""
    start: datetime = clock()
    for number in range(SOFT_BOUNCES - 1):
        softly(desk, number)
        clock.forward(days=1)
    told(desk, happened(desk, "delivered", 0, at=start - timedelta(days=1)))
    softly(desk, SOFT_BOUNCES - 1)
    assert gone(desk) == {"reader0@city.example": "bounced"}
