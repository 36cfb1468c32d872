"""Mail providers, one module each, behind one seam.

A provider is any class with ``name``, ``limits`` and ``send``; it need not inherit anything. One that speaks HTTP
derives from ``_http.HttpProvider`` and only builds a request and reads a response. Subclass
``newsletter.testing.ProviderContract`` to see whether a new one keeps its word.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import httpx

from newsletter.model import Batch, Event, Receipt

Fetch = Callable[[str], bytes]
"""Gets what stands at an https address; for providers whose webhooks name a certificate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a provider can do; plans and crash recovery are cut to it.

    ``messages`` and ``bytes`` are the most of one request; ``finished`` is the most of messages that we filled
    ourselves, where that is less. ``idempotency`` says what a repeated key does: ``none``
    (the mail goes out again), ``request`` (the same request is answered, not sent, again) or ``message`` (every single
    message is kept apart by its key); a key is remembered for ``key_life`` seconds. ``merging`` is ``provider`` where
    it fills the merge fields itself. ``pictures`` says whether pictures may travel inside the mail, ``unicode_local``
    whether the part before the @ may be non-ASCII. ``forbids`` are headers, in lower case, that it takes from nobody,
    ``replaces`` those that it writes itself whatever we send. ``requests_per_second`` is what it allows by its own
    account, and ``at_once`` the most requests that may be under way, 0 where it says nothing.
    """

    messages: int
    bytes: int
    finished: int = 0
    idempotency: Literal["none", "request", "message"] = "none"
    key_life: float = 0
    merging: Literal["provider", "none"] = "none"
    pictures: bool = False
    unicode_local: bool = False
    forbids: frozenset[str] = frozenset()
    replaces: frozenset[str] = frozenset()
    requests_per_second: float = 0
    at_once: int = 0


class Provider(Protocol):
    """Takes batches and hands them on.

    ``send`` returns one receipt for every message, in their order, or raises one of the four delivery errors
    (TemporaryError, RejectedError, RefusedError, OutcomeUnknown) for the batch as a whole. Any other exception is a
    bug: it ends the run, and the batch is treated as after a crash.

    What else a provider can do it shows by having the method: see ``Hooked``, ``Polled`` and ``Probed``.
    """

    name: str
    limits: Limits

    async def send(self, client: httpx.AsyncClient, batch: Batch) -> list[Receipt]:
        """Hand on one batch; ``client`` is shared by the run, and a provider without HTTP leaves it alone."""
        ...


@runtime_checkable
class Hooked(Protocol):
    """A provider that calls a web address of ours when something happened to a message."""

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:
        """The events of one call, its signature verified; ``headers`` by their names in lower case.

        ForgedError where the call is not surely the provider's, or too old; ConfigError where no secret is configured
        to tell; DeliveryError where it cannot be read. What a provider sends besides events is an empty list.
        """
        ...


@runtime_checkable
class Polled(Protocol):
    """A provider that can be asked what happened."""

    def poll(self, since: datetime) -> httpx.Request:
        """The request for the first page of what happened since then."""
        ...

    def polled(self, response: httpx.Response) -> tuple[list[Event], httpx.Request | None]:
        """A page's events and the request for the next page; DeliveryError where the answer is none."""
        ...


@runtime_checkable
class Probed(Protocol):
    """A provider whose key can be tried without sending anything."""

    def probe(self) -> httpx.Request:
        """A cheap request that any good key may make."""
        ...
