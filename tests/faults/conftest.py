"""An approved campaign in a folder, ready to be sent."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from driver import NEWS, URL

from newsletter.delivery.envelope import Envelope
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.plan import Terms
from newsletter.delivery.providers import Limits
from newsletter.model import Address, Choice, Edition, Subscriber

LANGUAGES = ("en", "ar")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider is on this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def campaign(tmp_path: Path) -> Callable[[int, int], Path]:
    """Plan and approve a campaign for so many readers in batches of so many; the folder with the outbox."""

    def make(readers: int, size: int) -> Path:
        editions = {
            tag: Edition(
                issue="2026-11",
                language=tag,
                direction="ltr",
                subject=tag,
                preheader="",
                html=f"<p>{tag}</p>",
                text=tag,
                nonce="f00d",
                hash=f"hash-{tag}",
            )
            for tag in LANGUAGES
        }
        chosen = (
            Choice(
                subscriber=Subscriber(address=Address(email=f"reader{n}@city.example", name=f"Reader {n}")),
                language=LANGUAGES[n % 2],
                kind="chosen",
                reason="a test",
            )
            for n in range(readers)
        )
        limits = Limits(messages=size, bytes=10**9)
        terms = Terms(
            issue="2026-11",
            newsletter="River Cities",
            provider="resend",
            limits=limits,
            per_second=1e6,
            settings=Envelope(sender=NEWS).settings,
        )
        now = datetime.now(UTC)
        with Outbox(URL, tmp_path) as outbox:
            plan = outbox.freeze(chosen, editions, terms, due=lambda _: now)
            outbox.approve(plan.hash, "Octavi")
            outbox.start(plan.campaign)
        return tmp_path

    return make
