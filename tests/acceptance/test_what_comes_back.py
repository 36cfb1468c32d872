"""What came back, from the shell: events, who must not be mailed, and a person who wants to know or to be forgotten."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from test_bad_input import edit, use_resend

from newsletter.delivery import spool

Run = Callable[..., CompletedProcess[str]]


def test_a_list_of_people_who_are_not_mailed(run: Run, letter: Path, tmp_path: Path) -> None:
    """By hand, from a file and into one; the next plan leaves them out and says why."""
    assert "Nobody is suppressed" in run("-C", "letter", "suppressions").stderr
    member = (letter / "members.csv").read_text("utf-8").splitlines()[1].partition(",")[0]
    run("-C", "letter", "suppressions", "add", member)
    (tmp_path / "list.csv").write_text("email,reason\no@city.example,complained\n", "utf-8")
    assert "On the list: 1" in run("-C", "letter", "suppressions", "import", "list.csv").stderr
    listed = run("-C", "letter", "suppressions").stdout
    assert member in listed
    assert "complained" in listed
    assert len(json.loads(run("-C", "letter", "suppressions", "list", "--json").stdout)) == 2
    run("-C", "letter", "suppressions", "export", "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8").startswith("email,reason,at,source\n")
    assert "left out: suppressed: manual" in run("-C", "letter", "plan").stderr
    run("-C", "letter", "suppressions", "remove", member)
    assert "is not suppressed" in run("-C", "letter", "suppressions", "remove", member, code=1).stderr


def test_a_person_is_told_and_forgotten(run: Run, letter: Path) -> None:
    """Erasing needs --yes, and says what else is to be cleared."""
    run("-C", "letter", "plan", "--yes")
    run("-C", "letter", "send")
    member = (letter / "members.csv").read_text("utf-8").splitlines()[1].partition(",")[0]
    known = json.loads(run("-C", "letter", "person", "export", member).stdout)
    assert [mail["email"] for mail in known["messages"]] == [member]
    assert "add --yes" in run("-C", "letter", "person", "erase", member, code=2).stderr
    assert "members' list" in run("-C", "letter", "person", "erase", member, "--yes").stderr
    assert json.loads(run("-C", "letter", "person", "export", member).stdout)["messages"][0]["email"] == ""


def test_asking_for_events(run: Run, letter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that cannot be asked is said to be so; what lay there is taken in; a forged call is not."""
    entry = {"email": "o@city.example", "reason": "complained", "at": "2026-11-13T09:00:00Z", "source": "a hook"}
    spool.put(letter / "newsletter.db", spool.Note(step="suppress", facts={"entries": [entry]}))
    assert "cannot be asked" in run("-C", "letter", "events").stderr
    assert json.loads(run("-C", "letter", "suppressions", "list", "--json").stdout)[0]["source"] == "a hook"
    (tmp_path / "call.json").write_text('{"type": "email.bounced"}', "utf-8")
    monkeypatch.setenv("KEY", "re_test")
    monkeypatch.setenv("HOOK", "whsec_cml2ZXJzaWRlLWZvcnVt")
    use_resend(letter, '{ env = "KEY" }')
    edit(letter / "newsletter.toml", 'use = "resend"', 'use = "resend"\nwebhook = { env = "HOOK" }')
    assert "refused" in run("-C", "letter", "events", "call.json", code=1).stderr
