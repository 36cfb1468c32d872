"""A newsletter's outbox, a list of readers and a provider that does what a test tells it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from newsletter.delivery.envelope import Envelope, Filling
from newsletter.delivery.limits import Pace, Rates
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.plan import Plan, Terms
from newsletter.delivery.providers import Limits
from newsletter.delivery.sender import Report, send
from newsletter.model import Address, Batch, Choice, Columns, Edition, Receipt, Subscriber

URL = "sqlite:///newsletter.db"
SENDER = Address(email="news@river-cities.example", name="River Cities Letter")


class Clock:
    """A clock that runs as always, from a morning in November, and that a test puts forward."""

    def __init__(self) -> None:
        self._start = datetime(2026, 11, 13, 9, tzinfo=UTC) - timedelta(seconds=time.monotonic())

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic())

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self._start += timedelta(**by)


@dataclass
class Scripted:
    """A provider that answers with the next thing of its script: an error, receipts, or None for "accepted"."""

    limits: Limits = field(
        default_factory=lambda: Limits(messages=4, bytes=10**9, idempotency="request", key_life=3600)
    )
    script: list[Any] = field(default_factory=list)
    name: str = "scripted"
    requests: list[Batch] = field(default_factory=list)
    before: Callable[[Batch], None] = lambda _batch: None

    async def send(self, client: Any, batch: Batch) -> list[Receipt]:
        self.requests.append(batch)
        self.before(batch)
        answer = self.script.pop(0) if self.script else None
        if isinstance(answer, Exception):
            raise answer
        return [Receipt(key=m.key, provider_id=f"id-{m.key}") for m in batch.messages] if answer is None else answer

    @property
    def mailed(self) -> list[str]:
        """The addresses of every request, in order."""
        return [message.to.email for batch in self.requests for message in batch.messages]


def edition(language: str = "en", **changes: Any) -> Edition:
    """A small edition in one language."""
    text = f"in {language}"
    values = {"issue": "2026-11", "language": language, "direction": "ltr", "subject": text, "preheader": ""}
    texts = {"html": f"<p>{text}</p>", "text": text, "nonce": "f00d", "hash": f"hash-{language}"}
    return Edition(**{**values, **texts, **changes})


def choice(number: int | str, language: str = "en", *, kind: Any = "chosen", **changes: Any) -> Choice:
    """What one reader gets; the address follows from the number."""
    address = Address(email=f"reader{number}@city.example", name=f"Reader {number}")
    reader = Subscriber(**{"address": address, "languages": (language or "fa",), "organisation": "City", **changes})
    return Choice(subscriber=reader, language=language, kind=kind, reason="a test")


def choices(count: int, language: str = "en") -> list[Choice]:
    """Readers 0 to count - 1."""
    return [choice(number, language) for number in range(count)]


FAST = Rates(per_second=1e6)


def pace(rates: Rates = FAST, *, chance: Callable[[float, float], float] = lambda _low, _high: 0.0) -> Pace:
    """The pace of the scripted provider, without waiting after a failure."""
    return Pace(provider="scripted", rates=rates, chance=chance)


def filling(edition: Edition) -> Filling:
    def fill(columns: Columns, _count: int) -> list[tuple[str, str, str]]:
        return [(edition.subject, edition.html, f"{name}: {edition.text}") for name in columns["recipient.name"]]

    return Filling(fields=(), fill=fill)


@dataclass
class Desk:
    """Plans, approves and sends with one provider, as a script would."""

    outbox: Outbox
    clock: Clock
    provider: Scripted = field(default_factory=Scripted)
    editions: dict[str, Edition] = field(default_factory=lambda: {"en": edition("en"), "es": edition("es")})

    def terms(self, *, canary: int = 0, **settings: str) -> Terms:
        """What plans are made under."""
        issue, name = "2026-11", "River Cities"
        limits = self.provider.limits
        return Terms(
            issue=issue,
            newsletter=name,
            provider=self.provider.name,
            limits=limits,
            per_second=50,
            canary=canary,
            settings={**Envelope(sender=SENDER).settings, **settings},
        )

    def plan(self, readers: Any, *, due: Callable[[Subscriber], datetime] | None = None, **settings: Any) -> Plan:
        """A draft."""
        now = self.clock()
        return self.outbox.freeze(readers, self.editions, self.terms(**settings), due=due or (lambda _: now))

    def approved(self, readers: Any, **options: Any) -> Plan:
        """A plan that somebody approved and that was checked, so that it goes out."""
        plan = self.outbox.approve(self.plan(readers, **options).hash, "Octavi")
        self.outbox.start(plan.campaign)
        return plan

    def send(self, **options: Any) -> Report:
        """One run of the sender, without waiting."""
        return send(
            self.outbox,
            options.pop("provider", self.provider),
            **{
                "compile": filling,
                "rates": FAST,
                "pace": pace(),
                "clock": self.clock,
                **options,
            },
        )
