"""A campaign that people edit, pause, resume or cancel while it goes out, from the command line and from Python."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from invariants import violations
from plans import ISSUE, URL, begin, emails, plan, readers
from points import Doom
from resend_server import ResendServer, reader_of
from senders import Driver
from test_crashes import finish

from newsletter import Newsletter
from newsletter.cli import main
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.sender import CONCURRENCY

Campaign = Callable[..., Path]
SIZE = 5
READERS = 4 * CONCURRENCY * SIZE  # four times as many batches as are under way
TOML = """\
[newsletter]
name = "River Letter"
languages = ["en", "ar"]
sender = "news@river-cities.example"
"""


def steered(folder: Path, server: ResendServer, driver: Driver, verb: str, *without: str) -> list[str]:
    """Stop a campaign while a sender is at it; what went out after that besides what was under way."""
    (folder / "newsletter.toml").write_text(TOML, "utf-8")
    campaigns = Newsletter.open(folder).campaigns
    [running] = campaigns.all(ISSUE)
    sender = driver.start(folder, server.url, without=without)
    sender.under_way(server, requests=CONCURRENCY + 1)
    if verb == "pause":
        campaigns.pause(running.plan, by="Inés")
    else:
        campaigns.cancel(running.plan)
    before = len(server.times)
    assert (sender.wait(), sender.error) == (0, "")
    assert before < READERS // SIZE, "everything had gone out before"
    more = len(server.times) - before
    return [f"{more} requests went out after it was to {verb}"] if more > CONCURRENCY else []


def test_paused_and_resumed(campaign: Campaign, driver: Driver) -> None:
    """It stops within one batch of each worker, says so, and goes on exactly where it was."""
    folder = campaign(READERS, SIZE)
    with ResendServer(keeps_keys=False, delay=0.2) as server:
        assert steered(folder, server, driver, "pause") == []
        assert violations(folder, server, ended=False) == []
        sent = len(server.ledger)
        again = driver.start(folder, server.url)
        assert again.wait() == 0
        assert "paused by Inés" in again.report["stopped"][0]
        assert len(server.ledger) == sent
        campaigns = Newsletter.open(folder).campaigns
        campaigns.resume(campaigns.all(ISSUE)[0].plan)
        finish(driver, folder, server)
        assert violations(folder, server) == []
        assert set(server.ledger) == emails(READERS)


def test_cancelled_and_planned_again(campaign: Campaign, driver: Driver) -> None:
    """Who got it before does not get it from the next plan, everybody else does."""
    folder = campaign(READERS, SIZE)
    with ResendServer(keeps_keys=False, delay=0.2) as server:
        assert steered(folder, server, driver, "cancel") == []
        assert violations(folder, server) == []
        with Outbox(URL, folder) as outbox:
            made = begin(outbox, plan(outbox, readers(READERS)))
        assert made.skipped == {"already sent": len(server.ledger)}
        finish(driver, folder, server)
        assert violations(folder, server) == []
        assert set(server.ledger) == emails(READERS)


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_a_sender_that_does_not_listen_is_found_out(campaign: Campaign, driver: Driver, verb: str) -> None:
    """It sends everything that somebody wanted to stop."""
    with ResendServer(delay=0.2) as server:
        assert steered(campaign(READERS, SIZE), server, driver, verb, "deaf")


def reworded(server: ResendServer, words: Iterable[str]) -> list[str]:
    """Who got other words than were approved."""
    return [reader_of(mail) for mail in server.mails if any(each in mail["html"] for each in words)]


@pytest.mark.parametrize("careless", [(), ("unfrozen",)], ids=["ours", "unfrozen"])
def test_edited_between_two_runs(campaign: Campaign, driver: Driver, careless: tuple[str, ...]) -> None:
    """The second half gets the words of the first; a sender that reads the issue anew is found out."""
    folder = campaign(READERS, SIZE)
    with ResendServer() as server:
        assert driver.start(folder, server.url, without=careless, dooms=(Doom("settled", 3),)).wait() == -9
        (folder / "words.html").write_text("<p>Other words</p>", "utf-8")
        finish(driver, folder, server, without=careless)
        assert bool(reworded(server, ["Other words"])) == bool(careless)


PEOPLE = 600  # Resend takes a hundred at a time, five times a second


@pytest.fixture
def letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[ResendServer], Newsletter]:
    """A whole newsletter in English, with a list of people, that sends through a provider."""

    def make(server: ResendServer) -> Newsletter:
        monkeypatch.setenv("RESEND_KEY", "re_test")
        folder = tmp_path / "letter"
        Newsletter.create(folder)
        toml = (folder / "newsletter.toml").read_text("utf-8")
        provider = f'use = "resend"\nkey = {{ env = "RESEND_KEY" }}\nbase_url = "{server.url}"'
        toml = re.sub(r'use = "folder".*\npath = "outbox"', provider, toml)
        (folder / "newsletter.toml").write_text(toml.replace("per_second = 50", "per_second = 100000"), "utf-8")
        rows = "".join(f"reader{n}@city.example,Reader {n},en\n" for n in range(PEOPLE))
        (folder / "members.csv").write_text("email,name,languages\n" + rows, "utf-8")
        return Newsletter.open(folder)

    return make


def command(*arguments: str, code: int = 0) -> None:
    """A command, inside this process."""
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    assert (left.value.code or 0) == code


def test_from_the_command_line(letter: Callable[[ResendServer], Newsletter]) -> None:
    """Edited and paused while ``newsletter send`` runs, interrupted twice: one mail each, as it was approved."""
    with ResendServer() as server:
        newsletter = letter(server)
        folder = newsletter.config.folder
        approved = newsletter.approve(newsletter.plan(newsletter.issue()), by="Octavi")
        send = [sys.executable, "-m", "newsletter", "-C", str(folder), "send"]
        first = subprocess.Popen(send, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        arrived(server, 2, first)
        [item] = [path for path in folder.glob("issues/*/*.md") if "title: Hello" in path.read_text("utf-8")]
        item.write_text(item.read_text("utf-8").replace("title: Hello", "title: Something else"), "utf-8")
        command("-C", str(folder), "pause", approved.hash[:12])
        before = len(server.times)
        _, said = first.communicate(timeout=60)
        assert first.returncode == 1, said
        assert "mails are stopped (paused by" in said
        assert "Traceback" not in said
        assert len(server.times) <= before + 1, "one request at a time is under way"
        command("-C", str(folder), "resume", approved.hash[:12])
        server.delay = 120  # longer than anybody waits below
        second = subprocess.Popen(send, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        arrived(server, 1, second)
        second.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert second.poll() is None
        second.send_signal(signal.SIGINT)
        _, said = second.communicate(timeout=40)
        assert "Traceback" not in said
        assert second.returncode == 130
        server.hurry.set()
        command("-C", str(folder), "send")
        assert violations(folder, server) == []
        assert set(server.ledger) == emails(PEOPLE)
        assert reworded(server, ["Something else"]) == []


def arrived(server: ResendServer, requests: int, sender: subprocess.Popen[str]) -> None:
    """Wait until so many more requests came."""
    wanted, until = len(server.times) + requests, time.monotonic() + 60
    while len(server.times) < wanted:
        assert sender.poll() is None, sender.communicate()
        assert time.monotonic() < until, "no request came"
        time.sleep(0.005)
