"""Argos Translate packages, run by CTranslate2 directly: batched, offline, without a side effect on the home directory.

Only the package format and the package directory are Argos Translate's. Its own ``translate`` takes one paragraph at
a time in batches of 32 tokens, downloads a sentence splitter, and turns underscores into spaces; measured, this way is
six to thirteen times faster on a whole issue, with the same words.

- ``guarded`` asks the model for each sentence and says where its answer should not be trusted;
- ``wordings`` are the ways to put a sentence to it: capitals, titles and missing full stops lead models astray;
- ``characters`` gives back what no tokenizer lets through, such as m² and ½;
- ``faults`` are the signs that an answer is wrong: a loop, most of it missing, nothing translated;
- ``model`` is one loaded package: texts in, answers out, and its attention between two given sentences;
- ``tokens`` cuts text into the package's pieces and says where each stands;
- ``alignment`` adds the attention between pieces up to words;
- ``heads`` finds out whether a package's attention was trained to align, and averages all of it where it was not.
"""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.errors import ConfigError, TranslationError
from newsletter.model import Alignment, Translated
from newsletter.translation import packages
from newsletter.translation.packages import Package

if TYPE_CHECKING:
    from newsletter.translation.engines.argos.model import Model

UNSURE = -0.7
"""Mean log-probability of a piece below which a package guesses, unless it says otherwise; fluent is above -0.5."""

RULES = 1
"""The edition of the rules by which sentences are put to the model and answers judged: raise it when they change."""

KEPT = 3
"""Models in memory at once, of some 70 MB each: languages are drafted one after the other, a pivot needs two."""


class Argos:
    """Translates with the installed Argos packages.

    ``packages`` is a folder of its own; without it, the one that Argos Translate uses for this user. ``beam`` is the
    number of candidates kept while decoding: 4 as in Argos Translate, 2 is 1.7 times faster.
    """

    def __init__(self, *, packages: Path | None = None, beam: int = 4) -> None:
        if beam < 1:
            raise ConfigError(f"beam = {beam} leaves no candidate.", where="argos", hint="Write 4, or 2 for speed.")
        self._folder = packages
        self._beam = beam
        self._models: OrderedDict[Package, Model] = OrderedDict()

    def pairs(self) -> set[tuple[str, str]]:
        """The (source, target) pairs that a package is installed for, as BCP 47 tags."""
        return set(self._installed)

    def version(self, *, source: str, target: str) -> str:
        """What translates this pair, for the comment beside a draft."""
        return f"argos {source}→{target} {self._package(source, target).version}"

    def fingerprint(self, *, source: str, target: str) -> str:
        """The package's content, the options and the rules that decide an answer; threads and batches do not."""
        return f"argos {self._package(source, target).sha256} beam={self._beam} rules={RULES}"

    def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """One translation for each sentence, in order, with the reason not to trust it where there is one."""
        from newsletter.translation.engines.argos import guarded

        package = self._package(source, target)
        unsure = UNSURE if package.unsure_below is None else package.unsure_below
        return guarded.translate(sentences, self._model(package), source=source, target=target, unsure=unsure)

    def align(self, pairs: Sequence[tuple[str, str]], *, source: str, target: str) -> list[Alignment]:
        """Which words of each translation come from which of its sentence, by the model's own attention."""
        from newsletter.translation.engines.argos import guarded

        return guarded.align(pairs, self._model(self._package(source, target)), source=source, target=target)

    @property
    def _installed(self) -> dict[tuple[str, str], Package]:
        """Read each time: packages come and go while a preview is open."""
        return {(found.source, found.target): found for found in packages.installed(self._folder)}

    def _package(self, source: str, target: str) -> Package:
        package = self._installed.get((source, target))
        if package is None:
            raise TranslationError(
                f"no Argos package translates {source} to {target}.",
                where=packages.folder(self._folder),
                hint=f"Install one with: newsletter languages install {target}",
            )
        return package

    def _model(self, package: Package) -> "Model":
        from newsletter.translation.engines.argos import model  # CTranslate2 is heavy, and the cache may know all

        if package not in self._models:
            while len(self._models) >= KEPT:
                self._models.popitem(last=False)
            self._models[package] = model.Model(package, beam=self._beam)
        self._models.move_to_end(package)
        return self._models[package]
