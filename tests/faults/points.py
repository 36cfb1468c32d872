"""The moments at which a process can be ended, by name: between every two steps on a mail's way.

``arm`` is for a forked process only, since it changes the library for good.
"""

import inspect
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

import plans

from newsletter.delivery import batches, claims, database, lease, migrations, sender
from newsletter.delivery.courier import Courier
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.providers._http import HttpProvider

Fate = Literal["kill", "stop"]
_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class Doom(NamedTuple):
    """The point, the how-manieth time it is passed, and what happens to the process then."""

    point: str
    number: int = 1
    fate: Fate = "kill"


class _Point(NamedTuple):
    owner: Any
    name: str
    after: bool


SENDING: Mapping[str, _Point] = {
    "before the claim": _Point(claims, "claim", after=False),
    "claimed, not committed": _Point(claims, "claim", after=True),
    "claimed": _Point(sender._Run, "_claims", after=True),
    "filled": _Point(Courier, "_fence", after=False),
    "fenced, not committed": _Point(claims, "fence", after=True),
    "fenced": _Point(Courier, "_fence", after=True),
    "before the request": _Point(HttpProvider, "_answer", after=False),
    "answered": _Point(HttpProvider, "_answer", after=True),
    "before settling": _Point(Courier, "_record", after=False),
    "settled, not committed": _Point(lease, "settle", after=True),
    "settled": _Point(Courier, "_record", after=True),
}

ENDINGS: Mapping[str, _Point] = {
    f"{name}, not committed": _Point(lease, name, after=True)
    for name in ("release", "replay", "give_up", "split", "fail", "move")
}
"""How a request may end besides ``settle``."""

PLANNING: Mapping[str, _Point] = {
    "row read": _Point(plans, "row_read", after=True),
    "batch begun": _Point(batches._Cutter, "_start", after=True),
    "chunk stored": _Point(batches._Cutter, "write_full", after=True),
    "frozen, not committed": _Point(batches, "freeze", after=True),
    "frozen": _Point(Outbox, "freeze", after=True),
}

OTHERS: Mapping[str, _Point] = {
    "handed back": _Point(claims, "hand_back", after=True),
    "migrated, not committed": _Point(migrations, "migrate", after=True),
    "migrated": _Point(database, "writer", after=True),
}

POINTS = {**SENDING, **ENDINGS, **PLANNING, **OTHERS}


def arm(dooms: Iterable[Doom]) -> None:
    """Let this process meet its fates."""
    passed: Counter[str] = Counter()
    fates = {(doom.point, doom.number): doom.fate for doom in dooms}

    def passing(point: str) -> None:
        passed[point] += 1
        if fate := fates.get((point, passed[point])):
            os.kill(os.getpid(), _SIGNALS[fate])

    for name in {point for point, _ in fates}:
        where = POINTS[name]
        whole = getattr(where.owner, where.name)
        wrap = _waiting if inspect.iscoroutinefunction(whole) else _plain
        setattr(where.owner, where.name, wrap(whole, name, passing, after=where.after))


def _plain(whole: Callable[..., Any], name: str, passing: Callable[[str], None], *, after: bool) -> Callable[..., Any]:
    says = inspect.get_annotations(whole).get("return") is not None  # what it found, or whether it was done

    def step(*arguments: Any, **named: Any) -> Any:
        if not after:
            passing(name)
        made = whole(*arguments, **named)
        if after and (made or not says):
            passing(name)
        return made

    return step


def _waiting(
    whole: Callable[..., Awaitable[Any]], name: str, passing: Callable[[str], None], *, after: bool
) -> Callable[..., Awaitable[Any]]:
    says = inspect.get_annotations(whole).get("return") is not None

    async def step(*arguments: Any, **named: Any) -> Any:
        if not after:
            passing(name)
        made = await whole(*arguments, **named)
        if after and (made or not says):
            passing(name)
        return made

    return step
