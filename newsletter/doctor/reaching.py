"""Asks a web address and says plainly why there was no answer: its fault for certain, or perhaps only the network's."""

import errno
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings

PATIENCE = 5.0
"""Seconds to connect, and again for each part of an answer."""

_BEGINNING = 10_000  # bytes of an answer that are read


class UnreachedError(NewsletterError):
    """No answer; ``certain`` where that is the address's own fault, whatever network one asks from."""

    def __init__(self, what: str, *, certain: bool) -> None:
        super().__init__(what)
        self.certain = certain


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back: the beginning of ``body``, and how far this computer's clock is ``ahead``, where that shows."""

    status: int
    body: bytes
    ahead: timedelta | None

    @property
    def broken(self) -> bool:
        """Whether the server itself is in trouble."""
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def ask(around: "Surroundings", request: httpx.Request) -> Answer:
    """The answer to a request, redirections not followed; UnreachedError where there is none."""
    request.extensions.setdefault("timeout", httpx.Timeout(PATIENCE).as_dict())
    with _explained(around, request.url.host):
        sent = around.now()
        response = around.client.send(request, stream=True)
        try:
            ahead = _ahead(response.headers, sent, around.now())
            body = next(response.iter_raw(_BEGINNING), b"")
        finally:
            response.close()
    return Answer(status=response.status_code, body=body, ahead=ahead)


def get(around: "Surroundings", url: str) -> Answer:
    """The answer at an address."""
    try:
        request = httpx.Request("GET", url)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise UnreachedError(f"{url} is no web address", certain=True) from error
    return ask(around, request)


@contextmanager
def _explained(around: "Surroundings", host: str) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise UnreachedError(f"{host} does not answer within {PATIENCE:.0f} seconds", certain=False) from error
    except (httpx.RequestError, httpx.InvalidURL, UnicodeError) as error:
        causes = list(_causes(error))
        if certificate := next((each for each in causes if isinstance(each, ssl.SSLCertVerificationError)), None):
            what = f"the certificate of {host} is not valid ({certificate.verify_message})"
            raise UnreachedError(what, certain=True) from error
        if any(isinstance(each, OSError) and each.errno == errno.ECONNREFUSED for each in causes):
            raise UnreachedError(f"nothing answers at {host}", certain=True) from error
        if not around.dns.exists(host):
            raise UnreachedError(f"there is no {host}", certain=True) from error
        raise UnreachedError(f"{host} cannot be reached ({error or type(error).__name__})", certain=False) from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _ahead(headers: httpx.Headers, sent: datetime, received: datetime) -> timedelta | None:
    """This computer's time less the server's, to the second; a cached answer is older by its ``Age``."""
    try:
        theirs = parsedate_to_datetime(headers.get("Date", "")) + timedelta(seconds=int(headers.get("Age", "0")))
        return sent + (received - sent) / 2 - theirs
    except (ValueError, TypeError, OverflowError):  # no date; one without a zone; an age beyond all time
        return None
