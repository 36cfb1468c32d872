"""This computer: databases, room, who may read what, languages and time zones."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from surroundings import TOML, Around, said

from newsletter.doctor import databases, disk, languages, log, privacy


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ((3, 34, 1), "problem"),
        ((3, 35, 0), "note"),
        ((3, 44, 5), "note"),
        ((3, 44, 6), "ok"),
        ((3, 45, 0), "note"),
        ((3, 50, 6), "note"),
        ((3, 50, 7), "ok"),
        ((3, 51, 2), "note"),
        ((3, 51, 3), "ok"),
        ((4, 0, 0), "ok"),
    ],
)
def test_a_version_of_sqlite(version: tuple[int, int, int], level: str) -> None:
    """Too old for the outbox, with the fault of the log, or free of it."""
    assert databases.judge_version(version).level == level


def test_this_computers_sqlite_will_do(around: Around) -> None:
    """The tests of the outbox would fail with another."""
    assert next(databases.version(around())).level in ("ok", "note")


def test_databases_are_read_to_the_end(around: Around, tmp_path: Path) -> None:
    """Both where they are there; a whole one is whole, and nothing is written beside it."""
    made = around()
    assert said(databases.whole(made)) == [("ok", "There is no database yet; the first plan makes it.")]
    _fill(tmp_path / "newsletter.db")
    _fill(tmp_path / "memory.db")
    before = sorted(path.name for path in tmp_path.iterdir())
    assert said(databases.whole(made)) == [("ok", "newsletter.db is whole."), ("ok", "memory.db is whole.")]
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_damaged_database_is_a_problem(around: Around, tmp_path: Path) -> None:
    """A page overwritten, or no database at all."""
    path = tmp_path / "newsletter.db"
    _fill(path)
    data = bytearray(path.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    path.write_bytes(data)
    (tmp_path / "memory.db").write_text("no database, but a text that somebody saved under its name", "utf-8")
    found = said(databases.whole(around()))
    assert [level for level, _text in found] == ["problem", "problem"]
    assert all("is damaged" in text and "restore it from a backup" in text for _level, text in found)


def test_a_locked_database_says_nothing(around: Around, tmp_path: Path) -> None:
    """Somebody else is at it; that is no damage."""
    path = tmp_path / "memory.db"
    _fill(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ((level, text),) = said([databases._read(path, patience=0)])
    assert (level, "could not be read" in text) == ("warning", True)


def test_a_servers_outbox_has_no_file(around: Around) -> None:
    """The server looks after it."""
    made = around(toml=f'{TOML}\n[outbox]\nurl = "postgresql://db.example/letters"\n')
    assert databases.outbox(made.config) == []
    assert said(log.look(made)) == []


@pytest.mark.parametrize(
    ("free", "needed", "level", "says"),
    [
        (10**12, 2 * 10**8, "ok", "1000 GB are free"),
        (3 * 10**8, 2 * 10**8, "ok", "300 MB are free"),
        (10**8, 2 * 10**8, "problem", "Only 100 MB are free on the disk of the newsletter; 200 MB should be."),
    ],
)
def test_room_on_the_disk(free: int, needed: int, level: str, says: str) -> None:
    """Enough, or how much there should be."""
    ((found, text),) = said([disk.judge(free=free, needed=needed)])
    assert (found, says in text) == (level, True), text


def test_the_disk_of_the_newsletter_is_looked_at(around: Around, tmp_path: Path) -> None:
    """With a database that is there."""
    _fill(tmp_path / "newsletter.db")
    ((_level, text),) = said(disk.look(around()))
    assert "free on the disk" in text


@pytest.mark.parametrize(
    ("log_size", "database_size", "level"),
    [
        (0, 0, "ok"),
        (log.LARGEST, 0, "ok"),
        (log.LARGEST + 1, 0, "warning"),
        (3 * 10**8, 10**9, "ok"),
        (3 * 10**9, 10**9, "warning"),
    ],
)
def test_the_length_of_a_log(log_size: int, database_size: int, level: str) -> None:
    """Long is what is more than usual, and more than the database itself."""
    assert log.judge("newsletter.db", log=log_size, database=database_size).level == level


def test_the_log_of_the_outbox_is_looked_at(around: Around, tmp_path: Path) -> None:
    """Where there is one; what is said names it, how long it is and what to do next."""
    made = around()
    assert said(log.look(made)) == [("ok", "The log of newsletter.db is not too long.")]
    with (tmp_path / "newsletter.db-wal").open("wb") as file:
        file.truncate(3 * 10**8)  # takes no room
    ((level, text),) = said(log.look(made))
    assert level == "warning"
    assert text.startswith("The log of newsletter.db has grown to 300 MB, ")
    assert text.endswith("Close the program that reads newsletter.db; the next newsletter send empties the log.")


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder that everybody on this computer can enter."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.parametrize(
    ("mode", "above", "exposed"), [(0o644, 0o755, True), (0o640, 0o755, False), (0o644, 0o750, False)]
)
def test_who_can_read_a_file(common: Path, mode: int, above: int, exposed: bool) -> None:
    """Everybody, if the file and every folder above it let them."""
    path = common / "members.csv"
    path.write_text("email\n", "utf-8")
    path.chmod(mode)
    common.chmod(above)
    assert privacy.exposed(path) == exposed


def test_what_others_can_read_is_named(around: Around, common: Path) -> None:
    """The members, the mails in a folder, the outbox and .env; what is kept from them is not."""
    made = around(
        toml=TOML.replace('path = "outbox"', f'path = "{common}/mails"') + '[audience]\npath = "members.csv"\n'
    )
    made = replace(made, config=replace(made.config, folder=common))
    assert said(privacy.look(made)) == [("ok", "Nobody else on this computer can read the members' data.")]
    (common / "mails").mkdir(mode=0o755)
    for name, mode in {"members.csv": 0o644, ".env": 0o644, "newsletter.db": 0o600}.items():
        (common / name).touch()
        (common / name).chmod(mode)
    ((level, text),) = said(privacy.look(made))
    assert level == "warning"
    assert "can read members.csv, mails, .env." in text
    assert text.endswith(f"chmod o-rwx {common.resolve()}")


def test_languages_without_a_package_are_named(around: Around, tmp_path: Path) -> None:
    """They are translated by people, which is no fault."""
    toml = TOML.replace('["en"]', '["en", "es", "fr"]') + '[translation]\npackages = "packages"\n'
    ((level, text),) = said(languages.engines(around(toml=toml)))
    assert (level, "Nothing drafts es, fr, so" in text) == ("note", True)
    assert said(languages.engines(around())) == [("ok", "Every language has what drafts it.")]


def test_an_engine_without_its_key_is_a_problem(around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named."""
    monkeypatch.delenv("DEEPL_KEY", raising=False)
    toml = TOML.replace('["en"]', '["en", "es"]')
    made = around(toml=f'{toml}\n[translation]\nengine = "deepl"\nkey = {{ env = "DEEPL_KEY" }}\n')
    (level, text), other = said(languages.engines(made))
    assert (level, "DEEPL_KEY is not set" in text) == ("problem", True)
    assert other[0] == "ok"


def test_time_zones_are_known(around: Around) -> None:
    """From the system or from the package that comes along."""
    ((level, text),) = said(languages.time_zones(around()))
    assert (level, text.endswith("time zones are known.")) == ("ok", True)


def _fill(path: Path) -> None:
    """A small database of some pages."""
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE words (word TEXT)")
        made.executemany("INSERT INTO words VALUES (?)", [("river " * 50,)] * 200)
