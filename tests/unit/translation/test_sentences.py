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
        ("J.-P. Roy, av. J.-C., c.-à-d. ici. Fin.", "fr", ["J.-P. Roy, av. J.-C., c.-à-d. ici.", "Fin."]),
        ("Au 3, bd. Voltaire. Il dit : « Venez. » Fin.", "fr", ["Au 3, bd. Voltaire.", "Il dit : « Venez. »", "Fin."]),
        ("IV. The chapter. b) Next one.", "en", ["IV. The chapter.", "b) Next one."]),
        ("Ports, e.g. Seoul, i.e. The city. Done.", "en", ["Ports, e.g. Seoul, i.e. The city.", "Done."]),
        ("Approx. 5 km from No. 5. It grew 2.5 times.", "en", ["Approx. 5 km from No. 5.", "It grew 2.5 times."]),
        ("J. K. Low of the U.S. left at 10 a.m. today.", "en", ["J. K. Low of the U.S. left at 10 a.m. today."]),
        ("“Come here. Now.” She left. Wait… what?", "en", ["“Come here. Now.”", "She left.", "Wait… what?"]),
        ("El Sr. Gil de EE. UU. vino. ¿Quién? ¡Él!", "es", ["El Sr. Gil de EE. UU. vino.", "¿Quién?", "¡Él!"]),
        ("هل أنت هنا؟ نعم. قال د. أحمد هذا!", "ar", ["هل أنت هنا؟", "نعم.", "قال د. أحمد هذا!"]),
        ("今天下雨。明天晴！好吗？", "zh-Hans", ["今天下雨。", "明天晴！", "好吗？"]),
        ("비가 왔다. 내일은? 네!", "ko", ["비가 왔다.", "내일은?", "네!"]),
        ("डा. राम आए। उनी गए?", "ne", ["डा. राम आए।", "उनी गए?"]),
        ("No full stop", "pt-BR", ["No full stop"]),
        ("", "en", []),
    ],
)  # fmt: skip
def test_sentences_are_found(text: str, language: str, expected: list[str]) -> None:
    """One entry a sentence, abbreviations and numbered items kept whole."""
    assert [sentence.text for sentence in sentences.split(text, language)] == expected


@given(st.text(max_size=300), st.sampled_from(["en", "fr", "ar", "ko", "ne"]))
def test_nothing_is_lost(text: str, language: str) -> None:
    """Sentences and gaps joined are the block, its white space folded."""
    joined = "".join(sentence.text + sentence.gap for sentence in sentences.split(text, language))
    assert joined == " ".join(text.split())
