"""How what comes back is asked for over HTTP: HTTPS where the address came from outside, a deadline, and no flood."""

import time
from collections.abc import Callable

import httpx

from newsletter.errors import ForgedError, TemporaryError

Connect = Callable[[], httpx.Client]

PATIENCE = httpx.Timeout(10)
DEADLINE = 60.0  # seconds for a whole answer; httpx's own timeouts are per read
LARGEST = 20_000_000  # bytes of a page of events
LARGEST_FILE = 100_000  # bytes of a certificate, or of what confirms a webhook


def connect() -> httpx.Client:
    """A client that follows nobody elsewhere."""
    return httpx.Client(timeout=PATIENCE, follow_redirects=False)


def fetch(connect: Connect, url: str) -> bytes:
    """What stands at an address that a webhook named; a TemporaryError where it is not there now."""
    try:
        request = httpx.Request("GET", url)
    except httpx.InvalidURL:
        raise _suspect(url) from None
    if request.url.scheme != "https":
        raise _suspect(url)
    with connect() as client:
        response = answer(client, request, largest=LARGEST_FILE)
    if not response.is_success:
        raise TemporaryError(
            f"answered {response.status_code}.", where=request.url.host, hint="It is asked again later."
        )
    return response.content


def answer(client: httpx.Client, request: httpx.Request, *, largest: int = LARGEST) -> httpx.Response:
    """The whole answer to a request; a TemporaryError where there is none, or no end of it."""
    host, until, body = request.url.host, time.monotonic() + DEADLINE, bytearray()
    request.headers["Accept-Encoding"] = "identity"
    try:
        response = client.send(request, stream=True)
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > largest or time.monotonic() > until:
                    raise TemporaryError(f"answered without end ({len(body)} bytes so far).", where=host)
        finally:
            response.close()
    except httpx.RequestError as error:
        why = str(error) or type(error).__name__
        raise TemporaryError(f"cannot be asked ({why}).", where=host, hint="Ask again later.") from error
    headers = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
    return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=request)


def _suspect(url: str) -> ForgedError:
    return ForgedError(f"a call names {url[:200]!r}, which is no https address; it was not opened.")
