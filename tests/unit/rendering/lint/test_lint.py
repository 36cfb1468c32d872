"""The lint: each rule finds what it is for, says where it was written, and lets the sample's editions pass."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter import config as configuration
from newsletter.config import Config
from newsletter.delivery import mime
from newsletter.model import Address, Edition, Issue, Message
from newsletter.rendering import lint
from newsletter.rendering.editions import render
from newsletter.rendering.lint import clients, size
from newsletter.rendering.lint.contrast import ratio

LANGUAGES = ("en", "es", "fr", "ca", "pt-BR", "ar", "fa", "ko", "ne")

ISSUE = Issue(id="i", language="ar", date=date(2026, 11, 20), subject="")

Change = Callable[[Edition], Edition]


def body(html: str) -> Change:
    """The edition with something more at its end."""
    return lambda edition: replace(edition, html=edition.html.replace("</body>", f"{html}</body>"))


def head(css: str) -> Change:
    """The edition with something more in its styles."""
    return lambda edition: replace(edition, html=edition.html.replace("</head>", f"<style>{css}</style></head>"))


def without(*texts: str) -> Change:
    """The edition, in its HTML and its text, without what stands there."""

    def change(edition: Edition) -> Edition:
        for text in texts:
            edition = replace(
                edition, html=edition.html.replace(text, ""), text=edition.text.replace(text, ""), hash=edition.hash
            )
        return edition

    return change


def says(**fields: str) -> Change:
    """The edition with another subject or preheader."""
    return lambda edition: replace(edition, **fields)


def check(edition: Edition, issue: Issue, config: Config) -> list[lint.Finding]:
    return lint.check(edition, issue=issue, config=config)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sample_passes(language, issue, config):
    """A careful issue in the library's own theme: nothing fails, and no text is accused."""
    sample = issue(language)
    found = check(render(sample, config), sample, config)
    assert not [str(finding) for finding in found if finding.level == "fail"]
    # The preheader is a translator's; the theme's words are held by the tests of the theme.
    accused = {finding.rule for finding in found if finding.level == "warn"}
    assert accused <= {"preheader", "subject", "untranslated"}


BAD = [
    ("size", "fail", "en", body("x" * 100_000), "Gmail cuts it off"),
    ("size", "warn", "ne", lambda edition: replace(edition, html="न" * 20_000), "82.1 KB as sent (base64"),
    ("styles", "fail", "en", head("p { color: #111111 }" * 1000), "Gmail drops what is beyond 16"),
    ("styles", "fail", "en", head("@media print { @media screen { p { top: 0 } } }"), "@media stands in another"),
    ("language", "fail", "ar", lambda e: replace(e, html=e.html.replace('lang="ar"', "", 1)), "<html> says lang=None"),
    ("language", "fail", "en", lambda e: replace(e, html=e.html.replace('dir="ltr"', 'dir="rtl"')), "the wrapper"),
    ("headings", "fail", "en", body("<h1>Again</h1>"), "2 main headings"),
    ("headings", "warn", "en", body("<h2>a</h2><h5>Deep down</h5>"), "'Deep down' is of level 5 after 2"),
    ("alt", "fail", "en", body('<img src="a.png" width="9" height="9">'), "a.png"),
    ("alt", "fail", "en", body('<a href="https://x.example"><img src="a.png" alt=""></a>'), "a link has no words"),
    ("alt", "warn", "en", body('<img src="a.png" alt="" width="9" height="9">'), "described by nothing"),
    ("alt", "warn", "en", body('<img src="a.png" alt="IMG_2041.JPG">'), "its file name 'IMG_2041.JPG'"),
    ("image-size", "warn", "en", body('<img src="a.png" alt="A boat">'), "no width and no height"),
    ("link-text", "fail", "en", body('<a href="https://x.example"> </a>'), "has no words"),
    ("https", "warn", "en", body('<a href="http://x.example">Boats</a>'), "the link http://x.example is not"),
    ("https", "fail", "en", body('<img src="http://x.example/a.png" alt="A boat">'), "the picture http://"),
    ("postal-address", "fail", "en", without("League of River Cities, 1 Quay Street, Valmora"), "in the HTML"),
    ("postal-address", "fail", "en", without("League of River Cities, 1 Quay Street, Valmora"), "in the text part"),
    ("unresolved", "fail", "en", body("<p>Dear {{ name }},</p>"), "'{{ name }}' stands unfilled in the text"),
    ("unresolved", "fail", "en", body("<p>Dear *|FNAME|*</p>"), "'*|FNAME|*'"),
    ("unresolved", "fail", "en", body('<a href="https://x.example/{{id}}">x</a>'), "an address (href)"),
    ("unresolved", "fail", "en", says(subject="Dear {{ name }"), "in the subject"),
    ("unresolved", "fail", "en", says(preheader="Dear %%name%%, here is the news of the river"), "in the preheader"),
    ("tags", "warn", "en", body("<p>&lt;div class='x'&gt;a&lt;/div&gt;</p>"), "\"<div class='x'>\""),
    ("tags", "warn", "en", body("<p>a&amp;nbsp;b</p>"), "'&nbsp;'"),
    ("tags", "warn", "en", says(subject="Questions &amp; answers"), "'&amp;'"),
    ("subject", "fail", "en", says(subject="\u200f"), "is empty"),
    ("subject", "warn", "en", says(subject="x" * 61), "61 columns"),
    ("subject", "warn", "ko", says(subject="강" * 31), "62 columns"),
    ("subject", "warn", "en", lambda edition: replace(edition, preheader=edition.subject), "repeats the subject"),
    ("preheader", "warn", "en", says(preheader=""), "there is no preheader"),
    ("preheader", "warn", "en", says(preheader="x" * 29), "29 columns"),
    ("preheader", "warn", "ko", says(preheader="강" * 46), "92 columns"),
    ("contrast", "warn", "en", body('<p style="color:#8a8a8a;background:#ffffff">Pale</p>'), "3.5 to 1 in light"),
    ("contrast", "fail", "en", body('<p style="color:#cccccc;background-color:#fff">Paler</p>'), "1.6 to 1 in light"),
    ("contrast", "fail", "en", body('<td bgcolor="#000000"><a href="#x">Blue</a></td>'), "to 1 in light"),
    (
        "contrast",
        "fail",
        "en",
        lambda e: body('<div class="night"><p style="color:#222222">Gone</p></div>')(
            head("@media (prefers-color-scheme: dark) { body .night > p { background: #111111 !important } }")(e)
        ),
        "'Gone' has a contrast of 1.2 to 1 in dark",
    ),
    ("isolation", "warn", "ar", body('<p dir="rtl">البرنامج بلغة C++ سهل</p>'), "'C++'"),
    ("isolation", "warn", "ar", body('<p dir="rtl">هاتف +34 93 342 94 60 مكتب</p>'), "'+34 93 342 94 60'"),
    ("isolation", "warn", "fa", body('<p dir="rtl">تلفن 93 342 94 60</p>'), "'93 342 94 60'"),
    ("isolation", "warn", "ar", body('<p dir="rtl">A whole sentence in English.</p>'), "'A whole sentence"),
    ("support", "warn", "en", body('<div style="display:flex">x</div>'), "display:flex works in 32 of 41"),
    ("support", "warn", "en", body('<p style="padding-inline-start:3px">x</p>'), "padding-inline-start"),
    ("support", "warn", "en", body("<p><bdi>x</bdi></p>"), "<bdi> element works in 14 of 41"),
    ("support", "warn", "en", body('<img src="https://x.example/a.webp" alt="A boat">'), "webP image format"),
    ("support", "info", "en", body('<p style="box-shadow:0 0 3px">x</p>'), "box-shadow"),
]


@pytest.mark.parametrize(("rule", "level", "language", "change", "message"), BAD)
def test_what_is_wrong_is_found(rule, level, language, change, message, issue, config):
    """Each rule names its finding, how grave it is, and what to do."""
    sample = issue(language)
    before = check(render(sample, config), sample, config)
    found = check(change(render(sample, config)), sample, config)
    new = [finding for finding in found if finding not in before]
    assert [f for f in new if f.rule == rule and f.level == level and message in f.message and f.fix], found


GOOD = [
    (
        "isolation",
        "ar",
        body('<p dir="rtl">البرنامج <code dir="ltr">C++</code> سهل و <span dir="ltr">+34 93 342</span></p>'),
    ),
    ("isolation", "ar", body('<p dir="rtl">هاتف \u2066+34 93 342 94 60\u2069 و Metropolis (Seoul) 2017، A/B</p>')),
    ("isolation", "en", body("<p>C++ and +34 93 342 94 60</p>")),
    ("unresolved", "en", body("<p>Write <code>{{ name }}</code>; 100%% or { a } or 50 % of ${5}.</p>")),
    ("tags", "en", body("<p>a &lt; b &gt; c, AT&amp;T, &lt;name&gt; and <code>&lt;div&gt;&amp;nbsp;</code></p>")),
    ("contrast", "en", body('<h2 style="color:#808080;font-size:26px">Large</h2>')),
    ("contrast", "en", body('<p style="color:#cccccc;display:none">Hidden</p>')),
    ("contrast", "en", body('<p style="color:#cccccc;background:url(a.png) #000000">Light on dark</p>')),
    ("link-text", "en", body('<a href="https://x.example">The timetable, here</a>')),
    ("link-text", "en", body('<a href="https://x.example"><img src="a.png" alt="The timetable"></a>')),
    ("styles", "en", head("@media print { p { top: 0 } } @media screen { p { top: 0 } }")),
    ("https", "en", body('<a href="mailto:desk@x.example">Write</a>')),
    ("support", "en", body('<!--[if mso]><p style="display:flex">x</p><![endif]-->')),
]


@pytest.mark.parametrize(("rule", "language", "change"), GOOD)
def test_what_is_right_is_not_accused(rule, language, change, issue, config):
    """What looks like a fault and is none."""
    sample = issue(language)
    before = check(render(sample, config), sample, config)
    found = check(change(render(sample, config)), sample, config)
    assert not [str(finding) for finding in found if finding.rule == rule and finding not in before]


@pytest.mark.parametrize(
    "text",
    [
        *("Click here!", "here", "Aquí", "haga clic aquí.", "Cliquez ici", "aquest enllaç", "Clique aqui", "اضغط هنا"),
        *("اینجا کلیک کنید", "여기를 클릭하세요", "यहाँ क्लिक गर्नुहोस्", "« ici »", "Click here →"),
    ],
)
def test_empty_link_words_are_found_in_nine_languages(text, issue, config):
    """In whatever language the edition is: an item may be in another."""
    sample = issue("en")
    found = check(body(f'<a href="https://x.example">{text}</a>')(render(sample, config)), sample, config)
    assert [finding for finding in found if finding.rule == "link-text" and finding.level == "warn"]


def test_a_mail_without_a_way_out_fails(issue, config):
    """The link is asked for in the HTML and in the text part, each by itself."""
    sample = issue("en")
    edition = render(sample, config)
    marker = f"Xq{edition.nonce}recipient.unsubscribe_url{edition.nonce}qX"
    for field, part in (("html", "HTML"), ("text", "text part")):
        changed = replace(edition, **{field: getattr(edition, field).replace(marker, "")})
        found = [f for f in check(changed, sample, config) if f.rule == "unsubscribe"]
        assert [(f.level, f.message) for f in found] == [("fail", f"the {part} has no link to unsubscribe.")]
        assert found[0].where.endswith(".j2")


def test_a_newsletter_without_an_address_fails(issue, config):
    """The finding points to newsletter.toml."""
    config = replace(config, publication=msgspec.structs.replace(config.publication, postal_address=""))
    sample = issue("en")
    found = [f for f in check(render(sample, config), sample, config) if f.rule == "postal-address"]
    assert [(f.level, Path(f.where).name) for f in found] == [("fail", "newsletter.toml")]


def test_hosted_pictures_are_a_reminder(issue, config):
    """Whether they were uploaded is not looked up; the finding points to the key that asks for it."""
    path = config.folder / "newsletter.toml"
    path.write_text(path.read_text("utf-8") + 'pictures = "hosted"\n', "utf-8")
    hosted = configuration.load(config.folder)
    sample = issue("en")
    found = [f for f in check(render(sample, hosted), sample, hosted) if f.rule == "hosted"]
    assert [(f.level, f.where) for f in found] == [("info", f"{path}:8")]
    assert "https://river-cities.example" in found[0].message
    assert not [f for f in check(render(sample, config), sample, config) if f.rule == "hosted"]


def test_untranslated_words_of_the_theme_are_named_with_their_line(issue, config):
    """A template's new word, in a project's own override, is English to every other language."""
    own = config.folder / "templates" / "default"
    own.mkdir(parents=True)
    (own / "_own.mjml.j2").write_text("\n{{ _('Nobody translated this') }}{{ _('Unsubscribe') }}\n", encoding="utf-8")
    for language, expected in (("fr", [f"{own / '_own.mjml.j2'}:2"]), ("en", [])):
        sample = issue(language)
        found = check(render(sample, config), sample, config)
        assert [f.where for f in found if "'Nobody translated this'" in f.message] == expected
        assert not [f for f in found if "'Unsubscribe'" in f.message]


def test_a_finding_points_to_the_line_that_was_written(issue, config, texts):
    """To the item's file, its front matter too; to issue.toml; to the catalog where the text is a translation."""
    sample = issue("en")
    item = sample.items[0]
    body = "First.\n\nSee [here](http://x.example/a) now.\n\n![](images/river.png)\n\n<div>"
    text = f"---\ntitle: {item.title}\nimage: {{src: images/river.png, alt: A river}}\n---\n\n{body}\n"
    (sample.folder / item.file).write_text(text, encoding="utf-8")
    (sample.folder / "issue.toml").write_text(f'date = 2026-11-20\nsubject = "{"x" * 70}"\n', encoding="utf-8")
    sample = replace(sample, subject="x" * 70, items=(replace(item, body=body),))
    found = {f.rule: f.where for f in check(render(sample, config), sample, config)}
    assert found["link-text"] == found["https"] == f"{sample.folder / item.file}:8"
    assert (found["alt"], found["tags"]) == (f"{sample.folder / item.file}:10", f"{sample.folder / item.file}:12")
    assert found["subject"] == f"{sample.folder / 'issue.toml'}:2"
    (sample.folder / "po").mkdir()
    catalog = sample.folder / "po" / "fr.po"
    catalog.write_text('msgid ""\nmsgstr ""\n\nmsgid "See"\nmsgstr "Voir [ici](http://x.example/a)."\n', "utf-8")
    item = replace(item, language="fr", body="Voir [ici](http://x.example/a).")
    sample = replace(sample, language="fr", items=(item,))
    found = {f.rule: f.where for f in check(render(sample, config), sample, config)}
    assert found["link-text"] == found["https"] == f"{catalog}:4"


def test_a_finding_in_the_theme_points_to_the_template(issue, config):
    """The override's file and line, not a place in the HTML that nobody wrote."""
    own = config.folder / "templates" / "default"
    own.mkdir(parents=True)
    words = '<mj-text>\n<p style="display:flex;color:#bbbbbb;">x</p></mj-text>'
    source = f"<mj-section><mj-column>{words}</mj-column></mj-section>"
    (own / "_footer.mjml.j2").write_text(source, encoding="utf-8")
    sample = issue("en")
    found = {f.rule: f.where for f in check(render(sample, config), sample, config)}
    assert found["support"] == found["contrast"] == f"{own / '_footer.mjml.j2'}:2"
    assert found["unsubscribe"] == str(own / "_footer.mjml.j2")


@settings(deadline=None)
@given(st.text())
def test_size_is_that_of_the_wire(text):
    """The shorter of both encodings, line by line as the mail is written."""
    html = text.encode("utf-8", "replace").decode()
    someone = Address(email="news@river-cities.example")
    message = Message(key="k", to=someone, sender=someone, subject="s", html=html, text="t", language="en")
    mail = mime.build(message, date=datetime(2026, 11, 20, tzinfo=UTC))
    part = mail.partition(b"Content-Type: text/html")[2].partition(b"\r\n\r\n")[2]
    assert size.encoded(html)[0] == len(part.rpartition(b"\r\n--")[0])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 0, 0), (255, 255, 255), 21.0),
        ((255, 255, 255), (255, 255, 255), 1.0),
        ((119, 119, 119), (255, 255, 255), 4.48),
        ((118, 118, 118), (255, 255, 255), 4.54),
        ((0, 0, 255), (255, 255, 255), 8.59),
    ],
)
def test_contrast_is_that_of_wcag(one, other, expected):
    """#767676 is the lightest grey on white that passes, #777777 does not (WebAIM's contrast checker)."""
    assert ratio(one, other) == ratio(other, one) == pytest.approx(expected, abs=0.01)


def test_the_table_of_mail_programs_is_complete():
    """Every feature that is looked for has its counts and a date, and carries the licence it came under."""
    for slug in clients._USES:
        feature = clients.table()[slug]
        assert feature.yes + feature.partly + len(feature.no) >= 25
        assert feature.tested[:2] == "20"
    assert "MIT License" in json.loads(clients._DATA.read_bytes())["license"]


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(html=st.text(alphabet="<>/=\"' abpdivstyle:;#{}[]()*|%न한ع\u2066\n"))
def test_any_html_can_be_checked(html, config):
    """The lint never fails on what it looks at."""
    edition = Edition(
        issue="i",
        language="ar",
        direction="rtl",
        subject=html,
        preheader=html,
        html=f"<html><head><style>{html}</style></head><body>{html}</body></html>",
        text=html,
        nonce="0123456789abcdef",
        hash="",
    )
    assert isinstance(lint.check(edition, issue=ISSUE, config=config), list)
