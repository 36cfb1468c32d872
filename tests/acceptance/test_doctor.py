"""``newsletter doctor``: what a newsletter relies on, before somebody does."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from nameserver import INTERNET, name_server, txt

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The names of the internet are those of the tests' own server."""
    zone = {
        **INTERNET,
        "organisation.example": ["MX 10 mx.organisation.example.", txt("v=spf1 mx ~all")],
        "mx.organisation.example": ["A 192.0.2.25"],
    }
    with name_server(zone) as resolver:
        monkeypatch.setattr("dns.resolver.default_resolver", resolver)
        yield


@pytest.fixture
def offline(letter: Path) -> Path:
    """A newsletter without a website, so that nothing is asked but names."""
    toml = letter / "newsletter.toml"
    text = toml.read_text("utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("base_url")]
    toml.write_text(text.replace(line, ""), "utf-8")
    return letter


def test_a_fresh_newsletter_may_have_warnings(run: Run, offline: Path) -> None:
    """Its mails stay in a folder, so nothing about its domain is a problem yet; each row has its next step."""
    ran = run("-C", offline, "doctor")
    rows = [line.split(maxsplit=2) for line in ran.stdout.splitlines()]
    assert {level for level, *_rest in rows} <= {"ok", "note", "warning"}
    (dmarc,) = [text for _level, check, text in rows if check == "DMARC"]
    assert "has no DMARC record" in dmarc
    assert "→ Ask who looks after the domain to add the TXT record: _dmarc.organisation.example" in dmarc
    assert ran.stderr == "No problem was found; look at the warnings.\n"


def test_a_problem_is_an_exit_code(run: Run, offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once mails go out, what is missing must be mended; machines get the same as JSON."""
    monkeypatch.delenv("RESEND_KEY", raising=False)
    toml = offline / "newsletter.toml"
    options = 'use = "resend"\nkey = { env = "RESEND_KEY" }\nbase_url = "http://127.0.0.1:9"\n#'
    toml.write_text(
        toml.read_text("utf-8").replace('use = "folder"', options, 1).replace('path = "outbox"', ""), "utf-8"
    )
    ran = run("-C", offline, "doctor", code=1)
    assert "RESEND_KEY is not set" in ran.stdout
    assert ran.stderr == "Error: 2 problems: mend that before anything is sent.\n"
    verdicts = json.loads(run("-C", offline, "doctor", "--json", code=1).stdout)
    assert [each["check"] for each in verdicts if each["level"] == "problem"] == ["provider", "DMARC"]
    assert all(each["fix"] for each in verdicts if each["level"] in ("warning", "problem"))


def test_a_terminal_gets_colours_and_breaks(run: Run, offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What wants somebody stands out, and no line is wider than the terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = run("-C", offline, "doctor").stdout
    assert "\x1b[33mwarning" in shown
    assert "\x1b" not in run("-C", offline, "doctor", "--json").stdout
    assert max(map(len, click.unstyle(shown).splitlines())) <= 80
