"""Amazon played on this computer by programs that are not ours: SES itself, and whoever checks signatures.

``aws-ses-v2-local`` (npm) fills templates in and keeps the mails, but looks at no signature; ``moto`` (PyPI, in an
environment of its own) looks at the signature of every request and takes only raw mails.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx

SECONDS = 60  # until a program answers; each takes one or two
UNCHECKED = 3  # requests that moto takes without a signature: a person, what she may do, and her key
_MODULES = Path(__file__).parents[2] / ".node" / "node_modules"
_ALL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


def local_ses() -> Path:
    """The script of aws-ses-v2-local; it need not be there. NEWSLETTER_NODE_MODULES names another folder."""
    return Path(os.environ.get("NEWSLETTER_NODE_MODULES") or _MODULES) / "aws-ses-v2-local" / "dist" / "cli.js"


def moto() -> Path:
    """The program moto_server that NEWSLETTER_MOTO names; it need not be there."""
    return Path(os.environ.get("NEWSLETTER_MOTO") or "moto_server")


@contextmanager
def running(command: list[str], *, log: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a server that a command starts on the loopback, once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with log.open("wb") as file:
        server = subprocess.Popen(
            [*command, "--port", str(port)], env={**os.environ, **environment}, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        _await(port, server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _await(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until somebody listens; asking for a page would be a request that moto counts."""
    for _ in range(SECONDS * 10):
        assert server.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("nobody listens: " + log.read_text(encoding="utf-8", errors="replace"))


def stored(url: str) -> list[dict[str, Any]]:
    """The mails that aws-ses-v2-local took, oldest first."""
    emails: list[dict[str, Any]] = httpx.get(f"{url}/store").json()["emails"]
    return emails


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with a key at moto's."""

    key: str
    secret: str


def person(url: str) -> Person:
    """Make somebody who may do everything; those are the requests that moto takes unsigned."""
    _iam(url, Action="CreateUser", UserName="letters")
    _iam(url, Action="PutUserPolicy", UserName="letters", PolicyName="all", PolicyDocument=_ALL)
    made = _iam(url, Action="CreateAccessKey", UserName="letters")
    found = {element.tag.rpartition("}")[2]: element.text or "" for element in ElementTree.fromstring(made).iter()}
    return Person(key=found["AccessKeyId"], secret=found["SecretAccessKey"])


def _iam(url: str, **fields: str) -> str:
    scope = "Credential=none/20261113/us-east-1/iam/aws4_request"  # it tells moto which service is meant
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none"}
    return httpx.post(url, data={"Version": "2010-05-08", **fields}, headers=headers).raise_for_status().text
