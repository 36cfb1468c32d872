"""A reviewer's whole day through the command line: draft, review, an edit of the source, fix, approve, draft again."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import polib
import pytest

from newsletter import Newsletter

Run = Callable[..., subprocess.CompletedProcess[str]]

PHOTO = "The photo archive has moved to a new address. Members can download every picture free of charge."
GUIDE = "A new guide to riverside lighting is now online. Printed copies will reach every member in January."
EDITED = GUIDE.replace("January", "February")


class Desk:
    """The reviewer's files, commands and PO editor."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self.folder = folder
        self.issue = folder / "issues" / "2026-11"

    def run(self, *arguments: object, code: int = 0) -> str:
        return self._run("-C", self.folder, *arguments, code=code).stdout

    def counts(self) -> dict[str, int]:
        (found,) = json.loads(self.run("review", "-l", "es", "--json")).values()
        return {state: number for state, number in found["counts"].items() if number}

    def po(self) -> polib.POFile:
        return polib.pofile(str(self.issue / "po" / "es.po"))

    def edit(self, change: Callable[[polib.POEntry], None]) -> None:
        po = self.po()
        for entry in po:
            change(entry)
        po.save()

    def find(self, source: str) -> polib.POEntry:
        (found,) = [entry for entry in self.po() if entry.msgid == source]
        return found

    def rewrite_source(self, old: str, new: str) -> None:
        path = self.issue / "06-short-notices.md"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def snapshot(self) -> dict[str, bytes]:
        files = [*self.issue.glob("po/*"), *self.issue.glob("state/*")]
        return {path.name: path.read_bytes() for path in files}


@pytest.fixture
def desk(run: Run, tmp_path: Path) -> Desk:
    """The sample newsletter with its Spanish package, drafted in the morning."""
    folder = tmp_path / "letter"
    Newsletter.create(folder, example="river-cities")
    made = Desk(run, folder)
    made.run("languages", "install", folder / "packages" / "translate-en_es-1_0.argosmodel")
    made.run("translate", "-l", "es")
    return made


def accept(entry: polib.POEntry) -> None:
    """Accept a draft; what is wrong with two of them is corrected on the way."""
    if entry.fuzzy and entry.msgid in (PHOTO, GUIDE):
        entry.msgstr = f"Revisado: {entry.msgstr}"
    entry.flags = []


def test_a_whole_day(desk: Desk) -> None:
    """Draft, review in PO, edit a paragraph, see it stale with the difference, fix, approve."""
    assert desk.counts() == {"draft": 7, "reviewed": 45}
    desk.edit(accept)
    assert desk.counts() == {"reviewed": 52}

    desk.run("translate", "-l", "es")
    before = {entry.msgid: str(entry) for entry in desk.po()}
    desk.rewrite_source("in January", "in February")
    summary = json.loads(desk.run("translate", "-l", "es", "--json"))["es"]
    assert (summary["missing"], summary["drafts"]) == (0, 0)
    assert desk.counts() == {"stale": 1, "reviewed": 51}
    stale = desk.find(EDITED)
    assert (stale.fuzzy, stale.previous_msgid) == (True, GUIDE)
    assert stale.msgstr.startswith("Revisado: ")
    after = {entry.msgid: str(entry) for entry in desk.po()}
    assert {text: after[text] for text in before if text != GUIDE} == {
        text: entry for text, entry in before.items() if text != GUIDE
    }
    (page,) = desk.run("review", "-l", "es", "--html").split()
    html = Path(page).read_text("utf-8")
    assert "<del>January</del>" in html
    assert "<ins>February</ins>" in html

    def fix(entry: polib.POEntry) -> None:
        if entry.msgid == EDITED:
            entry.msgstr = entry.msgstr.replace("enero", "febrero")
            accept(entry)

    desk.edit(fix)
    assert "febrero" in desk.find(EDITED).msgstr
    desk.run("approve", "2026-11", "-l", "es", "--by", "Inés")
    assert desk.counts() == {"approved": 52}


def test_drafting_again_changes_nothing_that_a_person_wrote(desk: Desk) -> None:
    """Not a byte of the catalog or of the sign-off, however often and with whatever options."""
    desk.edit(accept)
    desk.run("translate", "-l", "es")
    desk.run("approve", "-l", "es", "--by", "Inés")
    before = desk.snapshot()
    desk.run("translate", "-l", "es")
    desk.run("translate", "-l", "es", "--again")
    desk.run("translate", "-l", "es", "--again", "--engine", "pseudo")
    assert desk.snapshot() == before


def test_drafting_again_redrafts_what_nobody_touched(desk: Desk) -> None:
    """Another engine's drafts take the place of untouched ones; a corrected one stays, although it is still fuzzy."""

    def correct(entry: polib.POEntry) -> None:
        if entry.msgid == PHOTO:
            entry.msgstr = "El archivo de fotos se ha mudado. Los miembros pueden descargar cada foto gratis."

    desk.edit(correct)
    before = {entry.msgid: entry.msgstr for entry in desk.po() if entry.fuzzy}
    desk.run("translate", "-l", "es", "--again", "--engine", "pseudo", "-i", "short-notices")
    after = {entry.msgid: entry.msgstr for entry in desk.po() if entry.msgid in before}
    assert [text for text in before if after[text] == before[text]] == [PHOTO]


def test_an_approval_does_not_outlive_an_edit(desk: Desk) -> None:
    """What was approved becomes stale with its paragraph, and reviewed when its translation is changed."""
    desk.edit(accept)
    desk.run("approve", "-l", "es", "--by", "Inés")
    desk.rewrite_source("in January", "in February")

    def touch(entry: polib.POEntry) -> None:
        if entry.msgid == PHOTO:
            entry.msgstr += " Más tarde."

    desk.edit(touch)
    assert desk.counts() == {"stale": 1, "reviewed": 1, "approved": 50}


def test_a_tool_that_removes_every_mark_makes_nothing_reviewed(desk: Desk) -> None:
    """The drafts stay drafts; a person who did read them says so by name."""

    def clear(entry: polib.POEntry) -> None:
        entry.flags = []

    desk.edit(clear)
    assert desk.counts() == {"draft": 7, "reviewed": 45}
    said = desk._run("-C", desk.folder, "review", "-l", "es").stderr
    assert "es: 7 drafts lost their fuzzy mark at once" in said
    assert "--as-is --by NAME" in said
    desk.run("approve", "-l", "es", "--by", "Inés", code=1)
    desk.run("approve", "-l", "es", "--as-is", "--by", "Inés")
    assert desk.counts() == {"approved": 52}


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    """It counts what is new, what the memory knows and what is left for the engine."""
    desk.edit(accept)
    desk.rewrite_source(PHOTO, "Something entirely new stands here.\n\nAnd one paragraph more.")
    before = desk.snapshot()
    planned = json.loads(desk.run("translate", "-l", "es", "--dry-run", "--json"))["es"]
    assert (planned["missing"], planned["drafts"]) == (2, 2)
    assert desk.snapshot() == before


def test_the_next_issue_begins_with_what_people_accepted(desk: Desk) -> None:
    """The same text in the same place is accepted already; elsewhere, or but for a number, it is a draft."""
    desk.edit(accept)
    new = desk.folder / "issues" / "2026-12"
    new.mkdir()
    (new / "issue.toml").write_text('date = 2026-12-18\nsubject = "December news of the river cities"\n', "utf-8")
    (new / "06-short-notices.md").write_text(f"---\ntitle: Short notices\n---\n\n{PHOTO}\n\n{EDITED}\n", "utf-8")
    summary = json.loads(desk.run("translate", "2026-12", "-l", "es", "--json", code=1))["es"]
    assert (summary["missing"], summary["carried"], summary["memory"]) == (4, 2, 1)
    po = polib.pofile(str(new / "po" / "es.po"))
    near = next(entry for entry in po if entry.msgid == EDITED)
    assert near.fuzzy
    assert "January" in near.tcomment
    assert next(entry for entry in po if entry.msgid == PHOTO).flags == []
