"""A mail server on this computer that fails where it is told to, and keeps a ledger of what it took.

It knows no more of SMTP than a client of ours needs; that we speak it well is for a server that is not ours to say.
"""

import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer

USUAL = {
    "greeting": "220 mail.city.example ESMTP",
    "EHLO": "250-mail.city.example\r\n250-SIZE 20000000\r\n250 AUTH PLAIN LOGIN",
    "AUTH": "235 2.7.0 Welcome",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 Go on",
    "end": "250 2.0.0 Ok: queued as {number}",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}
DROP, RESET, HANG, DRIBBLE = "drop", "reset", "hang", "dribble"
"""To hang up, to hang up with a mail half read, to say nothing, and to say it so slowly that it takes a minute."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """At ``step`` of the mail with this ``number``, from 0, the server says or does something else.

    The greeting and what follows it, up to the first mail, is counted by connections. ``kept`` says whether it had
    taken the mail before it did so.
    """

    step: str
    act: str
    number: int = 0
    kept: bool = False


@dataclass(kw_only=True)
class Ledger:
    """What the server took: of each mail its reader, whom it comes back to, and its bytes; ``talk`` is all it heard."""

    mails: list[tuple[str, str, bytes]] = field(default_factory=list)
    talk: list[str] = field(default_factory=list)
    port: int = 0
    begun: int = 0
    connections: int = 0

    @property
    def readers(self) -> list[str]:
        return [reader for reader, _, _ in self.mails]


@contextmanager
def serving(*faults: Fault, says: Mapping[str, str] | None = None, pause: float = 0) -> Iterator[Ledger]:
    """A server on the loopback with these faults, each of which comes once.

    ``says`` replaces usual answers, before each of which it rests for ``pause`` seconds.
    """
    with _Server(list(faults), {**USUAL, **(says or {})}, pause) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.ledger
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


class _Server(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, faults: list[Fault], says: Mapping[str, str], pause: float) -> None:
        super().__init__(("127.0.0.1", 0), _Talk, bind_and_activate=False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)  # so that a large mail has to be read
        self.server_bind()
        self.server_activate()
        self.faults, self.says, self.pause, self.closing = faults, says, pause, threading.Event()
        self.ledger = Ledger(port=self.server_address[1])
        self._lock = threading.Lock()

    def count(self, what: str) -> int:
        """The number of this one, from 0, among those of all connections."""
        with self._lock:
            number: int = getattr(self.ledger, what)
            setattr(self.ledger, what, number + 1)
        return number


class _OverError(Exception):
    """The server hangs up."""


class _Talk(StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.number = self.server.count("connections")
        try:
            self._say("greeting", self.number)
            sender = reader = ""
            while line := self.rfile.readline():
                words = line.decode().rstrip("\r\n")
                self.server.ledger.talk.append(words)
                verb = words[:4].upper()
                if verb == "MAIL":
                    self.number = self.server.count("begun")
                    sender = words[words.index("<") + 1 : words.index(">")]
                elif verb == "RCPT":
                    reader = words[words.index("<") + 1 : words.index(">")]
                reply = self._say(verb if verb in self.server.says else "AUTH", self.number)
                if verb == "DATA" and reply.startswith("354"):
                    self._take(sender, reader)
                if verb == "QUIT":
                    return
        except (_OverError, ConnectionError):
            pass

    def _take(self, sender: str, reader: str) -> None:
        fault = self._fault("content", self.number)
        if fault:
            self.rfile.read1(1000)
            self._act(fault)
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return  # without its end it is no mail
            lines.append(line.removeprefix(b"."))
        fault = next((fault for fault in self.server.faults if self._is(fault, "end", self.number)), None)
        if fault.kept if fault else self.server.says["end"].startswith("2"):
            self.server.ledger.mails.append((reader, sender, b"".join(lines)))
        self._say("end", self.number)

    def _say(self, step: str, number: int) -> str:
        self.server.closing.wait(self.server.pause)
        fault = self._fault(step, number)
        reply = self._act(fault) if fault else self.server.says[step]
        self.wfile.write(reply.replace("{number}", f"q{number}").encode() + b"\r\n")
        return reply

    def _act(self, fault: Fault) -> str:
        if fault.act == HANG:
            self.server.closing.wait()
        if fault.act == DRIBBLE:
            while not self.server.closing.wait(0.05):
                self.wfile.write(b"250-wait\r\n")
        if fault.act == RESET:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if fault.act in (DROP, RESET, HANG, DRIBBLE):
            raise _OverError
        return fault.act

    def _fault(self, step: str, number: int) -> Fault | None:
        for fault in self.server.faults:
            if self._is(fault, step, number):
                self.server.faults.remove(fault)
                return fault
        return None

    def _is(self, fault: Fault, step: str, number: int) -> bool:
        return (fault.step, fault.number) == (step, number)


def sent_twice(ledger: Ledger) -> set[str]:
    """Who was mailed more than once."""
    return {reader for reader in ledger.readers if ledger.readers.count(reader) > 1}
