"""The width of a text in columns: what terminals and inboxes make of each script."""

import unicodedata

import pytest

from newsletter.columns import width


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("forum", 5),
        ("강", 2),
        ("城市、", 6),
        ("Ａ", 2),
        ("हिंदी", 4),  # a vowel sign that stands beside its letter has a column, one above it has none
        ("می\u200cخواهم", 7),
        ("\u2066C++\u2069\n", 3),
        ("🎉", 2),
    ],
)
def test_wide_signs_take_two_columns(text: str, columns: int) -> None:
    """However the text is encoded: letters with separate marks, and syllables in pieces, are as wide as whole ones."""
    assert width(text) == width(unicodedata.normalize("NFD", text)) == columns
