"""Argos Translate packages, run by CTranslate2 directly: batched, offline, without a side effect on the home directory.

Only the package format and the package directory are Argos Translate's. Its own ``translate`` takes one paragraph at
a time in batches of 32 tokens, downloads a sentence splitter, and turns underscores into spaces; measured, this way is
six to thirteen times faster on a whole issue.
"""

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import ctranslate2
import sentencepiece

from newsletter.errors import TranslationError
from newsletter.model import Translated
from newsletter.translation import packages
from newsletter.translation.packages import Package

UNSURE = -0.7
"""Mean log-probability of a piece below which a package guesses, unless it says otherwise; fluent is above -0.5."""

_LENGTH_PENALTY = 0.2  # as Argos Translate has it


class Argos:
    """Translates with the installed Argos packages.

    ``packages`` is a folder of its own; without it, the one that Argos Translate uses for this user. ``beam`` is the
    number of candidates kept while decoding: 4 as in Argos Translate, 2 is 1.7 times faster.
    """

    def __init__(self, *, packages: Path | None = None, beam: int = 4) -> None:
        self._folder = packages
        self._beam = beam
        self._models: dict[tuple[str, str], _Model] = {}

    @cached_property
    def _installed(self) -> dict[tuple[str, str], Package]:
        return {(found.source, found.target): found for found in packages.installed(self._folder)}

    def pairs(self) -> set[tuple[str, str]]:
        """The (source, target) pairs that a package is installed for, as BCP 47 tags."""
        return set(self._installed)

    def version(self, *, source: str, target: str) -> str:
        """What translates this pair, for the comment beside a draft."""
        return f"argos {source}→{target} {self._installed[source, target].version}"

    def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """One translation for each sentence, in order, with the package's own doubt about it."""
        if (source, target) not in self._installed:
            raise TranslationError(
                f"no Argos package translates {source} to {target}.",
                where=packages.folder(self._folder),
                hint="Install one with: newsletter languages install FILE.argosmodel",
            )
        if (source, target) not in self._models:
            self._models[source, target] = _Model(self._installed[source, target])
        return self._models[source, target].translate(sentences, beam=self._beam)


class _Model:
    """One loaded package."""

    def __init__(self, package: Package) -> None:
        cores = os.cpu_count() or 1
        try:
            self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(package.path / "sentencepiece.model"))
            # One thread a batch and several batches at once: with more, threads wait for each other on tiny matrices.
            self._translator = ctranslate2.Translator(
                str(package.path / "model"), device="cpu", intra_threads=1, inter_threads=min(cores, 4)
            )
        except (OSError, RuntimeError) as error:
            raise TranslationError(
                f"the Argos package cannot be loaded ({error}).", where=package.path, hint="Install it again."
            ) from error
        self._unsure = UNSURE if package.unsure_below is None else package.unsure_below
        self._prefix = [package.target_prefix] if package.target_prefix else None

    def translate(self, sentences: Sequence[str], *, beam: int) -> list[Translated]:
        return self._run([self._pieces.encode(sentence, out_type=str) for sentence in sentences], beam)

    def _run(self, batch: list[list[str]], beam: int) -> list[Translated]:
        try:
            results = self._translator.translate_batch(
                batch,
                target_prefix=[self._prefix] * len(batch) if self._prefix else None,
                beam_size=beam,
                length_penalty=_LENGTH_PENALTY,
                replace_unknowns=True,
                return_scores=True,
                max_batch_size=512,
                batch_type="tokens",
                # A derailed model repeats itself to the limit; no sentence grows two and a half times.
                max_decoding_length=int(2.5 * max(map(len, batch), default=0)) + 10,
            )
        except RuntimeError:
            # One sentence is longer than the model can count; the others must not suffer for it.
            if len(batch) == 1:
                return [Translated(text="", doubt=f"a sentence of {len(batch[0])} pieces is too long for the package")]
            return [answer for sentence in batch for answer in self._run([sentence], beam)]
        return [
            self._translated(pieces, result.hypotheses[0], result.scores[0])
            for pieces, result in zip(batch, results, strict=True)
        ]

    def _translated(self, source: list[str], target: list[str], score: float) -> Translated:
        if self._prefix:
            target = target[len(self._prefix) :]
        text = str(self._pieces.decode(target)).strip()
        # The score is the sum of log-probabilities over length ** length_penalty.
        mean = score * len(target) ** _LENGTH_PENALTY / max(1, len(target))
        if mean < self._unsure:
            return Translated(text=text, doubt=f"the package is guessing ({mean:.2f} a piece)")
        lost = [word for word in _spelled(source) if word not in text]
        if lost:
            return Translated(text=text, doubt=f"the package does not know “{lost[0]}”")
        return Translated(text=text)


def _spelled(pieces: Sequence[str]) -> list[str]:
    """The words of four letters and more that the package can only spell, so that it has never learned them."""
    words = "".join(pieces).replace("▁", " ").split()
    counts: list[int] = []
    for piece in pieces:
        if piece.startswith("▁") or not counts:
            counts.append(0)
        counts[-1] += piece != "▁"
    return [
        word.strip(".,;:!?\"'()")
        for word, count in zip(words, counts, strict=False)
        if len(word) >= 4 and word.isalpha() and count >= len(word)
    ]
