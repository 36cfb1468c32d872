"""An approved campaign in a folder, ready to be sent, and what sends it."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import trustme
from plans import URL, begin, plan, readers
from senders import Driver
from troubles import mount, unmount

from newsletter.delivery.outbox import Outbox


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The only authority that is trusted: a provider on this machine has its certificate from here."""
    return trustme.CA()


@pytest.fixture(scope="session")
def surroundings(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What every sender finds in its environment; reading one authority also takes less time than reading them all."""
    trusted = tmp_path_factory.mktemp("trusted") / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    return {"NO_PROXY": "127.0.0.1", "RES_OPTIONS": "timeout:1 attempts:1", "SSL_CERT_FILE": str(trusted)}


@pytest.fixture(autouse=True)
def _surrounded(surroundings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Senders inside the tests' own process find the same."""
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def driver(surroundings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """Starts processes, for all tests."""
    if os.name != "posix":
        pytest.skip("the senders are forked")
    started = Driver(tmp_path_factory.mktemp("says"), **surroundings)
    yield started
    started.close()


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A folder with a campaign that nobody changes; the same numbers give the same one."""

    @cache
    def make(count: int, size: int, canary: int) -> Path:
        folder = tmp_path_factory.mktemp("planned")
        with Outbox(URL, folder) as outbox:
            begin(outbox, plan(outbox, readers(count), size=size, canary=canary))
        return folder

    return make


@pytest.fixture
def campaign(tmp_path: Path, planned: Callable[..., Path]) -> Callable[..., Path]:
    """Plan and approve a campaign for so many readers in batches of so many; the folder with the outbox.

    Each has a folder of its own, called by ``name``.
    """

    def make(count: int, size: int, name: str = "letter", *, canary: int = 0) -> Path:
        return Path(shutil.copytree(planned(count, size, canary), tmp_path / name))

    return make


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk, on Linux")
    place = tmp_path / "disk"
    place.mkdir()
    if why := mount(place, megabytes=2):
        if os.environ.get("NEWSLETTER_REQUIRE_ALL") == "1":
            pytest.fail(f"no disk can be mounted here, and NEWSLETTER_REQUIRE_ALL=1 promises it: {why}")
        pytest.skip(f"no disk can be mounted here: {why}")
    yield place
    unmount(place)
