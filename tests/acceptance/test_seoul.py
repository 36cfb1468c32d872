"""A real item, damage included, all the way: pasted, acknowledged, drafted, reviewed in PO, rendered, sent."""

import email
import json
import subprocess
from collections.abc import Callable
from email.policy import default
from pathlib import Path

import polib
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
SOURCE = Path(__file__).parents[1] / "samples" / "pasted" / "seoul-forum.txt"
PACKAGE = Path(__file__).parents[1] / "samples" / "argos" / "tiny-guided-en_es.argosmodel"


@pytest.fixture
def letter(run: Run, tmp_path: Path) -> Path:
    """A newsletter in English and Spanish with one reader of each."""
    run("init", "letter")
    folder = tmp_path / "letter"
    toml = (folder / "newsletter.toml").read_text("utf-8")
    toml = toml.replace('["en", "es", "fr"]', '["en", "es"]').replace(
        '[languages.fr]\nfallback = ["es"]', "[languages.es]"
    )
    (folder / "newsletter.toml").write_text(toml, "utf-8")
    return folder


def imported(run: Run, letter: Path) -> dict[str, object]:
    return json.loads(run("-C", letter, "import", SOURCE, "--json", code=1).stdout)


def test_what_is_certain_is_repaired_and_the_rest_flagged(run: Run, letter: Path) -> None:
    """Title, date with its reason, the joined paragraph; the gap, the end and the name are flags."""
    found = imported(run, letter)
    item = found["item"]
    assert item["title"] == "Scaling up Seoul knowledge and resources to the global agenda"
    assert item["date"] == "2017-11-10"
    assert "Friday" in found["reason"]
    assert "Water Management Training Program, such as restoration" in item["body"]
    assert "the Manager of\n\nerest to continue as the headquarters for the" in item["body"]
    assert [(flag["kind"], flag["line"]) for flag in item["flags"]] == [("name", 21), ("gap", 25), ("truncated", 25)]
    assert "Hlne Jourdan" in item["body"]
    original = letter / "issues" / "2017-11" / "originals" / "seoul-forum.txt"
    assert original.read_bytes() == SOURCE.read_bytes()


@pytest.mark.parametrize(
    ("names", "repaired"),
    [
        ("Hélène Jourdan,person,yes,\n", True),
        ("Hélène Jourdan,person,yes,\nHêlène Jourdan,person,yes,\n", False),
        ("", False),
    ],
)
def test_a_name_is_repaired_only_by_its_one_match(run: Run, letter: Path, names: str, repaired: bool) -> None:
    """Two names that fit are no evidence, and none is none."""
    (letter / "names.csv").write_text(f"name,kind,keep,aliases\n{names}", "utf-8")
    item = imported(run, letter)["item"]
    assert ("Hélène Jourdan" in item["body"]) is repaired
    assert ("name" not in [flag["kind"] for flag in item["flags"]]) is repaired


def test_nothing_is_sent_before_the_flags_are_acknowledged(run: Run, letter: Path) -> None:
    """The plan is refused in one sentence that names the file, the doubt and the command."""
    found = imported(run, letter)
    refused = run("-C", letter, "plan", "2017-11", code=1)
    assert "3 open flags" in refused.stderr
    assert "newsletter acknowledge 2017-11" in refused.stderr
    run("-C", letter, "acknowledge", "2017-11", found["item"]["id"], "--by", "Octavi")
    assert json.loads(run("-C", letter, "plan", "2017-11", "--json").stdout)["held"] == {"es": 1}


def test_the_item_goes_all_the_way(run: Run, letter: Path, need: Callable[[str], str]) -> None:
    """Drafted by a package that knows nothing of it, so flagged; reviewed with gettext's own tool; sent in Spanish."""
    found = imported(run, letter)
    run("-C", letter, "acknowledge", "2017-11", found["item"]["id"], "--by", "Octavi")
    run("-C", letter, "languages", "install", PACKAGE)
    drafted = json.loads(run("-C", letter, "translate", "2017-11", "--json", code=1).stdout)["es"]
    assert (drafted["drafts"], len(drafted["held"])) == (0, 10)
    path = letter / "issues" / "2017-11" / "po" / "es.po"
    assert all("held back" in entry.tcomment for entry in polib.pofile(str(path)))
    run("-C", letter, "review", "2017-11", code=1)
    translate_by_hand(path)
    half = run("-C", letter, "review", "2017-11", code=1)
    assert "not reviewed" in half.stderr
    subprocess.run([need("msgattrib"), "--clear-fuzzy", "-o", path, path], check=True)
    subprocess.run([need("msgfmt"), "-c", "-o", "/dev/null", path], check=True)
    run("-C", letter, "review", "2017-11")
    plan = json.loads(run("-C", letter, "plan", "2017-11", "--json").stdout)
    assert plan["languages"] == {"en": 1, "es": 1}
    run("-C", letter, "send")
    assert list((letter / "outbox").glob("new/*")) == []
    run("-C", letter, "approve", plan["hash"][:12], "--by", "Octavi")
    run("-C", letter, "send")
    sent = [
        email.message_from_bytes(path.read_bytes(), policy=default) for path in (letter / "outbox" / "new").iterdir()
    ]
    spanish = next(mail for mail in sent if mail["Content-Language"] == "es")
    assert len(sent) == 2
    assert spanish["Subject"].startswith("ES: Scaling up Seoul")
    assert "viernes, 10 de noviembre de 2017" in spanish.get_body(("plain",)).get_content()


def translate_by_hand(path: Path) -> None:
    """A translator fills in every entry, and leaves it marked for a second look."""
    po = polib.pofile(str(path))
    for entry in po:
        entry.msgstr = f"ES: {entry.msgid}"
        entry.flags = ["fuzzy"]
    po.save()
