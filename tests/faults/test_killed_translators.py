"""A translator killed before every step of its writing: catalogs stay whole, words a person's, drafts drafts."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import polib
import pytest
from translator import LANGUAGES

from newsletter import Newsletter
from newsletter.translation.catalogs import Entry, State

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the translators are forked")

Translate = Callable[..., int]

TOML = """\
[newsletter]
name = "River Letter"
languages = ["en", "es", "fr"]
sender = "news@river-cities.example"

[translation]
engine = "translator:Upper"
"""
ITEM = """\
---
title: The forum
---

The forum brought together three training centres from three continents of the world.

Volunteers planted two hundred trees along the river.

Members can download every picture of the archive.

The old harbour is open again to everybody who lives near the river.
"""


@pytest.fixture(scope="module")
def translate() -> Iterator[Translate]:
    """Run a translator on a folder, killed before its n-th step of writing; how it ended."""
    driver = Path(__file__).with_name("translator.py")
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, str(driver)], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        given, said = process.stdin, process.stdout
        assert said.readline() == "ready\n"

        def run(folder: Path, engine: str, last: int = 0, policy: str = "careful") -> int:
            given.write(json.dumps([str(folder), engine, last, policy]) + "\n")
            given.flush()
            code = int(said.readline())
            assert code in (0, -signal.SIGKILL), (folder / "translator.err").read_text("utf-8")
            return code

        yield run
        given.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, translate: Translate) -> Path:
    """A newsletter in the middle of its review: drafts, a corrected text, an approved one, and one edited since."""
    folder = tmp_path_factory.mktemp("desk")
    item = folder / "issues" / "2026-11" / "01-forum.md"
    item.parent.mkdir(parents=True)
    (folder / "newsletter.toml").write_text(TOML, "utf-8")
    (item.parent / "issue.toml").write_text('date = 2026-11-20\nsubject = "November news"\n', "utf-8")
    item.write_text(ITEM, "utf-8")
    assert translate(folder, "Upper") == 0
    for language in LANGUAGES:
        path = item.parent / "po" / f"{language}.po"
        file = polib.pofile(str(path))
        for number, entry in enumerate(file):
            if number in (2, 3):
                entry.msgstr, entry.flags = f"De mi mano: {number}", []
        file.save(str(path))
    letter = Newsletter.open(folder)
    letter.approve_translations(letter.issue(), by="Inés")
    item.write_text(ITEM.replace("two hundred", "three hundred").replace("every picture", "each picture"), "utf-8")
    return folder


def entries(folder: Path) -> dict[tuple[str, str, str], Entry]:
    """What a reader of the files finds, whatever the source says today."""
    letter = Newsletter.open(folder)
    return {
        (language, entry.context, entry.source): entry
        for language in LANGUAGES
        for entry in letter.translations.catalog(letter.issue(), language)
    }


def faults(folder: Path) -> list[str]:
    """What is wrong with the catalogs, were it only until the next run."""
    try:
        found = entries(folder)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
        return [str(error)]
    mine = sorted(entry.target for entry in found.values() if entry.target.startswith("De mi mano"))
    wrong = [] if mine == ["De mi mano: 2"] * 2 + ["De mi mano: 3"] * 2 else [f"people's words: {mine}"]
    for place, entry in found.items():
        made = entry.target.startswith(("UNO", "DOS"))
        if made and (entry.state is not State.DRAFT or not entry.origin):
            wrong.append(f"{place} is {entry.state} by {entry.origin or 'a person'}: {entry.target}")
    return wrong


def killed(desk: Path, folder: Path, translate: Translate, policy: str) -> Iterator[tuple[int, list[str]]]:
    """Kill before the first step, the second …, each time on a copy, until nobody is killed; each with its faults."""
    for last in range(1, 200):
        copy = folder / str(last)
        shutil.copytree(desk, copy)
        ended = translate(copy, "Again", last, policy) == 0
        found = faults(copy)
        if not ended and not found:
            translate(copy, "Upper", last, policy)  # killed again
            found = faults(copy)
        yield last, found
        if ended:
            return
        shutil.rmtree(copy)


def test_no_moment_to_be_killed_does_harm(desk: Path, tmp_path: Path, translate: Translate) -> None:
    """Before every step of writing, twice with different engines; and the next run finishes the work."""
    ends = dict(killed(desk, tmp_path, translate, "careful"))
    assert not any(ends.values()), ends
    assert len(ends) > 12  # so many moments were there
    copy = tmp_path / "finish"
    shutil.copytree(desk, copy)
    translate(copy, "Again", len(ends) // 2)
    translate(copy, "Again")
    assert entries(copy) == entries(tmp_path / str(len(ends)))
    assert all(entry.state is not State.MISSING for entry in entries(copy).values())


def test_writing_in_place_would_be_noticed(desk: Path, tmp_path: Path, translate: Translate) -> None:
    """The same test finds half a catalog, or half a record."""
    assert any(found for _last, found in killed(desk, tmp_path, translate, "naive"))
