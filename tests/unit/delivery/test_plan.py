"""Planning: who is counted where, how batches are cut, what the hash covers, and what an approval needs."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest
from desk import Desk, choice, choices, edition
from msgspec import structs
from sqlalchemy import func, select

from newsletter.delivery import people, schema
from newsletter.delivery.batches import DOUBTFUL, batch_key, message_keys
from newsletter.delivery.plan import CHUNK, DUPLICATE, UNICODE_LOCAL
from newsletter.delivery.providers import Limits
from newsletter.errors import ConfigError, HeldError
from newsletter.model import Address, Asset, Choice, Edition


def rows(desk: Desk, table: Any) -> list[Any]:
    with desk.outbox.transaction() as connection:
        return list(connection.execute(select(table).order_by(table.c.id)))


def test_everybody_is_counted_once(desk: Desk) -> None:
    """By language and by kind those who get it, by the language they wait for those held, by reason those skipped."""
    list_of_five = [
        choice(1, "en"),
        choice(2, "es", kind="near"),
        choice(3, "en", kind="fallback"),
        structs.replace(choice(4, "", kind="held", languages=("xx", "ne")), waits="ne"),
        choice(1, "es"),
    ]
    plan = desk.plan(list_of_five)
    assert plan.languages == {"en": 2, "es": 1}
    assert plan.kinds == {"chosen": 1, "near": 1, "fallback": 1}
    assert plan.held == {"ne": 1}
    assert plan.skipped == {DUPLICATE: 1}
    assert (plan.messages, plan.batches, plan.seconds) == (3, 2, 3 / 50)
    assert (plan.provider, plan.issue, plan.newsletter) == ("scripted", "2026-11", "River Cities")


def test_batches_hold_one_edition_and_one_due_time_up_to_the_limit(desk: Desk) -> None:
    """Nine in English and three in Spanish, one of them an hour later, four a request: five batches."""
    start = desk.clock()
    late = choice("late", "es", timezone="Atlantic/Azores")
    readers = [*choices(9, "en"), choice("a", "es"), choice("b", "es"), late]
    plan = desk.plan(readers, due=lambda s: start + timedelta(hours=1) if s.timezone else start)
    assert sorted((row.n, row.due_at > start) for row in rows(desk, schema.batch)) == [
        (1, False),
        (1, True),
        (2, False),
        (4, False),
        (4, False),
    ]
    assert plan.waves == ((start, 11), (start + timedelta(hours=1), 1))
    assert plan.due_at == start


def test_a_batch_is_no_larger_than_a_request_may_be(desk: Desk) -> None:
    """Pictures count where they travel inside, and one message always fits."""
    desk.editions = {"en": edition(assets=(Asset(url="a.png", type="image/png", data=bytes(300_000)),))}
    for limits, most in (
        (Limits(messages=100, bytes=2_000_000, pictures=True), 4),
        (Limits(messages=100, bytes=2_000_000), 100),
        (Limits(messages=100, bytes=1_000, pictures=True), 1),
    ):
        desk.provider.limits = limits
        desk.plan(choices(101))
        assert max(row.n for row in rows(desk, schema.batch)) == most


@pytest.mark.parametrize(("idempotency", "most"), [("none", DOUBTFUL), ("request", 600), ("message", 600)])
def test_what_may_be_in_doubt_is_bounded(
    desk: Desk, idempotency: Literal["none", "request", "message"], most: int
) -> None:
    """A provider that knows no repeated request gets smaller ones than it could take."""
    desk.provider.limits = Limits(messages=1000, bytes=10**9, idempotency=idempotency, key_life=3600)
    desk.plan(choices(600))
    assert max(row.n for row in rows(desk, schema.batch)) == most


def test_keys_follow_from_the_members(desk: Desk) -> None:
    """A message's key from its campaign, place and person, a batch's from its members in order: recomputed here."""
    plan = desk.plan(choices(6))
    messages = rows(desk, schema.message)
    with desk.outbox.transaction() as connection:
        person = people.keys(connection)
    assert [row.recipient_key for row in messages] == [person(row.email.upper()) for row in messages]
    key = message_keys(plan.campaign)
    assert [row.idem for row in messages] == [key(person(row.email)) for row in messages]
    for batch in rows(desk, schema.batch):
        members = [row.idem for row in messages if row.batch_id == batch.id]
        assert batch.key == batch_key(plan.campaign, "hash-en", members)
    assert len({row.idem for row in messages}) == 6


@pytest.mark.parametrize("count", [CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_duplicates_are_found_however_far_apart(desk: Desk, count: int) -> None:
    """The first of two equal addresses wins, in whatever letters, also when they are read in different chunks."""
    shouted = structs.replace(choice(0, "es").subscriber, address=Address(email="READER0@city.example"))
    plan = desk.plan([*choices(count), structs.replace(choice(0, "es"), subscriber=shouted), choice(1)])
    assert (plan.languages, plan.skipped) == ({"en": count}, {DUPLICATE: 2})


def test_planning_needs_no_more_memory_for_more_readers(desk: Desk) -> None:
    """Fifteen thousand readers are never held at once; 4 MB is the filter that knows them."""
    desk.provider.limits = Limits(messages=1000, bytes=10**9)
    desk.plan(choice(number) for number in range(CHUNK))
    tracemalloc.start()
    desk.plan(choice(number, organisation="x" * 1000) for number in range(30 * CHUNK))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def _with(number: int, **changes: Any) -> Callable[[list[Choice]], list[Choice]]:
    def change(readers: list[Choice]) -> list[Choice]:
        found = readers[number]
        return [
            *readers[:number],
            structs.replace(found, subscriber=structs.replace(found.subscriber, **changes)),
            *readers[number + 1 :],
        ]

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda readers: readers[1:],
        lambda readers: [*readers, choice("new")],
        lambda readers: [*readers[1:], readers[0]],
        lambda readers: [*readers, readers[0]],
        lambda readers: [structs.replace(readers[0], language="es"), *readers[1:]],
        lambda readers: [structs.replace(readers[0], language="", kind="held"), *readers[1:]],
        _with(2, address=Address(email="reader2@city.example", name="Another name")),
        _with(2, timezone="Asia/Seoul"),
        _with(2, fields={"room": "4"}),
        _with(2, organisation="Another city"),
    ],
)
def test_the_hash_covers_every_reader(desk: Desk, change: Callable[[list[Choice]], list[Choice]]) -> None:
    """Whoever is added, removed, moved or changed changes it."""
    readers = choices(5)
    plan = desk.plan(readers)
    assert desk.outbox.fingerprint(readers, desk.editions, desk.terms()) == plan.hash
    assert desk.outbox.fingerprint(change(readers), desk.editions, desk.terms()) != plan.hash


@pytest.mark.parametrize(
    ("editions", "terms"),
    [
        ({"en": edition("en", hash="other"), "es": edition("es")}, {}),
        ({"en": edition("en")}, {}),
        (None, {"settings": {"at": "2026-11-13 09:00"}}),
        (None, {"newsletter": "Another"}),
        (None, {"provider": "another"}),
    ],
)
def test_the_hash_covers_editions_and_settings(
    desk: Desk, editions: dict[str, Edition] | None, terms: dict[str, Any]
) -> None:
    """What readers see and how it is sent is approved too; the rate and the provider's limits are not."""
    plan = desk.plan(choices(5))
    readers = choices(5)
    changed = replace(desk.terms(), **terms)
    assert desk.outbox.fingerprint(readers, editions or desk.editions, changed) != plan.hash
    same = replace(desk.terms(), per_second=1, limits=Limits(messages=1, bytes=1))
    assert desk.outbox.fingerprint(readers, desk.editions, same) == plan.hash


def test_a_fingerprint_writes_nothing(desk: Desk) -> None:
    """Comparing leaves no campaign behind."""
    desk.outbox.fingerprint(choices(5), desk.editions, desk.terms())
    assert desk.outbox.campaigns() == []


def test_an_approved_plan_still_has_its_hash(desk: Desk) -> None:
    """Its own messages do not make its readers "already sent"."""
    plan = desk.outbox.approve(desk.plan(choices(5)).hash, "Octavi")
    assert desk.outbox.fingerprint(choices(5), desk.editions, desk.terms()) == plan.hash


def test_a_newer_draft_replaces_the_older(desk: Desk) -> None:
    """Of an issue there is one draft, and nothing of the older one is left behind, not even its pictures."""
    desk.editions = {"en": edition(assets=(Asset(url="a.png", type="image/png", data=b"old"),))}
    desk.plan(choices(9))
    desk.editions = {"en": edition(assets=(Asset(url="a.png", type="image/png", data=b"new"),))}
    newer = desk.plan(choices(2))
    assert [campaign.plan for campaign in desk.outbox.campaigns()] == [newer]
    with desk.outbox.transaction() as connection:
        for table, count in ((schema.message, 2), (schema.batch, 1), (schema.edition, 1), (schema.asset, 1)):
            assert connection.scalar(select(func.count()).select_from(table)) == count


def test_a_plan_that_fails_half_way_changes_nothing(desk: Desk) -> None:
    """A list that breaks off leaves the older draft as it was."""

    def broken() -> Any:
        yield from choices(CHUNK + 5)
        raise HeldError("the list broke off.")

    older = desk.plan(choices(2))
    with pytest.raises(HeldError):
        desk.plan(broken())
    assert [campaign.plan for campaign in desk.outbox.campaigns("2026-11")] == [older]


def test_an_edition_comes_back_as_it_was(desk: Desk) -> None:
    """Frozen with its pictures, in their order."""
    pictures = tuple(Asset(url=f"{n}.png", type="image/png", data=bytes([n])) for n in (3, 1, 1, 2))
    desk.editions = {"ar": edition("ar", direction="rtl", assets=pictures)}
    desk.plan(choices(1, "ar"))
    [row] = rows(desk, schema.edition)
    assert desk.outbox.frozen(row.id).edition == desk.editions["ar"]


def test_an_address_the_provider_cannot_write_is_skipped(desk: Desk) -> None:
    """Letters beyond ASCII before the @ need a provider that takes them."""
    jorg = choice("x", address=Address(email="jörg@stadt.example"))
    assert desk.plan([jorg]).skipped == {UNICODE_LOCAL: 1}
    desk.provider.limits = Limits(messages=1, bytes=10**9, unicode_local=True)
    assert desk.plan([jorg]).languages == {"en": 1}


def test_a_language_without_an_edition_is_refused(desk: Desk) -> None:
    """A choice that nothing was rendered for is a mistake, not a reader less."""
    with pytest.raises(HeldError, match="no edition in 'fr'"):
        desk.plan([choice(1, "fr")])


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_a_rate_that_sends_nothing_is_refused(desk: Desk, rate: float) -> None:
    """Before anything is planned."""
    with pytest.raises(ConfigError, match="per_second"):
        desk.outbox.freeze(
            choices(1), desk.editions, replace(desk.terms(), per_second=rate), due=lambda _: desk.clock()
        )
