"""DeepL (https://developers.deepl.com/api-reference/translate): 50 texts and 128 KiB a request, billed by characters.

What may have been billed is never sent again by itself: only 429, 503 and 529 are tried again.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import langcodes
import msgspec

from newsletter.errors import TranslationError
from newsletter.model import Translated
from newsletter.plugins import Secret
from newsletter.translation.engines._http import Service, answers, batches

_PRO, _FREE = "https://api.deepl.com", "https://api-free.deepl.com"
# A sixth of 128 KiB: JSON writes a character in 6 bytes at most, as \u0001; the rest of the body is small.
_CHARACTERS = 20_000
_REFUSALS = {
    400: ("it refuses the request", "Check its options glossaries and formality."),
    403: ("it refuses the key", "Check its option key, and that its account is active."),
    404: ("it does not know the glossary, or this address", "Check its options glossaries and url."),
    413: ("a sentence is too long for it", "Split the paragraph."),
    429: ("it has had too many requests", "Wait and run it again; what was translated before is kept."),
    456: ("all characters of this billing period are used up", "Raise the limit, or use another engine."),
    529: ("it has had too many requests", "Wait and run it again; what was translated before is kept."),
}
_XML = {"tag_handling": "xml", "outline_detection": False, "non_splitting_tags": ["g", "x"]}


class _Language(msgspec.Struct, frozen=True):
    language: str


class _Text(msgspec.Struct, frozen=True):
    text: str


class _Answer(msgspec.Struct, frozen=True):
    translations: tuple[_Text, ...]


class DeepL:
    """Translates with DeepL.

    ``formality`` is asked for where the language has it. ``glossaries`` are DeepL's glossary ids by target language,
    ``context`` is what the newsletter is about, in the source language; it is not billed. ``url`` is only for a
    server in between: a free account's key, which ends in ``:fx``, has its own host.
    """

    chunk = 50

    def __init__(
        self,
        *,
        key: Secret,
        formality: Literal["default", "more", "less"] = "default",
        glossaries: dict[str, str] | None = None,
        context: str = "",
        url: str = "",
        timeout: float = 60.0,
    ) -> None:
        self._glossaries = dict(glossaries or {})
        self._context = context
        self._formality = formality
        self._service = Service(
            name="deepl",
            url=url or (_FREE if key.reveal().endswith(":fx") else _PRO),
            key=key,
            timeout=timeout,
            headers={"Authorization": f"DeepL-Auth-Key {key.reveal()}", "User-Agent": "newsletter"},
            refusals=_REFUSALS,
        )

    @cached_property
    def _targets(self) -> dict[str, str]:
        """DeepL's code for each target language, by BCP 47 tag."""
        return self._languages("target")

    @cached_property
    def _sources(self) -> dict[str, str]:
        """The same for source languages; DeepL knows no varieties there and reads them all."""
        known = self._languages("source")
        varieties = {tag: known[_base(tag)] for tag in self._targets if _base(tag) in known}
        return known | varieties

    def _languages(self, kind: Literal["source", "target"]) -> dict[str, str]:
        found = self._service.ask("GET", f"/v2/languages?type={kind}", answer=tuple[_Language, ...])
        return {langcodes.standardize_tag(each.language): each.language.upper() for each in found}

    def pairs(self) -> set[tuple[str, str]]:
        """The (source, target) pairs DeepL offers, as BCP 47 tags."""
        return {(source, target) for source in self._sources for target in self._targets if _apart(source, target)}

    def version(self, *, source: str, target: str) -> str:
        """What translates this pair, for the comment beside a draft."""
        return f"deepl {source}→{target}"

    def fingerprint(self, *, source: str, target: str) -> str:
        """The options; DeepL does not say when it changes, and what was paid for is kept."""
        options = [self._formality, self._glossaries.get(target, ""), self._context]
        return f"deepl {source} {target} {msgspec.json.encode(options).decode()}"

    def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """One translation for each sentence, in order."""
        return self._translate(sentences, {}, source=source, target=target)

    def translate_tagged(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """As ``translate``, of XML fragments."""
        return self._translate(sentences, _XML, source=source, target=target)

    def _translate(
        self, sentences: Sequence[str], more: dict[str, object], *, source: str, target: str
    ) -> list[Translated]:
        self._check(source, target)
        options = self._options(source, target) | more
        found: list[Translated] = []
        for batch in batches(sentences, most=self.chunk, characters=_CHARACTERS):
            body = msgspec.json.encode({"text": list(batch)} | options)
            answer = self._service.ask("POST", "/v2/translate", answer=_Answer, body=body)
            found += answers(batch, [each.text for each in answer.translations], where="deepl")
        return found

    def _options(self, source: str, target: str) -> dict[str, object]:
        options: dict[str, object] = {
            "source_lang": self._sources[source],
            "target_lang": self._targets[target],
            "split_sentences": "0",  # each text is one sentence
            "preserve_formatting": True,  # no capital and no full stop of its own
        }
        if self._formality != "default":
            options["formality"] = f"prefer_{self._formality}"  # without "prefer_", languages without it are refused
        if target in self._glossaries:
            options["glossary_id"] = self._glossaries[target]
        if self._context:
            options["context"] = self._context
        return options

    def _check(self, source: str, target: str) -> None:
        if source in self._sources and target in self._targets and _apart(source, target):
            return
        varieties = sorted(tag for tag in self._targets if _base(tag) == target)
        hint = f"Write {' or '.join(varieties)}." if varieties else f"Choose another engine for {target}."
        raise TranslationError(f"DeepL does not translate {source} to {target}.", where="deepl", hint=hint)


def _base(tag: str) -> str:
    return tag.partition("-")[0]


def _apart(source: str, target: str) -> bool:
    return _base(source) != _base(target)
