"""Train the packages of the sample newsletter: `python train.py [es fr ar]`.

Needs torch, ctranslate2 and sentencepiece; one core, a few minutes a language. Writes
`../river-cities/packages/translate-en_<language>-1_0.argosmodel`.
"""

import io
import random
import sys
import time
from collections.abc import Iterator, Sequence

import sentencepiece
import torch
from check import mistakes
from corpus import Pair, sentences, variants
from model import Shape, Transformer
from pack import LANGUAGES, OUTPUT, pack
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam, Optimizer

VARIANTS = 700
REPEAT = 16  # the newsletter's own sentences must come out word for word
PIECES = 1000
STEPS = 1600
WARM_UP = 150
PEAK_RATE = 2e-3
SMOOTHING = 0.05
POLISH_ROUNDS = 40
POLISH_STEPS = 20
POLISH_RATE = 1e-4
BATCH_PIECES = 2000
PADDING = 3

Encoded = tuple[list[int], list[int]]
Batch = tuple[Tensor, Tensor]


def main(languages: Sequence[str]) -> None:
    torch.set_num_threads(1)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for language in languages:
        own, made = sentences(language), variants(language, VARIANTS)
        pieces = train_pieces(own + made)
        encoded = encode(own * REPEAT + made, pieces)
        model = train(encoded, pieces)
        polish(model, encoded, own, pieces, language)


def train_pieces(pairs: Sequence[Pair]) -> bytes:
    """One SentencePiece model for both languages, as the content of its file.

    No normalisation: the default (NFKC) would turn French narrow spaces into plain ones.
    """
    written = io.BytesIO()  # a file's path would be kept in the model
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text for pair in pairs for text in pair]),
        model_writer=written,
        model_type="unigram",
        vocab_size=PIECES,
        hard_vocab_limit=False,
        character_coverage=1.0,
        normalization_rule_name="identity",
        pad_id=PADDING,
        pad_piece="<blank>",
        minloglevel=2,
    )
    return written.getvalue()


def encode(pairs: Sequence[Pair], pieces: bytes) -> list[Encoded]:
    """Each pair as piece numbers; the target between its begin and end marks."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=pieces)
    begin, end = [processor.bos_id()], [processor.eos_id()]
    return [(processor.encode(pair.source), begin + processor.encode(pair.target) + end) for pair in pairs]


def train(encoded: Sequence[Encoded], pieces: bytes) -> Transformer:
    """Fit a new model to the pairs."""
    torch.manual_seed(0)
    processor = sentencepiece.SentencePieceProcessor(model_proto=pieces)
    model = Transformer(Shape(vocabulary=processor.vocab_size(), padding=PADDING))
    optimizer = Adam(model.parameters(), betas=(0.9, 0.98), eps=1e-9)
    started, average = time.monotonic(), 0.0
    for step, batch in zip(range(STEPS), batches(encoded, seed=0), strict=False):
        rate = PEAK_RATE * min((step + 1) / WARM_UP, 1 - step / STEPS)
        loss = learn(model, optimizer, batch, rate=rate, smoothing=SMOOTHING)
        average = loss if step == 0 else 0.95 * average + 0.05 * loss
        if step % 100 == 0:
            print(f"step {step}: loss {average:.3f}, {time.monotonic() - started:.0f} s", flush=True)
    return model


def polish(model: Transformer, encoded: Sequence[Encoded], own: Sequence[Pair], pieces: bytes, language: str) -> None:
    """Write the package, and train on until it gives every one of the newsletter's own sentences word for word.

    A model that knows a sentence can still lose a word of it: CTranslate2 ends a beam search with a length penalty as
    soon as four hypotheses are complete, and the short ones, however unlikely, are complete first.
    """
    torch.manual_seed(0)
    optimizer = Adam(model.parameters(), betas=(0.9, 0.98))
    for number in range(POLISH_ROUNDS):
        path = pack(model, pieces, language)
        wrong = mistakes(path, own)
        print(f"{path.name}: {path.stat().st_size:,} bytes, {len(wrong)} of {len(own)} sentences wrong", flush=True)
        if not wrong:
            return
        for _, batch in zip(range(POLISH_STEPS), batches(encoded, seed=number), strict=False):
            learn(model, optimizer, batch, rate=POLISH_RATE, smoothing=0.0)
    raise SystemExit(f"{language}: some sentences are still wrong; raise STEPS, or word them differently.")


def learn(model: Transformer, optimizer: Optimizer, batch: Batch, *, rate: float, smoothing: float) -> float:
    """One step. Returns the loss."""
    source, target = batch
    model.train()
    for group in optimizer.param_groups:
        group["lr"] = rate
    logits = model(source, target[:, :-1])
    loss = functional.cross_entropy(
        logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PADDING, label_smoothing=smoothing
    )
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    model.eval()
    return loss.item()


def batches(encoded: Sequence[Encoded], *, seed: int) -> Iterator[Batch]:
    """Batches of sentences of like length, for ever, in a new order each round."""
    rng = random.Random(seed)
    while True:
        rest = sorted(encoded, key=lambda pair: (len(pair[1]), rng.random()))
        groups: list[list[Encoded]] = [[]]
        for pair in rest:
            width = max(len(pair[0]), len(pair[1]))
            if groups[-1] and width * (len(groups[-1]) + 1) > BATCH_PIECES:
                groups.append([])
            groups[-1].append(pair)
        rng.shuffle(groups)
        for group in groups:
            yield _pad([source for source, _ in group]), _pad([target for _, target in group])


def _pad(rows: Sequence[list[int]]) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([row + [PADDING] * (width - len(row)) for row in rows])


if __name__ == "__main__":
    main(sys.argv[1:] or list(LANGUAGES))
