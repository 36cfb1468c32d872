"""LibreTranslate (https://docs.libretranslate.com): Argos Translate's packages behind an HTTP API, on one's own server.

It translates markup in pieces, each word group by itself, so that only plain sentences are sent.
"""

from collections.abc import Sequence
from functools import cached_property

import msgspec

from newsletter.errors import TranslationError
from newsletter.model import Translated
from newsletter.plugins import Secret
from newsletter.translation.engines._http import Service, StatusError, answers, batches

# Older servers say Argos' own codes, newer ones BCP 47 where they differ.
_TAGS = {"pb": "pt-BR", "zh": "zh-Hans", "zt": "zh-Hant", "tl": "fil"}
_CHARACTERS = 20_000  # a request: some seconds of work, and far below any body limit
_KEY = "Set its option key = { env = … }; the server's operator gives keys."
_REFUSALS = {
    403: ("it refuses the key", _KEY),
    404: ("there is no LibreTranslate at this address", "Check its option url."),
    429: ("it has had too many requests", "Wait and run it again; what was translated before is kept."),
}


class _Language(msgspec.Struct, frozen=True):
    code: str
    targets: tuple[str, ...] = ()


class _Info(msgspec.Struct, frozen=True):
    version: str = ""


class _Spec(msgspec.Struct, frozen=True):
    info: _Info = _Info()


class _Answer(msgspec.Struct, frozen=True):
    translated: tuple[str, ...] = msgspec.field(name="translatedText", default=())


class LibreTranslate:
    """Translates with a LibreTranslate server.

    ``batch`` is the number of sentences a request (a public server counts each as one of its requests), ``timeout``
    the seconds for one.
    """

    def __init__(
        self,
        *,
        url: str = "http://127.0.0.1:5000",
        key: Secret | None = None,
        batch: int = 32,
        timeout: float = 120.0,
    ) -> None:
        self.chunk = max(1, batch)
        self._key = key
        # Its own words are read, and must be English for that.
        headers = {"Accept-Language": "en"}
        self._service = Service(
            name="libretranslate", url=url, key=key, timeout=timeout, headers=headers, refusals=_REFUSALS
        )

    @cached_property
    def _codes(self) -> dict[tuple[str, str], tuple[str, str]]:
        """The server's codes for each pair, by BCP 47 tags."""
        languages = self._service.ask("GET", "/languages", answer=tuple[_Language, ...])
        return {
            (_tag(language.code), _tag(target)): (language.code, target)
            for language in languages
            for target in language.targets
            if target != language.code
        }

    @cached_property
    def _version(self) -> str:
        return self._service.ask("GET", "/spec", answer=_Spec).info.version

    def pairs(self) -> set[tuple[str, str]]:
        """The (source, target) pairs the server offers, as BCP 47 tags."""
        return set(self._codes)

    def version(self, *, source: str, target: str) -> str:
        """What translates this pair, for the comment beside a draft."""
        return f"libretranslate {source}→{target} {self._version}".strip()

    def fingerprint(self, *, source: str, target: str) -> str:
        """The server and its release: which version of a package it has, a server does not say."""
        return f"libretranslate {self._service.url} {self._version} {source} {target}"

    def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """One translation for each sentence, in order."""
        if (source, target) not in self._codes:
            raise TranslationError(
                f"the server {self._service.url} does not translate {source} to {target}.",
                where="libretranslate",
                hint=f"Install that package on the server, or choose another engine for {target}.",
            )
        codes = self._codes[source, target]
        found: list[Translated] = []
        for batch in batches(sentences, most=self.chunk, characters=_CHARACTERS):
            found += self._ask(batch, codes)
        return found

    def _ask(self, batch: Sequence[str], codes: tuple[str, str]) -> list[Translated]:
        body: dict[str, object] = {"q": list(batch), "source": codes[0], "target": codes[1], "format": "text"}
        if self._key:
            body["api_key"] = self._key.reveal()
        try:
            answer = self._service.ask("POST", "/translate", answer=_Answer, body=msgspec.json.encode(body))
        except StatusError as refused:
            if not _too_much(refused):
                raise
            if len(batch) == 1:
                return [Translated(text="", doubt=f"the sentence is too long for the server ({refused.said})")]
            half = len(batch) // 2
            return self._ask(batch[:half], codes) + self._ask(batch[half:], codes)
        return answers(batch, answer.translated, where="libretranslate")


def _too_much(refused: StatusError) -> bool:
    """Whether the server's limit of sentences or characters was met: only its words tell that from other mistakes."""
    return refused.status == 413 or (refused.status == 400 and "exceeds text limit" in refused.said)


def _tag(code: str) -> str:
    return _TAGS.get(code, code)
