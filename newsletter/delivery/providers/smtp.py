"""Any mail server that speaks SMTP (RFC 5321): one's own, the hoster's, or a provider's that has no API.

A batch is one connection, opened for it and closed after it, so that no connection lies idle and nobody has to ask
whether it is still there. Each mail is a transaction of its own, and the server's word on it is its receipt. SMTP has
no idempotency: a mail whose end the server may have seen, and did not answer, is unknown and not sent again.
"""

import asyncio
import ipaddress
import re
import ssl
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import ClassVar

import httpx

from newsletter.delivery import mime
from newsletter.delivery.providers import Fetch, Limits, _smtp_events
from newsletter.delivery.providers._smtp_server import Security, Server
from newsletter.delivery.providers._smtp_session import Session
from newsletter.errors import ConfigError, OutcomeUnknown, RefusedError, RejectedError, TemporaryError
from newsletter.model import Address, Batch, Event, Message, Outcome, Receipt
from newsletter.plugins import Secret

PORTS: Mapping[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
LONGEST = 240.0  # seconds of a batch; the outbox keeps it for us a minute longer
_LOCAL_PART = 64  # octets (RFC 5321 §4.5.3.1.1)
_KEY = "{key}"
_KEY_LENGTH = 32
_ENVELOPE = re.compile(r"[^\s<>\x00-\x1f\x7f\ud800-\udfff]+@[^\s<>@\x00-\x1f\x7f\ud800-\udfff]+")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?")
_EHLO = re.compile(r"\[[0-9A-Za-z.:]+\]|[A-Za-z0-9.-]+")


class Smtp:
    """Sends through the server at ``host``, encrypted: from the first byte on (``tls``) or after STARTTLS.

    ``security = "none"`` is for a server on this computer; with ``unencrypted`` also for another, in a network of one's
    own. The server is greeted as ``ehlo``, else by this computer's name. ``timeout`` is what it may take for an answer,
    ``deadline`` for a batch; ``connections`` are open at once, each for at most ``per_connection`` mails.

    ``bounces`` is where mails come back to, else the sender's address. With ``{key}`` in it, as in
    ``bounces+{key}@river-cities.example``, each mail has an address of its own, from which it is known again whatever a
    server writes into its report (VERP); a mailbox must take all of them. ``smtputf8`` says that the server takes
    addresses with other letters than ASCII before the @.
    """

    name: ClassVar[str] = "smtp"

    def __init__(
        self,
        *,
        host: str,
        port: int = 0,
        user: str = "",
        password: Secret | None = None,
        security: Security = "starttls",
        unencrypted: bool = False,
        ehlo: str = "",
        timeout: float = 60,
        deadline: float = LONGEST,
        connections: int = 4,
        per_connection: int = 50,
        bounces: str = "",
        smtputf8: bool = False,
    ) -> None:
        self._server = Server(
            host=host,
            port=port or PORTS[security],
            user=user,
            password=password,
            security=security,
            ehlo=ehlo,
            timeout=timeout,
            tls=None if security == "none" else ssl.create_default_context(),
        )
        _check(self._server, unencrypted=unencrypted)
        if not 0 < timeout <= deadline / 2 <= LONGEST / 2:
            raise _wrong("timeout", f"deadline is at most {LONGEST:g} seconds, and timeout at most half of it.")
        if connections < 1 or per_connection < 1:
            raise _wrong("connections", "connections and per_connection are 1 or more.")
        self.host = host
        self.deadline = deadline
        self.per_connection = per_connection
        self.bounces = _verp(bounces)
        self.limits = Limits(messages=50, bytes=sys.maxsize, pictures=True, unicode_local=smtputf8, at_once=connections)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix=self.name)

    async def send(self, client: httpx.AsyncClient, batch: Batch) -> list[Receipt]:  # noqa: ARG002 - it speaks no HTTP
        """Hand over the mails of a batch, one after another."""
        session = Session(server=self._server, until=time.monotonic() + self.deadline)
        loop = asyncio.get_running_loop()
        alarm = loop.call_later(self.deadline, session.cut)
        try:
            return await loop.run_in_executor(self._threads, self._deliver, session, batch)
        finally:
            alarm.cancel()
            session.cut()  # where the run was given up, its thread must not go on

    def events(self, headers: Mapping[str, str], body: bytes, *, now: datetime, fetch: Fetch) -> list[Event]:  # noqa: ARG002
        """What a mail tells that came to the mailbox for bounces, or to the newsletter's own.

        It is no webhook, and nobody signs it, so there is no secret. What keeps strangers out is the key of 128 bits:
        an event names the message by that, never a person, so a mail without a key that we gave tells nothing.
        """
        return _smtp_events.read(body, bounces=self.bounces, now=now)

    def _deliver(self, session: Session, batch: Batch) -> list[Receipt]:
        """A receipt a message; what ends the talk before the first is an error, and later is said of all the rest."""
        receipts: list[Receipt] = []
        outcome: Outcome
        try:
            for number, message in enumerate(batch.messages):
                if number % self.per_connection == 0:
                    session.open()
                receipts.append(self._hand_over(session, message, batch))
        except OutcomeUnknown as error:
            receipts.append(Receipt(key=batch.messages[len(receipts)].key, outcome="unknown", error=str(error)))
            outcome, why = "later", "a mail before it was not answered"
        except (TemporaryError, RefusedError) as error:
            if not receipts:
                raise
            outcome, why = "paused" if isinstance(error, RefusedError) else "later", str(error)
        else:
            return receipts
        finally:
            session.close()
        rest = batch.messages[len(receipts) :]
        return receipts + [Receipt(key=message.key, outcome=outcome, error=why) for message in rest]

    def _hand_over(self, session: Session, message: Message, batch: Batch) -> Receipt:
        international = self.limits.unicode_local and session.offers("smtputf8")
        try:
            sender, to = self._envelope(message, international=international)
            data = mime.build(message, date=batch.due_at, assets=batch.edition.assets, international=international)
        except RejectedError as error:
            return Receipt(key=message.key, outcome="failed", error=str(error))
        if 0 < session.largest < len(data):
            why = f"the mail has {len(data)} bytes, and the server takes {session.largest}"
            return Receipt(key=message.key, outcome="failed", error=why)
        return session.hand_over(key=message.key, sender=sender, to=to, data=data)

    def _envelope(self, message: Message, *, international: bool) -> tuple[str, str]:
        """Whom it comes back to, and who gets it; a RejectedError for what no command can say."""
        back = Address(email=self.bounces.replace(_KEY, message.key) or message.sender.email)
        sender, to = (
            mime.mailbox(Address(email=address.email), international=international) for address in (back, message.to)
        )
        for address in (sender, to):
            if not _ENVELOPE.fullmatch(address):
                raise RejectedError(f"{address!r} is no address.", where=message.key)
        return sender, to


def _check(server: Server, *, unencrypted: bool) -> None:
    """A ConfigError for what cannot be a server."""
    if not (_HOST.fullmatch(server.host) or _address(server.host)):
        raise _wrong("host", f"{server.host!r} is no mail server.", "Write its name, without a port.")
    if not 0 < server.port < 65_536:
        raise _wrong("port", f"{server.port} is no port.", "Write 587, 465 or 25.")
    if server.ehlo and not _EHLO.fullmatch(server.ehlo):
        raise _wrong("ehlo", f"{server.ehlo!r} is no name of a computer.", "Write one such as mail.city.example.")
    if bool(server.user) != (server.password is not None):
        raise _wrong("password", "user and password belong together.")
    if "\0" in server.user or (server.password and "\0" in server.password.reveal()):
        raise _wrong("password", "the user or the password has signs that none has.")
    if server.security == "none" and not (unencrypted or _is_here(server.host)):
        raise _wrong(
            "security",
            f"what goes to {server.host} in the clear, others can read and change.",
            'Write security = "starttls" or "tls"; in a network of your own, unencrypted = true allows "none".',
        )


def _verp(bounces: str) -> str:
    """The address that mails come back to; a ConfigError where it is none, or too long with a key in it."""
    address = bounces.replace(_KEY, "0" * _KEY_LENGTH, 1)
    local = address.rpartition("@")[0]
    if bounces and not (_ENVELOPE.fullmatch(address) and address.isascii() and len(local) <= _LOCAL_PART):
        raise _wrong("bounces", f"{bounces!r} is no address.", "Write one such as bounces+{key}@city.example.")
    if _KEY in bounces.rpartition("@")[2] or "{" in address:
        raise _wrong("bounces", "{key} stands once, before the @.")
    return bounces


def _is_here(host: str) -> bool:
    address = _address(host)
    return host.lower() == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _wrong(key: str, what: str, hint: str = "Correct it.") -> ConfigError:
    return ConfigError(what, where=f"[provider] {key}", hint=hint)
