"""The clock: where it is minutes wrong, signed requests, webhooks and certificates fail, and mails go out too early.

Compared with the ``Date`` of a web answer, which is right to a second; no time server is needed.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from newsletter.doctor import reaching
from newsletter.doctor.reaching import UnreachedError
from newsletter.doctor.verdicts import Verdict, note, ok, problem, warning

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings

TOLERATED = timedelta(seconds=60)
USELESS = timedelta(seconds=300)
"""What AWS and the signers of webhooks allow at most."""


def look(around: "Surroundings") -> Iterator[Verdict]:
    """The first answer with a date: the provider's, else that of ``base_url``."""
    urls = [url for url in (getattr(around.provider, "base_url", ""), around.config.publication.base_url) if url]
    trouble = "there is no web address to compare it with"
    for url in urls:
        try:
            ahead = reaching.get(around, url).ahead
        except UnreachedError as error:
            trouble = error.what
            continue
        if ahead is not None:
            yield _judge(ahead)
            return
        trouble = f"{url} does not say what time it is"
    yield note(f"Not checked: {trouble}.")


def _judge(ahead: timedelta) -> Verdict:
    off = abs(ahead)
    if off <= TOLERATED:
        return ok("This computer's clock is right.")
    seconds = off.total_seconds()
    amount = f"{round(seconds, -1):.0f} seconds" if off <= USELESS else f"{seconds / 60:.0f} minutes"
    words = f"This computer's clock is about {amount} {'fast' if ahead > timedelta() else 'slow'}"
    fix = "Set it, and let it set itself: timedatectl set-ntp true"
    if off <= USELESS:
        return warning(f"{words}.", fix)
    return problem(f"{words}; providers refuse requests from such a time.", fix)
