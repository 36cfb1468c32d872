"""See what the packages do: `python check.py [es fr ar] [--other FILE]`.

Prints how many of the corpus sentences come out word for word, and the mean log-probability of a piece for those
sentences and for sentences the model has never seen (`--other`: a text file, English, one sentence a line).
"""

import argparse
import statistics
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import ctranslate2
import sentencepiece
from corpus import Pair, sentences
from pack import LANGUAGES, OUTPUT

PENALTY = 0.2  # CTranslate2 divides a score by length ** PENALTY; Argos Translate uses this value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="*", default=list(LANGUAGES))
    parser.add_argument("--other", type=Path)
    options = parser.parse_args()
    other = options.other.read_text(encoding="utf-8").splitlines() if options.other else []
    for language in options.languages:
        report(next(OUTPUT.glob(f"translate-en_{language}-*.argosmodel")), sentences(language), [t for t in other if t])


def report(package: Path, own: Sequence[Pair], other: Sequence[str]) -> None:
    """Print one package's figures and its mistakes."""
    wrong = mistakes(package, own)
    print(f"{package.name}: {len(own) - len(wrong)} of {len(own)} sentences exact")
    for pair, text in wrong:
        print(f"  {pair.source}\n    wanted {pair.target}\n    got    {text}")
    _print_scores("corpus", [score for _, score in translate(package, [pair.source for pair in own])])
    if other:
        _print_scores("other", [score for _, score in translate(package, other)])


def mistakes(package: Path, pairs: Sequence[Pair]) -> list[tuple[Pair, str]]:
    """The pairs that come out otherwise, and how."""
    found = translate(package, [pair.source for pair in pairs])
    return [(pair, text) for pair, (text, _) in zip(pairs, found, strict=True) if text != pair.target]


def translate(package: Path, texts: Sequence[str]) -> list[tuple[str, float]]:
    """Each text's translation and the mean log-probability of its pieces, the end of the sentence included."""
    with tempfile.TemporaryDirectory() as temporary:
        with zipfile.ZipFile(package) as archive:
            archive.extractall(temporary)
        folder = next(Path(temporary).iterdir())
        processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.model"))
        translator = ctranslate2.Translator(str(folder / "model"), device="cpu", intra_threads=1)
    results = translator.translate_batch(
        processor.encode(list(texts), out_type=str),
        beam_size=4,
        length_penalty=PENALTY,
        replace_unknowns=True,
        return_scores=True,
        max_batch_size=512,
        batch_type="tokens",
    )
    translated = []
    for result in results:
        pieces = result.hypotheses[0]
        length = len(pieces) + 1
        total = result.scores[0] * length**PENALTY
        translated.append((processor.decode(pieces), total / length))
    return translated


def _print_scores(name: str, scores: Sequence[float]) -> None:
    low, high = min(scores), max(scores)
    print(f"  {name}: mean {statistics.mean(scores):.3f}, from {low:.3f} to {high:.3f}, {len(scores)} sentences")


if __name__ == "__main__":
    main()
