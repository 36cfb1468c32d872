"""What comes back after sending: what providers tell, who leaves, and who wants to know or to be forgotten.

A long send holds the outbox for hours. What comes meanwhile is left as a note, which that send takes in before its next
batch: nothing is lost, and nobody has to wait.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from functools import cached_property, partial
from pathlib import Path
from typing import Literal
from uuid import uuid4

import httpx
from sqlalchemy import select

from newsletter import plugins
from newsletter.audience import addresses
from newsletter.config import Config
from newsletter.delivery import events, privacy, returning, spool, suppressions, unsubscribe
from newsletter.delivery.events import Recorded
from newsletter.delivery.outbox import Outbox
from newsletter.delivery.privacy import Dossier, Erased
from newsletter.delivery.providers import Hooked, Polled, Provider
from newsletter.delivery.schema import meta
from newsletter.delivery.suppressions import Reason, Suppression
from newsletter.errors import BusyError, ConfigError, DeliveryError
from newsletter.mailbox import asking, lists
from newsletter.model import Event

LARGEST_CALL = 10_000_000  # bytes; SparkPost's calls are the largest, some 8 MB
FIRST = timedelta(days=7)  # how far back a provider is asked the first time
OVERLAP = timedelta(hours=1)  # providers list some events later than they date them
MOST_PAGES = 10_000
OWN = "link"
"""In the place of a provider: what our own links tell."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Mailbox:
    """What comes back to a newsletter."""

    config: Config
    clock: Callable[[], datetime] = _now
    connect: Callable[[], httpx.Client] = asking.connect

    @cached_property
    def provider(self) -> Provider:
        """The provider as configured; it remembers the certificates that it was shown."""
        provider: Provider = plugins.build(self.config.provider)
        return provider

    def receive(self, headers: Mapping[str, str], body: bytes) -> list[Event]:
        """Take in a provider's call to our web address, and say what it told.

        ForgedError where it is not surely the provider's, ConfigError where that cannot be known, TemporaryError where
        it should call again, another DeliveryError where the call cannot be read.
        """
        provider = self.provider
        if not isinstance(provider, Hooked):
            raise ConfigError(f"the provider {provider.name} calls no web address.", where=self.config.provider.where)
        if len(body) > LARGEST_CALL:
            raise DeliveryError(f"a call of {len(body)} bytes is larger than any should be.", where=provider.name)
        lower = {name.lower(): value for name, value in headers.items()}
        found = provider.events(lower, body, now=self.clock(), fetch=partial(asking.fetch, self.connect))
        self._confirm(provider.name, found)
        if found:
            self._do(returning.told(provider.name, found))
        return found

    def replay(self, file: Path) -> list[Event]:
        """Take in what lies in a file: a mail that came back, for a provider that reads those, or the body of a call.

        In a file that ends in ``.http``, the headers of the call and an empty line come before its body.
        """
        content, headers = file.read_bytes(), dict[str, str]()
        if file.suffix == ".http":
            head, *rest = re.split(rb"\r?\n\r?\n", content, maxsplit=1)
            headers = {name: str(value) for name, value in message_from_bytes(head).items()}
            content = b"".join(rest)
        return self.receive(headers, content)

    @property
    def polls(self) -> bool:
        """Whether the provider can be asked what happened."""
        return isinstance(self.provider, Polled)

    def poll(self) -> Recorded | None:
        """Ask the provider what happened since it was asked last; None while a send is running, which takes it in.

        ConfigError where it cannot be asked, a DeliveryError where it gives no answer; what it told until then is kept.
        """
        provider = self.provider
        if not isinstance(provider, Polled):
            raise ConfigError(
                f"the provider {provider.name} cannot be asked what happened.",
                where=self.config.provider.where,
                hint="It calls a web address instead, if it tells anything.",
            )
        began, total, pages = self.clock(), Recorded(), 0
        following: httpx.Request | None = provider.poll(self._since(provider.name, began))
        waits = False
        with self.connect() as client:
            while following is not None and pages < MOST_PAGES:
                found, following = provider.polled(asking.answer(client, following))
                pages += 1
                recorded = self._do(returning.told(provider.name, found)) if found else Recorded()
                waits = waits or recorded is None
                total += recorded or Recorded()
        if following is not None:
            raise DeliveryError(f"it has no end of events after {pages} pages.", where=provider.name)
        self._do(returning.polled(provider.name, began))
        return None if waits else total

    def take_in(self) -> int:
        """Do what was left for the next who may write; how many notes. BusyError while a send does that itself."""
        path = self._outbox("read").path
        number = len(spool.waiting(path))
        if number:
            with self._outbox("write"):
                pass
        return number

    def unsubscribe(self, token: str) -> str:
        """Take back the subscription of whoever got the mail with this link; their address, masked, for the page.

        Doing it twice changes nothing. ForgedError where the link is not one of ours.
        """
        with self._outbox("read") as outbox, outbox.transaction() as connection:
            message = unsubscribe.message_of(connection, token)
            left = suppressions.find_all(connection, [message.recipient_key]).get(message.recipient_key)
        if left is None or left.reason in ("manual", "bounced"):
            now = self.clock()
            self._do(returning.told(OWN, [Event(kind="unsubscribed", id=uuid4().hex, at=now, key=message.idem)]))
        return masked(message.email)

    def suppress(self, email: str, *, by: str, reason: Reason = "manual") -> None:
        """Never mail somebody again; AudienceError where this is no address."""
        address = addresses.parse(email).email
        self._do(returning.suppressed([Suppression(email=address, reason=reason, at=self.clock(), source=by)]))

    def lift(self, email: str) -> None:
        """Somebody may be mailed again: they said so. HeldError where they were not suppressed."""
        self._do(returning.lifted(addresses.parse(email).email))

    def suppressions(self) -> list[Suppression]:
        """Everybody who must not be mailed, the latest first."""
        with self._outbox("read") as outbox, outbox.transaction() as connection:
            return suppressions.listing(connection)

    def import_suppressions(self, file: Path) -> int:
        """Suppress everybody on a list; how many are on it. It makes no reason that is kept already less grave."""
        entries = lists.read(file, now=self.clock())
        self._do(returning.suppressed(entries))
        return len(entries)

    def export_suppressions(self, file: Path) -> int:
        """Write everybody who must not be mailed to a list; how many are on it."""
        return lists.write(file, self.suppressions())

    def export(self, email: str) -> Dossier:
        """Everything that the outbox knows of a person."""
        with self._outbox("read") as outbox, outbox.transaction() as connection:
            return privacy.export(connection, addresses.parse(email).email)

    def erase(self, email: str) -> Erased:
        """Forget a person, and never mail them again.

        BusyError while a send is running, HeldError while a mail to them is in doubt. The list of members, backups and
        the provider's own records are not ours to clear.
        """
        with self._outbox("write") as outbox:
            return outbox.erase(addresses.parse(email).email)

    def _confirm(self, provider: str, found: list[Event]) -> None:
        """Open, once, what the provider wants to be opened before it sends events."""
        asked = [event for event in found if event.kind == "confirm" and event.link]
        if not asked:
            return
        with self._outbox("read") as outbox, outbox.transaction() as connection:
            done = events.known(connection, provider, asked)
        for event in asked:
            if event.id not in done:
                asking.fetch(self.connect, event.link)

    def _since(self, provider: str, now: datetime) -> datetime:
        with self._outbox("read") as outbox, outbox.transaction() as connection:
            last = connection.scalar(select(meta.c.value).where(meta.c.key == returning.cursor(provider)))
        return datetime.fromisoformat(last) - OVERLAP if last else now - FIRST

    def _do(self, note: spool.Note) -> Recorded | None:
        """Do it, or leave it for the send that is running: None."""
        outbox = self._outbox("write")
        try:
            with outbox:
                return outbox.do(note)
        except BusyError:
            spool.put(outbox.path, note)
            return None

    def _outbox(self, mode: Literal["write", "read"]) -> Outbox:
        return Outbox(self.config.outbox.url, self.config.folder, mode=mode, clock=self.clock)


def masked(email: str) -> str:
    """An address as its owner recognises it and nobody else does; empty where there is none any more."""
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}…{at}{domain}" if at else ""
