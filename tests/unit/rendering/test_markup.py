"""Markdown as mail HTML: safe, well-formed, with full addresses and the theme's styles."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html
from PIL import Image

from newsletter.errors import ContentError
from newsletter.rendering import markup, mjml
from newsletter.rendering.localise import Localisation
from newsletter.rendering.markup import Prose
from newsletter.rendering.mjml import strip
from newsletter.rendering.pictures import Pictures
from newsletter.rendering.tracking import Tracking

SAMPLES = Path(__file__).parents[2] / "samples"


def prose(source: str, folder: Path = Path(), tag: str = "en", base_url: str = "https://rivers.example") -> Prose:
    pictures = Pictures(folder=folder, base=f"{base_url}/2026-11")
    return Prose(
        source=source, localisation=Localisation.of(tag), base_url=base_url, pictures=pictures, where="01-forum.md"
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A *b* **c**", "<p>A <em>b</em> <strong>c</strong></p>\n"),
        ("~~a~~ <s>b</s> ~c~", "<p><s>a</s> <s>b</s> ~c~</p>\n"),
        ("one  \ntwo", "<p>one<br />\ntwo</p>\n"),
        ("# A", "<h3>A</h3>\n"),
        ("## A", "<h3>A</h3>\n"),
        ("### A", "<h4>A</h4>\n"),
        ("###### A", "<h6>A</h6>\n"),
        ("[a](/forum)", '<p><a href="https://rivers.example/forum">a</a></p>\n'),
        ("[a](forum?x=1&y=2)", '<p><a href="https://rivers.example/forum?x=1&amp;y=2">a</a></p>\n'),
        ("[a](mailto:a@b.example)", '<p><a href="mailto:a@b.example">a</a></p>\n'),
        ("`x`", '<p><code dir="ltr">x</code></p>\n'),
        ("<b>a</b> & <script>", "<p><strong>a</strong> &amp; &lt;script&gt;</p>\n"),
        ("<I>a</i><br/>b<BR>c", "<p><em>a</em><br />\nb<br />\nc</p>\n"),
        ("<b onclick=x style='y'>a</b>", "<p><strong>a</strong></p>\n"),
        ("<a href='/x?a=1&amp;b=2' onclick=y>*a*</a>", None),
        ("<a href=javascript:alert(1)>a</a>", "<p>&lt;a href=javascript:alert(1)&gt;a&lt;/a&gt;</p>\n"),
        ("<a href='java&#115;cript:x'>a</a>", "<p>&lt;a href='java&amp;#115;cript:x'&gt;a&lt;/a&gt;</p>\n"),
        ("<b>a", "<p>&lt;b&gt;a</p>\n"),
        ("a<br><br>", "<p>a</p>\n"),
        ("*a <b>b* c</b>", "<p><em>a &lt;b&gt;b</em> c&lt;/b&gt;</p>\n"),
        ("<b>a <i>b</b> c</i>", "<p><strong>a &lt;i&gt;b</strong> c&lt;/i&gt;</p>\n"),
        ("`<b>a</b>` \\<b>", '<p><code dir="ltr">&lt;b&gt;a&lt;/b&gt;</code> &lt;b&gt;</p>\n'),
        ("<img src=x.png onerror=alert(1)", "<p>&lt;img src=x.png onerror=alert(1)</p>\n"),
        ("<img alt=a>", "<p>&lt;img alt=a&gt;</p>\n"),
        ("<div>a</div><!-- b -->", "<p>&lt;div&gt;a&lt;/div&gt;&lt;!-- b --&gt;</p>\n"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ('[a](/x "t\\"><script>")', None),
        ("a\x00b\x0bc", "<p>abc</p>\n"),
        ("", ""),
    ],
)
def test_html(source, expected):
    """CommonMark as e-mail HTML; the item's title is h2, so headings of the text begin at h3."""
    rendered = str(prose(source).html({}))
    assert "<script" not in rendered
    if expected is not None:
        assert rendered == expected


def test_tags_that_mean_what_markdown_means():
    """A link and a picture keep address, words and title, and lose every other attribute; no link is in a link."""
    image = '<img src="https://a.example/b.png" alt="A  &quot;bridge&quot;" title="t" width=9 onerror=x>'
    page = html.fromstring(str(prose(f"<a href=/x?a=1&amp;b=2 title=T target=_blank>see {image}</a>").html({})))
    link, shown = page.find(".//a"), page.find(".//img")
    assert dict(link.attrib) == {"href": "https://rivers.example/x?a=1&b=2", "title": "T"}
    assert (shown.get("src"), shown.get("alt"), shown.get("title")) == ("https://a.example/b.png", 'A "bridge"', "t")
    assert set(shown.attrib) == {"src", "alt", "title", "style"}
    for nested in ("<a href=/x>a [b](/c) d</a>", "[a <a href=/x>b</a>](/c)", "<a href=/x>a<a href=/c>b</a>c</a>"):
        (only,) = html.fromstring(str(prose(nested).html({}))).iter("a")
        assert only.get("href") == "https://rivers.example/c"


def test_a_tag_in_the_words_of_a_picture_is_not_lost():
    """There is no markup in an alternative text, so the words alone remain, and stray tags."""
    assert 'alt="a x &lt;q"' in str(prose("![a <b>x</b> <q](https://a.example/b.png)").html({}))


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "> - "])
def test_nothing_is_left_out_however_deep(mark):
    """A parser stops at some depth without a word; here the text is shown, or the author is told."""
    assert "word" in prose(mark * 18 + "word").html({})
    assert "word" in prose(mark * 18 + "word").text
    for levels in (150, 400):
        with pytest.raises(ContentError, match="deep in one another"):
            prose(mark * levels + "word").html({})


def test_links_to_our_own_site_say_where_the_visit_comes_from():
    """In the HTML, where nobody sees it; the text part shows the address that people read."""
    tracking = Tracking(
        source="n", medium="email", campaign="2026-11", language="en", hosts=frozenset({"rivers.example"})
    )
    text = replace(prose("[a](/b#c) <https://rivers.example/d> [e](https://f.example)"), tracking=tracking)
    links = html.fromstring(str(text.html({}))).findall(".//a")
    added = "utm_source=n&utm_medium=email&utm_campaign=2026-11&utm_content=en"
    assert [link.get("href") for link in links] == [
        f"https://rivers.example/b?{added}#c",
        f"https://rivers.example/d?{added}",
        "https://f.example",
    ]
    assert links[1].text_content() == "https://rivers.example/d"
    assert "utm" not in text.text


def test_addresses_keep_their_order_in_right_to_left_text():
    """An address that is shown as such is isolated from the Arabic around it; in English nothing is added."""
    expected = '<p>انظر <a href="https://a.example"><span dir="ltr">https://a.example</span></a>.</p>\n'
    assert str(prose("انظر <https://a.example>.", tag="ar").html({})) == expected
    assert "span" not in str(prose("See <https://a.example>.").html({}))


def test_styles_stand_on_the_elements():
    """Mail clients drop style sheets; a style for an element in another one wins over that for the element."""
    styles = {"p": "margin:0;", "blockquote p": "color:#123456;", "a": "color:#0a6080;", "td": "padding:1px;"}
    page = html.fromstring(str(prose("a [b](/c)\n\n> d\n\n| x |\n|--:|\n| y |").html(styles)))
    assert [p.get("style") for p in page.iter("p")] == ["margin:0;", "color:#123456;"]
    assert page.find(".//a").get("style") == "color:#0a6080;"
    assert page.find(".//td").get("style") == "padding:1px;text-align:right"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("> a\n>\n> *b*", ["", "cite"]),
        ("> a\n>\n> *b **c***", ["", "cite"]),
        ("> a\n>\n> *<https://b.example>*", ["", "cite"]),
        ("> *a*", [""]),  # a quote that is emphasised says nothing of its source
        ("> a\n>\n> *b* c", ["", ""]),
        ("> a\n>\n> *b* *c*", ["", ""]),
        ("> a\n>\n> - b\n>\n>   *c*", ["", "", ""]),
        ("a\n\n*b*", ["", ""]),
        ("> > a\n> >\n> > *b*\n>\n> *c*", ["", "cite", "cite"]),
    ],
)
@pytest.mark.parametrize("tag", ["en", "ar"])
def test_a_theme_can_tell_who_is_quoted(source, names, tag):
    """The emphasised paragraph below a quote has a style of its own, and so has its emphasis."""
    page = html.fromstring(
        f"<main>{prose(source, tag=tag).html({'cite': 'color:#123456;', 'cite em': 'margin:0;'})}</main>"
    )
    assert ["cite" if p.get("style") == "color:#123456;" else "" for p in page.iter("p")] == names
    emphasised = [e.get("style") for e in page.iter("em") if e.getparent().get("style")]
    assert emphasised == ["margin:0;"] * names.count("cite")


def test_pictures_are_measured_and_get_an_address(tmp_path):
    """A picture keeps its proportions at the width of the column, and its bytes become an asset."""
    Image.new("RGB", (1104, 400)).save(tmp_path / "a b.png")
    text = prose("![The *river*](<a b.png>)", tmp_path)
    image = html.fromstring(str(text.html({}))).find(".//img")
    assert (image.get("src"), image.get("alt")) == ("https://rivers.example/2026-11/a%20b.png", "The river")
    assert (image.get("width"), image.get("height")) == ("552", "200")
    (asset,) = text.pictures.assets
    assert (asset.url, asset.type) == (image.get("src"), "image/png")
    assert asset.data == (tmp_path / "a b.png").read_bytes()


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("![a](missing.png)", "is missing"),
        ("![a](../outside.png)", "outside"),
        ("![a](text.png)", "no PNG, JPEG or GIF"),
        ("![a](folder)", "is missing"),
        ("![a](half.png)", "is damaged"),
        ("![a](data:image/png;base64,xx)", "neither a file of the issue nor on the web"),
        ("![a](C:/photos/a.png)", "neither a file"),
        ("![a](https:a.png)", "neither a file"),
        ("[a](ftp://b.example)", "opens nothing"),
        ("[a](<ftp://b.example/ä b>)", "opens nothing"),
        ("[a]()", "no address"),
        ("> " * 120 + "a", "deep in one another"),
    ],
)
def test_what_a_mail_cannot_show_is_an_error(tmp_path, source, what):
    """The error names the item's file and the next step."""
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "folder").mkdir()
    whole = BytesIO()
    Image.effect_noise((60, 60), 50).save(whole, "PNG")
    (tmp_path / "half.png").write_bytes(whole.getvalue()[:900])
    with pytest.raises(ContentError, match=what) as caught:
        prose(source, tmp_path).html({})
    assert caught.value.where == "01-forum.md"
    assert caught.value.hint
    with pytest.raises(ContentError, match=what) as caught:
        replace(prose(f"a\n\nb\n{source}", tmp_path), line=7).html({})
    assert caught.value.where in ("01-forum.md:10", "01-forum.md:9")  # the line, or where its paragraph begins


def test_a_relative_link_needs_a_base():
    """Without base_url a relative link would lead nowhere; the error says what to set."""
    with pytest.raises(ContentError, match="base_url"):
        prose("[a](/b)", base_url="").html({})


def test_a_link_without_an_address_is_an_error():
    """A reader who presses a link expects to arrive somewhere."""
    with pytest.raises(ContentError, match="no address"):
        prose("[a]()").html({})


def test_half_an_address_is_an_error():
    """An address that cannot be read is refused like one without a host."""
    with pytest.raises(ContentError, match="no full address"):
        markup.address("//[b", "https://rivers.example", where="01-forum.md")


@pytest.mark.parametrize("tag", ["en", "ar"])
def test_every_commonmark_example_can_be_mailed(tag, tmp_path):
    """Whatever the specification shows is well-formed, compiles and has a text; only unusable links are refused."""
    refused = 0
    for source in json.loads((SAMPLES / "commonmark.json").read_text(encoding="utf-8")):
        text = prose(source, tmp_path, tag)
        try:
            rendered = text.html({"p": "margin:0", "a": "color:#0a6080"})
        except ContentError:
            refused += 1
            continue
        section = f"<mj-section><mj-column><mj-text>{rendered}</mj-text></mj-column></mj-section>"
        assert mjml.compile(f"<mjml><mj-body>{section}</mj-body></mjml>", "t").endswith("</html>")
        assert text.text == text.text.strip("\n")
    assert refused < 40


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8")) | st.text(alphabet="[]()<>!*_`#>- \n&;\"'javscript:x"))
def test_any_text_becomes_safe_well_formed_html(source):
    """Whatever people type, the result is XHTML without scripts that the MJML compiler takes."""
    try:
        rendered = str(prose(source).html({"p": "margin:0"}))
    except ContentError:
        return
    page = etree.fromstring(f"<div>{strip(rendered)}</div>".replace("&nbsp;", "\u00a0"))
    tags = {element.tag for element in page.iter()}
    assert tags.isdisjoint({"script", "style", "iframe", "form"})
    assert not [name for element in page.iter() for name in element.attrib if name.startswith("on")]
    section = f"<mj-section><mj-column><mj-text>{rendered}</mj-text></mj-column></mj-section>"
    assert mjml.compile(f"<mjml><mj-body>{section}</mj-body></mjml>", "t").endswith("</html>")
