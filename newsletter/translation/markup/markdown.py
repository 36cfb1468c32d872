"""Writes an ``Inline`` as Markdown that is read as the same ``Inline``, and as one paragraph wherever it stands.

CommonMark cannot write every emphasis: ``**(a)**b`` is none, for the closing asterisks stand between a bracket and a
letter. Such an emphasis is drawn in from its edge punctuation, or left out; the words never change.
"""

import itertools
import unicodedata

import regex

from newsletter import dialect
from newsletter.translation.markup.inline import Inline, Span, parse

_ENTITY = r"&(?=#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[a-zA-Z][a-zA-Z0-9]{1,31};)"
_AT_START = r"^(?:[#>~]|[-+](?=\s|$)|[-=|:](?=[\s|:=-]*$))|(?<=^\d{1,9})[.)](?=\s|$)"
"""What makes a heading, a quote, a fence, a list, a rule or a table of a line."""
_ACTIVE = regex.compile(
    # An underscore inside a word means nothing, and neither does a single tilde.
    rf"[\\`*\[\]<]|~(?=~)|(?<=~)~|!(?=\S)|(?<![^\W_])_|_(?![^\W_])|{_ENTITY}|{_AT_START}",
    regex.MULTILINE,
)
_BLOCK = regex.compile(rf"{_AT_START}|^(?:[*_](?=[\s*_]*$)|\*(?=\s)|```|\[(?=[^\]]*\]:))", regex.MULTILINE)
"""The same in Markdown, where asterisks, backticks and brackets mean more inside a line."""
_IN_ADDRESS = regex.compile(rf"\\|{_ENTITY}")
_IN_TITLE = regex.compile(rf'[\\"]|{_ENTITY}')
_MARK = {"s": "~~", "em": "*", "strong": "**"}


def write(inline: Inline) -> tuple[str, tuple[Span, ...]]:
    """The Markdown, and the emphases that could not be written.

    Nothing is escaped where that is not needed, so that a translator sees few backslashes.
    """
    dropped: list[Span] = []
    while True:
        for escaped in (False, True):
            markdown = _written(inline, escaped=escaped)
            read = parse(markdown)
            if _essence(read) == _essence(inline) and _one_paragraph(markdown):
                return markdown, tuple(dropped)
        unread = [span for span in inline.spans if span.kind in _MARK and span not in read.spans]
        if not unread:
            return markdown, tuple(dropped)
        drawn_in = _drawn_in(unread[0], inline)
        dropped += [] if drawn_in else unread[:1]
        spans = [drawn_in if span is unread[0] else span for span in inline.spans]
        inline = Inline(text=inline.text, spans=tuple(filter(None, spans)), protected=inline.protected)


def _essence(inline: Inline) -> tuple[str, tuple[Span, ...], tuple[Span, ...]]:
    """What has to be read back: addresses and names in the text are mere words."""
    items = tuple(span for span in inline.protected if span.kind not in ("literal", "name"))
    return inline.text, inline.spans, items


def paragraph(markdown: str) -> str:
    """Inline Markdown as a paragraph that is one wherever it stands: what would be block markup becomes text."""
    markdown = regex.sub(r"\n(?:[ \t]*\n)+", "\n", markdown.strip())
    return markdown if _one_paragraph(markdown) else _BLOCK.sub(_escape, regex.sub(r"(?m)^[ \t]+", "", markdown))


def _one_paragraph(markdown: str) -> bool:
    tokens = dialect.parser().parse(markdown)
    return not markdown or [token.content for token in tokens] == ["", markdown, ""]


def _drawn_in(span: Span, inline: Inline) -> Span | None:
    """The emphasis without the punctuation at its edges; None where that changes nothing or leaves nothing."""
    start, end = span.start, span.end
    while start < end and _punctuation(inline.text[start]):
        start += 1
    while start < end and _punctuation(inline.text[end - 1]):
        end -= 1
    narrower = span.at(start, end)
    others = (*(other for other in inline.spans if other is not span), *inline.protected)
    if start == end or narrower == span or any(narrower.crosses(other) for other in others):
        return None
    return narrower


def _punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PSZ"


def _written(inline: Inline, *, escaped: bool) -> str:
    escapes = {found.start() for found in _ACTIVE.finditer(inline.text)} if escaped else set[int]()
    items = {span.start: span for span in inline.protected if span.kind not in ("literal", "name")}
    around: list[list[str]] = [[] for _ in range(len(inline.text) + 1)]
    for span in reversed(inline.spans):  # inner ones first, so that outer ones close after them
        around[span.end].append(_closing(span))
    for span in inline.spans:
        around[span.start].append("[" if span.kind == "link" else _MARK[span.kind])
    pieces: list[str] = []
    place = 0
    while place < len(inline.text):
        item = items.get(place)
        pieces += around[place]
        if item:
            pieces.append(_item(item, inline.of(item)))
        else:
            pieces += ["\\" if place in escapes else "", inline.text[place]]
        place = item.end if item else place + 1
    return "".join((*pieces, *around[-1]))


def _closing(span: Span) -> str:
    return f"]({address(span.target, span.title)})" if span.kind == "link" else _MARK[span.kind]


def _item(item: Span, text: str) -> str:
    match item.kind:
        case "code":
            return _code(text)
        case "autolink":
            return f"<{text}>"
        case "void":
            return f"[]({address(item.target, item.title)})"
        case "image":
            return f"![{_ACTIVE.sub(_escape, item.alt)}]({address(item.target, item.title)})"
        case _:
            return "\\\n"


def _code(text: str) -> str:
    ticks = {len(list(run)) for char, run in itertools.groupby(text) if char == "`"}
    fence = "`" * next(length for length in itertools.count(1) if length not in ticks)
    padded = text.strip() and ((text[0] in "` " and text[-1] in "` ") or "`" in (text[0], text[-1]))
    return f"{fence} {text} {fence}" if padded else f"{fence}{text}{fence}"


def address(target: str, title: str) -> str:
    """Where a link goes or an image lies, with its title."""
    target = _IN_ADDRESS.sub(_escape, target)
    if not target or target[0] == "<" or regex.search(r"[\s\p{C}]", target) or not _balanced(target):
        target = f"<{regex.sub('[<>]', _escape, target)}>"
    return f'{target} "{_IN_TITLE.sub(_escape, title)}"' if title else target


def _escape(found: regex.Match[str]) -> str:
    return f"\\{found[0]}"


def _balanced(target: str) -> bool:
    depths = list(itertools.accumulate({"(": 1, ")": -1}.get(char, 0) for char in target))
    return depths[-1] == 0 and min(depths) >= 0
