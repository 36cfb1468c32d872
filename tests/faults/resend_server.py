"""Resend's batch endpoint on 127.0.0.1, with a ledger of what it accepted and faults that a test orders."""

import json
import socket
import struct
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BEFORE = {  # refused before anything was accepted
    "401": (401, {}, {"statusCode": 401, "name": "invalid_api_key", "message": "API key is invalid"}),
    "422": (422, {}, {"statusCode": 422, "name": "validation_error", "message": "Invalid `to` field."}),
    "429": (429, {"Retry-After": "1"}, {"statusCode": 429, "name": "rate_limit_exceeded", "message": "Too many"}),
}
AFTER = {  # accepted, and then the answer says nothing of it
    "500": (500, b'{"statusCode": 500, "name": "application_error", "message": "Oops"}'),
    "garbage": (200, b'{"data": [{"id": "a'),
    "html": (200, b"<html>It works!</html>"),
    "short": (200, b'{"data": []}'),
}


class ResendServer(ThreadingHTTPServer):
    """Counts every accepted mail by its address; without ``keeps_keys``, which Resend promises, every request counts.

    ``faults`` are taken by the next requests, one each; ``poison`` is an address that spoils a whole batch, ``refused``
    one that is refused alone. ``delay`` is how long a request takes, half of it before it is accepted.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, *, keeps_keys: bool = True, delay: float = 0.0, faults: tuple[str, ...] = ()) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.keeps_keys, self.delay, self.faults = keeps_keys, delay, list(faults)
        self.poison = self.refused = ""
        self.ledger: Counter[str] = Counter()
        self.times: list[float] = []
        self.fired: Counter[str] = Counter()
        self.under_way = 0
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
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that was killed is no error of the server."""

    def arrive(self) -> str:
        """Count a request in, and say which fault it meets."""
        with self._lock:
            self.under_way += 1
            self.times.append(time.monotonic())
            fault = self.faults.pop(0) if self.faults else ""
            self.fired[fault] += 1
            return fault

    def leave(self) -> None:
        """Count a request out."""
        with self._lock:
            self.under_way -= 1

    def accept(self, key: str, body: bytes) -> tuple[int, bytes]:
        """Take a batch: once for every key where keys are kept."""
        with self._lock:
            if self.keeps_keys and key in self._answers:
                known, answer = self._answers[key]
                return (200, answer) if known == body else (409, b'{"name": "invalid_idempotent_request"}')
            mails = [mail["to"][0].rpartition("<")[2].rstrip(">") for mail in json.loads(body)]
            if self.poison in mails:
                return 422, json.dumps(BEFORE["422"][2]).encode()
            errors = [{"index": n, "message": "refused"} for n, mail in enumerate(mails) if mail == self.refused]
            accepted = [mail for mail in mails if mail != self.refused]
            self.ledger.update(accepted)
            answer = json.dumps({"data": [{"id": f"id-{mail}"} for mail in accepted], "errors": errors}).encode()
            self._answers[key] = body, answer
            return 200, answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ResendServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.server.arrive()
        try:
            self._answer(fault, body)
        finally:
            self.server.leave()

    def _answer(self, fault: str, body: bytes) -> None:
        time.sleep(self.server.delay / 2)
        if fault in BEFORE:
            status, headers, said = BEFORE[fault]
            self._say(status, json.dumps(said).encode(), headers)
            return
        status, answer = self.server.accept(self.headers["Idempotency-Key"], body)
        time.sleep(self.server.delay / 2)
        if fault == "reset":
            self._reset()
        elif fault == "half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + answer[: len(answer) // 2])
            self._reset()
        else:
            self._say(*AFTER.get(fault, (status, answer)), {})

    def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base names it
        """Say nothing."""
