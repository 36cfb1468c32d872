"""The database as a file: who may open it, and what is said when it cannot be used."""

import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from desk import URL, Desk, choices
from sqlalchemy import text

from newsletter.delivery import schema
from newsletter.delivery.outbox import Outbox
from newsletter.errors import BusyError, ConfigError, NewsletterError, OutboxError


@pytest.mark.parametrize(
    "url", ["postgresql://user:geheim@db/x", "sqlite://", "sqlite:///:memory:", "newsletter.db", "mysql://h/x", ""]
)
def test_what_is_no_file_of_sqlite(tmp_path: Path, url: str) -> None:
    """A ConfigError that says what to write, and shows no password."""
    with pytest.raises(ConfigError, match=r"\[outbox\] url: .* Write url") as caught:
        Outbox(url, tmp_path)
    assert "geheim" not in str(caught.value)


def _not_a_database(path: Path) -> None:
    path.write_bytes(b"email,name\n" * 1000)


def _newer(path: Path) -> None:
    with Outbox(URL, path.parent) as outbox, outbox.transaction() as connection:
        connection.execute(text("UPDATE meta SET value = '99'"))


@pytest.mark.parametrize("mode", ["write", "read"])
@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_not_a_database, "file is not a database"),
        (_newer, "written by a newer version of newsletter .its tables have version 99"),
        (Path.mkdir, "unable to open database file|disk I/O error"),
    ],
)
def test_a_database_that_cannot_be_used(tmp_path: Path, spoil: object, sentence: str, mode: str) -> None:
    """One sentence with the file's name and exit code 2; the file stays as it is, and the lock is free again."""
    path = tmp_path / "newsletter.db"
    spoil(path)  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else b""
    for _ in range(2):
        with pytest.raises(OutboxError, match=sentence) as caught, Outbox(URL, tmp_path, mode=mode):  # type: ignore[arg-type]
            pass
        assert str(path) in str(caught.value)
        assert caught.value.exit_code == 2
    assert before == (path.read_bytes() if path.is_file() else b"")


def test_a_missing_folder(tmp_path: Path) -> None:
    """The sentence names the folder."""
    with (
        pytest.raises(OutboxError, match="gone: the folder of the outbox does not exist"),
        Outbox(URL, tmp_path / "gone"),
    ):
        pass


def test_a_disk_that_is_full(desk: Desk) -> None:
    """What was being written is undone as a whole, and the outbox goes on when there is space again."""
    older = desk.plan(choices(1))
    with desk.outbox.transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxError, match="disk is full"):
        desk.plan(choices(5000))
    with desk.outbox.transaction() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert [campaign.plan for campaign in desk.outbox.campaigns()] == [older]
    assert desk.plan(choices(5000)).messages == 5000


def test_one_writes_and_others_look(desk: Desk) -> None:
    """A second writer is refused, a reader sees what was committed, and writes nothing."""
    folder = desk.outbox.path.parent
    desk.approved(choices(3))
    with pytest.raises(BusyError, match="another send is running") as caught, Outbox(URL, folder):
        pass
    assert caught.value.exit_code == 75
    with Outbox(URL, folder, mode="read") as outbox:
        assert outbox.status("2026-11")["en"].pending == 3
        with desk.outbox.transaction():
            assert outbox.status("2026-11")["en"].pending == 3, "while the other writes"
        with pytest.raises(NewsletterError, match="attempt to write a readonly database"):
            outbox.cancel(outbox.campaigns()[0].plan.campaign)


def test_looking_before_anything_was_planned(tmp_path: Path) -> None:
    """Nothing is there, and looking makes no file."""
    with Outbox(URL, tmp_path, mode="read") as outbox:
        assert (outbox.campaigns(), outbox.status("2026-11"), outbox.uncertain()) == ([], {}, [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="rights are another matter there")
def test_nobody_else_reads_it(desk: Desk) -> None:
    """Names and addresses are in the database, its log and its shared memory."""
    desk.plan(choices(1))
    found = {path.name: stat.filemode(path.stat().st_mode) for path in desk.outbox.path.parent.iterdir()}
    assert {"newsletter.db", "newsletter.db-wal", "newsletter.db.lock"} <= set(found)
    assert set(found.values()) == {"-rw-------"}


def test_an_outbox_is_open_within_with(tmp_path: Path) -> None:
    """Outside it says so."""
    with pytest.raises(OutboxError, match="not open"):
        Outbox(URL, tmp_path).campaigns()


def test_a_power_cut_loses_no_commit(desk: Desk) -> None:
    """Every commit is synchronised (FULL) into a write-ahead log, and foreign keys hold."""
    with desk.outbox.transaction() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {p}").scalar() for p in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


def test_tables_have_a_version(desk: Desk) -> None:
    """So that a later version can migrate them."""
    with sqlite3.connect(desk.outbox.path) as connection:
        [version] = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    connection.close()
    assert int(version) == schema.VERSION
