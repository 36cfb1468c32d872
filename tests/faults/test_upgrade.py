"""An outbox of the version before, in mid-campaign: this version goes on with it, and nobody gets the mail twice."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from invariants import violations
from points import Doom
from resend_server import ResendServer
from senders import Driver
from test_crashes import finish, total, uncertain

SAMPLE = Path(__file__).parents[1] / "samples" / "databases" / "version-1.sql"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder with the outbox of version 1: an hour old, one batch sent, one under way, one claimed, one waiting."""
    began = datetime.now(UTC) - timedelta(hours=1)
    script = SAMPLE.read_text("utf-8").replace("'scripted'", "'resend'")
    script = re.sub(r"2026-11-13 09:00:00", f"{began:%Y-%m-%d %H:%M:%S}", script)
    with closing(sqlite3.connect(tmp_path / "newsletter.db")) as connection:
        connection.executescript(script)
    return tmp_path


def delivered(folder: Path, server: ResendServer) -> None:
    """What the version before has sent, and what it had under way when it was killed, is in the ledger."""
    with closing(sqlite3.connect(folder / "newsletter.db")) as connection:
        query = """SELECT idem, email FROM message JOIN batch ON batch.id = batch_id
                   WHERE message.state = 'sent' OR batch.state = 'inflight'"""
        for idem, email in connection.execute(query):
            server.delivered[idem] += 1
            server.ledger[email] += 1


@pytest.mark.parametrize("point", ["", "fenced", "settled, not committed"])
def test_goes_on_where_it_was(old: Path, driver: Driver, point: str) -> None:
    """What was sent stays sent, what was under way is uncertain, the rest is sent, also over another crash."""
    with ResendServer() as server:
        delivered(old, server)
        if point:
            assert driver.start(old, server.url, dooms=(Doom(point),)).wait() == -9
        finish(driver, old, server)
        assert violations(old, server) == []
        assert (total(old, "sent"), total(old, "failed"), len(uncertain(old))) == (9, 1, 4)


def test_killed_while_it_is_brought_up_to_date(old: Path, driver: Driver) -> None:
    """It is of the one version or of the other, and the next sender goes on with either."""
    with ResendServer() as server:
        delivered(old, server)
        for point in ("migrated, not committed", "migrated"):
            assert driver.start(old, server.url, dooms=(Doom(point),)).wait() == -9
        finish(driver, old, server)
        assert violations(old, server) == []
        assert total(old, "sent") == 9


def test_a_sender_that_is_brought_up_to_date_step_by_step_is_found_out(old: Path, driver: Driver) -> None:
    """Killed in between, its outbox is of no version, and nobody can go on with it."""
    order = {"without": ("stepwise",)}
    with ResendServer() as server:
        assert driver.start(old, server.url, dooms=(Doom("migrated, not committed"),), **order).wait() == -9
        again = driver.start(old, server.url, **order)
        assert again.wait() != 0
        assert "the outbox cannot be used" in again.error
        assert not server.times


def test_a_forgetful_sender_is_found_out(old: Path, driver: Driver) -> None:
    """Whoever sends again what the version before had under way mails people twice."""
    with ResendServer() as server:
        delivered(old, server)
        finish(driver, old, server, without=("forgetful",))
        assert [one for one in violations(old, server) if one.startswith("I1")]
