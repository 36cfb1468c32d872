"""Corrections of signs: what they set right, what they leave alone, and what holds for every text."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from newsletter.translation import checks, prose
from newsletter.translation.checks import Candidate

LANGUAGES = ("fr", "fr-CA", "es", "ar", "fa", "ko", "ne", "zh", "ja", "th")

TEXTS = [
    (
        "fr",
        "Bonjour ! Oui? Voici : « le plan »; fin.",
        "Bonjour\u202f! Oui\u202f? Voici\u00a0: «\u00a0le plan\u00a0»\u202f; fin.",
    ),
    ("fr", "Quoi ?! «*mot*» **Note :** ok", "Quoi\u202f?! «\u00a0*mot*\u00a0» **Note\u00a0:** ok"),
    (
        "fr",
        "Voir\u00a0; déjà\u00a0! 15:30, (?) [ici : là](a?b)",
        "Voir\u00a0; déjà\u00a0! 15:30, (?) [ici\u00a0: là](a?b)",
    ),
    (
        "fr",
        "`a ?` https://x.example/a?b=c; &amp; ![b](c.png)",
        "`a ?` https://x.example/a?b=c\u202f; &amp; ![b](c.png)",
    ),
    ("fr", "mot;»", "mot\u202f;\u00a0»"),
    ("fr-CA", "Bonjour! Voici :", "Bonjour! Voici :"),
    ("ar", "مرحبا, كيف حالك? نعم; 1,000 a, b", "مرحبا، كيف حالك؟ نعم؛ 1,000 a, b"),
    ("ar", "كتـــاب 1438هـ", "كتاب 1438هـ"),
    ("fa", "می\u200cرود\u200b, **خوب**?", "می\u200cرود، **خوب**؟"),
    ("zh", "你好, 世界. 3.5, a, b", "你好，世界。3.5, a, b"),
    ("ja", "東京, **大阪**.", "東京、**大阪**。"),
    ("ne", "यो नेपाल हो. नेपालको राजधानी. डा. राम", "यो नेपाल हो। नेपालको राजधानी। डा. राम"),
    ("es", "uno  dos  \ntres\u00ad", "uno dos  \ntres"),
    ("th", "ไทย\u200bไทย", "ไทย\u200bไทย"),
    ("ko", "서울, 부산?", "서울, 부산?"),
]


@pytest.mark.parametrize(("language", "text", "expected"), TEXTS)
def test_signs_are_set_as_in_the_language(language: str, text: str, expected: str) -> None:
    """One sign surely stands for the other; addresses, code, entities and times are no place to correct."""
    corrected, notes = checks.fix(Candidate("x", text, language))
    assert corrected == expected
    assert bool(notes) is (corrected != text)


PIECES = st.sampled_from(
    [
        *("mot", "كتاب", "می\u200cرود", "نگر", "नेपालको", "डा", "你好", "東京", "서울", "A", "1", "15:30", "1,000", "X"),
        *(",", ";", "?", "!", ":", ".", "…", "«", "»", "“", "”", "(", ")", "¿", "ـ", "،", "。", "।", "-"),
        *(" ", "  ", "\n", "\u00a0", "\u202f", "\u200b", "\u00ad", "\u200f", "\u2067"),
        *("*", "**", "_", "`", "``", "[", "]", "](", "![", "\\", "<", ">", "&amp;", "|"),
        *("https://x.example/a?b=c;d", "jo@x.example", "{name}", "%s", "[a ; b](http://x.example/?q)", "`a ; ?`"),
        *("<https://x.example/?a>", "![é ?](c?.png)", "@river"),
    ]
)
INVISIBLE = regex.compile(r"[\u200b\u00ad\ufeffـ]")


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30), st.sampled_from(LANGUAGES))
def test_corrections_change_signs_only(text: str, language: str) -> None:
    """Done twice is done once; the words, the literals and the markup are those of the text."""
    once, _notes = checks.fix(Candidate("x", text, language))
    assert checks.fix(Candidate("x", once, language)) == (once, ())
    assert prose.read(once).fixed == prose.read(text).fixed
    assert words(once) == words(text)


def words(text: str) -> list[str]:
    """The letters and digits, in runs; what nobody sees parts no word."""
    return regex.findall(r"[\p{L}\p{M}\p{N}]+", INVISIBLE.sub("", text))
