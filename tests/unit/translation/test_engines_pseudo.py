"""The pretended translation: longer, other letters, and nothing else touched."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import TranslationError
from newsletter.translation.engines.pseudo import _LETTERS, Pseudo

TEXT = "The river is high, and the old mill near the bridge has been closed until further notice."


def text(sentence: str, *, target: str = "es", **options: object) -> str:
    """What pseudo makes of a sentence."""
    (answer,) = Pseudo(**options).translate([sentence], source="en", target=target)
    return answer.text


@pytest.mark.parametrize(
    ("target", "script"),
    [
        ("es", "LATIN"),
        ("ar", "ARABIC"),
        ("fa", "ARABIC"),
        ("he", "HEBREW"),
        ("ko", "HANGUL"),
        ("ne", "DEVANAGARI"),
        ("uk", "CYRILLIC"),
        ("el", "GREEK"),
        ("zh-Hans", "CJK"),
        ("ja", "KATAKANA"),
        ("th", "THAI"),
        ("bn", "BENGALI"),
    ],
)
def test_it_has_the_letters_of_the_language(target: str, script: str) -> None:
    """So that fonts and directions are seen; nothing of the source is left."""
    letters = [char for char in text(TEXT, target=target) if char.isalpha()]
    assert all(unicodedata.name(char).startswith(script) for char in letters)
    assert not any(char.isascii() for char in letters)


@pytest.mark.parametrize("script", _LETTERS)
def test_every_letter_has_another(script: str) -> None:
    """One for each of a to z."""
    assert len(_LETTERS[script]) == 26


@pytest.mark.parametrize(("growth", "factor"), [(0.0, 1.0), (0.35, 1.35), (1.0, 2.0)])
def test_it_is_longer(growth: float, factor: float) -> None:
    """By so much of its letters."""
    letters = sum(char.isalpha() for char in text(TEXT, growth=growth))
    assert letters == pytest.approx(factor * sum(char.isalpha() for char in TEXT), abs=1)


def test_any_language_from_right_to_left() -> None:
    """For a layout, before there is an Arabic text."""
    assert re.search("[\u0600-\u06ff]", text(TEXT, target="es", direction="rtl"))


@given(
    st.lists(
        st.sampled_from(
            ["https://a.example/x_y?b=1", "a_b@c.example", "{name}", "%s", "@river", '<g id="1">', "&amp;", "1,234"]
        )
    )
)
def test_what_must_stay_stays(pieces: list[str]) -> None:
    """Addresses, placeholders, tags and numbers, in order."""
    answer = text(" and ".join(pieces))
    place = 0
    for piece in pieces:
        place = answer.index(piece, place) + len(piece)


@pytest.mark.parametrize(("source", "target"), [("en", "tlh"), ("en", "en"), ("fr", "es")])
def test_only_languages_that_are_ones(source: str, target: str) -> None:
    """A wrong tag is found out here too."""
    with pytest.raises(TranslationError, match="pseudo does not pretend"):
        Pseudo().translate(["One."], source=source, target=target)


def test_another_source() -> None:
    """A newsletter that is not written in English."""
    assert ("ca", "pt-BR") in Pseudo(source="ca").pairs()
