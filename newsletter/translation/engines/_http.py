"""How an engine with an HTTP API is asked: patiently, but never twice where the first time may have been billed."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import TypeVar

import httpx
import msgspec

from newsletter.errors import ConfigError, TranslationError
from newsletter.model import Translated
from newsletter.plugins import Secret
from newsletter.waiting import LONGEST_PAUSE, retry_after

T = TypeVar("T")

PAUSES = (2.0, 6.0, 18.0, 40.0)
"""Seconds between two attempts where the service does not say how long: in all the minute that most limits count by."""

PATIENCE = 60.0
"""Seconds of a ``Retry-After`` that are waited for; beyond that, a person decides."""

_LARGEST = 20_000_000  # bytes of an answer
_SAID = 300  # characters of a service's words in an error
_NOT_DONE = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, 529)  # 529: DeepL's other 429


class StatusError(TranslationError):
    """An answer other than 2xx; ``status`` and ``said`` are for the engine that knows what they mean."""

    def __init__(self, what: str, *, where: str, hint: str, status: int, said: str) -> None:
        super().__init__(what, where=where, hint=hint)
        self.status = status
        self.said = said


class Service:
    """One HTTP API. ``refusals`` gives the sentence and the next step for statuses that mean something special to it.

    ``timeout`` is in seconds, for the whole of a request.
    """

    def __init__(
        self,
        *,
        name: str,
        url: str,
        key: Secret | None,
        timeout: float,
        headers: Mapping[str, str],
        refusals: Mapping[int, tuple[str, str]],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        _check(url, key=key, timeout=timeout, name=name)
        self.url = url.rstrip("/")
        self.name = name
        self._key = key
        self._timeout = timeout
        self._refusals = refusals
        self._sleep = sleep
        self._headers = {**headers, "Content-Type": "application/json"}

    def ask(self, method: str, path: str, *, answer: type[T], body: bytes | None = None) -> T:
        """The decoded answer; every failure is a TranslationError that says what to do."""
        for pause in (*PAUSES, None):
            response = self._send(method, path, body)
            if response.is_success:
                return self._decoded(response, answer)
            wait = retry_after(response.headers)
            seconds = pause if wait is None else wait
            if response.status_code not in _NOT_DONE or pause is None or seconds is None or seconds > PATIENCE:
                break
            self._sleep(seconds)
        raise self._refused(response)

    def _send(self, method: str, path: str, body: bytes | None) -> httpx.Response:
        try:
            # A connection each: an engine has no end at which to close one, and translating takes far longer.
            with httpx.stream(
                method, self.url + path, content=body, headers=self._headers, timeout=self._timeout
            ) as response:
                content = self._read(response)
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise TranslationError(
                f"{self.url} did not answer within {self._timeout:g} seconds.",
                where=self.name,
                hint="Try again later, or allow more with its option timeout.",
            ) from error
        except httpx.HTTPError as error:
            raise TranslationError(
                f"{self.url} cannot be reached ({str(error) or type(error).__name__}).",
                where=self.name,
                hint="Check that it runs, the network, and its option url.",
            ) from error
        return httpx.Response(response.status_code, headers=_plain(response.headers), content=content)

    def _read(self, response: httpx.Response) -> bytes:
        """The body; httpx's own timeout is for one piece of it, and has no end where pieces keep coming."""
        end = time.monotonic() + self._timeout
        content = b""
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > _LARGEST:
                raise self._broken("is larger than any answer should be")
            if time.monotonic() > end:
                raise httpx.ReadTimeout("too slow", request=response.request)
        return content

    def _decoded(self, response: httpx.Response, answer: type[T]) -> T:
        try:
            return msgspec.json.decode(response.content, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            kind = response.headers.get("Content-Type", "").partition(";")[0]
            why = f"is {kind}, not JSON" if kind and "json" not in kind else f"cannot be read ({error})"
            raise self._broken(why) from error

    def _broken(self, why: str) -> TranslationError:
        return TranslationError(
            f"the answer of {self.url} {why}.", where=self.name, hint="Check its option url; nothing was used."
        )

    def _refused(self, response: httpx.Response) -> StatusError:
        status, said = response.status_code, self._said(response)
        special, hint = self._refusals.get(status, ("", ""))
        what = special or f"{self.url} answered {status}"
        if not special and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            hint = "Try again later; what was translated before is kept."
        return StatusError(
            f"{what}{f' ({said})' if said else ''}.", where=self.name, hint=hint, status=status, said=said
        )

    def _said(self, response: httpx.Response) -> str:
        """The service's own words where they are JSON, never the key."""
        try:
            body = msgspec.json.decode(response.content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
        words = (body.get("error") or body.get("message")) if isinstance(body, dict) else None
        if not isinstance(words, str):
            return ""
        if self._key:
            words = words.replace(self._key.reveal(), "…")
        return " ".join(words.split())[:_SAID].rstrip(".")


def batches(sentences: Sequence[str], *, most: int, characters: int) -> Iterator[Sequence[str]]:
    """Sentences in order, at most so many and so long at a time; one that is longer than that goes alone."""
    start = size = 0
    for place, sentence in enumerate(sentences):
        if place > start and (place - start == most or size + len(sentence) > characters):
            yield sentences[start:place]
            start, size = place, 0
        size += len(sentence)
    if sentences:
        yield sentences[start:]


def answers(sentences: Sequence[str], texts: Sequence[str], *, where: str) -> list[Translated]:
    """What a service wrote for each sentence, as one line."""
    if len(texts) != len(sentences):
        raise TranslationError(
            f"the service answered {len(texts)} sentences for {len(sentences)}.",
            where=where,
            hint="Nothing of it was used; run it again, or choose another engine.",
        )
    lines = [" ".join(text.splitlines()).strip() for text in texts]
    return [
        Translated(text=line, doubt="the service answered nothing" if sentence.strip() and not line else "")
        for sentence, line in zip(sentences, lines, strict=True)
    ]


def _check(url: str, *, key: Secret | None, timeout: float, name: str) -> None:
    """Refuse options that no request can be made with; what is secret in them is not repeated."""
    try:
        parsed = httpx.URL(url)
        usable = parsed.scheme in ("http", "https") and bool(parsed.host)
    except (httpx.InvalidURL, ValueError):  # the latter for a name that no domain can have
        raise ConfigError("the option url is no web address.", where=name, hint="Begin it: https://") from None
    if parsed.userinfo:
        hint = "Take name and password out of url, and set key = { env = … } where the service wants a key."
        raise ConfigError("a secret does not belong into the file.", where=name, hint=hint)
    if not usable:
        raise ConfigError(f"{url!r} is no web address.", where=name, hint="Begin it: https://")
    if key and not (key.reveal().isascii() and key.reveal().isprintable() and " " not in key.reveal()):
        raise ConfigError("the key has spaces or other signs that no key has.", where=name, hint="Copy it again.")
    if not 0 < timeout <= LONGEST_PAUSE:
        raise ConfigError(f"timeout = {timeout:g} is no time to wait.", where=name, hint="Write seconds, such as 60.")


def _plain(headers: httpx.Headers) -> list[tuple[bytes, bytes]]:
    """The headers without the encoding of the body, which is decoded already."""
    return [(name, value) for name, value in headers.raw if name.lower() != b"content-encoding"]
