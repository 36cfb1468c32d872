"""``newsletter check``: what mail programs and readers would stumble over, before anybody gets it."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_good_letter_passes(run: Run, letter: Path) -> None:
    """A fresh newsletter has nothing that must not go out; machines get the same as JSON."""
    assert "fail" in run("-C", letter, "check", "-l", "en").stdout
    (findings,) = json.loads(run("-C", letter, "check", "-l", "en", "--json").stdout).values()
    assert {each["level"] for each in findings} <= {"info", "warn"}


def test_what_must_not_go_out_is_named_with_its_place(run: Run, letter: Path) -> None:
    """A mail without a postal address is against the law in many countries: exit code 1, and where to put one."""
    toml = letter / "newsletter.toml"
    text = toml.read_text("utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("postal_address")]
    toml.write_text(text.replace(line, ""), "utf-8")
    said = run("-C", letter, "check", "-l", "en", code=1).stdout
    assert "en: " in said
    assert "newsletter.toml" in said
    assert "fail: " in said


def test_it_stops_a_commit(run: Run, letter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a pre-commit hook it runs where newsletter.toml is, for what makes the mails, and fails as on the shell."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    program, *command = hook["entry"].split()
    assert (program, hook["pass_filenames"], hook["language"]) == ("newsletter", False, "python")
    for name in ("newsletter.toml", "issues/welcome/01-hello.md", "issues/welcome/po/es.po", "templates/own/a.j2"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "README.md")
    monkeypatch.chdir(letter)
    run(*command)
    item = letter / "issues" / "welcome" / "01-hello.md"
    item.write_text(item.read_text("utf-8") + "\nDear {{ name }},\n", "utf-8")
    said = run(*command, code=1).stdout
    assert "01-hello.md:15: fail: '{{ name }}' stands unfilled" in said
