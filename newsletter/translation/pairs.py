"""One engine for one language pair: each sentence asked for once, in batches, remembered, and the answers counted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from newsletter.errors import NewsletterError, TranslationError
from newsletter.model import Alignment, Translated
from newsletter.translation.engines import Aligner, Engine, Tagger

Progress = Callable[[int, int], None]
"""Called with (sentences done, sentences known to be needed) as the work goes on."""

CHUNK = 256
"""Sentences handed to the engine at once, between two steps of the progress bar: several batches for every core."""


class Cache(Protocol):
    """What remembers an engine's answers; an empty fingerprint is never remembered."""

    def get(self, fingerprint: str, sentences: Sequence[str]) -> dict[str, Translated]:
        """The answers known for any of the sentences."""

    def put(self, fingerprint: str, answers: Mapping[str, Translated]) -> None:
        """Remember answers."""


@contextmanager
def failing(engine: str) -> Iterator[None]:
    """Whatever an engine raises becomes one sentence."""
    try:
        yield
    except NewsletterError:
        raise
    except Exception as error:  # it may be anybody's code
        raise TranslationError(
            f"the engine failed ({type(error).__name__}: {error}).",
            where=engine,
            hint="Nothing of it was used; report it to the engine's author, or choose another engine.",
        ) from error


class Pair:
    """An engine's way from one language into another."""

    def __init__(
        self, engine: Engine, *, source: str, target: str, cache: Cache | None = None, progress: Progress | None = None
    ) -> None:
        self.source = source
        self.target = target
        with failing(type(engine).__name__):
            self.version = engine.version(source=source, target=target)
            self._fingerprint = engine.fingerprint(source=source, target=target)
        self._engine = engine
        self._cache = cache
        self._progress = progress
        self._known: dict[tuple[str, str], Translated] = {}
        self._done = self._total = 0

    def translate(self, sentences: Sequence[str]) -> list[Translated]:
        """One translation for each sentence, in order."""
        return self._ask(sentences, "", self._engine.translate)

    def translate_tagged(self, sentences: Sequence[str]) -> list[Translated] | None:
        """One translation with its markup for each XML fragment; None where the engine cannot carry markup."""
        if not isinstance(self._engine, Tagger):
            return None
        return self._ask(sentences, "tagged", self._engine.translate_tagged)

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[Alignment] | None:
        """Which words come from which, for each (sentence, translation); None where the engine cannot tell."""
        if not isinstance(self._engine, Aligner):
            return None
        with failing(self.version):
            answers = list(self._engine.align(pairs, source=self.source, target=self.target)) if pairs else []
        self._check(len(answers), len(pairs))
        return answers

    def _ask(self, sentences: Sequence[str], kind: str, translate: Callable[..., list[Translated]]) -> list[Translated]:
        unique = [text for text in dict.fromkeys(sentences) if (kind, text) not in self._known]
        fingerprint = self._fingerprint and f"{self._fingerprint} {kind}".strip()
        if self._cache and unique:
            self._learn(kind, self._cache.get(fingerprint, unique))
            unique = [text for text in unique if (kind, text) not in self._known]
        self._total += len(unique)
        size = getattr(self._engine, "chunk", CHUNK)
        for start in range(0, len(unique), size):
            chunk = unique[start : start + size]
            with failing(self.version):
                answers = list(translate(chunk, source=self.source, target=self.target))
            self._check(sum(isinstance(answer, Translated) for answer in answers), len(chunk))
            found = dict(zip(chunk, answers, strict=True))
            self._learn(kind, found)
            if self._cache:
                self._cache.put(fingerprint, found)
            self._done += len(chunk)
            if self._progress:
                self._progress(self._done, self._total)
        return [self._known[kind, text] for text in sentences]

    def _learn(self, kind: str, answers: Mapping[str, Translated]) -> None:
        self._known |= {(kind, text): answer for text, answer in answers.items()}

    def _check(self, given: int, wanted: int) -> None:
        if given != wanted:
            raise TranslationError(
                f"the engine answered {given} sentences for {wanted}.",
                where=self.version,
                hint="Nothing of it was used; run it again, or choose another engine.",
            )
