"""What engines answered before: kept per engine, bounded, and never in the way."""

import sqlite3
from pathlib import Path

import pytest

from newsletter.model import Translated
from newsletter.translation.memory.cache import EngineCache

HELLO = {"Good morning.": Translated(text="Bon dia.")}
DAY = 86_400


def used(path: Path) -> list[int]:
    """The days of last use of all answers, counted from 1970."""
    connection = sqlite3.connect(path)
    try:
        return sorted(day for (day,) in connection.execute("SELECT used FROM answer"))
    finally:
        connection.close()


def test_what_was_put_is_got(tmp_path: Path) -> None:
    """The text and the engine's own doubt, in another process as well; unknown sentences are left out."""
    answers = {**HELLO, "A": Translated(text="", doubt="it repeats itself")}
    EngineCache(tmp_path / "memory.db").put("engine 1", answers)
    assert EngineCache(tmp_path / "memory.db").get("engine 1", ["A", "Good morning.", "B"]) == answers


def test_another_engine_has_its_own_answers(tmp_path: Path) -> None:
    """A model's hash or an option that changed makes another fingerprint, which knows nothing."""
    cache = EngineCache(tmp_path / "memory.db")
    cache.put("engine 1", HELLO)
    cache.put("engine 1g", {"ood morning.": Translated(text="no")})
    assert cache.get("engine 2", list(HELLO)) == {}
    assert cache.get("engine 1", list(HELLO)) == HELLO


def test_an_engine_without_a_fingerprint_is_never_cached(tmp_path: Path) -> None:
    """It may answer otherwise the next time; not even the file is made."""
    cache = EngineCache(tmp_path / "memory.db")
    cache.put("", HELLO)
    assert (cache.get("", list(HELLO)), cache.trouble, list(tmp_path.iterdir())) == ({}, "", [])


def test_a_newer_answer_replaces_the_older(tmp_path: Path) -> None:
    """The last word counts."""
    cache = EngineCache(tmp_path / "memory.db")
    cache.put("e", {"A": Translated(text="old", doubt="why")})
    cache.put("e", {"A": Translated(text="new")})
    assert cache.get("e", ["A"]) == {"A": Translated(text="new")}


def test_many_sentences_at_once(tmp_path: Path) -> None:
    """More than a statement takes parameters."""
    answers = {f"sentence {n}": Translated(text=str(n)) for n in range(2100)}
    cache = EngineCache(tmp_path / "memory.db")
    cache.put("e", answers)
    assert cache.get("e", list(answers)) == answers


def test_the_longest_unused_answers_go_first(tmp_path: Path) -> None:
    """Use counts, not age: an old answer that is asked for again stays."""
    path = tmp_path / "memory.db"
    for day in range(4):
        EngineCache(path, clock=lambda day=day: day * DAY).put("e", {str(day): Translated(text="x")})
    EngineCache(path, clock=lambda: 9 * DAY).get("e", ["0"])
    EngineCache(path, clock=lambda: 9 * DAY, kept=3).put("e", {"new": Translated(text="x")})
    assert sorted(EngineCache(path).get("e", ["0", "1", "2", "3", "new"])) == ["0", "3", "new"]


def test_a_day_of_use_is_noted_once(tmp_path: Path) -> None:
    """A run that finds everything only reads, but for the first of a day."""
    path, now = tmp_path / "memory.db", [5.5 * DAY]
    cache = EngineCache(path, clock=lambda: now[0])
    cache.put("e", HELLO)
    before = path.stat().st_mtime_ns
    cache.get("e", list(HELLO))
    assert (path.stat().st_mtime_ns, used(path)) == (before, [5])
    now[0] = 6.1 * DAY
    cache.get("e", list(HELLO))
    assert used(path) == [6]


def _damaged(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4000)


def _folder(path: Path) -> None:
    path.mkdir()


def _unwritable(path: Path) -> None:
    """A file that refuses every change, as a full or read-only disk does (tests run as root may write anywhere)."""
    EngineCache(path, clock=lambda: 0).put("e", {"old": Translated(text="x")})
    connection = sqlite3.connect(path)
    for change in ("INSERT", "UPDATE"):
        connection.execute(
            f"CREATE TRIGGER no_{change} BEFORE {change} ON answer BEGIN SELECT raise(FAIL, 'full'); END"
        )
    connection.close()


@pytest.mark.parametrize("spoil", [_damaged, _folder, _unwritable])
def test_no_trouble_stops_a_translation(tmp_path: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    """It is said once, in one sentence with the file's name, and the work goes on without the cache."""
    path = tmp_path / "memory.db"
    spoil(path)
    cache = EngineCache(path)
    cache.put("e", HELLO)
    assert str(path) in cache.trouble
    assert cache.get("e", list(HELLO)) == {}


def test_trouble_with_reading_is_said_too(tmp_path: Path) -> None:
    """The first thing a run does is to look for known answers."""
    _damaged(tmp_path / "memory.db")
    cache = EngineCache(tmp_path / "memory.db")
    assert cache.get("e", list(HELLO)) == {}
    assert "damaged" in cache.trouble


def test_what_cannot_be_written_is_still_read(tmp_path: Path) -> None:
    """On a disk that is full or read-only, known answers are used, as often as they are asked for."""
    path = tmp_path / "memory.db"
    _unwritable(path)
    cache = EngineCache(path)
    assert [cache.get("e", ["old"]) for _ in range(2)] == [{"old": Translated(text="x")}] * 2
    assert "full" in cache.trouble
    assert used(path) == [0]
