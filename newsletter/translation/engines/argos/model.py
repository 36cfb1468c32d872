"""One loaded package: texts in, the model's best answers out, and its attention between two given sentences."""

import json
import os
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

import ctranslate2

from newsletter.errors import TranslationError
from newsletter.model import Alignment
from newsletter.translation.engines.argos import alignment, heads
from newsletter.translation.engines.argos.alignment import Rows
from newsletter.translation.engines.argos.tokens import MosesBpe, Piece, SentencePiece, Tokenizer
from newsletter.translation.packages import Package

LENGTH_PENALTY = 0.2  # as Argos Translate has it

GREATEST = 256
"""Pieces after which decoding ends whatever was read, as in Argos Translate."""


SMALL = 8_000_000
"""Bytes of a model that is not computed in eight bits: in so few weights the rounding, which differs from processor to
processor, changes words. A large one is worth the speed, and does not notice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the model made of a text: both in pieces, the mean log-probability of a piece, whether we had to end it."""

    text: str
    source: Sequence[str]
    target: Sequence[str]
    score: float
    endless: bool


class Model:
    """A package in memory; ``beam`` is the number of candidates kept while decoding."""

    def __init__(self, package: Package, *, beam: int) -> None:
        self._folder = package.path / "model"
        self._beam = beam
        try:
            self.tokenizer = _tokenizer(package)
            self._vocabulary = _vocabulary(self._folder)
            self._translator = _load(self._folder)
        except (OSError, ValueError, RuntimeError) as error:
            raise TranslationError(
                f"the Argos package cannot be loaded ({error}).", where=package.path, hint="Install it again."
            ) from error
        self._prefix = [package.target_prefix] if package.target_prefix else []

    def answer(self, texts: Sequence[str]) -> list[Answer]:
        """The best translation of each text, decoded as Argos Translate does but for the limit on its length.

        A derailed model repeats itself to the limit, so that is by the sentence's size: a long one does not lift it
        for the others.
        """
        sources = [self.tokenizer.encode(text) for text in texts]
        limits = [min(GREATEST, _limit(_rounded(len(source)))) for source in sources]
        results = _decode(
            self._translator,
            sources,
            prefixes=[self._prefix] * len(sources) if self._prefix else None,
            limits=limits,
            beam_size=self._beam,
            length_penalty=LENGTH_PENALTY,
            replace_unknowns=True,
            return_scores=True,
        )
        return [self._answer(*each) for each in zip(sources, results, strict=True)]

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[Alignment]:
        """Which words of each translation come from which of its source, whoever wrote the translation."""
        pieces = [(self.tokenizer.source(source), self.tokenizer.target(target)) for source, target in pairs]
        rows = self._attention(self._attending, pieces)
        return [
            alignment.align(source, target, texts=texts, rows=found)
            for (source, target), texts, found in zip(pieces, pairs, rows, strict=True)
        ]

    def strange(self, text: str) -> list[str]:
        """The words of a source text that the package can only spell or cannot read, so that it never learned them."""
        pieces = [piece for piece in self.tokenizer.source(text) if piece.end > piece.start]
        found = []
        for start, end in alignment.words(text):
            inside = [piece for piece in pieces if piece.start < end and start < piece.end]
            word = text[start:end]
            spelled = len(word) >= 4 and word.isalpha() and len(inside) >= len(word)
            if spelled or (word.isalnum() and not all(self._known(piece.text) for piece in inside)):
                found.append(word)
        return found

    def _known(self, piece: str) -> bool:
        """Whether the model has learned a piece; one byte of a character in a script of no package's is no learning."""
        return piece in self._vocabulary and not piece.startswith("<0x")

    def _answer(self, source: list[str], result: Any) -> Answer:
        if result is None:
            return Answer(text="", source=source, target=(), score=float("-inf"), endless=True)
        pieces = result.hypotheses[0]
        target = pieces[len(self._prefix) :]
        # The score is the sum of log-probabilities over length ** length_penalty.
        mean = result.scores[0] * len(target) ** LENGTH_PENALTY / max(1, len(target))
        return Answer(
            text=self.tokenizer.decode(target).strip(),
            source=source,
            target=target,
            score=mean,
            endless=len(pieces) >= min(GREATEST, _limit(len(source))),
        )

    def _attention(self, translator: Any, pieces: Sequence[tuple[list[Piece], list[Piece]]]) -> list[Rows]:
        """The attention of each target piece over the source pieces, with the target forced upon the decoder.

        A pass of its own, for with beams CTranslate2 (4.8) confuses the first rows of a batch. What the decoder would
        say after the given target is cut off. A pair that is too long for the model has no rows.
        """
        sources = [[piece.text for piece in source] for source, _target in pieces]
        prefixes = [self._prefix + [piece.text for piece in target] for _source, target in pieces]
        results = _decode(
            translator,
            sources,
            prefixes=prefixes,
            limits=[_rounded(len(prefix)) for prefix in prefixes],
            beam_size=1,
            return_attention=True,
        )
        return [
            [row[self._before :] for row in result.attention[0][len(self._prefix) : len(prefix)]]
            if result and result.attention
            else []
            for result, prefix in zip(results, prefixes, strict=True)
        ]

    @cached_property
    def _before(self) -> int:
        """How many columns of attention stand before the first piece: the mark of a sentence's beginning, if any."""
        with suppress(OSError, ValueError):  # very old packages have no such file, and no such mark
            return int(json.loads((self._folder / "config.json").read_bytes()).get("add_source_bos", False))
        return 0

    @cached_property
    def _attending(self) -> Any:
        """The model whose attention aligns better: as the package has it, or with all heads averaged."""
        texts = [(self.tokenizer.source(text), text) for text in heads.PROBES]
        answers = self.answer(heads.PROBES)
        pieces = [(source, self.tokenizer.target(each.text)) for (source, _), each in zip(texts, answers, strict=True)]
        trust = self._trust(self._translator, pieces)
        if trust >= heads.TRAINED or not (files := heads.averaged(self._folder)):
            return self._translator
        other = _load(self._folder, files)
        return other if self._trust(other, pieces) > trust else self._translator

    def _trust(self, translator: Any, pieces: Sequence[tuple[list[Piece], list[Piece]]]) -> float:
        rows = self._attention(translator, pieces)
        found = [
            mass
            for (source, target), each in zip(pieces, rows, strict=True)
            for mass in heads.anchored([piece.text for piece in source], [piece.text for piece in target], each)
        ]
        return fmean(found) if found else 1.0


def _load(folder: Path, files: dict[str, bytes] | None = None) -> Any:
    # One thread a batch and several batches at once: with more, threads wait for each other on tiny matrices.
    threads = {"intra_threads": 1, "inter_threads": min(os.cpu_count() or 1, 4)}
    small = (folder / "model.bin").stat().st_size < SMALL
    kind = "float32" if small else "default"
    return ctranslate2.Translator(str(folder), device="cpu", compute_type=kind, files=files, **threads)


def _tokenizer(package: Package) -> Tokenizer:
    if package.tokenizer.name == "sentencepiece.model":
        return SentencePiece(package.tokenizer)
    codes = json.loads((package.path / "metadata.json").read_bytes())
    return MosesBpe(package.tokenizer, source=codes["from_code"], target=codes["to_code"])


def _vocabulary(folder: Path) -> frozenset[str]:
    """The pieces of the source language that the model has learned."""
    for name in ("shared_vocabulary", "source_vocabulary"):
        with suppress(FileNotFoundError):
            return frozenset(json.loads((folder / f"{name}.json").read_bytes()))
        with suppress(FileNotFoundError):
            return frozenset((folder / f"{name}.txt").read_text(encoding="utf-8").splitlines())
    raise ValueError("it has no vocabulary")


def _limit(length: int) -> int:
    """The pieces that a translation may have: no sentence grows two and a half times, though a word alone may."""
    return int(2.5 * length) + 10


def _rounded(length: int) -> int:
    """The next power of two, from eight: what shares a limit shares its batches; sorted by length they would anyway."""
    return 1 << max(3, (length - 1).bit_length())


def _decode(
    translator: Any, sources: list[list[str]], *, prefixes: list[list[str]] | None, limits: list[int], **options: Any
) -> list[Any]:
    """The result for each source, None for one that is too long for the model; the others do not suffer for it."""
    groups: dict[int, list[int]] = defaultdict(list)
    for index, limit in enumerate(limits):
        groups[limit].append(index)

    def start(limit: int, members: list[int]) -> list[Any]:
        return list(
            translator.translate_batch(
                [sources[index] for index in members],
                target_prefix=[prefixes[index] for index in members] if prefixes else None,
                max_decoding_length=limit,
                max_batch_size=512,  # several for each core; as fast as 1024 and lighter
                batch_type="tokens",
                asynchronous=True,
                **options,
            )
        )

    results: list[Any] = [None] * len(sources)
    started = [(limit, members, start(limit, members)) for limit, members in groups.items()]
    for limit, members, pending in started:
        for index, one in zip(members, pending, strict=True):
            try:
                results[index] = one.result()
            except RuntimeError:
                with suppress(RuntimeError):
                    results[index] = start(limit, [index])[0].result()
    return results
