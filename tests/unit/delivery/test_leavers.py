"""Who leaves while a campaign goes out: nobody of them is mailed any more, unless a request of theirs is in doubt."""

import threading
from typing import Any

import pytest
from desk import Desk, choices, filling
from sqlalchemy import insert
from test_control import counted, states

from newsletter.delivery import backlog, people, schema, suppressions
from newsletter.delivery.envelope import Filling
from newsletter.delivery.providers import Limits
from newsletter.delivery.sender import Report
from newsletter.errors import OutcomeUnknown, TemporaryError
from newsletter.model import Batch, Edition, Receipt


def left_by(desk: Desk, email: str) -> None:
    """Somebody leaves."""
    with desk.outbox.transaction() as connection:
        row = {"person": people.keys(connection)(email), "email": email, "reason": "unsubscribed", "at": desk.clock()}
        connection.execute(insert(schema.suppression).values(**row))


def test_who_left_since_the_plan_gets_nothing(desk: Desk) -> None:
    """And the others of the batch do; the plan stays approved."""
    desk.approved(choices(8))
    left_by(desk, "READER2@city.example")
    assert desk.send() == Report(sent=7)
    assert "reader2@city.example" not in desk.provider.mailed
    assert states(desk) == {"sent": 7, "suppressed": 1}
    assert counted(desk) == 8


def test_who_left_gets_nothing_from_the_second_try_either(desk: Desk) -> None:
    """The first request was surely not accepted; the next one has the same members."""
    desk.provider.script = [TemporaryError("full")]
    desk.approved(choices(4))
    left_by(desk, "reader2@city.example")
    assert desk.send() == Report(sent=3)
    assert [batch.key for batch in desk.provider.requests] == [desk.provider.requests[0].key] * 2
    assert "reader2@city.example" not in desk.provider.mailed
    assert counted(desk) == 4


def test_who_leaves_between_claim_and_request_gets_nothing(desk: Desk) -> None:
    """The fence looks again; the batch goes without them."""
    desk.provider.limits = Limits(messages=2, bytes=10**9)
    desk.approved(choices(4))
    wait = iter([True])

    def compile(edition: Edition) -> Filling:  # noqa: A001 - what it does
        if next(wait, False):
            left_by(desk, "reader1@city.example")
        return filling(edition)

    assert desk.send(compile=compile) == Report(sent=3)
    assert sorted(desk.provider.mailed) == [f"reader{n}@city.example" for n in (0, 2, 3)]


def test_a_batch_that_everybody_left_is_not_sent(desk: Desk) -> None:
    """An empty request is none, and the campaign is done."""
    desk.approved(choices(2))
    for number in range(2):
        left_by(desk, f"reader{number}@city.example")
    assert desk.send() == Report()
    assert desk.outbox.campaigns()[0].state == "done"


def test_members_of_a_request_in_doubt_stay(desk: Desk) -> None:
    """Its key stands for all of them: who left meanwhile may have got it, and a second copy is not made."""
    desk.provider.script = [OutcomeUnknown("broken")]
    desk.approved(choices(4))
    stop = threading.Event()
    desk.provider.before = lambda _batch: stop.set()
    desk.send(stop=stop)
    left_by(desk, "reader1@city.example")
    desk.clock.forward(minutes=1)
    assert desk.send() == Report(sent=4)
    assert [batch.key for batch in desk.provider.requests] == [desk.provider.requests[0].key] * 2


@pytest.mark.parametrize("keys", ["none", "request"])
def test_who_leaves_while_a_batch_waits_gets_nothing(desk: Desk, keys: Any) -> None:
    """Nothing of it was accepted, so it goes out without them, as another request."""
    desk.provider.limits = Limits(messages=4, bytes=10**9, idempotency=keys, key_life=3600 * (keys != "none"))
    desk.provider.script = [TemporaryError("full", retry_after=120)]
    desk.approved(choices(4))
    assert desk.send() == Report(left=4)
    left_by(desk, "reader2@city.example")
    desk.clock.forward(minutes=5)
    assert desk.send() == Report(sent=3)
    first, second = desk.provider.requests
    assert [message.to.email for message in second.messages] == [f"reader{n}@city.example" for n in (0, 1, 3)]
    assert first.key != second.key
    assert counted(desk) == 4


class OneForAll:
    """A scripted provider with the same word on every message of a batch, as those that answer for it as a whole."""

    def __init__(self, desk: Desk, **said: Any) -> None:
        self._said, self._ask = said, desk.provider.send
        self.name, self.limits = desk.provider.name, desk.provider.limits

    async def send(self, client: object, batch: Batch) -> list[Receipt]:
        await self._ask(client, batch)
        return [Receipt(key=message.key, **self._said) for message in batch.messages]


@pytest.mark.parametrize("said", [{"provider_id": "one"}, {"outcome": "failed", "error": "refused"}])
def test_what_is_said_of_a_batch_is_not_said_of_who_had_left(desk: Desk, said: Any) -> None:
    """They stay suppressed, and where they come back a later plan mails them."""
    desk.approved(choices(4))
    left_by(desk, "reader2@city.example")
    desk.send(provider=OneForAll(desk, **said))
    assert states(desk) == {said.get("outcome", "sent"): 3, "suppressed": 1}
    with desk.outbox.transaction() as connection:
        suppressions.lift(connection, "reader2@city.example")
    again = desk.plan(choices(4))
    assert again.messages == (4 if "error" in said else 1)


@pytest.mark.parametrize("late", [False, True])
def test_one_word_for_all_settles_a_batch(desk: Desk, late: bool) -> None:
    """Also where it comes late, when they were uncertain already."""
    desk.provider.limits = Limits(messages=4, bytes=10**9)
    desk.approved(choices(4))

    class Slow(OneForAll):
        async def send(self, client: object, batch: Batch) -> list[Receipt]:
            said = await super().send(client, batch)
            if late:
                with desk.outbox.transaction() as connection:
                    backlog.recover(connection, self.name, limits=self.limits, now=desk.clock())
                assert states(desk) == {"uncertain": 4}
            return said

    desk.send(provider=Slow(desk, provider_id="one"))
    assert states(desk) == {"sent": 4}
