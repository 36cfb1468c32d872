"""What a package cuts text into: SentencePiece's pieces, or byte-pair pieces of Moses words; as Argos Translate does.

One thing differs on purpose: underscores stay, where Argos Translate turns them into spaces.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import sentencepiece
from rapidfuzz.distance import Levenshtein


class Piece(NamedTuple):
    """One piece and the (start, end) of the characters it stands for; their white space may be part of them."""

    text: str
    start: int
    end: int


class Tokenizer(Protocol):
    """Text to pieces and back."""

    def encode(self, text: str) -> list[str]:
        """The pieces of a source sentence."""

    def decode(self, pieces: Sequence[str]) -> str:
        """The text of a target sentence."""

    def normalise(self, text: str) -> str:
        """The source text as the model sees it, white space made plain."""

    def source(self, text: str) -> list[Piece]:
        """The pieces of a source sentence and where they stand in it."""

    def target(self, text: str) -> list[Piece]:
        """The pieces of a sentence in the target language and where they stand in it."""


class SentencePiece:
    """One ``sentencepiece.model`` for both languages."""

    def __init__(self, file: Path) -> None:
        self._processor = sentencepiece.SentencePieceProcessor(model_file=str(file))

    def encode(self, text: str) -> list[str]:
        return list(self._processor.encode(text, out_type=str))

    def decode(self, pieces: Sequence[str]) -> str:
        return str(self._processor.decode(list(pieces))).replace("▁", " ")  # it leaves that of a piece it does not know

    def normalise(self, text: str) -> str:
        return str(self._processor.normalize(text)).replace("▁", " ").strip()

    def source(self, text: str) -> list[Piece]:
        found = self._processor.encode(text, return_type="offset_mapping")
        return [Piece(piece, *place) for piece, place in zip(found["pieces"], found["offsets"], strict=True)]

    target = source


class MosesBpe:
    """A ``bpe.model``: words by Moses' rules for the language, cut by learned byte-pair merges.

    ``source`` and ``target`` are the codes that the package itself has for its languages.
    """

    def __init__(self, file: Path, *, source: str, target: str) -> None:
        # With Argos Translate in every distribution; only the packages of this older kind need them.
        from argostranslate.apply_bpe import BPE
        from sacremoses import MosesDetokenizer, MosesPunctNormalizer, MosesTokenizer

        try:
            with file.open(encoding="utf-8") as codes:
                self._merges = BPE(codes)
        except SystemExit as ended:  # what its reader does with a damaged file
            raise RuntimeError(f"{file.name} is damaged") from ended
        self._detokenizer = MosesDetokenizer(target)
        self._sides = {code: (MosesPunctNormalizer(code), MosesTokenizer(code)) for code in (source, target)}
        self._source, self._target = source, target

    def encode(self, text: str) -> list[str]:
        return self._encode(text, self._source)

    def decode(self, pieces: Sequence[str]) -> str:
        return str(self._detokenizer.detokenize(" ".join(pieces).replace("@@ ", "").split(" ")))

    def normalise(self, text: str) -> str:
        return str(self._sides[self._source][0].normalize(text))

    def source(self, text: str) -> list[Piece]:
        return self._placed(text, self._source)

    def target(self, text: str) -> list[Piece]:
        return self._placed(text, self._target)

    def _encode(self, text: str, language: str) -> list[str]:
        normalizer, tokenizer = self._sides[language]
        words = " ".join(tokenizer.tokenize(normalizer.normalize(text)))
        return list(self._merges.segment_tokens(words.strip("\r\n ").split(" ")))

    def _placed(self, text: str, language: str) -> list[Piece]:
        pieces = self._encode(text, language)
        unescape = self._detokenizer.unescape_xml
        return _place(pieces, [unescape(piece.removesuffix("@@")) for piece in pieces], text)


def _place(pieces: Sequence[str], surfaces: Sequence[str], text: str) -> list[Piece]:
    """Where each piece stands, by the least edits between the pieces' characters and the text's own."""
    places = [index for index, letter in enumerate(text) if not letter.isspace()]
    edits = Levenshtein.opcodes("".join(surfaces), "".join(text[index] for index in places))
    ends = {0: 0}  # characters of pieces read -> characters of text that they stand for
    for edit in edits:
        length = edit.src_end - edit.src_start
        for step in range(1, length + 1):
            ends[edit.src_start + step] = edit.dest_start + round(step * (edit.dest_end - edit.dest_start) / length)
    placed, read = [], 0
    for piece, surface in zip(pieces, surfaces, strict=True):
        first, last = ends.get(read, 0), ends.get(read + len(surface), 0)
        read += len(surface)
        start = places[first] if first < len(places) else len(text)
        placed.append(Piece(piece, start, places[last - 1] + 1 if last > first else start))
    return placed
