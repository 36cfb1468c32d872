"""``newsletter check``: what mail programs and readers would stumble over, before anybody gets it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

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
