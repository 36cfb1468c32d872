"""Inline Markdown taken apart: the words of one block, what is marked up in them, and what must stay as it is.

A block is a paragraph, a heading, a table's cell or a list item. Its ``Inline`` says where in the plain words a link or
an emphasis begins and ends, so that the words can be translated without it. ``markdown.write`` is the way back.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any, Literal

import regex
from markdown_it.token import Token

from newsletter import dialect
from newsletter.translation import literals

Kind = Literal["link", "s", "em", "strong", "code", "image", "autolink", "void", "break", "literal", "name"]
"""``void``: a link without words; ``break``: a hard line break; ``literal``: an address or placeholder in the text;
``name``: a name or hashtag that engines may see, and a language may repeat."""

PICTURE = "\ufffc"
"""Stands in the text for what has no words there: an image, a link without words."""
BREAK = "\n"
"""Stands in the text for a hard line break."""

_OUTER_FIRST: tuple[Kind, ...] = ("link", "s", "em", "strong")  # where two stand around the same words
_SPACE = re.compile(r"[ \t\n\r\v\f\x1c-\x1f\x85\u2028\u2029]+")  # what Markdown and engines take for one space
_LETTER = regex.compile(r"\p{L}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A range of an ``Inline``'s text and what stands around it, or in its place.

    ``start`` and ``end`` are offsets in characters; ``target`` and ``title`` belong to links and images, ``alt`` to
    images.
    """

    start: int
    end: int
    kind: Kind
    target: str = ""
    title: str = ""
    alt: str = ""

    @property
    def mark(self) -> tuple[str, str, str, str]:
        """All but the place."""
        return (self.kind, self.target, self.title, self.alt)

    def holds(self, other: "Span") -> bool:
        """Whether the other one lies inside."""
        return self.start <= other.start and other.end <= self.end

    def meets(self, other: "Span") -> bool:
        """Whether the two have a character in common."""
        return self.start < other.end and other.start < self.end

    def crosses(self, other: "Span") -> bool:
        """Whether they overlap without one lying inside the other."""
        return self.meets(other) and not self.holds(other) and not other.holds(self)

    def at(self, start: int, end: int) -> "Span":
        """The same in another place."""
        return replace(self, start=start, end=end)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inline:
    """The words of one block; ``spans`` are nested, outer ones first, and ``protected`` ones are apart, in order."""

    text: str
    spans: tuple[Span, ...] = ()
    protected: tuple[Span, ...] = ()

    def of(self, span: Span) -> str:
        """The words of a span."""
        return self.text[span.start : span.end]

    @property
    def labels(self) -> tuple[str, ...]:
        """The words that do not stand in the text: alternative texts of images, titles of links and images."""
        found = (label for span in (*self.spans, *self.protected) for label in (span.alt, span.title))
        return tuple(dict.fromkeys(label for label in found if _LETTER.search(label)))


def parse(markdown: str, *, keep: Sequence[str] = (), references: Mapping[str, Any] | None = None) -> Inline:
    """Inline Markdown as words, spans and protected items; ``keep`` are names that every language writes the same.

    ``references`` are the addresses of links that stand elsewhere, as markdown-it collects them. White space is
    normalised, touching emphases of one kind are one, and an emphasis of nothing is none.
    """
    tokens = _PARSER.parseInline(markdown.strip(), {"references": references or {}})[0].children or []
    text, spans, protected = _gathered(tokens)
    return _with_literals(tidy(text, spans, protected), keep)


def words(text: str, *, keep: Sequence[str] = ()) -> Inline:
    """Plain text, such as a title or an image's alternative text; asterisks in it are asterisks."""
    return _with_literals(tidy(text, [], []), keep)


def refers(markdown: str) -> bool:
    """Whether it may have a link ``[words][name]`` whose address stands elsewhere in the item."""
    tokens = _PARSER.parseInline(markdown)[0].children or []
    return any("][" in token.content for token in tokens if token.type == "text")


def wordless(text: str) -> bool:
    """Whether no letter is in it, so that it is the same in every language."""
    return not _LETTER.search(text)


def cut(inline: Inline, start: int, end: int) -> Inline:
    """A part of it; spans are cut at its limits, protected items must not lie across them."""
    spans = (
        span.at(max(span.start, start) - start, min(span.end, end) - start)
        for span in inline.spans
        if span.start < end and start < span.end
    )
    inside = (span.at(span.start - start, span.end - start) for span in inline.protected if start <= span.start < end)
    return Inline(text=inline.text[start:end], spans=tuple(spans), protected=tuple(inside))


def join(parts: Iterable[Inline]) -> Inline:
    """The parts one after the other; spans that were cut, and touch again, are one."""
    text, spans, protected = "", list[Span](), list[Span]()
    for part in parts:
        spans += [span.at(span.start + len(text), span.end + len(text)) for span in part.spans]
        protected += [span.at(span.start + len(text), span.end + len(text)) for span in part.protected]
        text += part.text
    return tidy(text, spans, protected)


def exchange(inline: Inline, texts: Sequence[str]) -> Inline:
    """The same with other texts in place of the protected items, one for each in order."""
    pieces, grown, place = list[str](), [0] * (len(inline.text) + 1), 0
    for span, text in zip(inline.protected, texts, strict=True):
        pieces += [inline.text[place : span.start], text]
        grown[span.end] += len(text) - (span.end - span.start)
        place = span.end
    shift = list(accumulate(grown))  # no span begins or ends inside a protected item
    text = "".join((*pieces, inline.text[place:]))
    spans = tuple(span.at(span.start + shift[span.start], span.end + shift[span.end]) for span in inline.spans)
    protected = tuple(span.at(span.start + shift[span.start], span.end + shift[span.end]) for span in inline.protected)
    return Inline(text=text, spans=spans, protected=protected)


def tidy(text: str, spans: Sequence[Span], protected: Sequence[Span]) -> Inline:
    """White space squeezed, none at the edges of text, lines and spans; emphases that touch are one, empty ones go."""
    text, spans, protected = _squeezed(text, spans, protected)
    fixed = {place for span in protected for place in range(span.start, span.end)}
    trimmed = (_trimmed(span, text, fixed) for span in _merged(list(spans)))
    return Inline(
        text=text,
        spans=tuple(_merged([span for span in trimmed if span])),
        protected=tuple(sorted(protected, key=lambda span: span.start)),
    )


def _squeezed(text: str, spans: Sequence[Span], protected: Sequence[Span]) -> tuple[str, list[Span], list[Span]]:
    mask = list(text)
    for span in protected:
        mask[span.start : span.end] = ("\0" if span.kind == "break" else "x") * (span.end - span.start)
    masked = "".join(mask)
    kept = [True] * len(text)
    for found in (*_SPACE.finditer(masked), *re.finditer(r"\A\s+|\s+\Z", masked)):
        start, end = found.span()
        at_edge = start == 0 or end == len(text) or masked[start - 1] == "\0" or masked[end] == "\0"
        kept[start if at_edge else start + 1 : end] = [False] * (end - start - (not at_edge))
    place = list(accumulate(map(int, kept), initial=0))
    squeezed = "".join(" " if _SPACE.fullmatch(mask[i]) else text[i] for i, stays in enumerate(kept) if stays)
    moved, items = ([span.at(place[span.start], place[span.end]) for span in some] for some in (spans, protected))
    return squeezed, moved, items


def _trimmed(span: Span, text: str, fixed: set[int]) -> Span | None:
    """The span without white space at its edges; None where nothing is left."""
    start, end = span.start, span.end
    while start < end and text[start].isspace() and start not in fixed:
        start += 1
    while start < end and text[end - 1].isspace() and end - 1 not in fixed:
        end -= 1
    return span.at(start, end) if start < end else None


def _merged(spans: list[Span]) -> list[Span]:
    """Outer spans first, those of one mark that touch as one, wherever that crosses no other."""
    order = sorted(spans, key=_outer_first)
    while pair := next(_mergeable(order), None):
        first, second = pair
        union = first.at(first.start, max(first.end, second.end))
        order = sorted([*(span for span in order if span is not first and span is not second), union], key=_outer_first)
    return order


def _outer_first(span: Span) -> tuple[int, int, int]:
    return span.start, -span.end, _OUTER_FIRST.index(span.kind)


def _mergeable(order: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    """The pairs of spans that may be one."""
    for index, first in enumerate(order):
        for second in order[index + 1 :]:
            if second.start > first.end:
                break
            union = first.at(first.start, max(first.end, second.end))
            others = (span for span in order if span is not first and span is not second)
            if first.mark == second.mark and not any(union.crosses(span) for span in others):
                yield first, second


def _with_literals(inline: Inline, keep: Sequence[str]) -> Inline:
    """Addresses, placeholders and names in the text are protected too, as far as no markup begins or ends in them."""
    ranges = (*inline.spans, *inline.protected)
    limits = sorted({0, len(inline.text), *(edge for span in ranges for edge in (span.start, span.end))})
    protected = list(inline.protected)
    for start, end in pairwise(limits):
        for found in _literals(inline.text, start, end, keep):
            if not any(found.meets(span) for span in protected):
                protected.append(found)
    return replace(inline, protected=tuple(sorted(protected, key=lambda span: span.start)))


def _literals(text: str, start: int, end: int, keep: Sequence[str]) -> Iterator[Span]:
    for found in literals.find(text, start, end):
        yield Span(start=found.start(), end=found.end(), kind="literal")
    for found in literals.hashtags(text, start, end):
        yield Span(start=found.start(), end=found.end(), kind="name")
    for name in sorted(filter(None, keep), key=len, reverse=True):
        for found in regex.finditer(rf"(?<!\w){regex.escape(name)}(?!\w)", text, pos=start, endpos=end):
            yield Span(start=found.start(), end=found.end(), kind="name")


def _gathered(tokens: Sequence[Token]) -> tuple[str, list[Span], list[Span]]:
    """The text of inline tokens, white space as it is, with its spans and the items that are no text."""
    text, spans, protected = "", list[Span](), list[Span]()
    opened = list[tuple[int, int, Token]]()
    for token in tokens:
        start, kind = len(text), token.type.partition("_")[0]
        if token.nesting == 1:
            opened.append((start, len(protected), token))
        elif token.nesting == -1:
            start, before, opening = opened.pop()
            target, title = _attribute(opening, "href"), _attribute(opening, "title")
            if opening.info == "auto":
                protected.append(Span(start=start, end=len(text), kind="autolink"))
            elif (
                kind == "link" and not text[start:].strip() and all(item.kind == "break" for item in protected[before:])
            ):
                text = f"{text[:start]}{PICTURE}"
                protected[before:] = [Span(start=start, end=start + 1, kind="void", target=target, title=title)]
            else:
                spans.append(Span(start=start, end=len(text), kind=_KINDS[kind], target=target, title=title))
        elif item := _item(token, start):
            text += {"code": token.content, "break": BREAK}.get(item.kind, PICTURE)
            protected.append(item)
        else:
            text += " " if token.type == "softbreak" else token.content
    return text, spans, protected


_KINDS: dict[str, Kind] = {"link": "link", "s": "s", "em": "em", "strong": "strong"}


def _item(token: Token, start: int) -> Span | None:
    if token.type == "code_inline":
        return Span(start=start, end=start + len(token.content), kind="code")
    if token.type == "hardbreak":
        return Span(start=start, end=start + 1, kind="break")
    if token.type == "image":
        target, title, alt = _attribute(token, "src"), _attribute(token, "title"), _alternative(token)
        return Span(start=start, end=start + 1, kind="image", target=target, title=title, alt=alt)
    return None


def _attribute(token: Token, name: str) -> str:
    return _SPACE.sub(" ", str(token.attrGet(name) or ""))


def _alternative(token: Token) -> str:
    """An image's alternative text: the words of its description."""
    parts = (_alternative(child) if child.type == "image" else child.content for child in token.children or [])
    return " ".join("".join(parts).split())


def _verbatim(url: str) -> str:
    return url


_PARSER = dialect.parser()
# An address is written back as it was read: not percent-encoded, not in punycode.
_PARSER.normalizeLink = _verbatim  # type: ignore[method-assign]
_PARSER.normalizeLinkText = _verbatim  # type: ignore[assignment,method-assign]
