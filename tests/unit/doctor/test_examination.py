"""All checks together: in their order, at once, and never longer than one wants to wait."""

import time
from datetime import datetime
from pathlib import Path

import pytest
from nameserver import INTERNET, SILENT, Zone, name_server, txt
from services import Reply, serve
from surroundings import TOML

from newsletter import config
from newsletter.doctor import Verdict, all_checks, examine
from newsletter.doctor.lookups import Lookups

DOMAIN = "river-cities.example"
WELL: Zone = {
    **INTERNET,
    DOMAIN: ["MX 10 mx.river-cities.example.", txt("v=spf1 mx -all")],
    f"mx.{DOMAIN}": ["A 192.0.2.25"],
    f"_dmarc.{DOMAIN}": [txt(f"v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}")],
}


def opened(folder: Path, toml: str = TOML) -> config.Config:
    """A newsletter in a folder."""
    (folder / config.FILE).write_text(toml, "utf-8")
    return config.load(folder)


def by_check(verdicts: list[Verdict]) -> dict[str, str]:
    """The level of each check; the last of several."""
    return {verdict.check: verdict.level for verdict in verdicts}


def test_every_check_is_told_in_its_order(tmp_path: Path) -> None:
    """Each verdict names its check; what is not there to be checked is left out."""
    with serve(lambda _asked: Reply()) as url, name_server(WELL) as resolver:
        letter = opened(tmp_path, TOML.replace("[provider]", f'base_url = "{url}"\n\n[provider]'))
        verdicts = examine(letter, dns=Lookups(resolver))
    names = [check.name for check in all_checks()]
    told = list(dict.fromkeys(verdict.check for verdict in verdicts))
    assert told == [name for name in names if name not in ("mail server", "unsubscribing")]
    levels = by_check(verdicts)
    assert {name: levels[name] for name in ("answers", "SPF", "DKIM", "DMARC", "website", "clock")} == {
        "answers": "ok",
        "SPF": "ok",
        "DKIM": "note",
        "DMARC": "ok",
        "website": "ok",
        "clock": "ok",
    }


@pytest.mark.parametrize(("provider", "level"), [('use = "folder"\npath = "outbox"', "warning"), (None, "problem")])
def test_a_domain_matters_less_while_mails_stay_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str | None, level: str
) -> None:
    """A newsletter that writes into a folder may have a sender that does not exist; said once, by one check."""
    monkeypatch.setenv("RESEND_KEY", "re_1")
    table = provider or 'use = "resend"\nkey = { env = "RESEND_KEY" }\nbase_url = "http://127.0.0.1:9"'
    letter = opened(tmp_path, TOML.replace('use = "folder"\npath = "outbox"', table))
    with name_server(INTERNET) as resolver:
        verdicts = examine(letter, dns=Lookups(resolver))
    assert by_check(verdicts)["answers"] == level
    assert not {"SPF", "DKIM", "DMARC"} & by_check(verdicts).keys()


def test_without_the_internet_each_check_says_so(tmp_path: Path) -> None:
    """Nothing is guessed, and nothing is a problem."""
    with name_server({}) as resolver:
        verdicts = examine(opened(tmp_path), dns=Lookups(resolver))
    unknown = [verdict for verdict in verdicts if verdict.check in ("answers", "SPF", "DKIM", "DMARC")]
    assert [verdict.level for verdict in unknown] == ["warning"] * 4
    assert all(verdict.message.startswith("Not checked: this computer's name server") for verdict in unknown)
    assert all(verdict.level != "problem" for verdict in verdicts)


def test_nobody_waits_for_a_silent_server(tmp_path: Path) -> None:
    """What is not found out in time is left unknown, and the rest is told."""
    began = time.monotonic()
    with name_server({**WELL, f"_dmarc.{DOMAIN}": [SILENT]}) as resolver:
        verdicts = examine(opened(tmp_path), dns=Lookups(resolver), patience=2.5)
    assert time.monotonic() - began < 5
    (silent,) = [verdict for verdict in verdicts if verdict.check == "DMARC"]
    assert (silent.level, silent.message) == ("warning", "Not checked: it took too long.")
    assert by_check(verdicts)["SPF"] == "ok"


def test_a_file_that_cannot_be_looked_at_stops_no_other_check(tmp_path: Path) -> None:
    """The system's reason is said, with the file."""
    name = "x" * 300
    letter = opened(tmp_path, f'{TOML}\n[audience]\npath = "{name}"\n')
    with name_server(WELL) as resolver:
        verdicts = examine(letter, dns=Lookups(resolver))
    (privacy,) = [verdict for verdict in verdicts if verdict.check == "privacy"]
    assert privacy.level == "warning"
    assert privacy.message.startswith("Not checked: ")
    assert name in privacy.message
    assert by_check(verdicts)["disk"] in ("ok", "problem")


def test_a_fault_in_a_check_is_not_hidden(tmp_path: Path) -> None:
    """It is a bug, and shows as one."""

    def broken() -> datetime:
        raise ZeroDivisionError

    with serve(lambda _asked: Reply()) as url, name_server(WELL) as resolver:
        letter = opened(tmp_path, TOML.replace("[provider]", f'base_url = "{url}"\n\n[provider]'))
        with pytest.raises(ZeroDivisionError):
            examine(letter, dns=Lookups(resolver), now=broken)
