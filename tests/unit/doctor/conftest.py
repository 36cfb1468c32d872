"""A newsletter whose surroundings a test makes up: its names, its provider and its clock."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from nameserver import INTERNET, Zone, name_server
from surroundings import TOML, Around

from newsletter import config, plugins
from newsletter.doctor import Surroundings, mailboxes
from newsletter.doctor.lookups import Lookups


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Around]:
    """What surrounds a newsletter with this ``newsletter.toml``, where the names of ``zone`` exist."""
    with ExitStack() as opened:

        def make(zone: Zone | None = None, toml: str = TOML, *, now: datetime | None = None) -> Surroundings:
            (tmp_path / config.FILE).write_text(toml, "utf-8")
            loaded = config.load(tmp_path)
            resolver = opened.enter_context(name_server({**INTERNET, **(zone or {})}))
            return Surroundings(
                config=loaded,
                domain=mailboxes.domain(loaded.sender),
                provider=plugins.build(loaded.provider),
                dns=Lookups(resolver),
                client=opened.enter_context(httpx.Client()),
                now=lambda: now or datetime.now(UTC),
            )

        yield make
