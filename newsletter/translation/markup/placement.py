"""Puts the markup of a sentence back into its translation.

An engine translates plain words. Where a link or an emphasis belongs in what it wrote is found from three kinds of
evidence, the surest first: a protected item that stood inside it; the translation of its words alone, which occurs in
the sentence once; and the words that the engine's attention says come from it. Measured on a package with a trained
alignment, that finds every one of 200 spans in sentences of known patterns.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import regex
from rapidfuzz import fuzz

from newsletter.model import Alignment
from newsletter.translation.markup.inline import Inline, Span, tidy

ENOUGH = 0.5
"""The share of a target word's attention from which it counts as coming from the marked words."""
ALIKE = 90
"""Per cent of likeness from which words are taken for a phrase; an article or an ending may differ."""
GROWTH = 3
"""A phrase that becomes more than three times as many words was not found, but guessed."""

_WORD = regex.compile(r"\p{Han}|[\p{L}\p{M}\p{N}]+(?:['’.,-][\p{L}\p{M}\p{N}]+)*")
_MARK = regex.compile(r"[\p{P}\p{S}\s]")
_EDGES = regex.compile(r"([\p{P}\p{S}\s]*).*?([\p{P}\p{S}\s]*)", regex.DOTALL)

Range = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What an engine made of the plain words of a sentence, and what helps to find its spans there.

    ``phrases`` are the translations of the spans' words alone; ``alignment`` is None where the engine has none.
    """

    text: str
    alignment: Alignment | None = None
    phrases: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """The translation with its markup, and in ``notes`` what a reviewer has to look at."""

    inline: Inline
    notes: tuple[str, ...] = ()


def place(source: Inline, answer: Answer) -> Placed | None:
    """The answer with the protected items and the spans of its source; None where that would lose one of them.

    A link that is not found is put after the sentence, with its own words translated; an emphasis is left out.
    """
    items = locate(source, answer.text)
    if items is None:
        return None
    notes: list[str] = []
    text, spans = answer.text, list[Span]()
    for span, found in _Search(source, answer, items).all().items():
        words = source.of(span)
        phrase = answer.phrases.get(words, "")
        if found:
            spans.append(span.at(*found))
        elif span.kind != "link":
            notes.append(f"the emphasis of “{words}” is left out: its place in the translation is not known")
        elif phrase and not any(span.holds(item) for item in source.protected):
            notes.append(f"the link “{words}” stands after its sentence: its place in the translation is not known")
            spans.append(span.at(len(text) + 1, len(text) + 1 + len(phrase)))
            text = f"{text} {phrase}"
        else:
            return None
    return Placed(inline=tidy(text, spans, items), notes=tuple(notes))


def unknown(source: Inline) -> tuple[Span, ...]:
    """The spans that evidence is needed for: those that stand around a part of the words only."""
    return tuple(span for span in source.spans if not _whole(span, _parent(span, source), source))


def locate(source: Inline, text: str) -> tuple[Span, ...] | None:
    """Each protected item's place in a translation, in the source's order; None where one is lost or there twice.

    A name may be there more often, for a language may repeat it.
    """
    found: dict[Span, Span] = {}
    for wanted in dict.fromkeys(source.of(item) for item in source.protected):
        items = [item for item in source.protected if source.of(item) == wanted]
        edge = "[A-Za-z0-9]"  # but a particle may follow: X1을
        places = [match.span() for match in regex.finditer(rf"(?<!{edge}){regex.escape(wanted)}(?!{edge})", text)]
        if len(places) < len(items) or (len(places) > len(items) and items[0].kind != "name"):
            return None
        found |= {item: item.at(*place) for item, place in zip(items, places, strict=False)}
    located = tuple(found[item] for item in source.protected)
    overlap = any(one.meets(other) for index, one in enumerate(located) for other in located[:index])
    return None if overlap else located


def differences(source: Inline, target: Inline) -> Iterator[str]:
    """What a translation has lost or invented of links and of what must stay as it is, as clear sentences."""
    for name, before, after in (("link", _links(source), _links(target)), ("item", _items(source), _items(target))):
        for mark in {*before, *after}:
            if before.count(mark) > after.count(mark):
                yield f"the {name} {mark} is missing or changed"
            elif before.count(mark) < after.count(mark):
                yield f"the {name} {mark} was invented"


def _links(inline: Inline) -> list[str]:
    return [span.target or "without an address" for span in inline.spans if span.kind == "link"]


def _items(inline: Inline) -> list[str]:
    shown = ("code", "autolink", "literal")
    items = (item for item in inline.protected if item.kind != "name")
    return [inline.of(item) if item.kind in shown else f"{item.kind} {item.target}".strip() for item in items]


def _parent(span: Span, source: Inline) -> Span | None:
    """The innermost span around another; outer ones come first."""
    before = source.spans[: source.spans.index(span)]
    return next((other for other in reversed(before) if other.holds(span)), None)


def _whole(span: Span, parent: Span | None, source: Inline) -> bool:
    """Whether a span stands around all words of what it is in, but perhaps not around a final full stop."""
    start, end = (parent.start, parent.end) if parent else (0, len(source.text))
    return not _WORD.search(source.text[start : span.start] + " " + source.text[span.end : end]) and not any(
        start <= item.start < end and not span.holds(item) for item in source.protected
    )


class _Search:
    """The search for the places of one sentence's spans: outer ones first, inner ones inside them, neighbours apart."""

    def __init__(self, source: Inline, answer: Answer, items: Sequence[Span]) -> None:
        self._source = source
        self._text = answer.text
        self._phrases = answer.phrases
        self._alignment = answer.alignment if _fits(answer.alignment, source.text, answer.text) else None
        self._words = [match.span() for match in _WORD.finditer(answer.text)]
        self._found: dict[Span, Range | None] = {}
        texts = [source.of(item) for item in source.protected]
        # Which of two equal names is which cannot be told, so that they prove nothing.
        pairs = zip(source.protected, items, strict=True)
        self._items = [(here, there) for here, there in pairs if texts.count(source.of(here)) == 1]

    def all(self) -> dict[Span, Range | None]:
        """Where each span goes; None for one whose place is not known."""
        for span in self._source.spans:
            self._found[span] = self._place(span)
        return self._found

    def _place(self, span: Span) -> Range | None:
        parent = _parent(span, self._source)
        while parent and not self._found[parent]:
            parent = _parent(parent, self._source)
        room = (self._found[parent] if parent else None) or (0, len(self._text))
        anchors = [there for here, there in self._items if span.holds(here)]
        if _whole(span, parent, self._source):
            return self._fitted(span, room, anchors)
        runs = [run for run in self._free(span, room) if all(_inside(anchor, run) for anchor in anchors)]
        if anchors and not _WORD.search(self._own_words(span)):
            return self._fitted(span, (anchors[0].start, anchors[0].end), anchors) if runs else None
        window, phrase = self._window(span, runs), self._phrase(span, runs)
        guess = phrase if phrase and (not window or _overlap(phrase, window)) else window
        fitted = self._fitted(span, guess, anchors) if guess else None
        return fitted if fitted and any(run[0] <= fitted[0] and fitted[1] <= run[1] for run in runs) else None

    def _free(self, span: Span, room: Range) -> Iterator[Range]:
        """The parts of a room that neither a neighbour has taken nor an item from outside the span stands in."""
        taken = [found for other, found in self._found.items() if found and not other.holds(span)]
        taken += [(there.start, there.end) for here, there in self._items if not span.holds(here)]
        start, end = room
        for first, last in sorted(taken):
            if first < end and last > start:
                yield start, first
                start = max(start, last)
        yield start, end

    def _window(self, span: Span, runs: Sequence[Range]) -> Range | None:
        """The run of words with the most attention to the span's words, of which each one costs ``ENOUGH``."""
        if not self._alignment:
            return None
        columns = [i for i, (start, end) in enumerate(self._alignment.source) if start < span.end and span.start < end]
        best, window = 0.0, None
        for run in runs:
            total, first = 0.0, 0
            for (start, end), row in zip(self._alignment.target, self._alignment.weights, strict=True):
                if start < run[0] or end > run[1]:
                    continue
                if total <= 0:
                    total, first = 0.0, start
                total += sum(row[column] for column in columns) - ENOUGH
                if total > best:
                    best, window = total, (first, end)
        return window if window and self._grown(span, window) <= GROWTH else None

    def _phrase(self, span: Span, runs: Sequence[Range]) -> Range | None:
        """Where the translation of the span's words alone stands, if it stands there once."""
        phrase = self._phrases.get(self._source.of(span), "").casefold()
        before, after = _edges(phrase)
        phrase = phrase[before : len(phrase) - after]
        count = len(_WORD.findall(phrase))
        likely: list[tuple[float, Range]] = []
        for size in range(max(1, count - 1), count + 2) if count else ():
            for first, last in zip(self._words, self._words[size - 1 :], strict=False):
                if any(run[0] <= first[0] and last[1] <= run[1] for run in runs):
                    place = (first[0], last[1])
                    likeness = fuzz.ratio(phrase, self._text[slice(*place)].casefold())
                    if likeness >= ALIKE:
                        likely.append((likeness, place))
        if not likely:
            return None
        best, found = max(likely)
        others = (one for one in likely if one != (best, found))
        alone = all(likeness < best and _overlap(place, found) for likeness, place in others)
        return found if alone else None

    def _fitted(self, span: Span, place: Range, anchors: Sequence[Span]) -> Range | None:
        """The place with its items, and with punctuation at its edges only where the source has it in the span."""
        (start, end), words = place, self._source.of(span)
        before, after = _edges(self._text[start:end])
        wanted_before, wanted_after = _edges(words)
        start += max(0, before - wanted_before)
        end -= max(0, after - wanted_after)
        while wanted_before > before and start > 0 and _MARK.match(self._text[start - 1]):
            start, before = start - 1, before + 1
        while wanted_after > after and end < len(self._text) and _MARK.match(self._text[end]):
            end, after = end + 1, after + 1
        start = min([start, *(anchor.start for anchor in anchors)])
        end = max([end, *(anchor.end for anchor in anchors)])
        return (start, end) if self._text[start:end].strip() else None

    def _grown(self, span: Span, place: Range) -> float:
        """How many times the span's words are in its place."""
        before, after = self._source.of(span), self._text[slice(*place)]
        return len(_WORD.findall(after)) / max(1, len(_WORD.findall(before)))

    def _own_words(self, span: Span) -> str:
        """The span's words beside the protected items in it."""
        text = self._source.text
        for item in self._source.protected:
            text = text[: item.start] + " " * (item.end - item.start) + text[item.end :]
        return text[span.start : span.end]


def _edges(text: str) -> Range:
    """How many signs that are no words stand before and after the words."""
    found = _EDGES.fullmatch(text)
    return (len(found[1]), len(found[2])) if found else (0, 0)


def _inside(span: Span, run: Range) -> bool:
    return run[0] <= span.start and span.end <= run[1]


def _overlap(one: Range, other: Range) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _fits(alignment: Alignment | None, source: str, target: str) -> bool:
    """Whether an alignment is one of these two texts; an engine of somebody else's may give anything."""
    if not alignment or len(alignment.weights) != len(alignment.target):
        return False
    offsets = ((alignment.source, source), (alignment.target, target))
    return all(len(row) == len(alignment.source) for row in alignment.weights) and all(
        0 <= start <= end <= len(text) for words, text in offsets for start, end in words
    )
