"""What an approval needs, what it replaces, and that nobody gets an issue twice."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from desk import Desk, choice, choices, pace

from newsletter.delivery.limits import Rates
from newsletter.delivery.plan import ALREADY_SENT
from newsletter.delivery.providers import Limits
from newsletter.errors import HeldError, OutcomeUnknown, RejectedError


@pytest.mark.parametrize(
    ("by", "name", "sentence"),
    [
        ("", "hash", "an approval needs a name"),
        ("Octavi", "abc", "there is no plan 'abc'"),
        ("Octavi", "0123456789abcdef", "there is no plan"),
    ],
)
def test_an_approval_needs_a_name_and_a_plan(desk: Desk, by: str, name: str, sentence: str) -> None:
    """Anything else is refused with a sentence, and the draft stays a draft."""
    plan = desk.plan(choices(1))
    with pytest.raises(HeldError, match=sentence):
        desk.outbox.approve(plan.hash if name == "hash" else name, by)
    assert desk.outbox.campaigns()[0].state == "draft"


@pytest.mark.parametrize(
    "name", [lambda p: p.hash, lambda p: p.hash[:8], lambda p: p.campaign, lambda p: p.hash.upper()]
)
def test_an_approval_is_kept(desk: Desk, name: Callable[[Any], str]) -> None:
    """By hash, its beginning or the campaign's id; a second signature does not replace the first."""
    plan = desk.plan(choices(1), at="2026-11-13 09:00")
    assert desk.outbox.approve(name(plan), " Octavi ") == plan.approve("Octavi")
    assert desk.outbox.approve(name(plan), "Somebody").approved_by == "Octavi"
    [campaign] = desk.outbox.campaigns()
    assert (campaign.state, campaign.plan) == ("approved", plan.approve("Octavi"))
    assert campaign.settings["at"] == "2026-11-13 09:00"
    assert campaign.approved_at is not None


def test_a_plan_for_nobody_cannot_be_approved(desk: Desk) -> None:
    """It would never be done."""
    plan = desk.plan([choice(1, "", kind="held")])
    with pytest.raises(HeldError, match="sends nothing to anybody"):
        desk.outbox.approve(plan.hash, "Octavi")


def test_a_newer_approval_replaces_one_of_which_nothing_went_out(desk: Desk) -> None:
    """So a member added after the approval is no dead end; looking at a plan alone changes nothing."""
    older = desk.outbox.approve(desk.plan(choices(3)).hash, "Octavi")
    newer = desk.plan(choices(4))
    assert {c.plan.campaign: c.state for c in desk.outbox.campaigns()}[older.campaign] == "approved"
    desk.outbox.approve(newer.hash, "Octavi")
    states = {campaign.plan.campaign: campaign.state for campaign in desk.outbox.campaigns()}
    assert states == {older.campaign: "cancelled", newer.campaign: "approved"}
    desk.outbox.start(newer.campaign)
    desk.send()
    assert len(desk.provider.mailed) == len(set(desk.provider.mailed)) == 4


def test_who_got_the_issue_is_not_planned_again(desk: Desk) -> None:
    """Sent and uncertain ones are skipped, failed ones and new ones are planned."""
    desk.provider.limits = Limits(messages=1, bytes=10**9)
    desk.provider.script = [None, RejectedError("no"), OutcomeUnknown("who knows")]
    desk.approved(choices(3))
    report = desk.send()
    assert (report.sent, report.failed, report.uncertain) == (1, 1, 1)
    plan = desk.plan(choices(5))
    assert (plan.skipped, plan.languages) == ({ALREADY_SENT: 2}, {"en": 3})
    desk.outbox.approve(plan.hash, "Octavi")
    desk.outbox.start(plan.campaign)
    desk.provider.requests.clear()
    desk.send()
    assert desk.provider.mailed == [f"reader{n}@city.example" for n in (1, 3, 4)]


@pytest.mark.parametrize("finished", [True, False])
def test_a_draft_that_was_overtaken_is_refused(desk: Desk, finished: bool) -> None:
    """It was made before another campaign mailed its readers, who would get the issue twice."""
    first = desk.outbox.approve(desk.plan(choices(5)).hash, "Octavi")
    overtaken = desk.plan(choices(6))
    desk.outbox.start(first.campaign)
    stop = threading.Event()
    desk.provider.before = lambda _batch: None if finished else stop.set()
    assert desk.send(stop=stop, pace=pace(Rates(per_second=1000 if finished else 1))).sent == (5 if finished else 4)
    if not finished:
        desk.outbox.cancel(first.campaign)
    with pytest.raises(HeldError, match="sent after this plan was made"):
        desk.outbox.approve(overtaken.hash, "Octavi")
    again = desk.plan(choices(6))
    assert again.messages == (1 if finished else 2)
    assert desk.outbox.approve(again.hash, "Octavi").approved_by


def test_only_what_is_unsent_can_be_cancelled(desk: Desk) -> None:
    """A plan that was sent to the end says so."""
    plan = desk.approved(choices(2))
    desk.send()
    with pytest.raises(HeldError, match="everything of this plan was sent"):
        desk.outbox.cancel(plan.hash)


def test_another_issue_goes_to_everybody(desk: Desk) -> None:
    """ "Already sent" is a matter of one issue."""
    desk.approved(choices(3))
    desk.send()
    terms = replace(desk.terms(), issue="2026-12")
    plan = desk.outbox.freeze(choices(3), desk.editions, terms, due=lambda _: desk.clock())
    assert plan.languages == {"en": 3}


def test_planning_while_a_campaign_is_under_way_is_refused(desk: Desk) -> None:
    """Its rest goes out first, or it is cancelled; then what was sent is skipped and the rest planned again."""
    desk.provider.limits = Limits(messages=1, bytes=10**9)
    desk.approved(
        [*choices(1), choice("later", "es")], due=lambda s: desk.clock() + timedelta(days="es" in s.languages)
    )
    assert desk.send().later == 1
    with pytest.raises(HeldError, match="not finished"):
        desk.plan(choices(2))
    desk.outbox.cancel(desk.outbox.campaigns()[0].plan.campaign)
    plan = desk.plan([*choices(2), choice("later", "es")])
    assert (plan.skipped, plan.languages) == ({ALREADY_SENT: 1}, {"en": 1, "es": 1})
