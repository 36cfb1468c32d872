"""Web services played on this computer: a scripted one, and DeepL with the rules of its documentation."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, Literal

import msgspec


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request; the path has its query, header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def said(value: object, status: int = 200, **headers: str) -> Reply:
    """A reply in JSON."""
    pairs = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Reply(status=status, body=msgspec.json.encode(value), headers=pairs)


@contextmanager
def serve(answer: Callable[[Asked], Reply]) -> Iterator[str]:
    """The address of a server on a free port of the loopback that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(method=self.command, path=self.path, headers=headers, body=self.rfile.read(size))
            reply = answer(asked)
            try:
                self.send_response(reply.status)
                for name, value in (("Content-Type", reply.type), *reply.headers):
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
            except OSError:
                return  # the client had no patience: some tests want that

        do_POST = do_GET  # noqa: N815 - the base class looks for this name

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


Tags = Annotated[list[str], msgspec.Meta(max_length=50)]


class Translate(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /v2/translate`` as DeepL documents it, of what we use."""

    text: Annotated[list[str], msgspec.Meta(min_length=1, max_length=50)]
    target_lang: str
    source_lang: str = ""
    split_sentences: Literal["0", "1", "nonewlines"] = "1"
    preserve_formatting: bool = False
    formality: Literal["default", "more", "less", "prefer_more", "prefer_less"] = "default"
    glossary_id: str = ""
    context: str = ""
    tag_handling: Literal["xml", "html"] | None = None
    outline_detection: bool = True
    non_splitting_tags: Tags = []
    ignore_tags: Tags = []


class DeepLServer:
    """Plays DeepL: its languages, limits and refusals; the translations are the texts turned to capitals.

    ``script`` are replies that come first, in order; ``asked`` the requests that ask for translations.
    """

    key = "00000000-0000-0000-0000-00000000000f:fx"
    sources = ("EN", "ES", "PT", "ZH", "NB", "AR")
    targets = ("EN-GB", "EN-US", "ES", "ES-419", "PT-BR", "PT-PT", "ZH", "ZH-HANS", "ZH-HANT", "NB", "AR")
    formal = ("ES", "PT-BR", "PT-PT")
    glossary = "def3a26b-3e84-45b3-84ae-0c0aaf3525f7"

    def __init__(self) -> None:
        self.script: list[Reply | Callable[[], Reply]] = []
        self.asked: list[Translate] = []
        self.requests = 0

    def __call__(self, asked: Asked) -> Reply:
        """The answer to a request."""
        if asked.headers.get("authorization") != f"DeepL-Auth-Key {self.key}" or not asked.headers.get("user-agent"):
            return Reply(status=403)
        if asked.path.startswith("/v2/languages"):
            codes = self.targets if asked.path.endswith("type=target") else self.sources
            return said([{"language": code, "name": code, "supports_formality": code in self.formal} for code in codes])
        if asked.path != "/v2/translate" or asked.method != "POST":
            return Reply(status=404)
        self.requests += 1
        if self.script:
            reply = self.script.pop(0)
            return reply if isinstance(reply, Reply) else reply()
        return self._translate(asked)

    def _translate(self, asked: Asked) -> Reply:
        if len(asked.body) > 128 * 1024:
            return Reply(status=413)
        try:
            wanted = msgspec.json.decode(asked.body, type=Translate)
        except msgspec.ValidationError as error:
            return said({"message": str(error)}, 400)
        self.asked.append(wanted)
        if wanted.source_lang not in self.sources or wanted.target_lang not in self.targets:
            return said({"message": "Value for 'target_lang' not supported."}, 400)
        if wanted.formality in ("more", "less") and wanted.target_lang not in self.formal:
            return said({"message": "'formality' is not supported for given 'target_lang'."}, 400)
        if wanted.glossary_id not in ("", self.glossary):
            return said({"message": "Glossary not found"}, 404)
        translations = [{"detected_source_language": wanted.source_lang, "text": _loud(text)} for text in wanted.text]
        return said({"translations": translations})


def _loud(text: str) -> str:
    """Capitals, but for tags and entities."""
    parts = text.replace("<", "\0<").replace("&", "\0&").split("\0")
    ends = [(">", part) if part.startswith("<") else (";", part) for part in parts]
    return "".join(
        part[: part.find(end) + 1] + part[part.find(end) + 1 :].upper() if part[:1] in ("<", "&") else part.upper()
        for end, part in ends
    )
