"""How long a web service wants us to wait; every stage that talks HTTP reads it the same way."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_PAUSE = 86_400.0
"""Seconds that a service is waited for at most, whoever says how long: a ``Retry-After``, an option ``timeout``."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until a service wants to be asked again (RFC 9110 §10.2.3); None where it does not say.

    A date has whole seconds, so one is added; what is past means now, and more than a day is a day.
    """
    value = headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds() + 1
    return min(max(seconds, 0.0), LONGEST_PAUSE) if math.isfinite(seconds) else None
