"""The translation stage of a newsletter: what is saved when, what is said once, what is learned from which day."""

import sqlite3
from datetime import date
from pathlib import Path

import polib
import pytest

from newsletter import config
from newsletter.model import Issue, Item
from newsletter.translations import Translations

TOML = """\
[newsletter]
name = "River Letter"
languages = ["en", "es", "fr"]
sender = "news@river-cities.example"

[translation]
engine = "pseudo"
"""
GLOSSARY = "source,lang,target,status\nharbour,fr,port,preferred\nharbour,es,puerto,preferred\n"


@pytest.fixture
def issue(tmp_path: Path) -> Issue:
    """One item in a newsletter on disk."""
    (tmp_path / config.FILE).write_text(TOML, "utf-8")
    folder = tmp_path / "issues" / "2026-11"
    folder.mkdir(parents=True)
    item = Item(id="harbour", language="en", title="The harbour", body="The harbour is open.", file="harbour.md")
    return Issue(
        id="2026-11", language="en", date=date(2026, 11, 20), subject="November news", items=(item,), folder=folder
    )


def translations(folder: Path) -> Translations:
    return Translations(config.load(folder))


def test_a_language_that_was_reported_is_on_disk(tmp_path: Path, issue: Issue) -> None:
    """Whoever stops after the first language has that one."""
    first = next(iter(translations(tmp_path).translate(issue, ["es", "fr"])))
    assert (first.language, first.drafts) == ("es", 3)
    assert len(polib.pofile(str(issue.folder / "po" / "es.po")).fuzzy_entries()) == 3
    assert not (issue.folder / "po" / "fr.po").exists()


def test_the_template_says_nothing_of_a_language(tmp_path: Path, issue: Issue) -> None:
    """One language's terms stand in its catalog; the template is the same whichever languages a run is for."""
    (tmp_path / "glossary.csv").write_text(GLOSSARY, "utf-8")
    template = issue.folder / "po" / "2026-11.pot"
    list(translations(tmp_path).translate(issue, ["es", "fr"]))
    first = template.read_bytes()
    list(translations(tmp_path).translate(issue, ["es"]))
    assert template.read_bytes() == first
    assert b"puerto" not in first
    assert b"puerto" in (issue.folder / "po" / "es.po").read_bytes()


def test_answers_that_cannot_be_kept_are_said(tmp_path: Path, issue: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else has the memory for long: the drafts are made all the same, and each language says why not kept."""
    made = translations(tmp_path)
    monkeypatch.setattr("newsletter.translation.memory.cache.PATIENCE", 0)
    made.memory.add([])  # the file is there
    with sqlite3.connect(made.memory.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        found = list(made.translate(issue, ["es", "fr"]))
    other.close()
    assert [each.drafts for each in found] == [3, 3]
    assert all("locked" in each.trouble for each in found)
    assert [each.trouble for each in translations(tmp_path).translate(issue, ["es"])] == [""]


def test_a_translation_is_as_old_as_its_catalog_says(tmp_path: Path, issue: Issue) -> None:
    """A checkout makes all files new, and would make any translation the latest."""
    list(translations(tmp_path).translate(issue, ["es"]))
    path = issue.folder / "po" / "es.po"
    for stamp, day in (("2019-03-01 09:30+0200", "2019-03-01T07:30:00Z"), ("no date", None)):
        file = polib.pofile(str(path))
        file.metadata["PO-Revision-Date"] = stamp
        for entry in file:
            entry.msgstr, entry.flags = f"De {stamp}", []
        file.save()
        list(translations(tmp_path).forecast(issue, ["es"]))
        dates = {row.date for row in translations(tmp_path).memory.rows()}
        assert dates == {day} if day else all(each > "2025" for each in dates)
