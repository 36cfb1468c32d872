"""One talk with an SMTP server (RFC 5321): opened, one mail after another handed over, closed.

Python's own ``smtplib`` speaks, in a thread. aiosmtplib hands over a mail and the dot that ends it in one piece, so
that after a break nobody knows whether the server has all of it. Here the dot goes out by itself, and only while there
is time to wait for an answer: a mail whose dot was not sent is surely not accepted, and after the dot the answer is
waited for until the end.
"""

import re
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass

from newsletter.delivery.providers._smtp_server import Reply, Server, coded, plain
from newsletter.errors import TemporaryError
from newsletter.model import Receipt

CLOSING = 421  # the server ends the talk, whatever it was asked
_TOO_LARGE = 552  # of MAIL FROM, which says how large the mail is
_CONTENT = 354  # go on with the mail
_MORE = 334  # go on logging in
_CHUNK = 65_536  # bytes of a mail, each with a patience of its own
_FAREWELL = 2.0  # seconds for the answer to QUIT, which nobody needs
_DOTS = re.compile(rb"^\.", re.MULTILINE)


@dataclass(kw_only=True, slots=True)
class Session:
    """A talk that ends at ``until``, by the monotonic clock; opened again, it goes on over a new connection.

    What is said of a single reader is a receipt. TemporaryError, RefusedError and OutcomeUnknown end the talk; the
    first two say as well that the mail under way was not accepted.
    """

    server: Server
    until: float
    _smtp: smtplib.SMTP | None = None
    _begun: bool = False
    _over: bool = False

    def open(self) -> None:
        """Connect, secure and log in."""
        self.close()
        try:
            self._smtp = self.server.connect(self._patience())
            self._smtp.command_encoding = "utf-8"
            self._greet()
            if self.server.security == "starttls":
                self._secure()
            if self.server.password:
                self._log_in(self.server.user, self.server.password.reveal())
        except OSError as error:
            self._drop()
            raise self.server.explained(error) from error

    def hand_over(self, *, key: str, sender: str, to: str, data: bytes) -> Receipt:
        """One mail, and the server's word on it."""
        try:
            receipt = self._announce(key, sender, to, data)
            if receipt is None:
                self._write(data)
        except OSError as error:
            self._drop()
            raise self.server.broken(error) from error
        return receipt or self._finish(key)

    def close(self) -> None:
        """Say good-bye where the server would understand it, and hang up."""
        smtp, self._smtp, self._begun = self._smtp, None, False
        if smtp is None:
            return
        with suppress(OSError):
            if smtp.sock and not self._over:
                smtp.sock.settimeout(min(_FAREWELL, self.server.timeout))
                smtp.docmd("QUIT")
        smtp.close()

    def cut(self) -> None:
        """End the talk from another thread, wherever it is."""
        self._over = True
        smtp = self._smtp
        if smtp and smtp.sock:
            with suppress(OSError):  # it has just ended by itself
                socket.socket.shutdown(smtp.sock, socket.SHUT_RDWR)  # SSLSocket's own would go on without TLS

    def offers(self, extension: str) -> bool:
        """Whether the server announced an extension, by its name in lower case."""
        return self._smtp is not None and self._smtp.has_extn(extension)

    @property
    def largest(self) -> int:
        """The most bytes of a mail that the server takes (RFC 1870); 0 where it does not say."""
        size = self._said_of("size")
        return int(size) if re.fullmatch("[0-9]{1,18}", size) else 0

    def _said_of(self, extension: str) -> str:
        return self._smtp.esmtp_features.get(extension, "").strip() if self._smtp else ""

    def _greet(self) -> None:
        code, text = self._line().ehlo()
        if not self.server.reply(code, text).good:
            raise smtplib.SMTPResponseException(code, text)

    def _secure(self) -> None:
        if not self.offers("starttls"):
            raise self.server.refused("it offers no STARTTLS", "Correct port, or security, in [provider].")
        self._line().starttls(context=self.server.tls)
        self._greet()

    def _log_in(self, user: str, password: str) -> None:
        """Once, by PLAIN, or LOGIN where there is nothing better: another wrong try may lock an account.

        Not by ``smtplib``, which knows ASCII alone and tries one way after another.
        """
        ways = self._said_of("auth").upper().split()
        if "PLAIN" in ways:
            reply = self._ask(f"AUTH PLAIN {coded(plain(user, password))}")
        elif "LOGIN" in ways:
            reply = self._ask("AUTH LOGIN")
            for word in (user, password):
                reply = self._ask(coded(word)) if reply.code == _MORE else reply
        else:
            raise self.server.refused("nobody can log in by PLAIN or LOGIN", "Correct port and security in [provider].")
        if not reply.good:
            raise self.server.refusal("the user and the password", reply)

    def _announce(self, key: str, sender: str, to: str, data: bytes) -> Receipt | None:
        """Who it is from and to; a receipt where the server does not want the mail."""
        self._be_in_time()
        if self._begun:  # a mail that was not wanted; after one that was accepted there is nothing to take back
            reply = self._ask("RSET")
            if not reply.good:
                raise self.server.refusal("another mail", reply)
            self._begun = False
        reply = self._ask(f"MAIL FROM:<{sender}>{self._parameters(sender + to, data)}")
        if reply.code == _TOO_LARGE:
            return Receipt(key=key, outcome="failed", error=str(reply))
        if not reply.good:  # no reader was named yet, so it holds for everybody
            raise self.server.refusal("the sender", reply)
        self._begun = True
        reply = self._ask(f"RCPT TO:<{to}>")
        if reply.about_us:
            raise self.server.refusal("mails for others from us", reply)
        if reply.good:
            reply = self._ask("DATA")
            if reply.code == _CONTENT:
                return None
        return self._refusal(key, reply)

    def _parameters(self, addresses: str, data: bytes) -> str:
        size = f" SIZE={len(data)}" if self.offers("size") else ""
        return size if addresses.isascii() else f"{size} SMTPUTF8"

    def _refusal(self, key: str, reply: Reply) -> Receipt:
        if not (reply.waits or reply.failed):
            raise self.server.senseless(reply)
        return Receipt(key=key, outcome="later" if reply.waits else "failed", error=str(reply))

    def _write(self, data: bytes) -> None:
        """The mail and its dot; an OSError where the dot did not go out."""
        text = _DOTS.sub(b"..", data)
        for start in range(0, len(text), _CHUNK):
            self._line().send(text[start : start + _CHUNK])
        line = self._line()
        self._be_in_time()
        if _speaks(line):
            raise ConnectionError("it answered, or hung up, before the end of a mail")
        line.send(b".\r\n")

    def _finish(self, key: str) -> Receipt:
        """What became of a mail whose dot went out."""
        try:
            line = self._line()
            if line.sock:
                line.sock.settimeout(max(self.until - time.monotonic(), 0.001))
            reply = self.server.reply(*line.getreply())
        except OSError as error:
            self._drop()
            raise self.server.unknown(error) from error
        self._begun = False
        if reply.good:
            return Receipt(key=key, provider_id=reply.text or str(reply.code))
        if reply.code == CLOSING:
            raise self.server.refusal("any more", reply)
        if not (reply.waits or reply.failed):
            raise self.server.unknown(reply)
        return self._refusal(key, reply)

    def _ask(self, command: str) -> Reply:
        reply = self.server.reply(*self._line().docmd(command))
        if reply.code == CLOSING:
            raise self.server.refusal("any more", reply)
        return reply

    def _line(self) -> smtplib.SMTP:
        """The connection, with what is left of our patience."""
        patience = self._patience()
        if self._smtp is None or self._smtp.sock is None:
            raise ConnectionError("it is closed")
        self._smtp.sock.settimeout(patience)
        return self._smtp

    def _patience(self) -> float:
        left = self.until - time.monotonic()
        if self._over or left <= 0:
            raise TimeoutError("no time is left for this batch")
        return min(self.server.timeout, left)

    def _be_in_time(self) -> None:
        """A TemporaryError where an answer could not be waited for any more."""
        if self.until - time.monotonic() < self.server.timeout:
            self._drop()
            raise TemporaryError(f"{self.server} is too slow for a whole batch.", where="smtp")

    def _drop(self) -> None:
        """Hang up without a word, which in the middle of a mail would be a part of it."""
        if self._smtp:
            self._smtp.close()


def _speaks(smtp: smtplib.SMTP) -> bool:
    """Whether the server said something, or hung up, although it is not its turn."""
    line, said = smtp.sock, smtp.file
    if line is None or said is None:
        return True
    patience = line.gettimeout()
    line.settimeout(0)
    try:
        return bool(said.peek(1)) or line.recv(1) is not None  # an end is no byte, silence an error
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    finally:
        line.settimeout(patience)
