"""Fetches a list page by page: each page whole or an error, from one origin only, within bounds of size and time."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from newsletter.errors import AudienceError, ConfigError
from newsletter.plugins import Secret
from newsletter.waiting import LONGEST_PAUSE, retry_after

LARGEST = 32_000_000
"""Bytes of a page: some hundred thousand members, and still held in memory."""

PAUSES = (0.5, 2.0, 6.0)
"""Seconds between two attempts at a page where the service does not say how long."""

PATIENCE = 60.0
"""Seconds of a ``Retry-After`` that are waited for; beyond that, a person tries again."""

_SILENCE = 30.0  # seconds without a byte after which a connection is given up
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_LATER = "Nothing was used. Try again later."
_URL = "Correct url in [audience]."
_REFUSALS: Mapping[int, tuple[str, str]] = {
    401: ("the service does not know the key", "Correct key in [audience], or the header it belongs into."),
    403: ("the service refuses this list to the key", "Ask its operator for a key that may read the members."),
    404: ("there is nothing at this address", _URL),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One answer: its body, and the address of the next one where its Link header names one.

    ``measured`` says that the body is surely whole; else it ended where the connection did, or was compressed.
    """

    url: httpx.URL
    where: str
    type: str
    body: bytes
    measured: bool
    following: str


class Pages:
    """The pages of one reading. ``timeout`` are the seconds that the service may take for all of them together."""

    def __init__(
        self,
        *,
        url: httpx.URL,
        headers: Mapping[str, str],
        most: int,
        timeout: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url
        self._headers = headers
        self._most = most
        self._timeout = self._left = timeout
        self._sleep = sleep

    def read(self, following: Callable[[Page], str]) -> Iterator[Page]:
        """Every page from the first on; ``following`` gives what leads from one to the next, or nothing at the end.

        AudienceError: a page that does not come whole, one that was read already, another origin, too many pages.
        """
        url, seen = self._url, set()
        with httpx.Client(headers=dict(self._headers), follow_redirects=False) as client:
            while True:
                seen.add(str(url))
                page = self._page(client, url, f"{shown(url)}, page {len(seen)}")
                yield page
                target = following(page)
                if not target:
                    return
                url = self._joined(page, target)
                if str(url) in seen:
                    raise AudienceError("its next page is one that was read already.", where=page.where, hint=_LATER)
                if len(seen) == self._most:
                    hint = "Allow more with pages in [audience], or ask the service for larger ones."
                    raise AudienceError(f"the list has more than {self._most} pages.", where=page.where, hint=hint)

    def _page(self, client: httpx.Client, url: httpx.URL, where: str) -> Page:
        """One page; a service that is busy, or breaks off, is asked again: reading twice harms nobody."""
        for pause in (*PAUSES, None):
            try:
                response, body = self._fetched(client, url, where)
            except httpx.RequestError as error:
                if pause is None:
                    what = f"the service cannot be read to the end ({_words(error)})."
                    raise AudienceError(what, where=where, hint=f"{_LATER} {_URL}") from None
                self._wait(pause, where)
                continue
            wait = retry_after(response.headers)
            seconds = pause if wait is None else wait
            if response.status_code not in _BUSY or pause is None or seconds is None or seconds > PATIENCE:
                break
            self._wait(seconds, where)
        if response.status_code != HTTPStatus.OK:
            raise _refused(response.status_code, where)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        measured, following = _is_measured(response.headers), _link(response)
        return Page(url=url, where=where, type=kind, body=body, measured=measured, following=following)

    def _fetched(self, client: httpx.Client, url: httpx.URL, where: str) -> tuple[httpx.Response, bytes]:
        if self._left <= 0:
            raise self._late(where)
        begun = time.monotonic()
        body = bytearray()
        try:
            with client.stream("GET", url, timeout=min(_SILENCE, self._left)) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > LARGEST:
                        hint = "Ask the service for smaller pages; url can often say how large."
                        raise AudienceError(f"the page is larger than {LARGEST:,} bytes.", where=where, hint=hint)
                    if time.monotonic() - begun > self._left:
                        raise self._late(where)
                return response, bytes(body)
        finally:
            self._left -= time.monotonic() - begun

    def _wait(self, seconds: float, where: str) -> None:
        self._left -= seconds
        if self._left <= 0:  # before the pause, not after it
            raise self._late(where)
        self._sleep(seconds)

    def _late(self, where: str) -> AudienceError:
        what = f"the service did not send its whole list within {self._timeout:g} seconds."
        return AudienceError(what, where=where, hint="Try again later, or allow more with timeout in [audience].")

    def _joined(self, page: Page, target: str) -> httpx.URL:
        """The address of the next page, which may be relative; the key and the trust go to one origin only."""
        try:
            url = page.url.join(target).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError):
            what = "its next page has no address that can be read."
            raise AudienceError(what, where=page.where, hint="Ask the service's operator.") from None
        if _origin(url) != _origin(self._url) or url.userinfo:
            what = f"its next page is at another place ({shown(url)})."
            raise AudienceError(what, where=page.where, hint="Nothing was sent there. Ask the service's operator.")
        return url


def address(text: str) -> httpx.URL:
    """The option ``url``; a ConfigError where nothing can be asked at it, or a secret stands in it."""
    where = "[audience] url"
    try:
        url = httpx.URL(text).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError):  # the latter for a name that no domain can have
        raise ConfigError("this is no web address.", where=where, hint="Begin it: https://") from None
    if url.userinfo:
        hint = "Take name and password out of url, and set key = { env = … }."
        raise ConfigError("a secret does not belong into the file.", where=where, hint=hint)
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError("this is no web address.", where=where, hint="Begin it: https://")
    return url


def headers(key: Secret | None, header: str) -> dict[str, str]:
    """What each request says; a ConfigError where the key or its header cannot stand in one."""
    said = {"Accept": "application/json, application/x-ndjson", "Accept-Encoding": "identity"}
    if not re.fullmatch(r"[A-Za-z0-9-]+", header):
        raise ConfigError("this is no name of a header.", where="[audience] header", hint="Write it as: X-Api-Key")
    if key is None:
        return said
    value = key.reveal()
    if not (value.isascii() and value.isprintable() and " " not in value):
        what = "the key has spaces or other signs that no key has."
        raise ConfigError(what, where="[audience] key", hint="Copy it again.")
    return {**said, header: f"Bearer {value}" if header.lower() == "authorization" else value}


def allowed(*, pages: int, timeout: float) -> None:
    """Refuse bounds that nothing can be read within."""
    if pages < 1:
        raise ConfigError(f"pages = {pages} is no number of pages.", where="[audience] pages", hint="Write 1 or more.")
    if not 0 < timeout <= LONGEST_PAUSE:
        what = f"timeout = {timeout:g} is no time to wait."
        raise ConfigError(what, where="[audience] timeout", hint="Write seconds, such as 300.")


def shown(url: httpx.URL) -> str:
    """An address for people: without its query, in which keys may stand."""
    return str(url.copy_with(query=None, fragment=None, username=None, password=None))


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """RFC 6454; httpx has no port where it is the usual one."""
    return url.scheme, url.host, url.port


def _is_measured(headers: httpx.Headers) -> bool:
    """Whether an answer tells where it ends: of a compressed one the beginning may come out, and nothing be said."""
    told = "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()
    return told and headers.get("content-encoding", "identity").lower() == "identity"


def _link(response: httpx.Response) -> str:
    """The address with rel=next in the Link header (RFC 8288)."""
    for link in response.links.values():
        if "next" in link.get("rel", "").lower().split():
            return link.get("url", "")
    return ""


def _refused(status: int, where: str) -> AudienceError:
    if status in _REFUSALS:
        what, hint = _REFUSALS[status]
        return AudienceError(f"{what} ({status}).", where=where, hint=hint)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        hint = "Write the address where the list is now as url in [audience]."
        return AudienceError(f"the service leads to another address ({status}).", where=where, hint=hint)
    return AudienceError(f"the service answered {status} instead of a list.", where=where, hint=_LATER)


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
