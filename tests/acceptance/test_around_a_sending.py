"""What people do around a sending, through the command line: trial mails, stopping, resolving, sending again."""

import json
import mailbox
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from newsletter.delivery import schema
from newsletter.delivery.outbox import Outbox

Run = Callable[..., Any]


def test_trial_mails_go_to_a_few_people_and_count_for_nothing(run: Run, letter: Path) -> None:
    """One of every language, marked in its subject; the members get theirs as if nothing had happened."""
    sent = run("-C", "letter", "send", "--test", "ana@city.example", "--test", "bo@city.example", "--json")
    trials = json.loads(sent.stdout)
    languages = {trial["language"] for trial in trials}
    assert sent.returncode == 0
    assert len(trials) == 2 * len(languages)
    assert not any(trial["error"] for trial in trials)
    subjects = [str(mail["Subject"]) for mail in mailbox.Maildir(letter / "outbox")]
    assert len(subjects) == len(trials)
    plan = json.loads(run("-C", "letter", "plan", "--json").stdout)
    assert plan["skipped"] == {}


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("send", "--test", "nobody"), 1, "is no mail address"),
        (("send", "welcome"), 2, "an issue is named with --test only"),
        (("resolve", "welcome"), 2, "--sent, --again or --drop"),
        (("resolve", "welcome", "--again"), 2, "may mail somebody twice"),
        (("pause", "0123456789ab"), 1, "there is no plan '0123456789ab'"),
        (("resume", "0123456789ab"), 1, "there is no plan '0123456789ab'"),
        (("plan", "--at", "2020-01-01 09:00"), 1, "more than 24 hours ago"),
    ],
)
def test_a_wrong_call_says_what_to_do(
    run: Run, letter: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    """One sentence, and nothing is done."""
    assert sentence in run("-C", "letter", *arguments, code=code).stderr


def test_a_plan_from_long_ago_waits_for_a_person(run: Run, letter: Path) -> None:
    """A machine that was off does not send old news by itself; --late does, and nothing is sent twice."""
    plan = json.loads(run("-C", "letter", "plan", "--yes", "--json").stdout)
    with Outbox("sqlite:///newsletter.db", letter) as outbox, outbox.transaction() as connection:
        long_ago = datetime.now(UTC) - timedelta(days=3)
        connection.execute(update(schema.batch).values(due_at=long_ago))
        summary = outbox_summary(connection, long_ago)
        connection.execute(update(schema.campaign).values(summary=summary))
    held = run("-C", "letter", "send", code=1)
    assert "more than 24 hours ago" in held.stderr
    assert "send --late" in held.stderr
    run("-C", "letter", "send", "--late")
    run("-C", "letter", "send")
    files = list((letter / "outbox" / "new").iterdir())
    assert len(files) == sum(plan["languages"].values())


def outbox_summary(connection: Any, due: datetime) -> str:
    """The stored plan, due at another time."""
    summary = json.loads(connection.scalar(schema.campaign.select().with_only_columns(schema.campaign.c.summary)))
    summary["waves"] = [[due.isoformat(), number] for _, number in summary["waves"]]
    return json.dumps(summary)


def test_uncertain_mails_are_resolved_by_a_person(run: Run, letter: Path) -> None:
    """They are listed by name, and go again only where somebody says so."""
    run("-C", "letter", "plan", "--yes")
    assert run("-C", "letter", "send").returncode == 0
    with Outbox("sqlite:///newsletter.db", letter) as outbox, outbox.transaction() as connection:
        connection.execute(update(schema.batch).values(state="uncertain"))
        connection.execute(update(schema.message).values(state="uncertain", error="the connection broke"))
    status = json.loads(run("-C", "letter", "status", "--json").stdout)
    assert status["uncertain"]
    first = status["uncertain"][0]["email"]
    assert run("-C", "letter", "resolve", status["issue"], first, "--drop").returncode == 0
    assert run("-C", "letter", "resolve", status["issue"], "--sent").returncode == 0
    after = json.loads(run("-C", "letter", "status", "--json").stdout)
    assert after["uncertain"] == []
    assert [one["email"] for one in after["failed"]] == [first]
    again = json.loads(run("-C", "letter", "plan", "--only", "failed", "--json").stdout)
    assert sum(again["languages"].values()) == 1
