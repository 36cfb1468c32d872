"""How the package index and the packages are asked for over HTTP: whom we trust, how long we wait, what went wrong."""

import ipaddress
import time
from dataclasses import dataclass

import httpx

_HOPS = 5  # redirects that are followed


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """Seconds to wait for a connection, for the next bytes, and at most for all of a short answer.

    ``tries`` is how often one link is asked; the pause in between begins with ``pause`` seconds and doubles.
    """

    connect: float = 10
    read: float = 30
    whole: float = 60
    tries: int = 5
    pause: float = 1


def client(patience: Patience) -> httpx.Client:
    """A client that goes only where ``trusted`` allows, also after a redirect, and takes bytes as they are."""
    return httpx.Client(
        timeout=httpx.Timeout(patience.read, connect=patience.connect),
        follow_redirects=True,
        max_redirects=_HOPS,
        headers={"Accept-Encoding": "identity"},  # else a range would be one of packed bytes
        event_hooks={"request": [_checked]},
    )


def trusted(url: str) -> bool:
    """Whether packages may come from there: HTTPS, or this very computer."""
    try:
        parsed = httpx.URL(url)
        local = parsed.host == "localhost" or ipaddress.ip_address(parsed.host).is_loopback
    except httpx.InvalidURL:
        return False
    except ValueError:  # a host with a name
        local = False
    return bool(parsed.host) and (parsed.scheme == "https" or (parsed.scheme == "http" and local))


def read(url: str, *, greatest: int, patience: Patience) -> bytes:
    """The answer of an address, up to ``greatest`` bytes; httpx.HTTPError says why there is none."""
    deadline = time.monotonic() + patience.whole
    data = bytearray()
    with client(patience) as http, http.stream("GET", url) as response:
        response.raise_for_status()
        for chunk in response.iter_raw():
            data += chunk
            if len(data) > greatest:
                raise httpx.DecodingError(f"it is larger than {greatest} bytes", request=response.request)
            if time.monotonic() > deadline:  # each chunk came in time, but there is no end
                raise httpx.ReadTimeout("too slow", request=response.request)
    return bytes(data)


def why(error: httpx.HTTPError) -> str:
    """What went wrong, as the end of a sentence."""
    match error:
        case httpx.HTTPStatusError():
            return f"it answered {error.response.status_code}"
        case httpx.TimeoutException():
            return "it did not answer in time"
        case httpx.ConnectError():
            return "it cannot be reached"
        case httpx.TooManyRedirects():
            return "it redirects without end"
        case httpx.UnsupportedProtocol() | httpx.DecodingError():
            return str(error)
        case _:
            return "the connection broke off"


def _checked(request: httpx.Request) -> None:
    if not trusted(str(request.url)):
        raise httpx.UnsupportedProtocol(f"{request.url.scheme}://{request.url.host} is not HTTPS", request=request)
