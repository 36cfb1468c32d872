"""Language packages over the net: streamed to disk, resumed where they broke off, from the first link that works.

What was received stays beside the packages until it is whole, so that a dropped connection, here or in the next run,
costs only what is missing. A server's validator (RFC 9110 §8.8) says whether it is still the same file.
"""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec

from newsletter.errors import TranslationError
from newsletter.translation import packages, po
from newsletter.translation.packages import Package, transport
from newsletter.translation.packages.index import Offer
from newsletter.translation.packages.transport import Patience
from newsletter.translation.packages.unpacking import GREATEST

Progress = Callable[[int, int], None]
"""Called with (bytes done, all bytes); all is 0 where the server does not say."""

_PATIENT = Patience()
_AGAIN = (408, 425, 429, 500, 502, 503, 504)  # statuses that may be others in a moment


def install(
    offer: Offer,
    chosen: Path | None,
    *,
    lock: Path | None = None,
    progress: Progress | None = None,
    patience: Patience = _PATIENT,
) -> Package:
    """Download and install an offered package; ``lock`` is as in ``packages.install``."""
    with packages.alone(chosen) as place:
        name = packages.folder_name(offer.source, offer.target, offer.version)
        part = _Part(place / f"{name}.part")
        url = _fetch(offer, part, progress or _silent, patience)
        try:
            return packages.install(part.path, chosen, lock=lock, url=url, pair=(offer.source, offer.target))
        finally:
            part.forget()  # installed, or bytes that nobody wants to resume


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """Which file the bytes are a part of; ``total`` is 0 and ``validator`` empty where the server does not say."""

    url: str
    validator: str
    total: int


class _Part:
    """The bytes of a download that are there so far, and beside them what they are a part of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state = path.with_name(f"{path.name}.json")

    def forget(self) -> None:
        """Delete the bytes."""
        self._state.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def known(self, url: str) -> tuple[int, _State]:
        """How many bytes of this address are there, of what; none where nobody can tell that it is the same file."""
        try:
            state = msgspec.json.decode(po.read(self._state) or b"", type=_State)
        except msgspec.DecodeError:
            state = _State(url="", validator="", total=0)
        done = self.path.stat().st_size if self.path.is_file() else 0
        return (done if state.url == url and state.validator else 0), state

    def begin(self, state: _State) -> None:
        """Start anew with another file; its name comes after the old bytes are gone, so that the two never mix."""
        self.path.write_bytes(b"")
        po.write(self._state, msgspec.json.encode(state))


def _fetch(offer: Offer, part: _Part, progress: Progress, patience: Patience) -> str:
    """Bring the whole file from the first link that has it, and say which that was."""
    failures = []
    with transport.client(patience) as http:
        for url in offer.urls:
            try:
                _persist(http, url, part, progress, patience)
            except httpx.HTTPError as error:
                failures.append(f"{urlsplit(url).netloc}: {transport.why(error)}")
            else:
                return url
    raise TranslationError(
        f"the package {offer} cannot be downloaded ({'; '.join(failures) or 'it has no link'}).",
        hint="Run the same command again later, it goes on where it broke off; or install it from a file.",
    )


def _persist(http: httpx.Client, url: str, part: _Part, progress: Progress, patience: Patience) -> None:
    """Bring the whole file from one link, however often the connection breaks off."""
    for trial in range(1, patience.tries + 1):
        try:
            return _receive(http, url, part, progress)
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in _AGAIN or trial == patience.tries:
                raise
        except httpx.TransportError as error:
            if isinstance(error, httpx.UnsupportedProtocol) or trial == patience.tries:
                raise
        time.sleep(patience.pause * 2 ** (trial - 1))
    raise AssertionError("the last trial returns or raises")


def _receive(http: httpx.Client, url: str, part: _Part, progress: Progress) -> None:
    """Bring what is missing, or all of it where the server cannot go on or has another file by now."""
    done, state = part.known(url)
    if done and done == state.total:
        return
    headers = {"Range": f"bytes={done}-", "If-Range": state.validator} if done else {}
    with http.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.forget()
            raise httpx.RemoteProtocolError("the file is shorter now", request=response.request)
        response.raise_for_status()
        start, new = _offered(response, url)
        if start not in (0, done) or (start and new.validator not in ("", state.validator)):
            part.forget()
            raise httpx.RemoteProtocolError("these are not the bytes that were asked for", request=response.request)
        if not start:
            part.begin(new)
        if _append(response, part.path, start, new.total, progress) < new.total:
            raise httpx.RemoteProtocolError("it answered less than the whole", request=response.request)


def _offered(response: httpx.Response, url: str) -> tuple[int, _State]:
    """From which byte on the answer is, and of what; an error where it cannot be a package."""
    headers = response.headers
    if "html" in headers.get("Content-Type", "") or headers.get("Content-Encoding", "identity") != "identity":
        raise httpx.DecodingError("it answered a web page, not a package", request=response.request)
    total = _number(headers, "Content-Length", r"(\d+)")
    start = 0
    if response.status_code == httpx.codes.PARTIAL_CONTENT:
        start = _number(headers, "Content-Range", r"bytes (\d+)-")
        total = _number(headers, "Content-Range", r"bytes \d+-\d+/(\d+)")
    if total > GREATEST:
        raise httpx.DecodingError("it is larger than 1 GiB", request=response.request)
    tag = headers.get("ETag", "")
    validator = tag if tag and not tag.startswith("W/") else headers.get("Last-Modified", "")
    return start, _State(url=url, validator=validator, total=total)


def _append(response: httpx.Response, path: Path, start: int, total: int, progress: Progress) -> int:
    """Write the answer behind the bytes that are there; how many there are then."""
    done = start
    with path.open("ab") as file:
        progress(done, total)
        for chunk in response.iter_raw():
            done += len(chunk)
            if done > GREATEST:
                raise httpx.DecodingError("it is larger than 1 GiB", request=response.request)
            file.write(chunk)
            progress(done, total)
    return done


def _number(headers: Mapping[str, str], name: str, pattern: str) -> int:
    """A number in a header, 0 where it is not there."""
    found = re.match(pattern, headers.get(name, ""))
    return int(found[1]) if found else 0


def _silent(done: int, total: int) -> None:
    """The progress of who does not ask for it."""
