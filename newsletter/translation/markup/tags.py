"""A sentence with its markup as XML, for engines that carry tags through, and what they answer.

``<g id="1">`` stands around words, ``<x id="2"/>`` in the place of a protected item; names stay words.
"""

import html
from collections.abc import Sequence

import regex

from newsletter.translation.markup.inline import Inline, Span, tidy

_TAG = regex.compile(r"<g id=\"(\d+)\"\s*>|(</g>)|<x id=\"(\d+)\"\s*(?:/>|>\s*</x>)")


def write(inline: Inline) -> str:
    """The sentence as an XML fragment; spans are numbered first, then items, from 1."""
    opened: dict[int, list[str]] = {}
    closed: dict[int, list[str]] = {}
    for number, span in enumerate(inline.spans, 1):
        opened.setdefault(span.start, []).append(f'<g id="{number}">')
        closed.setdefault(span.end, []).append("</g>")
    items = {item.start: (number, item) for number, item in enumerate(_items(inline), len(inline.spans) + 1)}
    pieces: list[str] = []
    place = 0
    while place < len(inline.text):
        pieces += [*closed.get(place, ()), *opened.get(place, ())]
        number, item = items.get(place, (0, None))
        pieces.append(f'<x id="{number}"/>' if item else html.escape(inline.text[place], quote=False))
        place = item.end if item else place + 1
    return "".join((*pieces, *closed.get(place, ())))


def read(source: Inline, answer: str) -> Inline | None:
    """The answer with the markup of its source; None where a tag is not there exactly once, or holds nothing."""
    text, spans, protected = "", list[Span](), list[Span]()
    opened: list[tuple[int, int]] = []
    numbered = dict(enumerate((*source.spans, *_items(source)), 1))
    place = 0
    for found in _TAG.finditer(answer):
        text += html.unescape(answer[place : found.start()])
        place = found.end()
        number = int(found[1] or found[3] or 0)
        if found[2]:
            if not opened:
                return None
            number, start = opened.pop()
            spans.append(numbered.pop(number).at(start, len(text)))
        elif number not in numbered or (number <= len(source.spans)) != bool(found[1]):
            return None
        elif found[1]:
            opened.append((number, len(text)))
        else:
            item = numbered.pop(number)
            text += source.of(item)
            protected.append(item.at(len(text) - len(source.of(item)), len(text)))
    text += html.unescape(answer[place:])
    inline = tidy(text, spans, protected)
    return None if numbered or opened or not _sound(source, inline) else inline


def _items(inline: Inline) -> Sequence[Span]:
    return [item for item in inline.protected if item.kind != "name"]


def _sound(source: Inline, target: Inline) -> bool:
    """Whether every span still holds something, and every name is there as often as before."""
    names = [source.of(item) for item in source.protected if item.kind == "name"]
    marks = sorted(span.mark for span in source.spans) == sorted(span.mark for span in target.spans)
    return marks and all(target.text.count(name) >= names.count(name) for name in names)
