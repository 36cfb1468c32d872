"""What the compiler is shown of a document: a short way that changes nothing and lets no fault through."""

import re

import mjml as compiler
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import RenderError
from newsletter.rendering import mjml, skeleton, spelling, validation

HEAD = (
    '<mj-head><mj-title>A letter</mj-title><mj-preview>In short&#847;</mj-preview><mj-breakpoint width="540px" />'
    '<mj-attributes><mj-all padding="0" /><mj-class name="wide" width="300px" /><mj-text color="#1d2a30" />'
    '</mj-attributes><mj-style>.a > b { color: #1d2a30; }</mj-style><mj-raw><meta name="x" content="y" /></mj-raw>'
    "</mj-head>"
)
TEXT = '<mj-text css-class="ink"><h2 id="a">One &amp; two</h2><p>Three<br />four <a href="#b">five</a></p></mj-text>'
BLOCKS = (
    f"<mj-section><mj-column>{TEXT}</mj-column></mj-section>",
    f'<mj-section padding="4px"><mj-column>{TEXT}</mj-column></mj-section>',
    '<mj-section direction="rtl"><mj-column width="65%"><mj-text></mj-text></mj-column>'
    '<mj-column width="35%"><mj-image src="a.png" alt="seven" href="https://a.example" /></mj-column></mj-section>',
    '<mj-section><mj-group><mj-column><mj-image src="b.png" alt="" title="eight" mj-class="wide" /></mj-column>'
    "<mj-column><mj-spacer /><mj-divider /></mj-column></mj-group></mj-section>",
    '<mj-wrapper background-color="#ffffff"><mj-section><mj-column><mj-button href="https://a.example/?b=1&amp;c=2">'
    "nine</mj-button></mj-column></mj-section><mj-raw><p>ten</p></mj-raw><mj-section></mj-section></mj-wrapper>",
    '<mj-raw><div style="height:16px">eleven</div></mj-raw>',
    '<mj-section><mj-column><mj-social><mj-social-element src="d.png"></mj-social-element>'
    '<mj-social-element name="x-noshare" src="c.png" href="https://b.example">'
    "twelve</mj-social-element></mj-social><mj-table><tr><td>thirteen</td></tr></mj-table></mj-column></mj-section>",
    '<mj-section><mj-column><mj-navbar><mj-navbar-link href="/c">fourteen</mj-navbar-link></mj-navbar><mj-accordion>'
    "<mj-accordion-element><mj-accordion-title>fifteen</mj-accordion-title><mj-accordion-text>sixteen"
    "</mj-accordion-text></mj-accordion-element></mj-accordion></mj-column></mj-section>",
)
# What may break a document, or look as if it did.
PIECES = (
    *(
        "",
        " ",
        "\n",
        "text",
        "&",
        "&nbsp;",
        "&#128;",
        "&#0;",
        "&nosuch;",
        "]]>",
        "<",
        ">",
        '"',
        "'",
        "é > 한",
        "\\",
        "\x00",
    ),
    *("<p>", "</p>", "<p/>", "<br>", "</br>", "<br/>", "<P>x</P>", "<p a=1>x</p>", "<p a='1'>x</p>", '<p a="1" a="2">'),
    *(
        "<!-- x -->",
        "<!-- <mj-text> -->",
        "<!--[if mso]>",
        "<![endif]-->",
        "<!--[if mso]></p><![endif]-->",
        "<![CDATA[x]]>",
    ),
    *(
        "<mj-text>",
        "</mj-text>",
        "<mj-text />",
        "</mj-section>",
        "<mj-raw>",
        "<mj-hero />",
        "</mjml>",
        "<mjml>",
        "<mj-body/>",
    ),
    *(
        "<script>x</script>",
        '<a href="java&#115;cript:x">',
        '<b onclick="x">y</b>',
        '<p xmlns="x">y</p>',
        "<x:y/>",
        "<?x?>",
    ),
    *("|", "Zq", "Zq0Zq", "Zq|Zq", ' css-class="é|é"', ' padding="4%"', ' alt="&#128;"', ' lang="ne"', "@import 'x'"),
)


def letter(blocks: list[str], head: str = HEAD) -> str:
    return f'<mjml lang="en" dir="ltr">{head}<mj-body background-color="#e9eff1">{"".join(blocks)}</mj-body></mjml>'


def sound(source: str) -> bool:
    document = skeleton.read(source)
    return document is not None and validation.sound(document)


def outcome(source: str) -> str:
    """The page, or what is wrong with the document."""
    try:
        return mjml.compile(source, "t")
    except RenderError as error:
        return error.what


@settings(deadline=None)
@given(st.lists(st.sampled_from(BLOCKS), max_size=12), st.sampled_from(("", HEAD)))
def test_the_short_way_is_what_the_compiler_makes_of_it_all(blocks, head):
    """Taking texts out, showing blocks that are alike only once, putting all back: byte for byte the same."""
    source = letter(blocks, head)
    assert sound(source)
    assert mjml.compile(source, "t") == compiler.mjml2html(source, fonts={}, disable_comments=True)


def test_blocks_that_are_alike_are_shown_once():
    """A letter of twenty items is hardly more work for the compiler than one of two."""
    two, twenty = (skeleton.read(letter([BLOCKS[0]] * number)).source for number in (2, 20))
    assert two == twenty


PARTS = re.split(r"(<[^>]*>)", letter(list(BLOCKS)))


@settings(deadline=None, max_examples=500)
@given(
    st.lists(
        st.tuples(st.integers(0, len(PARTS) - 1), st.integers(0, 2), st.sampled_from((*PIECES, *PARTS))), max_size=3
    )
)
def test_what_is_surely_sound_is_sound(changes):
    """However a document is damaged: the fast check never passes what the thorough one finds a fault in."""
    parts = PARTS.copy()
    for place, length, piece in changes:
        parts[place : place + length] = [piece]
    source = "".join(parts)
    if sound(source := mjml.strip(source)):
        validation.check(spelling.characters(source), "t", written=source)
        assert spelling.plain(source) == spelling.characters(source)


@settings(deadline=None, max_examples=500)
@given(st.tuples(st.integers(0, len(PARTS) - 1), st.sampled_from(PIECES)), st.integers(0, 3))
def test_a_damaged_document_compiles_or_is_refused(change, inside):
    """Anything written into any place, a tag as well: HTML or a RenderError, and no mark is left behind."""
    place, piece = change
    part = PARTS[place]
    source = "".join((*PARTS[:place], part[: -inside or None], piece, part[len(part) - inside :], *PARTS[place + 1 :]))
    page = outcome(source)
    assert not page.startswith(("the document cannot be taken apart", "MJML:"))
    assert page.endswith(("</html>", "."))
    assert "Zq" not in page.replace(piece, "") or not page.endswith("</html>")


@pytest.mark.parametrize(
    ("number", "same"),
    [("10", True), ("38", True), ("x1F600", True), ("0", False), ("11", False), ("128", False), ("xD800", False)],
)
def test_references_that_two_standards_read_differently_are_looked_at(number, same):
    """HTML takes &#128; for the euro sign, XML for a control character."""
    assert spelling.referenced(f"a &#{number};") is same
