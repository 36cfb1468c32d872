"""The door to the MJML compiler: nothing is corrupted, nothing crashes, every fault has a place."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from newsletter.errors import RenderError
from newsletter.rendering import mjml


def document(alt: str = "", text: str = "x", head: str = "") -> str:
    """An MJML document with one picture and one text; ``text`` is markup."""
    return (
        f'<mjml lang="en" dir="ltr"><mj-head>{head}</mj-head><mj-body><mj-section><mj-column>\n'
        f'<mj-image src="a.png" alt="{escape(alt)}" />\n<mj-text><p>{text}</p></mj-text>\n'
        "</mj-column></mj-section></mj-body></mjml>"
    )


def _column(content: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column>{content}</mj-column></mj-section></mj-body></mjml>"


def _social(attributes: str) -> str:
    return _column(f"<mj-social><mj-social-element {attributes}>x</mj-social-element></mj-social>")


def _button(attributes: str) -> str:
    return _column(f"<mj-button {attributes}>x</mj-button>")


def alt_of(page: str) -> str:
    return html.unescape(re.search(r'<img alt="([^"]*)"', page)[1])


def text_of(page: str) -> str:
    return html.unescape(re.search(r"<p>(.*?)</p>", page, re.DOTALL)[1])


@pytest.mark.parametrize(
    "alt",
    [
        "A “river” & its <bank>",
        "La ribera — ¡qué día!",
        "L’eau : « haute »",
        "Cal·ligrafia a l’aigua",
        "Ação às margens",
        "تفاعليًا مع النهر",
        "کرانه\u200cهای رود",
        "한국 > 서울",
        "नेपाली नदी किनार",
        "🚣🏽\u200d♀️ C:\\rivers\\new",
        "Zq0Zq 한국 Zqq1Zqq नेपाली",
        "a\tb\nc",
        "&amp;#1234; and &#1234; and \"a\" 'b'",
    ],
)
def test_attributes_come_out_as_they_went_in(alt):
    """The compiler's own output would read न\\u{947}पाली; ours does not, in any language of the newsletter."""
    page = mjml.compile(document(alt, escape(alt)), "t")
    assert alt_of(page) == alt
    assert text_of(page) == alt


@settings(deadline=None)
@given(st.text() | st.text(alphabet="Zq01 é한\\>\n\"'"))
def test_any_text_survives(text):
    """Whatever people type, the compiler neither fails nor changes it, but for control characters."""
    expected = mjml.strip(text)
    page = mjml.compile(document(text, str(escape(text))), "t")
    # HTML reads a carriage return as a line feed, and XML does so before.
    assert alt_of(page).replace("\r\n", "\n").replace("\r", "\n") == expected.replace("\r\n", "\n").replace("\r", "\n")
    assert "\\u{" not in page


@settings(deadline=None)
@given(st.text(alphabet="<>/&;'\"=! -[]mjtexbody\\#12é한न\n"))
def test_any_markup_compiles_or_is_refused(text):
    """A broken template ends as a RenderError and never as a crash."""
    try:
        page = mjml.compile(document(text=text), "t")
    except RenderError:
        return
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>")


@pytest.mark.parametrize(
    ("source", "where", "what"),
    [
        (document(text="<b>open"), "t:3", "not well-formed"),
        (document(text="a & b"), "t:3", "not well-formed"),
        (document(text="&nosuch;"), "t:3", "not well-formed"),
        (document(text="<mj-text>a</mj-text>"), "t:3:13", "cannot stand in <p>"),
        (document(text="<![CDATA[x]]>"), "t:3:13", "CDATA"),
        (document(head="<mj-include />"), "t:1:36", "not supported"),
        (document(head='<mj-style inline="inline">p {}</mj-style>'), "t:1:46", "not inlined"),
        (document().replace("mj-image", "mj-hero"), "t:2:1", "not supported"),
        (document().replace("mj-image", "mj-img"), "t:2:1", "no MJML component"),
        (document().replace("mj-image src", "mj-image source"), "t:2:11", "no attribute 'source'"),
        (document().replace(' alt=""', ""), "t:2:1", "no alt"),
        (document().replace("<mj-section>", "<mj-section><p/>"), "t:1:67", "cannot stand in <mj-section>"),
        (document(head="<mj-font name='A' href='https://fonts.example/a' />"), "t:1:36", "not supported"),
        (document(head="<mj-style>@import 'https://fonts.example/a';</mj-style>"), "t:1:36", "@import asks"),
        (document(head="<mj-style>@font-face { src: url(a) }</mj-style>"), "t:1:36", "@font-face asks"),
        (document(head="<mj-raw><link rel='stylesheet' href='a' /></mj-raw>"), "t:1:44", "<link> has no place"),
        (document(text="a <script>alert(1)</script>"), "t:3:15", "<script> has no place"),
        (document(text="<SCRIPT>x</SCRIPT>"), "t:3:13", "<SCRIPT> has no place"),
        (document(text='<b class="a" onclick="x()">b</b>'), "t:3:26", "is a script"),
        (document(text='<a href=" JavaScript:x()">b</a>'), "t:3:16", "is a script"),
        (document(text='<p xmlns="urn:x">b</p>'), "t:3:13", "namespaces"),
        (document().replace("<mj-column>", "<mj-column>lost"), "t:1:67", "cannot stand in <mj-column> itself: 'lost'"),
        (document().replace(" />", ">lost</mj-image>"), "t:2:1", "cannot stand in <mj-image> itself"),
        (document().replace(" />", "><b>lost</b></mj-image>"), "t:2:1", "cannot stand in <mj-image>"),
        (document().replace("<mj-text>", '<mj-text color="#eee">'), "t:3:10", "color='#eee' is not understood"),
        (document().replace("<mj-text>", '<mj-text color="sea">'), "t:3:10", "color='sea' is not understood"),
        (document().replace("<mj-text>", '<mj-text align="start">'), "t:3:10", "align='start' is not understood"),
        (document().replace("<mj-text>", '<mj-text font-size="16">'), "t:3:10", "font-size='16' is not understood"),
        (document().replace("<mj-section>", '<mj-section padding="4%">'), "t:1:67", "padding='4%' is not understood"),
        (document().replace("<mj-section>", '<mj-section\n\n direction="RTL">'), "t:3:2", "direction='RTL' is not"),
        (document(head="<mj-attributes><mj-text colour='x' /></mj-attributes>"), "t:1:60", "no attribute 'colour'"),
        (document(head="<mj-attributes><mj-all colour='x' /></mj-attributes>"), "t:1:59", "no attribute 'colour'"),
        (document(head="<mj-attributes><mj-class name='a'><mj-text /></mj-class></mj-attributes>"), "t:1:51", "cannot"),
        (_social('name="x" href="https://x.example" src="x.png"'), "t:1:69", "makes a share link"),
        (_social('name="x-noshare" href="https://x.example"'), "t:1:50", "has no src"),
        (_button('width="90px" border="1px solid #000000"'), "t:1:63", "becomes too wide"),
        (document(head="<mj-style>@im<!-- x -->port 'https://fonts.example/a';</mj-style>"), "t:1:36", "@import asks"),
        (document(head="<mj-title>a <b>b</b></mj-title>"), "t:1:48", "<b> cannot stand in <mj-title>"),
        (document(head="<mj-attributes><mj-class color='none' /></mj-attributes>"), "t:1:51", "<mj-class> has no name"),
        (document(head="<mj-raw css-class='a'></mj-raw>"), "t:1:44", "has no attribute 'css-class'"),
        (document().replace("<mj-column>", "<mj-column><!--[if mso]>x<![endif]-->"), "t:1:67", "a comment for Outlook"),
        (f"<!--[if mso]>x<![endif]-->{document()}", "t:1:27", "outside of <mjml>"),
        (document(text="<br>a</br>"), "t:3:13", "text cannot stand in <br>"),
        (document(text="<br><b>a</b></br>"), "t:3:13", "<b> cannot stand in <br>"),
        (document(text="]]>"), "t:3", "not well-formed"),
        (document(text='<b id="a" id="b">x</b>'), "t:3", "not well-formed"),
        (document(text="</mj-text><mj-text>"), "t:3", "not well-formed"),
        (document().replace("</mj-text>", ""), "t:4", "not well-formed"),
        (f"{document()}\n{document()}", "t:5", "not well-formed"),
        ('<?xml version="1.0"?><mjml></mjml>', "t:1:1", "takes no <?"),
        ("<p>x</p>", "t:1:1", "begins with <p>"),
        ("<mjml></mjml>", "t:1:1", "exactly one <mj-body>"),
        ("", "t:1", "not well-formed"),
    ],
)
def test_faults_have_a_place(source, where, what):
    """Each fault is one sentence with the template's line and column."""
    with pytest.raises(RenderError) as caught:
        mjml.compile(source, "t")
    assert f"{caught.value.where}:".startswith(f"{where}:"), str(caught.value)
    assert what in caught.value.what
    assert caught.value.hint


@settings(deadline=None)
@given(
    before=st.text(alphabet="ab é한न🚣&<>\n\"'/", max_size=40),
    comment=st.text(alphabet="ab é한\n<>/", max_size=20),
    entity=st.sampled_from(("", "&nbsp;", "&eacute;&zwnj;")),
)
def test_the_place_is_that_of_the_fault(before, comment, entity):
    """Whatever stands before it: other scripts, line breaks, entities, comments with tags inside."""
    text = f"{escape(before)}{entity}<!--{comment}--><b title='{escape(before)}'>x</b>"
    marked = document(text=f'{text}<i style=""\nonload="x"></i>')
    with pytest.raises(RenderError) as caught:
        mjml.compile(marked, "t")
    at = marked.index("onload=")
    line, column = marked.count("\n", 0, at) + 1, at - marked.rfind("\n", 0, at)
    assert caught.value.where == f"t:{line}:{column}"


def test_deep_nesting_is_refused():
    """The compiler's stack overflows near 9,000 tags; far fewer are refused before it sees them."""
    for depth in (210, 12_000):
        with pytest.raises(RenderError):
            mjml.compile(document(text="<b>" * depth + "x" + "</b>" * depth), "t")


def test_no_font_is_fetched_and_only_outlooks_comments_stay():
    """A reader's client asks no third party for fonts; comments for Outlook are part of the mail."""
    page = mjml.compile(document(text="<!-- ours --><!--[if mso]>theirs<![endif]-->x"), "t")
    assert "fonts.google" not in page
    assert "ours" not in page
    assert "<!--[if mso]>theirs<![endif]-->" in page


@pytest.mark.parametrize(
    ("held", "comes_out"),
    [
        ("<b>one</b>\n<i>two</i>", "<b>one</b>\n<i>two</i>"),
        ('<b\n  id="a">\n\n</b>', '<b\n  id="a">\n\n</b>'),
        ("<b id='a \"b\" > c' /><br><!-- x --></br>", '<b id="a &quot;b&quot; &gt; c" ></b><br />'),
        ("a<!-- one -->\n<!-- two -->b", "a\nb"),
        ("<!--[if !mso]><!--><b>a</b>\n<!--<![endif]-->", "<!--[if !mso]><!--><b>a</b>\n<!--<![endif]-->"),
        ("&eacute;&nbsp;&lt;&#8364;&#128;", "é\xa0&lt;&#8364;&#128;"),
    ],
)
def test_what_an_element_holds_comes_out_as_it_went_in(held, comes_out):
    """The compiler alone would join the words of two lines; only what HTML would misread is written anew."""
    assert f"<p>{comes_out}</p>" in mjml.compile(document(text=held), "t")


def test_the_title_is_the_label_as_well():
    """Quotes and line breaks in it change nothing around it."""
    page = mjml.compile(document(head='<mj-title>The "river"\nletter</mj-title>'), "t")
    assert '<div aria-label="The &quot;river&quot;\nletter"' in page
    assert "<title>The &quot;river&quot;\nletter</title>" in page


def test_a_panic_becomes_an_error(monkeypatch):
    """A Rust panic is no Exception; it must not pass through every handler above."""
    panic = type("PanicException", (BaseException,), {})

    def explode(*args, **options):
        raise panic("byte index 7 is not a char boundary")

    monkeypatch.setattr(mjml.mjml, "mjml2html", explode)
    with pytest.raises(RenderError, match="gave up"):
        mjml.compile(document(), "t")
