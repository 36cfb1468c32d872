"""Pictures inside the mails or on the web: what ``pictures`` in ``newsletter.toml`` says is what happens."""

import email
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from PIL import Image
from test_bad_input import ITEM, edit, use_resend

Run = Callable[..., CompletedProcess[str]]

ADDRESS = "https://organisation.example/welcome/boat.png"


@pytest.fixture
def letter(letter: Path) -> Path:
    """The fresh newsletter with a picture in its item."""
    Image.new("RGB", (40, 30), "#0a6080").save(letter / "issues/welcome/boat.png")
    edit(letter / ITEM, "section: News", "image: {src: boat.png, alt: A boat}")
    return letter


def choose(letter: Path, pictures: str) -> None:
    edit(letter / "newsletter.toml", "[newsletter]", f'[newsletter]\npictures = "{pictures}"')


def sent(run: Run, letter: Path) -> EmailMessage:
    """The first mail that went out."""
    run("-C", "letter", "plan", "--yes")
    run("-C", "letter", "send")
    path = next(letter.glob("outbox/new/*"))
    return email.message_from_bytes(path.read_bytes(), policy=policy.default)


@pytest.mark.parametrize("pictures", ["auto", "inline"])
def test_pictures_travel_inside_the_mail(run: Run, letter: Path, pictures: str) -> None:
    """The folder can carry them: the HTML names the part that holds the picture."""
    choose(letter, pictures)
    mail = sent(run, letter)
    (part,) = [part for part in mail.walk() if part.get_content_maintype() == "image"]
    html = mail.get_body(("html",)).get_content()
    assert f'src="cid:{part["Content-ID"].strip("<>")}"' in html
    assert ADDRESS not in html


def test_hosted_pictures_stay_on_the_web(run: Run, letter: Path) -> None:
    """The mail names their address, and the built folder has them where that leads."""
    choose(letter, "hosted")
    mail = sent(run, letter)
    assert not [part for part in mail.walk() if part.get_content_maintype() == "image"]
    assert f'src="{ADDRESS}"' in mail.get_body(("html",)).get_content()
    written = run("-C", "letter", "build").stdout.splitlines()
    assert str(Path("build/welcome/boat.png")) in written
    assert Path("build/welcome/boat.png").read_bytes() == (letter / "issues/welcome/boat.png").read_bytes()
    assert "Upload there" in run("-C", "letter", "check").stdout


def test_pictures_that_no_reader_would_see_are_refused(run: Run, letter: Path) -> None:
    """A provider that cannot carry them, and none on the web: one sentence, and nothing is planned."""
    use_resend(letter, '{ env = "HOME" }')
    run("-C", "letter", "plan")
    choose(letter, "inline")
    refused = run("-C", "letter", "plan", code=2).stderr
    assert "newsletter.toml:4: the provider resend cannot carry pictures inside the mails." in refused
    assert len(refused.splitlines()) == 1
    edit(letter / "newsletter.toml", 'pictures = "inline"', 'pictures = "auto"')
    edit(letter / "newsletter.toml", 'base_url = "https://organisation.example"', "")
    assert 'pictures = "hosted"' in run("-C", "letter", "plan", code=2).stderr
    edit(letter / ITEM, "image: {src: boat.png, alt: A boat}", "section: News")
    run("-C", "letter", "plan")
