"""Blocks cut into sentences and joined again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.translation import sentences


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("One. Two!  Three?", "en", ["One.", "Two!", "Three?"]),
        ("Mr. Chang spoke. He left.", "en", ["Mr. Chang spoke.", "He left."]),
        ("A line\nthat goes on. Next.", "en", ["A line that goes on.", "Next."]),
        ("1. item one is here. Two.", "en", ["1. item one is here.", "Two."]),
        ("M. Dupont est venu. Mme. Berg aussi.", "fr", ["M. Dupont est venu.", "Mme. Berg aussi."]),
        ("Le 1er déc. 2017 nous partons. Fin.", "fr", ["Le 1er déc. 2017 nous partons.", "Fin."]),
        ("No full stop", "pt-BR", ["No full stop"]),
        ("", "en", []),
    ],
)
def test_sentences_are_found(text: str, language: str, expected: list[str]) -> None:
    """One entry a sentence, abbreviations and numbered items kept whole."""
    assert [sentence.text for sentence in sentences.split(text, language)] == expected


@given(st.text(max_size=300), st.sampled_from(["en", "fr", "ar", "ko", "ne"]))
def test_nothing_is_lost(text: str, language: str) -> None:
    """Sentences and gaps joined are the block, its white space folded."""
    joined = "".join(sentence.text + sentence.gap for sentence in sentences.split(text, language))
    assert joined == " ".join(text.split())
