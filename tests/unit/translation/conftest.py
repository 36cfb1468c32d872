"""A real HTTP server on this computer that answers as it is told, and a package to serve."""

import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Answers each path with what ``answers`` has for it, and keeps what was asked: method, path, headers."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.over = threading.Event()
        asked, answers = self.asked, self.answers

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked.append((self.command, self.path, dict(self.headers)))
                answers.get(self.path, Server.status(404))(self)

            do_HEAD = do_GET  # noqa: N815 - the library's name

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *_: None  # type: ignore[method-assign]  # who was cut off does not listen
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

        self._thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        """Answer nobody any more; may be called twice."""
        self.over.set()
        self.http.shutdown()
        self.http.server_close()
        self._thread.join()

    def ranges(self) -> list[str]:
        """The ranges that were asked for, empty for the whole."""
        return [headers.get("Range", "") for _, _, headers in self.asked]

    @staticmethod
    def status(code: int, data: bytes = b"", **headers: str) -> Answer:
        """A plain answer."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(code)
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            for name, value in {"Content-Length": str(len(data)), **given}.items():
                handler.send_header(name, value)
            handler.end_headers()
            if handler.command != "HEAD":
                handler.wfile.write(data)

        return answer

    @staticmethod
    def file(data: bytes, *, cuts: list[int] | None = None, etag: str = '"one"', ranged: bool = True) -> Answer:
        """A file with ranges; each request ends after the next number of ``cuts`` in the middle of the answer."""
        left = list(cuts or [])

        def answer(handler: BaseHTTPRequestHandler) -> None:
            asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
            same = handler.headers.get("If-Range", etag) == etag
            start = int(asked[1]) if asked and ranged and same else 0
            if start >= len(data):
                Server.status(416, Content_Range=f"bytes */{len(data)}")(handler)
                return
            handler.send_response(206 if start else 200)
            if start:
                handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            if etag:
                handler.send_header("ETag", etag)
            handler.send_header("Content-Length", str(len(data) - start))
            handler.end_headers()
            end = start + left.pop(0) if left else len(data)
            handler.wfile.write(data[start:end])
            handler.close_connection = end < len(data)

        return answer

    def stall(self, data: bytes = b"") -> Answer:
        """Promises more than it sends, and keeps the line open."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(data) + 1))
            handler.end_headers()
            handler.wfile.write(data)
            handler.wfile.flush()
            self.over.wait(20)

        return answer


@pytest.fixture
def server() -> Iterator[Server]:
    """The server, running."""
    made = Server()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def argosmodel() -> Callable[..., bytes]:
    """Makes the bytes of a package with everything that a package must have, and nothing that translates."""

    def make(source: str = "en", target: str = "pb", version: str = "1.9", **files: bytes) -> bytes:
        root = f"{source}_{target}"
        metadata = {"from_code": source, "to_code": target, "package_version": version}
        names = {"metadata.json": json.dumps(metadata).encode(), "model/model.bin": b"model", **files}
        if "bpe.model" not in names:
            names.setdefault("sentencepiece.model", b"pieces")
        stream = BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, data in names.items():
                archive.writestr(f"{root}/{name}", data)
        return stream.getvalue()

    return make
