"""What the commands say: the next step, JSON where it is asked for, and nothing that a terminal cuts off."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from newsletter import display
from newsletter.translation.drafting import Drafted, Held

Run = Callable[..., subprocess.CompletedProcess[str]]
LONG = "scaling-up-seoul-knowledge-and-resources-to-the-global-agenda-of-cities"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are made for a terminal of 80 columns."""
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("terminal")
def test_a_table_fits_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A long name is broken at its hyphens and a list at its spaces; no character of them is lost."""
    languages = ", ".join(f"{letter}{other}" for letter in "abcde" for other in "abcdef")
    display.table(("item", "left to do", "in"), [(LONG, "3 missing, 12 draft, 2 stale", languages)])
    shown = click.unstyle(capsys.readouterr().out)
    lines = [line.rstrip() for line in shown.splitlines()]
    assert max(map(len, lines)) <= 80
    assert "…" not in shown
    names = [line.split(" ")[0] for line in lines[1:] if not line.startswith(" ")]
    assert "".join(names) == LONG
    assert all(name.endswith("-") for name in names[:-1])
    for each in languages.split(", "):
        assert f"{each}," in shown or lines[-1].endswith(each)


def test_a_table_in_a_pipe_is_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    """What reads it there counts on one line a row, however long."""
    display.table(("item", "why"), [(LONG, "because " * 60 + "of that")])
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_reasons_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Reasons that differ in their figures are one; the most frequent comes first, and a long list ends."""
    guesses = [
        Held(context=f"forum|p{n}", source="x", reason=f"the package is guessing (-0.{n} a piece)") for n in (3, 4)
    ]
    unknown = [Held(context=f"trees|p{n}", source="x", reason=f"the dictionary lacks “word{n}”") for n in range(20)]
    display.held(Drafted(language="es", held=(*unknown, *guesses)))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "es: 2 segments held back: the package is guessing."
    assert said[1] == "es: trees|p0 held back: the dictionary lacks “word0”."
    assert said[-1] == "es: 13 segments more held back, each for a reason of its own."
    assert len(said) == 9


def test_trouble_with_the_cache_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """It is the same for all languages, and stops none of them."""
    made = {language: Drafted(language=language, trouble="memory.db: it is locked.") for language in ("es", "fr")}
    display.drafted(made, planned=False)
    assert capsys.readouterr().err == "memory.db: it is locked.\n"


def test_what_to_approve_is_said(run: Run, letter: Path) -> None:
    """Nothing is signed that was not named, and a name that is neither gets the issues that there are."""
    assert "id of an issue" in run("-C", letter, "approve", "--by", "Inés", code=2).stderr
    assert "There is: welcome" in run("-C", letter, "approve", "wellcome", "--by", "Inés", code=1).stderr
    assert "there is no plan" in run("-C", letter, "approve", "0123456789ab", "--by", "Inés", code=1).stderr


@pytest.mark.parametrize("name", ["", "  "])
def test_nobody_approves_nothing(run: Run, letter: Path, name: str) -> None:
    """A translation is signed by somebody, or not at all."""
    run("-C", letter, "translate", "-e", "pseudo", "-l", "es")
    assert "needs a name" in run("-C", letter, "approve", "-l", "es", "--as-is", "--by", name, code=1).stderr
    assert json.loads(run("-C", letter, "review", "-l", "es", "--json", code=1).stdout)["es"]["counts"]["draft"] == 10


def test_an_issue_that_looks_like_a_hash_is_an_issue(run: Run, letter: Path) -> None:
    """A date without hyphens could begin a hash; what is there under that name is meant."""
    shutil.copytree(letter / "issues" / "welcome", letter / "issues" / "20261122")
    ran = run("-C", letter, "approve", "20261122", "--by", "Inés", code=1)
    assert "20261122: Welcome to our letter" in ran.stderr
    assert "not approved" in ran.stderr


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["translate", "--dry-run"], 0),
        (["translate", "-e", "pseudo"], 0),
        (["review"], 1),
        (["review", "--html"], 0),
        (["languages"], 0),
        (["plan"], 0),
        (["send"], 0),
        (["status"], 0),
    ],
)
def test_json_is_json(run: Run, letter: Path, command: list[str], code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but JSON on stdout, of whatever command."""
    monkeypatch.setattr("newsletter.Newsletter.offers", lambda _self: None)
    json.loads(run("-C", letter, *command, "--json", code=code).stdout)


def test_each_step_names_the_next(run: Run, letter: Path) -> None:
    """A newcomer gets from the first command to the last by typing what the one before says."""
    assert run("-C", letter, "review", code=1).stdout.endswith("translate welcome\n")
    assert run("-C", letter, "translate", "-e", "pseudo").stdout.endswith("review welcome --html\n")
    assert run("-C", letter, "review", code=1).stdout.endswith("review welcome --html\n")
    assert "--as-is" not in run("-C", letter, "approve", "welcome", "--as-is", "--by", "Inés").stderr
    assert run("-C", letter, "review").stdout.endswith("plan welcome\n")
    assert run("-C", letter, "status").stdout.endswith("plan welcome\n")
    assert " approve " in run("-C", letter, "plan").stdout.splitlines()[-1]


def test_a_dry_run_counts_what_would_be_drafted_anew(run: Run, letter: Path) -> None:
    """With --again, the drafts that nobody touched count as new, and stay as they are."""
    run("-C", letter, "translate", "-e", "pseudo", "-l", "es")
    path = letter / "issues" / "welcome" / "po" / "es.po"
    before = path.read_bytes()
    planned = json.loads(run("-C", letter, "translate", "-l", "es", "--dry-run", "--json").stdout)["es"]
    anew = json.loads(run("-C", letter, "translate", "-l", "es", "--dry-run", "--again", "--json").stdout)["es"]
    assert (planned["missing"], anew["missing"], anew["drafts"]) == (0, 10, 10)
    assert path.read_bytes() == before
