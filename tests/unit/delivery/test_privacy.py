"""A person is told what is known of them, or forgotten: in every table, in the files, and for good."""

from pathlib import Path

import pytest
from desk import URL, Desk, choice, choices
from sqlalchemy import func, select

from newsletter.delivery import events, privacy, schema, suppressions
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers import Limits
from newsletter.errors import HeldError, OutcomeUnknown, RefusedError
from newsletter.model import Event

EMAIL = "reader1@city.example"


def told(desk: Desk, kind: str, id: str) -> None:  # noqa: A002 - as in Event
    """Something that happened to the mail of the person."""
    with desk.outbox.transaction() as connection:
        query = select(schema.message.c.idem).where(schema.message.c.name == "Reader 1")
        key = connection.scalars(query).first() or ""
        event = Event(kind=kind, id=id, at=desk.clock(), key=key, reason=f"{EMAIL} is full", raw=f'{{"to": "{EMAIL}"}}')
        events.record(connection, "scripted", [event], now=desk.clock())


def files(folder: Path) -> bytes:
    """The bytes of the database and of its log."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("newsletter.db*")))


def counted(desk: Desk) -> tuple[int, int]:
    """The messages in batches that go out or went out, and those that batches left out."""
    with desk.outbox.transaction() as connection:
        table = schema.batch.c
        n, left = connection.execute(select(func.sum(table.n), func.sum(table.suppressed))).one()
        return n, left


def test_everything_that_is_known_is_told(desk: Desk) -> None:
    """Mails with their values, events with the provider's record, and the suppression."""
    desk.approved(choices(3))
    desk.send()
    told(desk, "complained", "1")
    with desk.outbox.transaction() as connection:
        dossier = privacy.export(connection, EMAIL.upper())
        nobody = privacy.export(connection, "nobody@city.example")
    [mail], [event] = dossier.messages, dossier.events
    assert (mail["issue"], mail["language"], mail["state"], mail["delivery"]) == ("2026-11", "en", "sent", "complained")
    assert mail["vars"]["recipient.organisation"] == "City"
    assert EMAIL in event["raw"]
    assert dossier.suppression
    assert dossier.suppression.reason == "complained"
    assert nobody == privacy.Dossier(messages=(), events=(), suppression=None)


def test_whoever_is_erased_is_nowhere_in_the_files(desk: Desk, tmp_path: Path) -> None:
    """Neither in rows, nor in what providers said, in plans, freed pages or the log; the others stay."""
    desk.provider.script = [RefusedError(f"{EMAIL} is odd")]
    plan = desk.approved([choice(1), *choices(3), choice(4, "es")])
    assert desk.send().paused
    desk.send()
    told(desk, "bounced", "1")
    assert EMAIL.encode() in files(tmp_path)
    erased = desk.outbox.erase(EMAIL)
    assert erased == privacy.Erased(messages=1, events=1)
    left = files(tmp_path)
    assert EMAIL.encode() not in left
    assert b"Reader 1" not in left
    assert b"reader2@city.example" in left
    assert desk.outbox.named(plan.hash).samples, "the sample of the other language stays"
    assert all(sample.email != EMAIL for sample in desk.outbox.named(plan.hash).samples)


def test_a_list_brings_nobody_back(desk: Desk) -> None:
    """Who was erased is recognised by a key that says nothing; nothing but lifting it by name ends that."""
    desk.approved(choices(2))
    desk.send()
    desk.outbox.erase(EMAIL)
    plan = desk.plan([choice(1)], at="another time")
    assert plan.skipped == {"suppressed: erased": 1}
    with desk.outbox.transaction() as connection:
        again = suppressions.suppress(connection, EMAIL, "complained", source="a list", now=desk.clock())
        [entry] = suppressions.listing(connection)
        assert (again, entry.email, entry.reason) == (False, "", "erased")
        assert suppressions.lift(connection, EMAIL).reason == "erased"


def test_a_late_event_finds_its_message_and_says_nothing_of_its_reader(desk: Desk, tmp_path: Path) -> None:
    """The figures of the issue stay right."""
    desk.approved(choices(2))
    desk.send()
    with desk.outbox.transaction() as connection:
        key = connection.scalars(select(schema.message.c.idem).where(schema.message.c.email == EMAIL)).one()
    desk.outbox.erase(EMAIL)
    late = Event(kind="complained", id="1", at=desk.clock(), key=key, address=EMAIL, reason=EMAIL, raw=EMAIL)
    strange = Event(kind="bounced", id="2", at=desk.clock(), bounce="hard", address=EMAIL, reason=EMAIL, raw=EMAIL)
    with desk.outbox.transaction() as connection:
        assert events.record(connection, "scripted", [late, strange], now=desk.clock()).unknown == 1
        assert {entry.reason for entry in suppressions.listing(connection)} == {"erased"}
    assert desk.outbox.status("2026-11")["en"].complained == 1
    assert EMAIL.encode() not in files(tmp_path)


def test_a_mail_that_waits_is_taken_out(desk: Desk) -> None:
    """Of a draft and of an approved plan; the others of the batch get theirs, and the counts are right."""
    plan = desk.outbox.approve(desk.plan(choices(4)).hash, "Octavi")
    assert desk.outbox.erase(EMAIL).messages == 1
    assert counted(desk) == (3, 1)
    desk.outbox.start(plan.campaign)
    assert desk.send().sent == 3
    assert sorted(desk.provider.mailed) == [f"reader{n}@city.example" for n in (0, 2, 3)]


def test_the_only_reader_of_a_plan(desk: Desk) -> None:
    """Nothing is left to send, so the campaign is done."""
    desk.approved([choice(1)])
    desk.outbox.erase(EMAIL)
    assert desk.outbox.campaigns()[0].state == "done"
    assert desk.send().left == 0


def test_a_mail_in_doubt_holds_it_up(desk: Desk) -> None:
    """Its request may have to be repeated word by word; once it is known, or given up, it can be done."""
    desk.provider.script = [OutcomeUnknown("broken")] * 100
    plan = desk.approved(choices(4))
    desk.send()
    with pytest.raises(HeldError, match="may be under way"):
        desk.outbox.erase(EMAIL)
    desk.outbox.cancel(plan.hash)
    assert desk.outbox.erase(EMAIL).messages == 1
    assert [one.email for one in desk.outbox.uncertain()].count("") == 1


def test_an_uncertain_mail_of_somebody_erased_does_not_go_again(desk: Desk) -> None:
    """Whoever wants the others mailed once more."""
    desk.provider.limits = Limits(messages=4, bytes=10**9)
    desk.provider.script = [OutcomeUnknown("broken")]
    desk.approved(choices(4))
    desk.send()
    desk.outbox.erase(EMAIL)
    desk.outbox.resolve("2026-11", "again", by="Octavi")
    desk.provider.requests.clear()
    assert desk.send().sent == 3
    assert len(desk.provider.mailed) == 3


def test_nothing_is_erased_by_who_may_only_read(desk: Desk, tmp_path: Path) -> None:
    """A reader's connection cannot write."""
    desk.approved(choices(2))
    with Outbox(URL, tmp_path, mode="read") as reader, pytest.raises(Exception, match="readonly"):
        reader.erase(EMAIL)
