"""When a message is due: at one moment for all, or at the same local time for everybody.

Twice a year a clock jumps. A time that does not exist is moved forward by the gap (02:30 becomes 03:30), one that
happens twice is taken the first time, so that nobody is skipped and nobody gets the mail twice.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from newsletter.errors import ConfigError

SUBSCRIBER = "subscriber"


def due(
    at: str | datetime | None,
    zone: str,
    *,
    newsletter_zone: str,
    subscriber_zone: str = "",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> datetime:
    """The moment in UTC at which a message is due; without ``at`` it is due now.

    ``at`` is a local time such as ``2017-11-13 09:00``, read in ``zone``: empty for the newsletter's own, an IANA name,
    or ``subscriber`` for each reader's own (the newsletter's where a reader has none, or an unknown one). An ``at``
    with an offset, such as ``2017-11-13T09:00+01:00``, is one moment whatever the zone.
    """
    if at is None:
        return now().astimezone(UTC)
    moment = parse(at)
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    if zone == SUBSCRIBER:
        known = subscriber_zone in _zones()
        return _utc(moment, subscriber_zone if known else newsletter_zone)
    return _utc(moment, checked(zone or newsletter_zone))


def parse(at: str | datetime) -> datetime:
    """A written date and time; a ConfigError where it is none, or where the time of day is missing."""
    if isinstance(at, datetime):
        return at
    try:
        moment = datetime.fromisoformat(at.strip())
    except ValueError:
        moment = None
    if moment is None or len(at.strip()) <= len("2017-11-13"):
        raise ConfigError(f"{at!r} is no date and time.", where="at", hint="Write it as 2017-11-13 09:00.")
    return moment


def checked(zone: str) -> str:
    """The name of a time zone, if there is such a zone."""
    if zone != SUBSCRIBER and zone not in _zones():
        raise ConfigError(
            f"unknown time zone {zone!r}.",
            where="timezone",
            hint=f"Use an IANA name such as Europe/Madrid, or {SUBSCRIBER!r} for each reader's own.",
        )
    return zone


@cache
def _zones() -> frozenset[str]:
    """The names of all zones; finding them reads a whole folder tree."""
    return frozenset(available_timezones())


def _utc(moment: datetime, zone: str) -> datetime:
    """A local time in UTC; ``fold=0`` takes the first of two, and moves a missing one by the gap."""
    return moment.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
