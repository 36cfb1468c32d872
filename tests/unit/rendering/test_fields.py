"""Merge fields: filled once per reader, escaped where they stand, never left open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import RenderError
from newsletter.model import Edition
from newsletter.rendering import fields

NONCE = fields.nonce(["any content"])


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


def test_values_are_escaped_where_they_stand():
    """HTML is escaped, text is not, and a name cannot add a header to the mail."""
    open_ = edition(
        subject=f"For {mark('name')}!",
        html=f'<a href="{mark("unsubscribe_url")}">{mark("name")}</a>',
        text=mark("name"),
    )
    values = {"recipient.name": 'A <b> & "c"\r\nBcc: x', "recipient.unsubscribe_url": "https://a.example/?b=1&c=2"}
    filled = fields.compile(open_).fill(values)
    assert filled.subject == 'For A <b> & "c" Bcc: x!'
    assert filled.html == ('<a href="https://a.example/?b=1&amp;c=2">A &lt;b&gt; &amp; &quot;c&quot;\r\nBcc: x</a>')
    assert filled.text == values["recipient.name"]


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


@given(st.lists(st.text(), min_size=1, max_size=5), st.text())
def test_filling_is_replacing(literals, value):
    """Split and join give what replacing every marker would give."""
    text = mark("name").join(literals)
    assert fields.compile(edition(text=text)).fill({"recipient.name": value}).text == value.join(literals)
