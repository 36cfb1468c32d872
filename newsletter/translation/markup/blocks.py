"""Blocks in, translated blocks out: what an engine must not see is taken out before, and put back after.

A block becomes words with spans; the words become sentences; every sentence of every block goes to the engine in one
batch; and the drafts are joined to blocks again. What comes out is read once more and compared with its source, so that
no link is ever lost or invented, and no address, placeholder or code changed, without the block being held back.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.translation import sentences
from newsletter.translation.markup import inline as inlines
from newsletter.translation.markup import markdown
from newsletter.translation.markup.attempts import Draft, Pair, drafts
from newsletter.translation.markup.inline import Inline, Span, cut, join, parse
from newsletter.translation.markup.placement import Range, differences

__all__ = ["Block", "Pair", "translate"]

_UNSPACED = frozenset(("ja", "zh"))  # no space between two sentences
_REFERENCE = "it has a link whose address stands elsewhere in the item; write it as [words](address)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A translated block: with ``doubts`` it must be held back, ``notes`` say what its reviewer should look at."""

    text: str
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def translate(
    blocks: Sequence[str], pair: Pair, *, keep: Sequence[str] = (), plain: Collection[int] = ()
) -> list[Block]:
    """One block for each block of inline Markdown, in order.

    ``keep`` are names that stay as they are, ``plain`` the numbers from 0 of the blocks that are text without Markdown.
    """
    sources = [
        inlines.words(text, keep=keep) if number in plain else parse(text, keep=keep)
        for number, text in enumerate(blocks)
    ]
    labels = {label: inlines.words(label, keep=keep) for source in sources for label in source.labels}
    parts = {source: _sentences(source, pair.source) for source in (*sources, *labels.values())}
    wanted = [cut(source, *place) for source, places in parts.items() for place in places]
    known = drafts(list(dict.fromkeys(wanted)), pair)
    words = {label: _joined(source, parts[source], known, pair.target) for label, source in labels.items()}
    made: list[Block] = []
    for number, (text, source) in enumerate(zip(blocks, sources, strict=True)):
        draft = _labelled(_joined(source, parts[source], known, pair.target), source, words)
        if number in plain:
            made.append(_compared(source, draft, draft.inline.text, inlines.words(draft.inline.text)))
        else:
            made.append(Block(text="", doubts=(_REFERENCE,)) if inlines.refers(text) else _written(source, draft))
    return made


def _sentences(source: Inline, language: str) -> list[Range]:
    """Where the sentences are; no link and no protected item lies across their limits."""
    fixed = {place for item in source.protected for place in range(item.start, item.end)}
    # The cutter takes a run of white space for one space, and everything must keep its place.
    masked = "".join(
        "x" if char.isspace() and (char != " " or place in fixed) else char for place, char in enumerate(source.text)
    )
    found: list[Range] = []
    for start, end in _lines(source):
        place = start
        for sentence in sentences.split(masked[start:end], language):
            found.append((place, place + len(sentence.text)))
            place += len(sentence.text) + len(sentence.gap)
    unbroken = [span for span in (*source.spans, *source.protected) if span.kind not in ("s", "em", "strong")]
    whole: list[Range] = []
    for start, end in found:
        if whole and any(span.start < whole[-1][1] and start < span.end for span in unbroken):
            start = whole.pop()[0]
        whole.append((start, end))
    return [_without_pictures(source, place) for place in whole]


def _lines(source: Inline) -> Iterator[Range]:
    """The parts between hard line breaks; a sentence goes on over one if a small letter follows."""
    start = 0
    for item in source.protected:
        if item.kind == "break" and not source.text[item.end : item.end + 1].islower():
            yield start, item.start
            start = item.end
    yield start, len(source.text)


def _without_pictures(source: Inline, place: Range) -> Range:
    """A sentence without the pictures before and after its words, unless they are in a link with them."""
    start, end = place
    pictures = [item for item in source.protected if item.kind in ("image", "void") and start <= item.start < end]
    apart = [item for item in pictures if not any(span.holds(item) for span in source.spans if span.kind == "link")]
    for item in apart:
        if not source.text[start : item.start].strip():
            start = item.end
    for item in reversed(apart):
        if start < item.start and not source.text[item.end : end].strip():
            end = item.start
    while start < end and source.text[start] == " ":
        start += 1
    while start < end and source.text[end - 1] == " ":
        end -= 1
    return start, end


def _joined(source: Inline, places: Sequence[Range], known: Mapping[Inline, Draft], target: str) -> Draft:
    """The drafts of a block's sentences, with what stands between them."""
    parts: list[Inline] = []
    found: list[Draft] = []
    before = 0
    for start, end in places:
        gap, draft = cut(source, before, start), known[cut(source, start, end)]
        parts += [_gap(gap, target, parts[-1].text[-1:] + draft.inline.text[:1]) if parts else gap, draft.inline]
        found.append(draft)
        before = end
    return Draft(
        inline=join((*parts, cut(source, before, len(source.text)))),
        doubts=tuple(dict.fromkeys(doubt for draft in found for doubt in draft.doubts)),
        notes=tuple(dict.fromkeys(note for draft in found for note in draft.notes)),
    )


def _gap(gap: Inline, target: str, around: str) -> Inline:
    """What stands between two sentences, as the target language has it; two addresses stay apart in all of them."""
    if gap.text.strip() or gap.protected:
        return gap
    text = "" if target.partition("-")[0] in _UNSPACED and not around.isascii() else " "
    return Inline(text=text, spans=tuple(span.at(0, len(text)) for span in gap.spans))


def _labelled(draft: Draft, source: Inline, words: Mapping[str, Draft]) -> Draft:
    """The draft with the words that do not stand in its text, such as alternative texts, translated too."""

    def said(label: str) -> str:
        return words[label].inline.text if label in words else label

    def labelled(spans: Sequence[Span]) -> tuple[Span, ...]:
        return tuple(replace(span, alt=said(span.alt), title=said(span.title)) for span in spans)

    inline = replace(draft.inline, spans=labelled(draft.inline.spans), protected=labelled(draft.inline.protected))
    beside = [words[label] for label in source.labels]
    return Draft(
        inline=inline,
        doubts=tuple(dict.fromkeys((*draft.doubts, *(doubt for one in beside for doubt in one.doubts)))),
        notes=tuple(dict.fromkeys((*draft.notes, *(note for one in beside for note in one.notes)))),
    )


def _written(source: Inline, draft: Draft) -> Block:
    """The draft as Markdown; what is not read back from it as it stood in the source is a doubt."""
    text, dropped = markdown.write(draft.inline)
    lost = (
        f"the emphasis of “{draft.inline.of(span)}” is left out: Markdown cannot write it there" for span in dropped
    )
    return _compared(source, replace(draft, notes=(*draft.notes, *lost)), text, parse(text))


def _compared(source: Inline, draft: Draft, text: str, read: Inline) -> Block:
    """The draft's text, with a doubt for all that is not read from it as it stood in the source."""
    doubts = [*draft.doubts, *differences(source, read)]
    if read.text != draft.inline.text:
        doubts.append("it cannot be written as Markdown")
    return Block(text=text, doubts=tuple(dict.fromkeys(doubts)), notes=draft.notes)
