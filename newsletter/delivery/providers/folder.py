"""Writes every mail into a folder instead of sending it: for trying things out, for archives, and for tests.

The folder is a Maildir (https://cr.yp.to/proto/maildir.html), so that mail programs open it; every file is a finished
mail that can be opened by itself. A message's key is its file's name: it is written once, whatever happens.
"""

import math
import os
import sys
from pathlib import Path
from typing import ClassVar

import httpx

from newsletter.delivery import durable, mime
from newsletter.delivery.providers import Limits
from newsletter.errors import RefusedError, RejectedError
from newsletter.model import Batch, Message, Receipt


class Folder:
    """A Maildir at ``path``: a mail is written in ``tmp`` and appears whole in ``new``; programs move it to ``cur``."""

    name: ClassVar[str] = "folder"
    limits: ClassVar[Limits] = Limits(
        messages=100, bytes=sys.maxsize, idempotency="message", key_life=math.inf, merging="none", pictures=True
    )

    def __init__(self, *, path: Path) -> None:
        self.path = path

    async def send(self, client: httpx.AsyncClient, batch: Batch) -> list[Receipt]:  # noqa: ARG002 - it needs no network
        """Write the mails of a batch; a mail that is there already, read or unread, is not written again."""
        try:
            for name in ("tmp", "new", "cur"):
                (self.path / name).mkdir(parents=True, exist_ok=True)
            read = {name.partition(":")[0] for name in os.listdir(self.path / "cur")}  # noqa: PTH208 - names alone
            receipts = [self._write(message, batch, read) for message in batch.messages]
            durable.sync(self.path / "new")
        except OSError as error:
            raise RefusedError(
                f"the folder cannot be written ({error.strerror}).",
                where=self.path,
                hint="Make it writable, free some space, or correct path in [provider].",
            ) from error
        return receipts

    def _write(self, message: Message, batch: Batch, read: set[str]) -> Receipt:
        name = f"{message.key}.eml"
        target = self.path / "new" / name
        if name not in read and not target.exists():
            try:
                data = mime.build(message, date=batch.due_at, assets=batch.edition.assets)
            except RejectedError as error:
                return Receipt(key=message.key, outcome="failed", error=str(error))
            draft = self.path / "tmp" / name
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        return Receipt(key=message.key, provider_id=name)
