"""Inline Markdown: what is read from it, and that what is written is read as the same again."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import dialect
from newsletter.translation.markup.inline import Inline, Kind, Span, cut, exchange, join, parse, refers, tidy, words
from newsletter.translation.markup.markdown import write


def marks(inline: Inline) -> list[tuple[str, str]]:
    """What is marked up or protected, with its words."""
    return [(span.kind, inline.of(span)) for span in (*inline.spans, *inline.protected)]


@pytest.mark.parametrize(
    ("markdown", "text", "expected"),
    [
        ("Read *the* report", "Read the report", [("em", "the")]),
        ("**A [b *c*](a.pdf)**", "A b c", [("strong", "A b c"), ("link", "b c"), ("em", "c")]),
        ("**[Report](a.pdf)**", "Report", [("link", "Report"), ("strong", "Report")]),
        ("AT&amp;T \\*and\\* so\non", "AT&T *and* so on", []),
        ("*a*_b_", "ab", [("em", "ab")]),
        ("*a _b_ c*", "a b c", [("em", "a b c")]),
        ("[ words ](u)x", "words x", [("link", "words")]),
        ("*&nbsp;* x", "x", []),
        ("[](u)x", "\ufffcx", [("void", "\ufffc")]),
        ("![Map of *Seoul*](m.png) there", "\ufffc there", [("image", "\ufffc")]),
        ("Street 15  \nTown", "Street 15\nTown", [("break", "\n")]),
        ("Run `a  b` now", "Run a  b now", [("code", "a  b")]),
        ("<https://a.ex/ü> <a@b.ex>", None, [("autolink", "https://a.ex/ü"), ("autolink", "a@b.ex")]),
        ("https://a.ex/x_(y), or www.b.ex.", None, [("literal", "https://a.ex/x_(y)"), ("literal", "www.b.ex")]),
        ("Mail j_doe@a.example or @river_city.", None, [("literal", "j_doe@a.example"), ("literal", "@river_city")]),
        ("{name} and {{ city }}.", None, [("literal", "{name}"), ("literal", "{{ city }}")]),
        ("%(count)d and %s.", None, [("literal", "%(count)d"), ("literal", "%s")]),
        ("River Letter and River Letters", None, [("name", "River Letter")]),
        ("River *Letter*", None, [("em", "Letter")]),
    ],
)  # fmt: skip
def test_what_is_read(markdown: str, text: str | None, expected: list[tuple[str, str]]) -> None:
    """Words without markup, spans with their words, items that stay as they are."""
    inline = parse(markdown, keep=["River Letter"])
    assert marks(inline) == expected
    assert text is None or inline.text == text


def test_addresses_are_read_as_they_are_written() -> None:
    """No percent-encoding and no punycode: the reader of a catalog sees the address that the author wrote."""
    (span,) = parse("[a](<http://exämple.example/a b> 'T')").spans
    assert (span.target, span.title) == ("http://exämple.example/a b", "T")


def test_labels_are_words_beside_the_text() -> None:
    """Alternative texts and titles have to be translated too; a number has not."""
    assert parse('![A map](m "2026") [x](u "The title") ![](n)').labels == ("The title", "A map")
    assert parse("![–](m)").labels == ()


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [("[a][b]", True), ("[*a*][b]", True), ("[a][]", True), ("`a[0][1]`", False), ("[a](b)", False)],
)
def test_references_are_noticed(markdown: str, expected: bool) -> None:
    """A link whose address stands elsewhere cannot be read from its block."""
    assert refers(markdown) is expected


def test_plain_text_has_no_markup() -> None:
    """A title is no Markdown."""
    assert words("2 * 3 * 4 @river") == Inline(
        text="2 * 3 * 4 @river", protected=(Span(start=10, end=16, kind="literal"),)
    )


def test_items_are_exchanged_and_back() -> None:
    """Carriers in the items' places move everything after them, and back again."""
    source = parse("See *`code` and [<a@b.example>](u)* now")
    carried = exchange(source, ["X1", "X2"])
    assert carried.text == "See X1 and X2 now"
    assert marks(carried) == [("em", "X1 and X2"), ("link", "X2"), ("code", "X1"), ("autolink", "X2")]
    assert exchange(carried, [source.of(item) for item in source.protected]) == source


@pytest.mark.parametrize(
    ("markdown", "written"),
    [
        ("[a](b)", "[a](b)"),
        ("2 * 3 < 4, a_b & [sic]", "2 * 3 < 4, a_b & [sic]"),
        ("1\\. a", "1\\. a"),
        ("\\- a", "\\- a"),
        ("\\# a", "\\# a"),
        ("\\> a", "\\> a"),
        ("a\\\n\\===", "a\\\n\\==="),
        ("a | b\\\n\\-- | --", "a | b\\\n\\-- | --"),
        ("&amp;lt; \\*a*", "\\&lt; \\*a\\*"),
        ("Wow\\![a](u)", "Wow\\![a](u)"),
        ("[a](<x y>) [b](f(g)) [c](<h(i>) [d]()", "[a](<x y>) [b](f(g)) [c](<h(i>) [d](<>)"),
        ('[a](u "say \\"yes\\"")', '[a](u "say \\"yes\\"")'),
        ("`` ` `` `a``b`", "`` ` `` `a``b`"),
        ("![\\[x\\]](u 't')", '![\\[x\\]](u "t")'),
        ("**العربية** و *فارسی*", "**العربية** و *فارسی*"),
        ("**한국어**는", "**한국어**는"),
    ],
)
def test_what_is_written(markdown: str, written: str) -> None:
    """As little is escaped as possible, and it is one paragraph wherever it stands."""
    assert write(parse(markdown)) == (written, ())


@pytest.mark.parametrize(
    ("text", "start", "end", "written", "dropped"),
    [
        ("한국어(Korean)는", 0, 11, "**한국어(Korean**)는", 0),
        ("그는 “네”라고", 3, 6, "그는 “**네**”라고", 0),
        ("a!b", 1, 2, "a!b", 1),
        ("word", 1, 3, "w**or**d", 0),
    ],
)
def test_emphasis_that_commonmark_cannot_write(text: str, start: int, end: int, written: str, dropped: int) -> None:
    """It leaves its edge punctuation, or goes; the words stay."""
    markdown, lost = write(Inline(text=text, spans=(Span(start=start, end=end, kind="strong"),)))
    assert (markdown, len(lost)) == (written, dropped)


ALPHABET = st.sampled_from("ab1.) \t\n*_[]()<>&;!|`~#-+=\\\"':{}%@/éのع한\u00a0\u3000😀\u200c\ufffc")
TEXT = st.text(ALPHABET, max_size=30)
SNIPPET = st.one_of(
    st.sampled_from(["*", "**", "_", "[", "](u)", "](<x y> 't')", "![", "`", "``", "  \n", "\\\n", "a ", "b.", "한국"]),
    st.sampled_from(
        ["(x)", "<http://a.ex/>", "https://a.ex/a_b*c", "j_d@x.ex", "{name}", "1. ", "- ", "---", "|", "&lt;"]
    ),
)
ADDRESS = st.text(st.sampled_from("abc:/?&=;()<> \\*_[]\"'#lt%"), max_size=12)


@st.composite
def inlines(draw: st.DrawFn) -> Inline:
    """Any text with any nested spans and items in it."""
    parts: list[Inline] = []
    for _ in range(draw(st.integers(1, 4))):
        kind: Kind | None = draw(st.sampled_from([None, "link", "em", "strong", "code", "image", "void", "break"]))
        text = draw(TEXT)
        target = title = alt = ""
        if kind in ("link", "image", "void"):
            target = " ".join(draw(ADDRESS).split())
            title = " ".join(draw(TEXT).split())
        if kind == "image":
            alt = " ".join(draw(TEXT).split())
        if kind in ("image", "void", "break"):
            text = "\n" if kind == "break" else "\ufffc"
        if kind == "code":
            text = " ".join(text.split()) or "code"
        span = (Span(start=0, end=len(text), kind=kind, target=target, title=title, alt=alt),) if kind else ()
        opaque = kind in ("code", "image", "void", "break")
        parts.append(Inline(text=text, spans=() if opaque else span, protected=span if opaque else ()))
    parts.append(Inline(text="end"))  # a break at the end of a block is none
    whole = join(part for pair in zip(parts, [Inline(text=" ")] * len(parts), strict=True) for part in pair)
    outer = draw(st.sampled_from([None, "em", "strong", "link"]))
    links = any(span.kind in ("link", "void") for span in (*whole.spans, *whole.protected))
    if outer and not (outer == "link" and links) and "\n" not in whole.text:
        spans = (Span(start=0, end=len(whole.text), kind=outer, target="u" * (outer == "link")), *whole.spans)
        return tidy(whole.text, spans, whole.protected)
    return whole


def unmarked(inline: Inline) -> tuple[object, ...]:
    """All but the emphasis."""
    items = tuple(item for item in inline.protected if item.kind not in ("literal", "name"))
    return inline.text, items, tuple(span for span in inline.spans if span.kind == "link")


@given(inlines())
def test_any_inline_is_read_back(inline: Inline) -> None:
    """Words, links and items always; emphasis too, but for what is reported."""
    markdown, dropped = write(inline)
    read = parse(markdown)
    assert unmarked(read) == unmarked(inline)
    assert len(read.spans) == len(inline.spans) - len(dropped)
    if markdown:
        blocks = dialect.parser().parse(markdown)
        assert [token.type for token in blocks] == ["paragraph_open", "inline", "paragraph_close"]


@given(st.lists(SNIPPET, max_size=12).map("".join) | TEXT)
def test_any_markdown_is_read_back(markdown: str) -> None:
    """What was once read as Markdown can be written as Markdown; what was emphasis stays emphasis."""
    inline = parse(markdown)
    again = parse(write(inline)[0])
    assert (again.text, again.protected) == (inline.text, inline.protected)


@given(st.lists(SNIPPET, max_size=12).map("".join), st.lists(st.integers(0, 40), max_size=3))
def test_parts_join_to_the_whole(markdown: str, places: list[int]) -> None:
    """A block that is cut anywhere but in an item or at white space is the same when it is joined."""
    inline = parse(markdown)
    inside = {place for item in inline.protected for place in range(item.start + 1, item.end)}
    limits = [0, *sorted({p for p in places if p < len(inline.text)} - inside), len(inline.text)]
    parts = [cut(inline, start, end) for start, end in pairwise(limits)]
    assert join(parts) == inline
