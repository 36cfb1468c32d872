"""The translation memory: what it learns, and that no crash, damage or second process spoils it."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import polib
import pytest
from memories import FORUM, FRENCH, find, found, memory, row

from newsletter.errors import TranslationError
from newsletter.translation.memory import Memory, Reviewed, reviewed_in, store

TREES = "Volunteers planted two hundred trees along the river."
ARBRES = "Des bénévoles ont planté deux cents arbres le long du fleuve."


def write(folder: Path, *entries: polib.POEntry, issue: str = "2026-11", name: str = "fr.po") -> Path:
    """A catalog of an issue in the folder of issues."""
    file = polib.POFile(encoding="utf-8")
    file.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Last-Translator": "Inés <ines@city.example>"}
    file.extend(entries)
    path = folder / issue / "po" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    file.save(str(path))
    return path


def entry(
    source: str, target: str, context: str = "forum|body", *, fuzzy: bool = False, **more: object
) -> polib.POEntry:
    flags = ["fuzzy"] if fuzzy else []
    return polib.POEntry(msgctxt=context, msgid=source, msgstr=target, flags=flags, **more)


def refresh(made: Memory, folder: Path, languages: Iterable[str] = ("fr",)) -> int:
    return made.refresh(folder, source="en", languages=languages)


def sources(made: Memory) -> list[str]:
    return [each.source for each in made.rows()]


# Learning


def test_only_what_people_accepted_is_learned(tmp_path: Path) -> None:
    """A draft is not, a reviewed entry is, and so is one whose source is gone."""
    write(tmp_path, entry(FORUM, FRENCH), entry("Draft text", "Brouillon", fuzzy=True), entry("Empty", ""),
          entry(TREES, ARBRES, obsolete=True), entry("Gone draft", "Parti", fuzzy=True, obsolete=True))  # fmt: skip
    made = Memory(tmp_path / "memory.db")
    refresh(made, tmp_path)
    assert sorted(sources(made)) == sorted([FORUM, TREES])
    assert {(each.origin, each.author) for each in made.rows()} == {("2026-11", "Inés <ines@city.example>")}


def test_only_changed_catalogs_are_read(tmp_path: Path) -> None:
    """The second run reads none, a changed one is read again, and so is one whose provenance changed."""
    write(tmp_path, entry(FORUM, FRENCH))
    write(tmp_path, entry(TREES, "Árvores"), name="pt_BR.po")
    made = Memory(tmp_path / "memory.db")
    assert [refresh(made, tmp_path, ("fr", "pt-BR")) for _ in range(2)] == [2, 0]
    write(tmp_path, entry(FORUM, FRENCH), entry(TREES, ARBRES))
    assert [refresh(made, tmp_path, ("fr", "pt-BR")) for _ in range(2)] == [1, 0]
    (tmp_path / "2026-11" / "state").mkdir()
    (tmp_path / "2026-11" / "state" / "pt_BR.json").write_text("{}")
    assert [refresh(made, tmp_path, ("fr", "pt-BR")) for _ in range(2)] == [1, 0]


def test_a_correction_replaces_and_a_withdrawal_removes(tmp_path: Path) -> None:
    """What stands in the catalog now is what is remembered of it."""
    made = Memory(tmp_path / "memory.db")
    write(tmp_path, entry(FORUM, "Faux"), entry(TREES, ARBRES))
    refresh(made, tmp_path)
    write(tmp_path, entry(FORUM, FRENCH), entry(TREES, ARBRES, fuzzy=True))
    refresh(made, tmp_path)
    assert [(each.source, each.target) for each in made.rows()] == [(FORUM, FRENCH)]


def test_what_vanished_stays(tmp_path: Path) -> None:
    """A text that left the catalog, and a catalog that left the disk, are remembered for ever."""
    made = Memory(tmp_path / "memory.db")
    path = write(tmp_path, entry(FORUM, FRENCH), entry(TREES, ARBRES))
    refresh(made, tmp_path)
    write(tmp_path, entry(TREES, ARBRES))
    refresh(made, tmp_path)
    path.unlink()
    refresh(made, tmp_path)
    assert sorted(sources(made)) == sorted([FORUM, TREES])


def test_a_damaged_catalog_is_left_for_next_time(tmp_path: Path) -> None:
    """It stops nothing, forgets nothing, and is read as soon as it is mended."""
    made = Memory(tmp_path / "memory.db")
    path = write(tmp_path, entry(FORUM, FRENCH))
    refresh(made, tmp_path)
    good = path.read_bytes()
    path.write_bytes(good + b"<<<<<<< ours\n")
    assert (refresh(made, tmp_path), sources(made)) == (0, [FORUM])
    path.write_bytes(good + b'\nmsgid "More"\nmsgstr "Plus"\n')
    assert (refresh(made, tmp_path), len(sources(made))) == (1, 2)


def test_the_caller_decides_what_counts_as_reviewed(tmp_path: Path) -> None:
    """A reader that knows the provenance says what is approved, and what only looks reviewed."""
    write(tmp_path, entry(FORUM, FRENCH), entry(TREES, ARBRES))
    made = Memory(tmp_path / "memory.db")
    made.refresh(tmp_path, source="en", languages=["fr"])

    def stricter(path: Path, language: str) -> Iterable[Reviewed]:
        for each in reviewed_in(path, language):
            yield Reviewed(
                context=each.context, source=each.source, target=each.target * (each.source == FORUM), approved=True
            )

    os.utime(tmp_path / "2026-11" / "po" / "fr.po", (1, 1))
    made.refresh(tmp_path, source="en", languages=["fr"], reviewed=stricter)
    assert [(each.source, each.approved) for each in made.rows()] == [(FORUM, True)]


def test_an_older_import_does_not_undo_a_correction(tmp_path: Path) -> None:
    """Of two translations of the same place, an import brings only the later one."""
    made = memory(tmp_path, row(FORUM, FRENCH))
    assert made.add([row(FORUM, "Vieux", date="2020-01-01T00:00:00Z")]) == 0
    assert made.add([row(FORUM, "Neuf", date="2030-01-01T00:00:00Z")]) == 1
    assert [each.target for each in made.rows()] == ["Neuf"]


# The file


def test_reading_makes_no_file(tmp_path: Path) -> None:
    """To look something up, as a dry run does, writes nothing."""
    made = Memory(tmp_path / "memory.db")
    assert (find(made, FORUM), list(made.rows()), list(tmp_path.iterdir())) == (None, [], [])


def _damage(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4000)


def _text(path: Path) -> None:
    path.write_text("this is no database\n" * 100)


def _newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA application_id = {store.APPLICATION}")
        connection.execute("PRAGMA user_version = 99")
        connection.execute("CREATE TABLE entry (x)")
    connection.close()


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE batch (id)")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "what"),
    [(_damage, "damaged"), (_text, "damaged"), (_newer, "newer version"), (_foreign, "another program's")],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, spoil, what: str) -> None:  # type: ignore[no-untyped-def]
    """It names the file and how to build it anew, and leaves it as it is."""
    path = tmp_path / "memory.db"
    spoil(path)
    before = path.read_bytes()
    for use in (lambda made: find(made, FORUM), lambda made: made.add([row(FORUM, FRENCH)])):
        with pytest.raises(TranslationError, match=what) as error:
            use(Memory(path))
        assert "builds it anew from the PO files" in str(error.value)
        assert str(path) in str(error.value)
    assert path.read_bytes() == before


def test_a_file_of_nothing_is_an_empty_memory(tmp_path: Path) -> None:
    """So a crash before the first commit leaves it."""
    (tmp_path / "memory.db").touch()
    made = Memory(tmp_path / "memory.db")
    assert find(made, FORUM) is None
    made.add([row(FORUM, FRENCH)])
    assert found(made, FORUM).text == FRENCH


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    """The next step is to look at the folder."""
    with pytest.raises(TranslationError, match=r"cannot be used.*folder"):
        Memory(tmp_path / "no" / "memory.db").add([row(FORUM, FRENCH)])


def _run(code: str, *arguments: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stderr=subprocess.PIPE)


KILLED_IMPORT = """
import os, signal, sys
from pathlib import Path
from newsletter.translation.memory.matching import Remembered
from newsletter.translation.memory import Memory

def rows():
    for n in range(9000):
        if n == 8000:
            os.kill(os.getpid(), signal.SIGKILL)
        yield Remembered(source_language="en", target_language="fr", context="a|b", source=f"{n} " + "word " * 80,
                         target="mot " * 80, origin="big.tmx", date="2026-01-01T00:00:00Z")

Memory(Path(sys.argv[1])).add(rows())
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_import_leaves_what_was_there(tmp_path: Path) -> None:
    """Killed with half of it already in the file, the next reader finds the old content and nothing else."""
    made = memory(tmp_path, row(FORUM, FRENCH))
    child = _run(KILLED_IMPORT, made.path)
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert (tmp_path / "memory.db-journal").stat().st_size > 0  # the file itself was being written
    assert sources(made) == [FORUM]
    assert made.add([row(TREES, ARBRES)]) == 1


KILLED_REFRESH = """
import os, signal, sys
from pathlib import Path
from newsletter.translation import memory

def reader(path, language):
    for n, each in enumerate(memory.reviewed_in(path, language)):
        if path.parent.parent.name == "2026-03" and n == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        yield each

memory.Memory(Path(sys.argv[1])).refresh(Path(sys.argv[2]), source="en", languages=["fr"], reviewed=reader)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_refresh_is_finished_by_the_next(tmp_path: Path) -> None:
    """All changed catalogs are learned, or none, and none is forgotten."""
    for month in range(1, 6):
        write(tmp_path, entry(f"{FORUM} {month}", FRENCH), entry(f"{TREES} {month}", ARBRES), issue=f"2026-0{month}")
    made = memory(tmp_path, row(FORUM, FRENCH))
    child = _run(KILLED_REFRESH, made.path, tmp_path)
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert sources(made) == [FORUM]
    assert (refresh(made, tmp_path), len(sources(made))) == (5, 11)


TWO = """
import sys
from pathlib import Path
from newsletter.model import Translated
from newsletter.translation.memory.cache import EngineCache
from newsletter.translation.memory import Memory

memory, cache, issues = Memory(Path(sys.argv[1])), EngineCache(Path(sys.argv[1])), Path(sys.argv[2])
for n in range(15):
    for path in issues.glob("*/po/fr.po"):
        path.touch()
    memory.refresh(issues, source="en", languages=["fr"])
    cache.put("engine", {f"{sys.argv[3]} {n}": Translated(text="x")})
    assert memory.find("Volunteers planted two hundred trees along the river.", source="en", target="fr")
assert not cache.trouble, cache.trouble
"""


def test_two_processes_share_the_file(tmp_path: Path) -> None:
    """Both learn, look up and cache at once; neither fails, nothing is lost."""
    write(tmp_path, entry(FORUM, FRENCH), entry(TREES, ARBRES))
    path = tmp_path / "memory.db"
    children = [_run(TWO, path, tmp_path, name) for name in "ab"]
    assert [(child.communicate(timeout=60)[1], child.returncode) for child in children] == [(b"", 0)] * 2
    with sqlite3.connect(path) as connection:
        counts = connection.execute("SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM answer)").fetchone()
    connection.close()
    assert counts == (2, 30)
