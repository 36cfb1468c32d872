"""Merge fields: filled once per reader, written for the place they stand in, never left open."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from newsletter.errors import RenderError
from newsletter.model import Edition
from newsletter.rendering import fields
from newsletter.rendering.provider_fields import SYNTAXES, provider_fields, variables

NONCE = fields.nonce(["any content"])

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>",
    "-->",
    "]]>",
    "</title><script>",
    "A <b> & \"c\" 'd'",
    "a\r\nBcc: x@y.example",
    "a\u2028b\x00c\x1b[31m",
    "\u202egnp.exe",
    "{{ 7*7 }} %recipient.email% -name- *|EMAIL|*",
    "&lt;b&gt; &amp;amp; &#60;",
    "?a=1&b=2#c/../..",
    "گفت‌وگو سعدی",
    "👩‍🌾",
)


def mark(name: str) -> str:
    return fields.marker(f"recipient.{name}", NONCE)


def edition(*, subject: str = "", html: str = "", text: str = "") -> Edition:
    return Edition(
        issue="2026-11",
        language="en",
        direction="ltr",
        subject=subject,
        preheader="",
        html=html,
        text=text,
        nonce=NONCE,
        hash="",
    )


PAGE = (
    '<div lang="en"><!--[if mso]><table><tr><td>' + mark("name") + "</td></tr></table><![endif]-->"
    f"<p title=\"For {mark('name')}\" data-x='{mark('organisation')}'>{mark('name')}</p>"
    f'<a href="{mark("unsubscribe_url")}">leave</a> <a href="mailto:{mark("email")}">write</a> '
    f'<a href="https://a.example/{mark("name")}?n={mark("organisation")}&amp;x=1#f">look</a></div>'
)


def test_values_are_written_for_where_they_stand():
    """HTML is escaped, text is not, an address keeps its parts, and a name cannot add a header to the mail."""
    open_ = edition(
        subject=f"For {mark('name')}!",
        html=f'<a href="{mark("unsubscribe_url")}">{mark("name")}</a><a href="https://a.example/?n={mark("name")}">',
        text=mark("name"),
    )
    values = {"recipient.name": 'A <b> & "c"\r\nBcc: x', "recipient.unsubscribe_url": "https://a.example/?b=1&c=2"}
    filled = fields.compile(open_).fill(values)
    assert filled.subject == 'For A <b> & "c" Bcc: x!'
    assert filled.html == (
        '<a href="https://a.example/?b=1&amp;c=2">A &lt;b&gt; &amp; &quot;c&quot; Bcc: x</a>'
        '<a href="https://a.example/?n=A%20%3Cb%3E%20%26%20%22c%22%20Bcc%3A%20x">'
    )
    assert filled.text == 'A <b> & "c" Bcc: x'


def line(value: str) -> str:
    """A value in a text of nothing else."""
    return fields.compile(edition(text=mark("name"))).fill({"recipient.name": value}).text


def skeleton(page: html.HtmlElement) -> list[tuple[object, list[str]]]:
    return [(element.tag, sorted(element.attrib)) for element in page.iter()]


@given(st.sampled_from(HOSTILE) | st.text(max_size=30), st.sampled_from(HOSTILE) | st.text(max_size=30))
def test_no_value_breaks_out_of_its_place(one, two):
    """Whatever a name holds: no element, attribute, header, line or address of the mail changes but its own words."""
    compiled = fields.compile(edition(subject=f"a {mark('name')} b", html=PAGE, text=f"a\n{mark('name')}\nb"))
    calm = fields.compile(edition(html=PAGE)).fill(dict.fromkeys(fields.FIELDS, "x"))
    values = {"recipient.name": one, "recipient.organisation": two, "recipient.unsubscribe_url": one}
    filled = compiled.fill({**values, "recipient.email": "ana@city.example"})
    page = html.fromstring(filled.html)
    assert skeleton(page) == skeleton(html.fromstring(calm.html))
    shown = line(one)
    assert page.find("p").text_content() == shown
    assert page.find("p").get("title") == f"For {shown}"
    leave, write, look = (link.get("href") for link in page.iter("a"))
    assert leave == "" or leave.lower().startswith(("https://", "http://", "mailto:"))
    assert write == "mailto:ana@city.example"
    assert unquote(look) == f"https://a.example/{shown}?n={line(two)}&x=1#f"
    assert look.count("?") == look.count("#") == 1
    assert filled.text.splitlines() == ["a", *([shown] if shown else [""]), "b"]
    assert "\n" not in filled.subject


@pytest.mark.parametrize(
    "place",
    [
        "<style>.a{{color:{}}}</style>",
        '<p style="color:{}">',
        '<p onclick="{}">',
        "<p {}>",
        "<p class={}>",
        "<!-- {} -->",
        '<img srcset="{} 2x">',
    ],
)
def test_some_places_take_no_field(place):
    """Where a value could be read as style, program or attribute, the template is refused before anything is sent."""
    with pytest.raises(RenderError, match="could change the mail") as caught:
        fields.compile(edition(html=place.format(mark("name"))))
    assert "href, alt or title" in caught.value.hint


def test_a_missing_value_is_empty():
    """A reader without an organisation sees nothing in its place, never a marker."""
    filled = fields.compile(edition(html=f"[{mark('organisation')}]", text=mark("name"))).fill({})
    assert (filled.html, filled.text) == ("[]", "")


def test_an_unknown_field_is_an_error():
    """A mistyped field is found before anything is sent; the error lists the known ones."""
    with pytest.raises(RenderError, match="no merge field") as caught:
        fields.compile(edition(html=mark("nmae")))
    assert "recipient.unsubscribe_url" in caught.value.hint


@pytest.mark.parametrize("damage", [str.upper, lambda text: text[:-4], lambda text: text.replace(".", "%2E")])
def test_a_damaged_marker_is_an_error(damage):
    """A filter such as ``upper`` would send a raw marker to every reader."""
    with pytest.raises(RenderError, match="changed by the template"):
        fields.compile(edition(html=damage(mark("name"))))


def test_the_nonce_depends_on_the_content_alone():
    """The same content renders to the same bytes; other content, or the same letters cut elsewhere, does not."""
    assert fields.nonce(["ab", "c"]) == fields.nonce(["ab", "c"])
    assert fields.nonce(["ab", "c"]) != fields.nonce(["a", "bc"])


@given(st.text())
def test_a_forged_marker_is_never_filled(content):
    """Whoever writes a marker into the content must know the nonce, which depends on that very content."""
    forged = fields.marker("recipient.email", fields.nonce([content]))
    real = fields.nonce([content + forged])
    open_ = Edition(
        issue="i", language="en", direction="ltr", subject="", preheader="", html="", text=forged, nonce=real, hash=""
    )
    assert fields.compile(open_).fill({"recipient.email": "ana@city.example"}).text == forged


def test_a_value_is_not_looked_at_again():
    """A name that looks like a marker stays a name."""
    filled = fields.compile(edition(text=mark("name"))).fill(
        {"recipient.name": mark("email"), "recipient.email": "ana@city.example"}
    )
    assert filled.text == mark("email")


@given(st.lists(st.tuples(st.sampled_from(HOSTILE) | st.text(max_size=20), st.text(max_size=20)), max_size=5))
def test_many_readers_get_what_each_alone_would(readers):
    """What one reader is called changes nothing for another."""
    compiled = fields.compile(edition(subject=mark("name"), html=PAGE, text=f"a {mark('organisation')}"))
    columns = {
        "recipient.name": [name for name, _ in readers],
        "recipient.organisation": [organisation for _, organisation in readers],
    }
    alone = [compiled.fill({"recipient.name": one, "recipient.organisation": two}) for one, two in readers]
    assert list(compiled.fill_all(columns, len(readers))) == alone


@pytest.mark.parametrize("text", ["", "Dear all", mark("name")])
def test_as_many_mails_as_readers(text):
    """Also where nothing differs between them."""
    compiled = fields.compile(edition(text=text))
    assert len(list(compiled.fill_all({}, 3))) == 3
    assert len(list(variables(compiled)({}, 3))) == 3


@given(st.lists(st.text(), min_size=1, max_size=5), st.text())
def test_filling_is_replacing(literals, value):
    """Split and join give what replacing every marker would give."""
    text = mark("name").join(literals)
    expected = line(value).join(literals)
    assert fields.compile(edition(text=text)).fill({"recipient.name": value}).text == expected


@pytest.mark.parametrize(
    ("provider", "html_tag", "text_tag"),
    [
        ("mailgun", "%recipient.name_html%", "%recipient.name_text%"),
        ("postmark", "{{{name_html}}}", "{{name_text}}"),
        ("sendgrid", "-newsletter:name_html-", "-newsletter:name_text-"),
        ("ses", "{{name_html}}", "{{name_text}}"),
        ("sparkpost", "{{{name_html}}}", "{{name_text}}"),
        ("mandrill", "*|name_html|*", "*|name_text|*"),
    ],
)
def test_a_provider_gets_its_own_syntax(provider, html_tag, text_tag):
    """One variable for each place, so that no provider's idea of escaping matters."""
    compiled = fields.compile(edition(html=f"<p>{mark('name')}</p>", text=mark("name"), subject=mark("name")))
    filled = provider_fields(compiled, provider)
    assert (filled.html, filled.text, filled.subject) == (f"<p>{html_tag}</p>", text_tag, text_tag)
    assert list(variables(compiled)({"recipient.name": ["A & B"]}, 1)) == [
        {"name_text": "A & B", "name_html": "A &amp; B"}
    ]


@pytest.mark.parametrize("provider", sorted(SYNTAXES))
@given(value=st.sampled_from([value for value in HOSTILE if "{{" not in value]))
def test_what_a_provider_joins_is_what_we_would_have_joined(provider, value):
    """A provider that replaces its tags by the values, in any order, arrives at our own message."""
    compiled = fields.compile(edition(html=PAGE, text=mark("name")))
    values = {
        "recipient.name": value,
        "recipient.email": "a@b.example",
        "recipient.unsubscribe_url": "https://c.example",
    }
    joined = provider_fields(compiled, provider)
    [own] = variables(compiled)({field: [value] for field, value in values.items()}, 1)
    page, text = joined.html, joined.text
    for (_field, context), (name, written) in zip(compiled.slots, own.items(), strict=True):
        tag = SYNTAXES[provider].tag(name, context)
        page, text = page.replace(tag, written), text.replace(tag, written)
    assert (page, text) == (compiled.fill(values).html, compiled.fill(values).text)


@pytest.mark.parametrize("provider", sorted(SYNTAXES))
def test_a_text_that_looks_like_a_field_is_refused(provider):
    """The provider would fill in, or choke on, what the author wrote; the error shows the place."""
    reserved = SYNTAXES[provider].reserved
    with pytest.raises(RenderError, match="a merge field of its own") as caught:
        provider_fields(fields.compile(edition(text=f"write {reserved}x here {mark('name')}")), provider)
    assert "write" in caught.value.where
    assert "finished messages" in caught.value.hint


def test_what_a_provider_cannot_join_is_refused():
    """One without inline fields, and one that leaves fields in subjects open."""
    compiled = fields.compile(edition(subject=mark("name")))
    with pytest.raises(RenderError, match="no merge fields"):
        provider_fields(compiled, "brevo")
    with pytest.raises(RenderError, match="subjects"):
        provider_fields(compiled, "mailjet")
