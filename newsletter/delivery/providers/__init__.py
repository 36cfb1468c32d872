"""Mail providers, one module each, behind one seam.

A provider is any class with ``name``, ``limits`` and ``send``; it need not inherit anything. One that speaks HTTP
derives from ``_http.HttpProvider`` and only builds a request and reads a response. Subclass
``newsletter.testing.ProviderContract`` to see whether a new one keeps its word.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import httpx

from newsletter.model import Batch, Receipt


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a provider can do; plans and crash recovery are cut to it.

    ``messages`` and ``bytes`` are the most of one request. ``idempotency`` says what a repeated key does: ``none``
    (the mail goes out again), ``request`` (the same request is answered, not sent, again) or ``message`` (every single
    message is kept apart by its key); a key is remembered for ``key_life`` seconds. ``merging`` is ``provider`` where
    it fills the merge fields itself. ``pictures`` says whether pictures may travel inside the mail, ``unicode_local``
    whether the part before the @ may be non-ASCII.
    """

    messages: int
    bytes: int
    idempotency: Literal["none", "request", "message"] = "none"
    key_life: float = 0
    merging: Literal["provider", "none"] = "none"
    pictures: bool = False
    unicode_local: bool = False


class Provider(Protocol):
    """Takes batches and hands them on.

    ``send`` returns one receipt for every message, in their order, or raises one of the four delivery errors
    (TemporaryError, RejectedError, RefusedError, OutcomeUnknown) for the batch as a whole. Any other exception is a
    bug: it ends the run, and the batch is treated as after a crash.
    """

    name: str
    limits: Limits

    async def send(self, client: httpx.AsyncClient, batch: Batch) -> list[Receipt]:
        """Hand on one batch; ``client`` is shared by the run, and a provider without HTTP leaves it alone."""
        ...
