"""How fast a provider may be asked: the newsletter's rate, and the pauses that the provider wants.

One ``Pace`` belongs to one run of the sender. It lets a batch go at once and then waits as long as its messages take
under the rate, so the mean rate is never exceeded by more than one batch.
"""

import random
import time
from collections.abc import Callable

from newsletter.errors import ConfigError

SLOWEST, FASTEST = 1e-3, 1e6  # messages a second
BASE_SECONDS = 1.0
MOST_SECONDS = 300.0


def checked(per_second: float) -> float:
    """The rate, if it is one."""
    if not SLOWEST <= per_second <= FASTEST:
        raise ConfigError(
            f"{per_second} messages a second is no rate.",
            where="[outbox] per_second",
            hint=f"Write a number from {SLOWEST:g} to {FASTEST:.0f}.",
        )
    return per_second


class Pace:
    """When the next batch may go out, in seconds of a monotonic clock; ``failures`` counts those in a row."""

    def __init__(
        self,
        per_second: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._interval = 1 / checked(per_second)
        self._monotonic = monotonic
        self._chance = chance
        self._free_at = 0.0
        self._paused_until = 0.0
        self.failures = 0

    def wait(self) -> float:
        """Seconds until the next batch may go out; 0 means now."""
        return max(self.pause(), self._free_at - self._monotonic())

    def pause(self) -> float:
        """The part of it that is the provider's wish or a failure's, not our own rate."""
        return max(0.0, self._paused_until - self._monotonic())

    def spend(self, messages: int) -> None:
        """A batch of so many messages goes out now."""
        self._free_at = max(self._free_at, self._monotonic()) + messages * self._interval

    def succeeded(self) -> None:
        """The provider answered; the next failure starts counting from one."""
        self.failures = 0

    def failed(self, retry_after: float | None = None) -> float:
        """Pause everything after a failure, for as long as the provider asked, else longer each time; the seconds."""
        self.failures += 1
        seconds = self.back_off(self.failures) if retry_after is None else retry_after
        self._paused_until = max(self._paused_until, self._monotonic() + seconds)
        return seconds

    def back_off(self, failures: int) -> float:
        """Seconds to wait after so many failures; pauses nothing by itself.

        Full jitter: some time between nothing and a bound that doubles, so that many senders do not return together.
        """
        return self._chance(0, min(MOST_SECONDS, BASE_SECONDS * 2 ** min(failures, 16)))
