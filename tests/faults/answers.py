"""What a provider may answer besides what it should: refusals, and everything that says nothing of what it accepted."""

import gzip
import json
import socket
import struct
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

Answer = tuple[int, Mapping[str, str], bytes]

PIECE = b" " * 65_536
_NAMES = {
    400: ("validation_error", "Bad request"),
    401: ("invalid_api_key", "API key is invalid"),
    402: ("payment_required", "Pay first"),
    403: ("not_authorised", "Not from this domain"),
    422: ("validation_error", "Invalid `to` field."),
    429: ("rate_limit_exceeded", "Too many"),
}


class Handler(BaseHTTPRequestHandler):
    """What the faults need of the server's side of a request; ``pushed`` are the bytes of an answer without end."""

    pushed = 0

    def say(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Answer as one should."""
        self.send_response(status)
        usual = {"Content-Length": str(len(body)), "Content-Type": "application/json"}
        for name, value in {**usual, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def refusal(status: int) -> bytes:
    """The body of a refusal, in Resend's words."""
    name, message = _NAMES.get(status, ("application_error", "Oops"))
    return json.dumps({"statusCode": status, "name": name, "message": message}).encode()


def date(seconds: float) -> str:
    """An HTTP date so many seconds from now."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def _refused(status: int, wait: Callable[[], str] | None = None) -> Callable[[], Answer]:
    return lambda: (status, {"Retry-After": wait()} if wait else {}, refusal(status))


BEFORE: Mapping[str, Callable[[], Answer]] = {
    **{str(status): _refused(status) for status in (400, 401, 402, 403, 422)},
    "429": _refused(429, lambda: "1"),
    "429 in a second": _refused(429, lambda: "1"),
    "429 in two seconds": _refused(429, lambda: "2"),
    "429 at a date": _refused(429, lambda: date(1)),
    "429 at a past date": _refused(429, lambda: date(-3600)),
    "429 negative": _refused(429, lambda: "-5"),
    "429 in half a second": _refused(429, lambda: "0.5"),
    "429 for long": _refused(429, lambda: "999999"),
    "429 infinite": _refused(429, lambda: "inf"),
    "429 in words": _refused(429, lambda: "later, please"),
    "429 without a word": _refused(429),
    "503 in half a second": _refused(503, lambda: "0.5"),
}
"""Refused before anything was accepted."""


def _changed(change: Callable[[list[dict[str, str]]], list[object]]) -> Callable[[bytes], Answer]:
    """The right answer, with other ids."""

    def answer(body: bytes) -> Answer:
        said = json.loads(body or b'{"data": []}')
        return 200, {}, json.dumps({**said, "data": change(said["data"])}).encode()

    return answer


def _fixed(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Callable[[bytes], Answer]:
    return lambda _right: (status, headers or {}, body)


BOMB = gzip.compress(b'{"data": [' + b" " * 50_000_000 + b"]}", 9)

MALFORMED: Mapping[str, Callable[[bytes], Answer]] = {
    "garbage": _fixed(200, b'{"data": [{"id": "a'),
    "html": _fixed(200, b"<html>It works!</html>", {"Content-Type": "text/html"}),
    "nothing": _fixed(200, b""),
    "no content": _fixed(204, b""),
    "null": _fixed(200, b"null"),
    "short": _fixed(200, b'{"data": []}'),
    "one too few": _changed(lambda ids: [*ids[1:]]),
    "one too many": _changed(lambda ids: [*ids, {"id": "id-of-nobody"}]),
    "no ids": _changed(lambda ids: [{} for _ in ids]),
    "ids of another kind": _changed(lambda ids: [7 for _ in ids]),
    "bomb": _fixed(200, BOMB, {"Content-Encoding": "gzip"}),
    "gzip that is none": _fixed(200, b"no gzip", {"Content-Encoding": "gzip"}),
    "another charset": lambda right: (200, {"Content-Type": "application/json; charset=utf-16"}, _utf16(right)),
    "no text": _fixed(200, b'{"data": [{"id": "\xff\xfe"}]}'),
    "deep": _fixed(200, b"[" * 100_000),
}
"""Answers 2xx that do not say what was accepted."""

UNCLEAR = {str(status): _fixed(status, refusal(status)) for status in (408, 500, 502, 503, 504)}
"""Answers that leave open whether it was."""

ODD: Mapping[str, Callable[[bytes], Answer]] = {
    "ids twice": _changed(lambda ids: [ids[0] for _ in ids]),
    "ids in reverse": _changed(lambda ids: [*reversed(ids)]),
}
"""Answers that are complete, but not what one expects."""

SAID = {**MALFORMED, **UNCLEAR, **ODD}

LOST = tuple(f"lost {name}" for name in ("reset", "html", "nothing", "null", "no content", *UNCLEAR))
"""The request was lost on its way, to a portal or a broken server, whatever the answer says."""


def _utf16(right: bytes) -> bytes:
    return right.decode().encode("utf-16")


def reset(handler: Handler) -> None:
    """Cut the connection off, with what is still on its way."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def _half(handler: Handler, answer: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + answer[: len(answer) // 2])
    reset(handler)


DYING: Mapping[str, Callable[[Handler, bytes], None]] = {
    "reset": lambda handler, _answer: reset(handler),
    "half": _half,
}
"""Accepted, and then the connection dies."""


def _loris(handler: Handler, answer: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer))
    for byte in answer:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.009)


def _silence(handler: Handler, _answer: bytes) -> None:
    while handler.rfile.read(1):
        """Until the client hangs up."""
    handler.close_connection = True


def _endless(handler: Handler, _answer: bytes) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        handler.wfile.write(b"1\r\n \r\n")
        time.sleep(0.01)


def _huge(handler: Handler, _answer: bytes) -> None:
    pieces = 100_000_000 // len(PIECE)
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (pieces * len(PIECE)))
    for _ in range(pieces):
        handler.wfile.write(PIECE)
        handler.pushed += len(PIECE)


SLOW: Mapping[str, Callable[[Handler, bytes], None]] = {
    "loris": _loris,
    "silence": _silence,
    "endless": _endless,
    "huge": _huge,
}
"""Accepted, and then the answer does not end."""
