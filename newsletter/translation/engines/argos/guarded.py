"""Translates with a model whatever the sentence is, and says where the answer should not be trusted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import regex

from newsletter.model import Alignment, Translated
from newsletter.translation.engines.argos import characters
from newsletter.translation.engines.argos.faults import fault
from newsletter.translation.engines.argos.model import Answer, Model
from newsletter.translation.engines.argos.wordings import Wording, Wordings, lowered, plain, shouted, wordings

LONGEST = 200
"""Pieces of a sentence above which models, trained on shorter ones, lose their way; it goes in parts."""

SHORT = 8
"""Words of a title, for which a doubtful answer is worth another try."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Attempt:
    """One answer, finished; ``fault`` is why it cannot be right, ``doubt`` why it may not be."""

    text: str
    score: float
    fault: str
    doubt: str


def translate(sentences: Sequence[str], model: Model, *, source: str, target: str, unsure: float) -> list[Translated]:
    """One translation for each sentence; ``unsure`` is the score below which the package guesses."""
    lines = [plain(sentence) for sentence in sentences]
    parts = {line: _parts(line, model) for line in dict.fromkeys(lines)}
    ways = {
        part: wordings(part, source=source, target=target)
        for part in dict.fromkeys(part for each in parts.values() for part in each)
    }
    best = _best({part: way for part, way in ways.items() if way}, model, unsure=unsure)
    known = {part: best.get(part, Translated(text=part)) for part in ways}
    return [_joined([known[part] for part in parts[line]], target) for line in lines]


def align(pairs: Sequence[tuple[str, str]], model: Model, *, source: str, target: str) -> list[Alignment]:
    """One alignment for each (sentence, translation); capitals are read as the small letters that the model knows."""

    def calm(text: str, language: str) -> str:
        small = lowered(text, language) if shouted(text) else text
        return small if len(small) == len(text) else text

    return model.align([(calm(sentence, source), calm(translation, target)) for sentence, translation in pairs])


def _best(ways: dict[str, Wordings], model: Model, *, unsure: float) -> dict[str, Translated]:
    """The best answer for each text: of its first wordings, and where that is at fault, of all."""
    found = _attempts(((text, way.first) for text, way in ways.items()), model, unsure)
    again = [text for text, attempts in found.items() if _worth_another(text, _choice(attempts))]
    for text, attempts in _attempts(((text, ways[text].later) for text in again), model, unsure).items():
        found[text] += attempts
    return {text: _translated(_choice(attempts), ways[text]) for text, attempts in found.items()}


def _attempts(
    tried: Iterable[tuple[str, tuple[Wording, ...]]], model: Model, unsure: float
) -> dict[str, list[_Attempt]]:
    tasks = [(text, wording) for text, those in tried for wording in those]
    found: dict[str, list[_Attempt]] = {}
    for (text, wording), answer in zip(tasks, model.answer([wording.text for _text, wording in tasks]), strict=True):
        found.setdefault(text, []).append(_attempt(wording, answer, model, unsure))
    return found


def _attempt(wording: Wording, answer: Answer, model: Model, unsure: float) -> _Attempt:
    text, doubt = characters.restored(wording.text, answer.text, model.tokenizer.normalise)
    if answer.score < unsure:
        doubt = f"the package is guessing ({answer.score:.2f} a piece)"
    elif lost := [word for word in model.strange(wording.text) if word not in text]:
        doubt = f"the package does not know “{lost[0]}”"
    return _Attempt(text=wording.finish(text), score=answer.score, fault=fault(wording.text, answer), doubt=doubt)


def _choice(attempts: Sequence[_Attempt]) -> _Attempt:
    return max(attempts, key=lambda attempt: (not attempt.fault, not attempt.doubt, attempt.score))


def _worth_another(text: str, attempt: _Attempt) -> bool:
    return bool(attempt.fault) or (bool(attempt.doubt) and text.count(" ") < SHORT)


def _translated(attempt: _Attempt, way: Wordings) -> Translated:
    return Translated(text=f"{way.before}{attempt.text}{way.after}", doubt=attempt.fault or attempt.doubt)


def _parts(text: str, model: Model) -> list[str]:
    """The sentence, or its parts where it is too long: cut at the clause nearest the middle, else at a space."""
    if len(text.encode()) <= LONGEST or len(model.tokenizer.encode(text)) <= LONGEST:
        return [text]
    middle = len(text) // 2
    for mark in (r"[;:,،؛、，](?:\s|(?<=[、，]))", r"\s", r""):
        cuts = [match.end() for match in regex.finditer(mark, text) if 0 < match.end() < len(text)]
        if cuts:
            break
    at = min(cuts, key=lambda cut: abs(cut - middle))
    return _parts(text[:at].strip(), model) + _parts(text[at:].strip(), model)


def _joined(parts: Sequence[Translated], target: str) -> Translated:
    if len(parts) == 1:
        return parts[0]
    gap = "" if target.partition("-")[0] in ("zh", "ja", "th") else " "
    doubt = f"a sentence too long for the package, translated in {len(parts)} parts"
    return Translated(text=gap.join(part.text for part in parts), doubt=doubt)
