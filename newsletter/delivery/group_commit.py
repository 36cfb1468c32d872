"""Group commit: steps of several batches that come at one time are written down in one transaction.

Every commit waits for the disk; so does all else meanwhile, since there is one loop. Nobody learns the result of a step
before it is on the disk.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from newsletter.delivery.outbox import Outbox

_T = TypeVar("_T")
_Waiting = tuple[Callable[[Connection], Any], asyncio.Future[Any]]


class GroupCommit:
    """Collects the steps of one run of the loop's callbacks; each may be run a second time, alone, after a rollback."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._waiting: list[_Waiting] = []

    async def run(self, step: Callable[[Connection], _T]) -> _T:
        """What the step gives, once it is committed; its error, or the database's, if it is not."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[_T] = loop.create_future()
        self._waiting.append((step, result))
        if len(self._waiting) == 1:
            loop.call_soon(self._commit)
        return await result

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._write(waiting)

    def _write(self, waiting: list[_Waiting]) -> None:
        """Several together, and each alone where that fails: one that fails takes nobody with it."""
        try:
            with self._outbox.transaction() as connection:
                found = [step(connection) for step, _ in waiting]
        except Exception as error:  # noqa: BLE001 - it is raised where the step is waited for
            if len(waiting) > 1:
                for one in waiting:
                    self._write([one])
            elif not waiting[0][1].done():
                waiting[0][1].set_exception(error)
            return
        for (_, result), value in zip(waiting, found, strict=True):
            if not result.done():  # else nobody waits any more
                result.set_result(value)
