"""How fast a provider may be asked: one row in the outbox, so that every worker and the next run keep to it as well.

A batch goes at once, and then the next one waits as long as its messages take under the rate, so the mean rate is never
exceeded by more than one batch (GCRA without a burst). What the provider wants, by ``Retry-After`` or by failing,
pauses everybody. Times are seconds since 1970 in UTC.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from newsletter.delivery.schema import rate
from newsletter.errors import ConfigError

SLOWEST, FASTEST = 1e-3, 1e6  # messages a second
BASE_SECONDS = 1.0
MOST_SECONDS = 300.0
OPEN_AFTER = 5  # failures in a row: the provider is down, and one batch at a time finds out whether it is back
OPEN_SECONDS = 30.0


def checked(per_second: float, option: str = "per_second") -> float:
    """The rate, if it is one."""
    if not SLOWEST <= per_second <= FASTEST:
        raise ConfigError(
            f"{per_second} a second is no rate.",
            where=f"[outbox] {option}",
            hint=f"Write a number from {SLOWEST:g} to {FASTEST:.0f}.",
        )
    return per_second


# Made once: to put these together takes longer than to run them.
_ROW = select(rate).where(rate.c.provider == bindparam("whose")).with_for_update()
_WRITE = update(rate).where(rate.c.provider == bindparam("whose"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """The most that may go out: messages and requests a second, and messages a UTC day; 0 where there is no bound."""

    per_second: float
    requests_per_second: float = 0
    per_day: int = 0

    def __post_init__(self) -> None:
        checked(self.per_second)
        if self.requests_per_second:
            checked(self.requests_per_second, "requests_per_second")
        if self.per_day < 0:
            raise ConfigError(
                f"{self.per_day} messages a day is no bound.", where="[outbox] per_day", hint="Write 0 for none."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Seconds until the next batch may go out, 0 meaning now; ``pause`` is the part that is not our own rate.

    ``failures`` counts those in a row.
    """

    seconds: float
    pause: float
    failures: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """The rate of one provider; every method is one step inside a transaction of the caller."""

    provider: str
    rates: Rates
    chance: Callable[[float, float], float] = field(default=random.uniform)

    def wait(self, connection: Connection, now: datetime) -> Wait:
        """How long the next batch must wait."""
        row, moment = self._row(connection), now.timestamp()
        pause = row.paused_until - moment
        if self.rates.per_day and row.day == _day(now) and row.day_messages >= self.rates.per_day:
            pause = max(pause, _midnight(now) - moment)
        own = max(row.messages_free_at, row.requests_free_at) - moment
        return Wait(seconds=max(0.0, pause, own), pause=max(0.0, pause), failures=row.failures)

    def spend(self, connection: Connection, messages: int, now: datetime) -> bool:
        """Whether so many messages may still go out today; if so, they go out now and the next batch waits."""
        row, moment = self._row(connection), now.timestamp()
        free_at = max(row.messages_free_at, moment) + messages / self.rates.per_second
        values: dict[str, Any] = {"messages_free_at": free_at}
        if self.rates.requests_per_second:
            values["requests_free_at"] = max(row.requests_free_at, moment) + 1 / self.rates.requests_per_second
        if self.rates.per_day:
            counted = row.day_messages if row.day == _day(now) else 0
            if counted and counted + messages > self.rates.per_day:
                self._write(connection, {"paused_until": max(row.paused_until, _midnight(now))})
                return False
            values |= {"day": _day(now), "day_messages": counted + messages}
        self._write(connection, values)
        return True

    def succeeded(self, connection: Connection) -> None:
        """The provider answered; the next failure starts counting from one."""
        if self._row(connection).failures:
            self._write(connection, {"failures": 0})

    def failed(self, connection: Connection, retry_after: float | None, now: datetime) -> float:
        """Pause everybody after a failure, for as long as the provider asked, else longer each time; the seconds."""
        row = self._row(connection)
        seconds = self.back_off(row.failures + 1) if retry_after is None else retry_after
        until = max(row.paused_until, now.timestamp() + seconds)
        self._write(connection, {"failures": row.failures + 1, "paused_until": until})
        return seconds

    def back_off(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row; pauses nothing by itself.

        Full jitter: some time between nothing and a bound that doubles, so that many senders do not return together.
        After many it is no longer left to chance: the provider gets some rest.
        """
        if failures >= OPEN_AFTER:
            rest = self.chance(OPEN_SECONDS, 2 * OPEN_SECONDS)
            return min(MOST_SECONDS, rest * 2.0 ** min(failures - OPEN_AFTER, 16))
        return self.chance(0, min(MOST_SECONDS, BASE_SECONDS * 2.0 ** min(failures, 16)))

    def _row(self, connection: Connection) -> Row[Any]:
        ours = {"whose": self.provider}
        row = connection.execute(_ROW, ours).one_or_none()
        if row is None:
            connection.execute(insert(rate).values(provider=self.provider))
            row = connection.execute(_ROW, ours).one()
        return row

    def _write(self, connection: Connection, values: dict[str, Any]) -> None:
        connection.execute(_WRITE, {"whose": self.provider, **values})


def set_back(connection: Connection, seconds: float) -> None:
    """The clock was put back by so much: nobody waits that much longer because of it."""
    earlier = {name: rate.c[name] - seconds for name in ("messages_free_at", "requests_free_at", "paused_until")}
    connection.execute(update(rate).values(**earlier))


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def _midnight(now: datetime) -> float:
    tomorrow = now.astimezone(UTC) + timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
