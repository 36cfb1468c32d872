"""What all HTTP providers share: the deadline, the size of an answer, and what an answer's status means.

A provider adds two pure functions, ``request`` and ``receipts``, and says where its rules differ in ``verdict``.
"""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import ClassVar, TypeVar

import httpx
import msgspec

from newsletter.delivery import mime
from newsletter.delivery.providers import Limits
from newsletter.errors import (
    ConfigError,
    DeliveryError,
    OutcomeUnknown,
    RefusedError,
    RejectedError,
    TemporaryError,
)
from newsletter.model import Address, Batch, Message, Receipt
from newsletter.plugins import Secret
from newsletter.waiting import retry_after

AGENT = f"newsletter/{version('newsletter')}"
"""Who asks; some providers answer nobody who does not say so."""

DEADLINE = 60.0  # seconds for the whole request; httpx's own timeouts are per read
LARGEST_ANSWER = 1_000_000  # bytes
_SAID = 300  # characters of a provider's words in an error
_REJECTED = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY)
_UNKNOWN = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_WORDS = ("message", "Message", "ErrorMessage", "errors", "Errors", "error")  # where providers write what is wrong
_T = TypeVar("_T")


def problem(response: httpx.Response, kind: type[_T]) -> _T | None:
    """What a refusal says, for a ``verdict``; None where it says nothing of this shape."""
    try:
        return msgspec.json.decode(response.content, type=kind)
    except _UNREADABLE:
        return None


def written(address: Address) -> str:
    """``Name <address>`` for an API that encodes it itself; quoted, since a comma in the name would begin another."""
    name = address.name.replace("\\", "").replace('"', "'")
    return f'"{name}" <{address.email}>' if name else address.email


class HttpProvider(ABC):
    """The base of every provider with an HTTP API; ``base_url`` is a region's, or a test server's.

    ``others`` are secrets besides the key: what an answer repeats of any of them is never shown. ``wait`` is a header
    with the seconds until the next request, where a provider has one besides ``Retry-After``.
    """

    name: ClassVar[str]
    limits: ClassVar[Limits]
    wait: ClassVar[str] = ""

    def __init__(self, *, key: Secret, base_url: str, others: tuple[Secret, ...] = ()) -> None:
        if not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", base_url):
            raise ConfigError(
                f"{base_url!r} is no web address.", where="[provider] base_url", hint="Begin it: https://"
            )
        for secret in (key, *others):
            if not re.fullmatch(r"[!-~]+", secret.reveal()):
                raise ConfigError("the key has spaces or other signs that no key has.", where="[provider] key")
        self._key = key
        self._secrets = (key, *others)
        self.base_url = base_url.rstrip("/")

    @abstractmethod
    def request(self, batch: Batch) -> httpx.Request:
        """The request that hands on a batch; the same batch gives the same bytes."""

    @abstractmethod
    def receipts(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """One receipt a message, in order, from an answer 2xx; OutcomeUnknown where it cannot be read."""

    def verdict(self, response: httpx.Response) -> DeliveryError | None:  # noqa: ARG002 - for those who differ
        """What another answer means, where this provider's rules are not everybody's; None where they are."""
        return None

    def signed(self, request: httpx.Request, *, now: datetime) -> httpx.Request:  # noqa: ARG002 - for those who sign
        """A request that goes out now, for a provider whose signatures carry the time; the same where it has none."""
        return request

    def built(self, method: str, path: str, headers: Mapping[str, str], *, content: bytes = b"") -> httpx.Request:
        """A request to a path, with its query, below ``base_url``."""
        url = f"{self.base_url}{path}"
        return httpx.Request(method, url, headers={"User-Agent": AGENT, **headers}, content=content)

    def headers(self, messages: Iterable[Message]) -> list[Mapping[str, str]]:
        """The headers that each message brings along, without those that this provider takes from nobody."""
        every = [message.headers for message in messages]
        forbidden = {name for name in set[str]().union(*every) if name.lower() in self.limits.forbids}
        if not forbidden:
            return every
        return [{name: value for name, value in own.items() if name not in forbidden} for own in every]

    def decoded(self, response: httpx.Response, kind: type[_T]) -> _T:
        """An answer 2xx; OutcomeUnknown where it is not of this shape, since nobody can know then what was accepted."""
        try:
            return msgspec.json.decode(response.content, type=kind)
        except _UNREADABLE as error:
            raise OutcomeUnknown(f"its answer cannot be read ({error}).", where=self.name) from None

    async def send(self, client: httpx.AsyncClient, batch: Batch) -> list[Receipt]:
        """Send a batch and read the answer; every failure is one of the four delivery errors."""
        mime.check_headers(batch.messages)
        request = self.signed(self.request(batch), now=datetime.now(UTC))
        try:
            async with asyncio.timeout(DEADLINE):
                response = await self._answer(client, request)
        except _NOT_SENT as error:
            raise TemporaryError(f"{self.base_url} cannot be reached ({_kind(error)}).", where=self.name) from error
        except (TimeoutError, httpx.RequestError) as error:
            raise OutcomeUnknown(
                f"the connection broke before the answer ({_kind(error)}).", where=self.name
            ) from error
        return self.read(response, batch)

    def read(self, response: httpx.Response, batch: Batch) -> list[Receipt]:
        """The receipts in an answer, or the error that it is."""
        self.accept(response)
        return self.receipts(response, batch)

    def accept(self, response: httpx.Response) -> None:
        """Raise the error that an answer is, where it is none of 2xx."""
        if not response.is_success:
            raise self.verdict(response) or self._classified(response)

    def error(
        self, kind: type[DeliveryError], response: httpx.Response, *, seconds: float | None = None
    ) -> DeliveryError:
        """An error of a class, in the provider's own words as far as they may be shown.

        ``seconds`` until a TemporaryError is over, where they are not in a header of their own.
        """
        what = f"answered {response.status_code}: {self._said(response)}"
        if issubclass(kind, TemporaryError):
            wait = self._wait(response.headers)
            return kind(what, where=self.name, retry_after=seconds if wait is None else wait)
        hint = "Check the key, the account and the sender's domain." if kind is RefusedError else ""
        return kind(what, where=self.name, hint=hint)

    def _classified(self, response: httpx.Response) -> DeliveryError:
        """RFC 9110's meaning, read for "may this mail have gone out?"."""
        status = response.status_code
        if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.TOO_EARLY):
            return self.error(TemporaryError, response)
        if status == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in response.headers:
            return self.error(TemporaryError, response)
        if status in _REJECTED:
            return self.error(RejectedError, response)
        if status in _UNKNOWN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self.error(OutcomeUnknown, response)
        return self.error(RefusedError, response)

    def _wait(self, headers: httpx.Headers) -> float | None:
        if self.wait and "Retry-After" not in headers:
            return retry_after({"Retry-After": headers.get(self.wait, "")})
        return retry_after(headers)

    async def _answer(self, client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        request.headers["Accept-Encoding"] = "identity"
        request.headers.setdefault("User-Agent", AGENT)
        response = await client.send(request, stream=True)
        body = b""
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise OutcomeUnknown("the answer is larger than any answer should be.", where=self.name)
        finally:
            await response.aclose()
        headers = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
        return httpx.Response(response.status_code, headers=headers, content=body)

    def _said(self, response: httpx.Response) -> str:
        """The words of a JSON answer, else its beginning; never the key, which some providers echo."""
        text = _words(problem(response, object)) or response.content[: 4 * _SAID].decode("utf-8", "replace")
        for secret in self._secrets:
            text = text.replace(secret.reveal(), "…")
        return " ".join(text.split())[:_SAID]


def _words(body: object) -> str:
    """The sentences in an error, in the order of their places: a text, or what stands in a list or below a name."""
    if isinstance(body, list):
        return "; ".join(filter(None, map(_words, body)))
    if isinstance(body, dict):
        return next(filter(None, (_words(body.get(name)) for name in _WORDS)), "")
    return body if isinstance(body, str) else ""


def _kind(error: Exception) -> str:
    return str(error) or type(error).__name__
