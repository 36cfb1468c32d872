"""What must not go out, or cannot now: it is named with the way out, and everything else is sent."""

import asyncio
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest
from test_bad_input import ITEM, edit, use_resend

from newsletter import Newsletter
from newsletter.delivery.providers.folder import Folder
from newsletter.errors import HeldError
from newsletter.model import Batch, Receipt

Run = Callable[..., CompletedProcess[str]]


def second_issue(letter: Path) -> None:
    shutil.copytree(letter / "issues/welcome", letter / "issues/zwei")


@pytest.mark.parametrize("broken", ["gone", "damaged", "flagged"])
def test_a_broken_issue_stops_no_other(run: Run, letter: Path, broken: str) -> None:
    """It is named with the way out and exit code 1, the others are sent, and cancelling it ends the matter."""
    second_issue(letter)
    run("-C", "letter", "plan", "welcome", "--yes")
    plan = json.loads(run("-C", "letter", "plan", "zwei", "--yes", "--json").stdout)
    item = letter / ITEM.replace("welcome", "zwei")
    if broken == "gone":
        shutil.rmtree(letter / "issues/zwei")
    elif broken == "damaged":
        edit(item, "title: Hello", "title: Hello: again")
    else:
        flag = 'flags:\n  - {kind: gap, line: 1, note: a gap, text: "x"}\n'
        edit(item, "section:", flag + "section:")
    ran = run("-C", "letter", "send", code=1)
    assert "zwei" in ran.stderr
    assert len(list(letter.glob("outbox/new/*"))) == 1
    if broken == "flagged":
        assert "1 open flags" in ran.stderr
    else:
        assert f"newsletter cancel {plan['hash'][:12]}" in ran.stderr
    run("-C", "letter", "cancel", plan["hash"][:12])
    assert run("-C", "letter", "send").stderr == ""


def test_a_script_s_own_plan_that_changed_is_an_error(letter: Path) -> None:
    """``send(plan)`` raises for the plan it was given, and sends nothing; ``send()`` reports it."""
    newsletter = Newsletter.open(letter)
    plan = newsletter.approve(newsletter.plan(newsletter.issue()), by="A")
    edit(letter / ITEM, "title: Hello", "title: Goodbye")
    with pytest.raises(HeldError, match="changed after the plan was approved"):
        newsletter.send(plan)
    newsletter.approve(plan, by="A")
    report = newsletter.send()
    assert (report.sent, len(report.refused)) == (0, 1)
    assert "changed after the plan was approved" in report.refused[0]


def test_what_becomes_due_while_others_are_sent_is_checked_first(letter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the next run, which sees that it changed."""
    second_issue(letter)
    newsletter = Newsletter.open(letter)
    newsletter.approve(newsletter.plan(newsletter.issue("welcome")), by="A")
    soon = datetime.now(UTC) + timedelta(seconds=1)
    newsletter.approve(newsletter.plan(newsletter.issue("zwei"), at=soon), by="A")
    edit(letter / ITEM.replace("welcome", "zwei"), "title: Hello", "title: Goodbye")
    send = Folder.send

    async def slow(self: Folder, client: httpx.AsyncClient, batch: Batch) -> list[Receipt]:
        await asyncio.sleep(1.2)
        return await send(self, client, batch)

    monkeypatch.setattr(Folder, "send", slow)
    first = newsletter.send()
    assert (first.sent, first.left, first.later) == (1, 0, 1)
    second = newsletter.send()
    assert (second.sent, len(second.refused)) == (0, 1)


def test_a_changed_sender_is_not_used_for_what_was_approved(run: Run, letter: Path) -> None:
    """A campaign that has begun goes on as it began."""
    run("-C", "letter", "plan", "--yes")
    (letter / "outbox").write_text("a file where the folder should be")
    run("-C", "letter", "send", code=2)
    (letter / "outbox").unlink()
    sender = Newsletter.open(letter).config.sender.email
    edit(letter / "newsletter.toml", sender, "somebody@else.example")
    run("-C", "letter", "send")
    [mail] = letter.glob("outbox/new/*")
    assert f"<{sender}>" in mail.read_text("utf-8")


def test_mails_for_another_provider(run: Run, letter: Path) -> None:
    """They wait, ``send`` says for whom and exits with 75, and cancelling them frees the issue for a new plan."""
    plan = json.loads(run("-C", "letter", "plan", "--yes", "--json").stdout)
    (letter / "outbox").write_text("a file where the folder should be")
    run("-C", "letter", "send", code=2)
    use_resend(letter, '{ env = "HOME" }')
    ran = run("-C", "letter", "send", code=75)
    assert "1 mails wait for the provider folder; configure it again" in ran.stderr
    assert "not finished" in run("-C", "letter", "plan", code=1).stderr
    run("-C", "letter", "cancel", plan["hash"][:12])
    assert "1 mail due at" in run("-C", "letter", "plan").stderr


def test_who_was_refused_is_named(run: Run, letter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``status`` lists the address and the provider's reason, for people and for machines."""

    async def refuse(_self: Folder, _client: httpx.AsyncClient, batch: Batch) -> list[Receipt]:
        return [Receipt(key=message.key, outcome="failed", error="no such mailbox") for message in batch.messages]

    monkeypatch.setattr(Folder, "send", refuse)
    run("-C", "letter", "plan", "--yes")
    assert "newsletter status" in run("-C", "letter", "send", code=1).stderr
    assert "alex.morgan@organisation.example was refused: no such mailbox" in run("-C", "letter", "status").stderr
    [one] = json.loads(run("-C", "letter", "status", "--json").stdout)["failed"]
    assert (one["email"], one["reason"]) == ("alex.morgan@organisation.example", "no such mailbox")
