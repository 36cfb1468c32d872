"""An outbox that is damaged, protected, gone or from the future: one sentence, exit code 2, and nothing is sent."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from invariants import violations
from plans import emails, write_list
from points import Doom
from resend_server import ResendServer
from senders import Driver
from test_crashes import finish
from test_disk import SHORT
from troubles import protect, release

Campaign = Callable[..., Path]
READERS, SIZE = 100, 5


def _cut(path: Path, share: float) -> None:
    """Leave only the first part of a file."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(int(size * share))


def _checkpoint(path: Path) -> None:
    """Everything is in the file itself, as after a run that nobody disturbed."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def truncated(path: Path) -> None:
    """Half of it is lost."""
    _checkpoint(path)
    _cut(path, 0.5)


def hardly_there(path: Path) -> None:
    """Only its very beginning is left."""
    _checkpoint(path)
    _cut(path, 0.01)


def overwritten(path: Path) -> None:
    """It is something else."""
    path.write_text("A list of what to buy: bread, milk, stamps.\n" * 1000, "utf-8")


def scribbled(path: Path) -> None:
    """Its pages are full of something else."""
    _checkpoint(path)
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))


def newer(path: Path) -> None:
    """A later version of the library was here."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
        connection.commit()


def deleted(path: Path) -> None:
    """The file is gone, and what lies beside it is not."""
    path.unlink()


DAMAGES = [truncated, hardly_there, overwritten, scribbled, newer, deleted]


def damaged(
    driver: Driver, folder: Path, server: ResendServer, damage: Callable[[Path], None], **order: object
) -> tuple[int, str, list[str]]:
    """Send half, do damage, send again, and put the outbox back; how the second run ended, and what is wrong then."""
    path = folder / "newsletter.db"
    assert driver.start(folder, server.url, dooms=(Doom("settled", 6),)).wait() == -9
    kept = folder.with_name("kept")
    shutil.copytree(folder, kept)
    damage(path)
    before = len(server.times)
    second = driver.start(folder, server.url, **order)
    code, said = second.wait(), second.error
    found = [f"{sent} requests were sent"] if (sent := len(server.times) - before) else []
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    finish(driver, folder, server)
    return code, said, found + violations(folder, server)


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_outbox_that_cannot_be_used(campaign: Campaign, driver: Driver, damage: Callable[[Path], None]) -> None:
    """Nothing is sent from it; put back as it was, everybody gets the mail once."""
    folder = campaign(READERS, SIZE)
    with ResendServer() as server:
        code, said, found = damaged(driver, folder, server, damage)
        assert (code, found) == (2, [])
        assert "newsletter.db: the outbox" in said
        assert set(server.ledger) == emails(READERS)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_sender_that_begins_afresh_is_found_out(
    campaign: Campaign, driver: Driver, damage: Callable[[Path], None]
) -> None:
    """Whoever makes a new outbox where the old one cannot be used mails everybody again."""
    folder = campaign(READERS, SIZE)
    write_list(folder, READERS)
    with ResendServer() as server:
        _, _, found = damaged(driver, folder, server, damage, without=("afresh",))
        assert [one for one in found if one.startswith("I1")]


@pytest.mark.parametrize("careless", [(), ("aside",)], ids=["ours", "aside"])
def test_an_outbox_that_nobody_may_write(
    campaign: Campaign, driver: Driver, disk: Path, careless: tuple[str, ...]
) -> None:
    """On a disk that is read-only nothing is announced, so nothing is sent; a sender that uses a copy is found out."""
    folder = campaign(READERS, SIZE, "disk/letter")
    protect(disk)
    with ResendServer(keeps_keys=False) as server:
        sender = driver.start(folder, server.url, kind="none", without=careless)
        code, sent = sender.wait(), len(server.times)
        release(disk)
        finish(driver, folder, server, kind="none")
        twice = [one for one in violations(folder, server) if one.startswith("I1")]
        assert (code, sent > 0, bool(twice)) == ((0, True, True) if careless else (2, False, False))
        if not careless:
            assert "cannot be locked (Read-only file system). Make its folder writable." in sender.error
            assert violations(folder, server) == []
            assert set(server.ledger) == emails(READERS)


@pytest.mark.parametrize("careless", [(), ("unwatched",)], ids=["ours", "unwatched"])
@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_an_outbox_that_goes_while_it_is_used(
    campaign: Campaign, driver: Driver, replaced: bool, careless: tuple[str, ...]
) -> None:
    """What would be written is in a file that nobody finds again: the run ends, and the file put back goes on."""
    folder = campaign(READERS, SIZE)
    path = folder / "newsletter.db"
    with ResendServer(delay=0.02) as server:
        order = {"constants": SHORT, "without": careless}
        sender = driver.start(folder, server.url, dooms=(Doom("filled", 10, "stop"),), **order)
        sender.stopped()
        away = path.rename(folder / "away.db")
        if replaced:
            shutil.copy(away, path)
        sent = len(server.times)
        sender.go_on()
        code, more = sender.wait(), len(server.times) - sent
        assert (code, more > 1) == ((0, True) if careless else (2, False))
        if careless:
            return
        assert "deleted, moved or replaced while it was in use" in sender.error
        away.rename(path)
        finish(driver, folder, server)
        assert violations(folder, server) == []
        assert set(server.ledger) == emails(READERS)
