"""The text part: Markdown as people type it, in lines of 72 columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_markup import prose

from newsletter.rendering.plaintext import width, wrap


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A *b* **c**\nd", "A b c d"),
        ("a\n\nb", "a\n\nb"),
        ("one  \ntwo", "one\ntwo"),
        ("## Steps\n\ntext", "Steps\n\ntext"),
        ("a\n\n- b\n- c\n\nd", "a\n\n- b\n- c\n\nd"),
        ("- b\n\n  c\n- d", "- b\n\n  c\n\n- d"),
        ("3. b\n4. c\n   - d", "3. b\n4. c\n   - d"),
        ("> a\n>\n> b\n\nc", "> a\n>\n> b\n\nc"),
        ("> - a\n> - b", "> - a\n> - b"),
        ("[text](/a)", "text (https://rivers.example/a)"),
        ("<https://a.example>", "https://a.example"),
        ("[write](mailto:a@b.example)", "write (a@b.example)"),
        ("<a@b.example>", "a@b.example"),
        ("![a bridge](https://a.example/b.png)", "[a bridge]"),
        ("```\nx  y\n```", "x  y"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("| a | b |\n|---|---|\n| c | d |\n\ne", "a | b\nc | d\n\ne"),
        ("", ""),
    ],
)
def test_text(source, expected):
    """Lists, quotes, links and tables keep their meaning without markup."""
    assert prose(source).text == expected


def test_addresses_are_isolated_in_right_to_left_text():
    """The address keeps its order; a no-break space keeps the closing mark out of the clickable address."""
    text = prose("Metropolis: [نص](/a)", tag="ar").text
    assert text == "\u200fMetropolis: نص (\u2066https://rivers.example/a\u00a0\u2069)"


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("one two three", 7, "one two\nthree"),
        ("강변 포럼이 열립니다", 10, "강변\n포럼이\n열립니다"),
        ("河流城市通讯。河岸", 10, "河流城市通\n讯。河岸"),
        ("河流城市通。讯", 10, "河流城市\n通。讯"),
        ("see https://a.example/very/long now", 10, "see\nhttps://a.example/very/long\nnow"),
        ("नेपाली नदी", 10, "नेपाली नदी"),
        ("", 10, ""),
    ],
)
def test_wrap(text, columns, expected):
    """Lines break at spaces, in Chinese and Japanese anywhere but before a full stop; addresses stay whole."""
    assert wrap(text, columns) == expected


@given(st.text(alphabet="ab नेपा 한국 河流。🚣\u200d\n"), st.integers(min_value=10, max_value=80))
def test_wrap_loses_nothing(text, columns):
    """Wrapping only changes white space, and only a piece that cannot be broken is longer than the line."""
    wrapped = wrap(text, columns)
    assert "".join(wrapped.split()) == "".join(text.split())
    for line in wrapped.split("\n"):
        assert width(line) <= columns or " " not in line.strip(" ")
