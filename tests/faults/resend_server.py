"""Resend's batch endpoint on 127.0.0.1, with a ledger of what it accepted and faults that a test orders."""

import json
import os
import signal
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from typing import Any

from answers import BEFORE, DYING, SAID, SLOW, Handler, refusal, reset


class ResendServer(ThreadingHTTPServer):
    """Counts every accepted mail by its address; without ``keeps_keys``, which Resend promises, every request counts.

    ``delivered`` counts the same by our own key of a message, ``times`` and ``sizes`` are those of the requests,
    ``arrived`` the keys in them, ``mails`` what was accepted, as it came, and ``pushed`` the bytes of endless answers.

    ``faults`` are taken by the next requests, one each, and counted in ``fired``; what they do stands in ``answers``.
    One that follows the acceptance does without it if it is called ``lost``, as in ``lost html``. ``poison`` is an
    address that spoils a whole batch, ``refused`` those that are refused alone. ``delay`` is how long a request takes,
    half of it before it is accepted, unless ``hurry`` is set. ``victim`` is the process that some faults kill;
    ``accepted`` is called after each acceptance, with its number.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self,
        *,
        keeps_keys: bool = True,
        delay: float = 0.0,
        faults: tuple[str, ...] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.keeps_keys, self.delay, self.faults = keeps_keys, delay, list(faults)
        self.tls = tls
        self.poison = ""
        self.refused: frozenset[str] | str = frozenset()
        self.victim = 0
        self.accepted: Callable[[int], None] = lambda _number: None
        self.ledger: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()
        self.times: list[float] = []
        self.sizes: list[int] = []
        self.arrived: Counter[str] = Counter()
        self.mails: list[dict[str, Any]] = []
        self.fired: Counter[str] = Counter()
        self.pushed = 0
        self.under_way = 0
        self.hurry = threading.Event()
        self._acceptances = 0
        self._answers: dict[str, tuple[bytes, bytes]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> "ResendServer":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.server_address[1]}"

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands in the request's own thread, where there is TLS."""
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        with self.tls.wrap_socket(request, server_side=True) as spoken:
            super().finish_request(spoken, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that was killed, or that does not trust us, is no error of the server."""
        self.fired[type(sys.exception()).__name__] += 1

    def arrive(self, body: bytes) -> str:
        """Count a request in, and say which fault it meets."""
        keys = [key_of(mail) for mail in json.loads(body)]
        with self._lock:
            self.under_way += 1
            self.times.append(time.monotonic())
            self.sizes.append(len(keys))
            self.arrived.update(keys)
            fault = self.faults.pop(0) if self.faults else ""
            self.fired[fault] += 1
            return fault

    def leave(self, pushed: int) -> None:
        """Count a request out, with the bytes of its answer that had no end."""
        with self._lock:
            self.under_way -= 1
            self.pushed += pushed

    def accept(self, key: str, body: bytes) -> tuple[int, bytes]:
        """Take a batch: once for every key where keys are kept."""
        with self._lock:
            if self.keeps_keys and key in self._answers:
                known, answer = self._answers[key]
                return (200, answer) if known == body else (409, b'{"name": "invalid_idempotent_request"}')
            mails = json.loads(body)
            readers = [reader_of(mail) for mail in mails]
            if self.poison in readers:
                self.fired["poison"] += 1
                return 422, refusal(422)
            refused = {self.refused} if isinstance(self.refused, str) else self.refused
            errors = [{"index": n, "message": "refused"} for n, reader in enumerate(readers) if reader in refused]
            taken = [mail for mail, reader in zip(mails, readers, strict=True) if reader not in refused]
            self.ledger.update(map(reader_of, taken))
            self.delivered.update(map(key_of, taken))
            self.mails += taken
            ids = [{"id": f"id-{reader_of(mail)}"} for mail in taken]
            answer = json.dumps({"data": ids, "errors": errors}).encode()
            self._answers[key] = body, answer
            self._acceptances += 1
            number = self._acceptances
        self.accepted(number)
        return 200, answer

    def forget(self) -> None:
        """Know no key any more, as after a day."""
        with self._lock:
            self._answers.clear()

    def kill(self) -> None:
        """End the victim as a power cut would."""
        os.kill(self.victim, signal.SIGKILL)


def reader_of(mail: dict[str, Any]) -> str:
    """The address a mail goes to."""
    to: str = mail["to"][0]
    return to.rpartition("<")[2].rstrip(">")


def key_of(mail: dict[str, Any]) -> str:
    """Our own key of a message, which every request carries."""
    return str(mail["tags"][0]["value"])


class _Handler(Handler):
    protocol_version = "HTTP/1.1"
    server: ResendServer

    def do_POST(self) -> None:  # noqa: N802 - as the base calls it
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.server.arrive(body)
        try:
            self._answer(fault, body)
        finally:
            self.server.leave(self.pushed)

    def _answer(self, fault: str, body: bytes) -> None:
        self.server.hurry.wait(self.server.delay / 2)
        if fault in BEFORE:
            self.say(*BEFORE[fault]())
            return
        if fault == "kill before":
            self.server.kill()
        if fault == "lost reset":
            reset(self)
            return
        lost = fault.startswith("lost ")
        status, answer = (200, b"") if lost else self.server.accept(self.headers["Idempotency-Key"], body)
        self.server.hurry.wait(self.server.delay / 2)
        if fault == "kill after":
            self.server.kill()
        fault = fault.removeprefix("lost ")
        if status == 200 and (fault in SLOW or fault in DYING):
            (SLOW | DYING)[fault](self, answer)
        elif status == 200 and fault in SAID:
            self.say(*SAID[fault](answer))
        else:
            self.say(status, {}, answer)
        if fault == "kill answered":
            self.server.kill()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base names it
        """Say nothing."""
