"""A planner killed while it reads the list or freezes the plan: the next one plans the same, and nobody twice."""

from collections import Counter
from pathlib import Path

import pytest
from plans import ISSUE, URL, emails, write_list
from points import PLANNING, Doom
from senders import Driver
from sqlalchemy import select

from newsletter.delivery.outbox import Outbox
from newsletter.delivery.schema import batch, campaign, edition, message

MEMBERS = 1200
NUMBERS = {"row read": 700, "batch begun": 5, "chunk stored": 2}


def faults(folder: Path) -> list[str]:
    """What is wrong with what is planned: who would get it twice, who not at all, and what belongs to nothing."""
    with Outbox(URL, folder, mode="read") as outbox, outbox.transaction() as connection:
        planned = Counter(connection.scalars(select(message.c.email)))
        sizes = connection.scalars(select(batch.c.n)).all()
        campaigns = connection.execute(select(campaign.c.state, campaign.c.hash)).all()
        editions = len(connection.execute(select(edition.c.id)).all())
    found = [f"{email} is planned {times} times" for email, times in planned.items() if times > 1]
    found += [f"{len(lost)} are missing"] if (lost := emails(MEMBERS) - planned.keys()) else []
    found += [f"the batches count {sum(sizes)} messages"] if sum(sizes) != planned.total() else []
    found += [f"a campaign is {state!r}" for state, digest in campaigns if state != "draft" or not digest]
    return found + ([f"there are {len(campaigns)} campaigns and {editions} editions"] if editions != 2 else [])


@pytest.mark.parametrize("point", PLANNING)
def test_planned_again(tmp_path: Path, driver: Driver, point: str) -> None:
    """Nothing of the plan is there, or all of it; planning again gives the same, in the place of what was."""
    write_list(tmp_path, MEMBERS)
    doom = Doom(point, NUMBERS.get(point, 1))
    assert driver.start(tmp_path, task="plan", dooms=(doom,)).wait() == -9
    with Outbox(URL, tmp_path) as outbox:
        assert len(outbox.campaigns(ISSUE)) == (point == "frozen")
    again = driver.start(tmp_path, task="plan")
    assert (again.wait(), again.error) == (0, "")
    assert again.report == MEMBERS
    assert faults(tmp_path) == []


def test_a_piecemeal_planner_is_found_out(tmp_path: Path, driver: Driver) -> None:
    """Whoever stores a plan piece by piece plans for people twice after a crash."""
    write_list(tmp_path, MEMBERS)
    order = {"task": "plan", "without": ("piecemeal",)}
    assert driver.start(tmp_path, dooms=(Doom("row read", 700),), **order).wait() == -9
    assert driver.start(tmp_path, **order).wait() == 0
    assert [one for one in faults(tmp_path) if "2 times" in one]
