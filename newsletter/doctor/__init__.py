"""What surrounds a newsletter and may fail it: its domain, its provider, its web addresses and this computer.

One function a check: it looks at one thing and yields verdicts, and nothing that it asks changes anything or costs
anything. All of them run at once, and none waits longer than a few seconds for the network; what nobody answers is said
to be unknown, never guessed.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpx

from newsletter import plugins
from newsletter.config import Config
from newsletter.doctor.verdicts import Level, Verdict, warning
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from newsletter.doctor.lookups import Lookups

__all__ = ["Level", "Surroundings", "Verdict", "all_checks", "examine"]

PATIENCE = 20.0
"""Seconds after which what has not been found out is left unknown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a check may look at and ask; ``provider`` is None where its table is wrong. ``now`` is this computer's."""

    config: Config
    domain: str
    provider: Any | None
    dns: "Lookups"
    client: httpx.Client
    now: Callable[[], datetime]

    @property
    def service(self) -> str:
        """The provider's name."""
        return self.config.provider.name

    @property
    def stays(self) -> bool:
        """Whether mails never leave this computer."""
        return self.service == "folder"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing to look at; ``outside`` says that it matters only for mails that leave this computer."""

    name: str
    look: Callable[[Surroundings], Iterator[Verdict]]
    outside: bool = False


@lru_cache(maxsize=1)
def all_checks() -> tuple[Check, ...]:
    """Every check, in the order in which they are told."""
    from newsletter.doctor import (
        clock,
        databases,
        disk,
        dkim,
        dmarc,
        languages,
        log,
        mailboxes,
        privacy,
        reverse,
        secrets,
        service,
        spf,
        web,
    )

    return (
        Check(name="provider", look=service.look),
        Check(name="answers", look=mailboxes.look, outside=True),
        Check(name="SPF", look=spf.look, outside=True),
        Check(name="DKIM", look=dkim.look, outside=True),
        Check(name="DMARC", look=dmarc.look, outside=True),
        Check(name="mail server", look=reverse.look, outside=True),
        Check(name="unsubscribing", look=web.unsubscribe),
        Check(name="website", look=web.base),
        Check(name="clock", look=clock.look),
        Check(name="time zones", look=languages.time_zones),
        Check(name="languages", look=languages.engines),
        Check(name="secrets", look=secrets.look),
        Check(name="privacy", look=privacy.look),
        Check(name="SQLite", look=databases.version),
        Check(name="databases", look=databases.whole),
        Check(name="log", look=log.look),
        Check(name="disk", look=disk.look),
    )


def examine(
    config: Config,
    *,
    dns: "Lookups | None" = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    patience: float = PATIENCE,
) -> list[Verdict]:
    """The verdicts of all checks, in their order; ``dns`` and ``now`` are this computer's where they are not given."""
    from newsletter.doctor.lookups import Lookups
    from newsletter.doctor.mailboxes import domain

    with httpx.Client() as client:
        around = Surroundings(
            config=config,
            domain=domain(config.sender),
            provider=_provider(config),
            dns=dns or Lookups(),
            client=client,
            now=now,
        )
        end = time.monotonic() + patience
        running = [(check, _start(check, around)) for check in all_checks()]
        return [verdict for check, future in running for verdict in _outcome(check, future, around, end)]


def _provider(config: Config) -> Any | None:
    """The provider, or None; what is wrong with its table is for the check of it to say."""
    try:
        return plugins.build(config.provider)
    except ConfigError:
        return None


def _start(check: Check, around: Surroundings) -> "Future[list[Verdict]]":
    """Run a check in a thread that the end of the program does not wait for: asking for a name may hang for minutes."""
    future: Future[list[Verdict]] = Future()

    def run() -> None:
        try:
            future.set_result(list(_looked(check, around)))
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, name=check.name, daemon=True).start()
    return future


def _looked(check: Check, around: Surroundings) -> Iterator[Verdict]:
    from newsletter.doctor.lookups import UnansweredError

    try:
        yield from check.look(around)
    except UnansweredError as error:
        yield _unknown(error.what)
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        yield warning(f"Not checked: {what}.", "Correct that, or run doctor as the user that sends.")


def _outcome(check: Check, future: "Future[list[Verdict]]", around: Surroundings, end: float) -> Iterator[Verdict]:
    try:
        verdicts = future.result(timeout=max(0.0, end - time.monotonic()))
    except TimeoutError:
        verdicts = [_unknown("it took too long")]
    for verdict in verdicts:
        harmless = check.outside and verdict.level == "problem" and around.stays
        yield replace(verdict, check=check.name, level="warning" if harmless else verdict.level)


def _unknown(why: str) -> Verdict:
    return warning(f"Not checked: {why}.", "Connect to the internet and try again.")
