"""The ways of translating sentences with markup, the best one first; each takes what the ones before have failed in.

1. The engine carries the tags itself, if it can.
2. The plain words are translated, with carriers for what must stay as it is, and the markup is put back.
3. As 2, with carriers for names too, where the engine has altered a name.
4. The sentence is cut at its markup, and every piece is translated alone. Nothing is lost but the flow of the words.

Each is one batch for all sentences of all blocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import regex

from newsletter.model import Alignment, Translated
from newsletter.translation.markup import carriers, tags
from newsletter.translation.markup.inline import Inline, cut, exchange, join, wordless
from newsletter.translation.markup.placement import Answer, place, unknown

_EDGES = regex.compile(r"^([^\p{L}\p{N}]*)(.*?)([^\p{L}\p{N}]*)$", regex.DOTALL)
_CONTROL = regex.compile(r"\p{Cc}")
_TAG = regex.compile(r"</?[a-zA-Z][^<>]*>")


class Pair(Protocol):
    """One engine for one pair of languages; what it was asked before, it answers at once."""

    source: str
    target: str

    def translate(self, sentences: Sequence[str]) -> list[Translated]:
        """One translation for each sentence, in order."""

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[Alignment] | None:
        """One alignment for each (sentence, translation); None where the engine has none."""

    def translate_tagged(self, sentences: Sequence[str]) -> list[Translated] | None:
        """One translation for each XML fragment; None where the engine carries no markup."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What became of one sentence: ``doubts`` are reasons to hold it back, ``notes`` are for the reviewer."""

    inline: Inline
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def drafts(sentences: Sequence[Inline], pair: Pair) -> dict[Inline, Draft]:
    """A draft of every sentence."""
    made = {sentence: Draft(inline=sentence) for sentence in sentences if wordless(_own_words(sentence))}
    for attempt in (_tagged, _carried, _with_names_carried, _in_pieces):
        left = [sentence for sentence in dict.fromkeys(sentences) if sentence not in made]
        made |= attempt(left, pair) if left else {}
    return made


def _tagged(sentences: Sequence[Inline], pair: Pair) -> dict[Inline, Draft]:
    marked = [sentence for sentence in sentences if _items(sentence, names=False) or unknown(sentence)]
    answers = pair.translate_tagged([tags.write(sentence) for sentence in marked]) if marked else None
    made: dict[Inline, Draft] = {}
    for sentence, answer in zip(marked, answers or [], strict=bool(answers)):
        inline = None if answer.doubt else tags.read(sentence, _CONTROL.sub(" ", answer.text))
        if inline and not _flaw(sentence, inline.text):
            made[sentence] = Draft(inline=inline)
    return made


def _carried(sentences: Sequence[Inline], pair: Pair) -> dict[Inline, Draft]:
    return _translated(sentences, pair, names=False)


def _with_names_carried(sentences: Sequence[Inline], pair: Pair) -> dict[Inline, Draft]:
    named = [sentence for sentence in sentences if any(item.kind == "name" for item in sentence.protected)]
    return _translated(named, pair, names=True) if named else {}


def _translated(sentences: Sequence[Inline], pair: Pair, *, names: bool) -> dict[Inline, Draft]:
    chosen = carriers.choose(pair) if any(_items(sentence, names=names) for sentence in sentences) else ()
    sent: dict[Inline, Inline] = {}
    for sentence in sentences:
        if carried := _with_carriers(sentence, chosen, names=names):
            sent[sentence] = carried
    phrases = [carried.of(span) for carried in sent.values() for span in unknown(carried)]
    texts = list(dict.fromkeys([*(carried.text for carried in sent.values()), *phrases]))
    answers = dict(zip(texts, map(_cleaned, pair.translate(texts) if texts else []), strict=True))
    asked = [(carried.text, answers[carried.text].text) for carried in sent.values() if unknown(carried)]
    alignments = dict(zip(asked, pair.align(asked) or [], strict=False)) if asked else {}
    made: dict[Inline, Draft] = {}
    for sentence, carried in sent.items():
        answer = answers[carried.text]
        draft = _draft(sentence, carried, answer, alignments.get((carried.text, answer.text)), answers)
        if draft:
            made[sentence] = draft
    return made


def _draft(
    sentence: Inline,
    carried: Inline,
    answer: Translated,
    alignment: Alignment | None,
    answers: Mapping[str, Translated],
) -> Draft | None:
    """The answer with its markup; None where another attempt may do better."""
    doubt = answer.doubt or _flaw(sentence, answer.text)
    if doubt and sentence.protected:
        return None
    phrases = {text: _unended(known.text, text) for text, known in answers.items() if not known.doubt}
    placed = place(carried, Answer(text=answer.text, alignment=alignment, phrases=phrases))
    if not placed:
        return None
    originals = {
        carried.of(there): sentence.of(here) for there, here in zip(carried.protected, sentence.protected, strict=True)
    }
    target = exchange(placed.inline, [originals[placed.inline.of(item)] for item in placed.inline.protected])
    return Draft(inline=target, doubts=(doubt,) if doubt else (), notes=placed.notes)


def _in_pieces(sentences: Sequence[Inline], pair: Pair) -> dict[Inline, Draft]:
    """Every run of words between two marks alone, so that nothing can be lost or go astray."""
    pieces = {sentence: _pieces(sentence) for sentence in sentences}
    texts = [text for parts in pieces.values() for part in parts if (text := _core(part))]
    answers = dict(zip(texts, map(_cleaned, pair.translate(texts) if texts else []), strict=True))
    made: dict[Inline, Draft] = {}
    for sentence, parts in pieces.items():
        known = {text: answers[text] for part in parts if (text := _core(part))}
        doubts = (answer.doubt or _flaw(sentence, answer.text) for answer in known.values())
        made[sentence] = Draft(
            inline=join(_replaced(part, known) for part in parts),
            doubts=tuple(dict.fromkeys(filter(None, doubts))),
            notes=(
                "a sentence was translated in pieces, for the engine lost what must stay in it: see if it reads well",
            ),
        )
    return made


def _pieces(sentence: Inline) -> list[Inline]:
    ranges = (*sentence.spans, *sentence.protected)
    limits = sorted({0, len(sentence.text), *(edge for span in ranges for edge in (span.start, span.end))})
    return [cut(sentence, start, end) for start, end in pairwise(limits)]


def _core(piece: Inline) -> str:
    """The words of a piece that an engine has to see: none of a protected item."""
    found = _EDGES.match(piece.text)
    return found[2] if found and not piece.protected and not wordless(piece.text) else ""


def _replaced(piece: Inline, answers: Mapping[str, Translated]) -> Inline:
    core = _core(piece)
    if not core:
        return piece
    text = piece.text.replace(core, _unended(answers[core].text, core), 1)
    return Inline(text=text, spans=tuple(span.at(0, len(text)) for span in piece.spans))


def _with_carriers(sentence: Inline, chosen: Sequence[str], *, names: bool) -> Inline | None:
    """The sentence as the engine gets it; None where there are not enough carriers, or one is a word of it."""
    count = _items(sentence, names=names)
    if count > len(chosen) or (count and any(carrier in sentence.text for carrier in chosen)):
        return None
    left = iter(chosen)
    texts = (sentence.of(item) if item.kind == "name" and not names else next(left) for item in sentence.protected)
    return exchange(sentence, list(texts))


def _items(sentence: Inline, *, names: bool) -> int:
    """How many protected items must not be seen by the engine."""
    return sum(item.kind != "name" or names for item in sentence.protected)


def _own_words(sentence: Inline) -> str:
    return exchange(sentence, ["" for _item in sentence.protected]).text


def _cleaned(answer: Translated) -> Translated:
    return Translated(text=_CONTROL.sub(" ", answer.text).strip(), doubt=answer.doubt)


def _unended(text: str, source: str) -> str:
    """Without the full stop that engines like to put after words that are no sentence."""
    return text.rstrip(" .。।۔") if source[-1:].isalnum() else text


def _flaw(sentence: Inline, text: str) -> str:
    """What no translation of the sentence can be."""
    if wordless(text):
        return f"the engine wrote nothing for “{sentence.text}”"
    if (tag := _TAG.search(text)) and tag[0] not in sentence.text:
        return f"the engine wrote HTML: {tag[0]}"
    return ""
