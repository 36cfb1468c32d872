"""The guards around an Argos model: what it is asked, when it is asked again, and which answers are doubted."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.translation import packages
from newsletter.translation.engines.argos import characters, faults, guarded, wordings
from newsletter.translation.engines.argos.model import Answer
from newsletter.translation.engines.argos.tokens import SentencePiece

SAMPLE = Path(__file__).parents[2] / "samples" / "argos" / "tiny-guided-en_es.argosmodel"


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> SentencePiece:
    return SentencePiece(packages.install(SAMPLE, tmp_path_factory.mktemp("packages")).tokenizer)


class Told:
    """A model that answers from a table; what it does not know it answers in other words."""

    def __init__(self, answers: Mapping[str, str | tuple[str, float]], strange: Iterable[str] = ()) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.unknown = list(strange)
        self.tokenizer = SimpleNamespace(encode=str.split, normalise=lambda text: text)

    def answer(self, texts: Sequence[str]) -> list[Answer]:
        self.asked += texts
        return [self._answer(text) for text in texts]

    def strange(self, text: str) -> list[str]:
        return [word for word in self.unknown if word in text]

    def _answer(self, text: str) -> Answer:
        given = self.answers.get(text, f"answer {len(text)}")
        answer, score = given if isinstance(given, tuple) else (given, -0.1)
        return Answer(text=answer, source=text.split(), target=answer.split(), score=score, endless=False)


def guard(model: Told, text: str, *, source: str = "en", target: str = "es") -> tuple[str, str]:
    (answer,) = guarded.translate([text], model, source=source, target=target, unsure=-0.7)
    return answer.text, answer.doubt


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        # a loop is mended by a full stop, which the heading does not get
        ("Members", {"Members": "Soc soc soc soc soc", "Members.": "Miembros."}, "Miembros"),
        # and by taking one away, which the sentence gets back
        ("Applause.", {"Applause.": "", "Applause": "Aplausos"}, "Aplausos."),
        # a title with capitals is read as a sentence
        ("Water And Light", {"Water And Light": "", "Water and light": ("Agua y luz", 0.0)}, "Agua y luz"),
        # the better of two good answers by score; a first answer without a fault is not asked again
        ("Notes", {"Notes": ("Notas", -0.3), "Notes.": ("Apuntes.", -0.1)}, "Notas"),
        ("Notes", {"Notes": ("Noes", -0.9), "Notes.": ("Notas.", -0.2)}, "Notas"),
        # capitals: as a sentence, and a single word both ways
        ("THE CITY", {"The city": "La ciudad"}, "LA CIUDAD"),
        ("UN", {"Un": ("Un", -0.6), "UN": ("ONU", -0.1)}, "ONU"),
        ("NEWS", {"News": ("Noticias", -0.1), "NEWS": ("Febrero", -0.6)}, "NOTICIAS"),
        # names may be the same in both languages
        ("Maria Silva", {"Maria Silva": "Maria Silva"}, "Maria Silva"),
        ("Ha ha ha ha ha", {"Ha ha ha ha ha": "Ja ja ja ja ja"}, "Ja ja ja ja ja"),
    ],
)  # fmt: skip
def test_a_better_wording_is_found(text: str, answers: Mapping[str, str | tuple[str, float]], expected: str) -> None:
    """Headings that lead a model astray get another try, and the answer reads as if none had been needed."""
    assert guard(Told(answers), text) == (expected, "")


@pytest.mark.parametrize(
    ("text", "answer", "reason"),
    [
        ("The applause was long.", "(aplauso) (aplauso) (aplauso) (aplauso)", "repeats itself (“aplauso) (”)"),
        ("Members meet.", "Miembroooooos", "repeats itself (“o”)"),
        ("Members meet.", "de la ciudad de la ciudad de la ciudad", "repeats itself (“de la ciudad”)"),
        ("Members meet.", "", "answered nothing"),
        ("The members will meet again.", "The members will meet again", "left the sentence as it was"),
        ("The city council " * 10, "El concejo", "left out most of the sentence"),
        ("See 서울", "Vea Seúl", "does not know “서울”"),
    ],
)
def test_what_cannot_be_right_is_doubted(text: str, answer: str, reason: str) -> None:
    """Every wording gives the same, so that the reviewer is told why."""
    model = Told({}, strange=["서울"])
    model.answers = dict.fromkeys([text.strip(), text.strip(" ."), text.strip(" .") + "."], answer)
    assert reason in guard(model, text)[1]


def test_good_sentences_are_asked_once() -> None:
    """No second decoding where the first answer shows no fault, and none for the same sentence twice."""
    model = Told({})
    guarded.translate(["One plan.", "Two plans.", "One plan."], model, source="en", target="es", unsure=-0.7)
    assert model.asked == ["One plan.", "Two plans."]


def test_numbers_and_dots_may_repeat() -> None:
    """A million is no loop."""
    answer = Answer(text="1 000 000 000 … … … … 7777", source=["x"], target=["y"], score=0, endless=False)
    assert faults.fault("A billion", answer) == ""


@pytest.mark.parametrize(
    ("text", "language", "small", "back"),
    [
        ("THE CITY OF İZMİR", "tr", "The cıty of izmir", "THE CITY OF İZMİR"),
        ("LA CIUDAD", "es", "La ciudad", "LA CIUDAD"),
        ("5 KM MORE", "en", "5 Km more", "5 KM MORE"),
    ],
)
def test_capitals_go_there_and_back(text: str, language: str, small: str, back: str) -> None:
    """Turkish has two letters i."""
    assert wordings.lowered(text, language) == small
    assert wordings.raised(small, language) == back


@pytest.mark.parametrize(
    ("source", "target", "expected", "doubted"),
    [
        ("It has 5 m².", "Tiene 5 m2.", "Tiene 5 m².", False),
        ("It has 5 m².", "هي 5 م2.", "هي 5 م².", False),
        ("It has 5 m².", "Tiene 5 metros cuadrados.", "Tiene 5 metros cuadrados.", False),
        ("It has 5 m² and 3 m2.", "Tiene 5 m2 y 3 m2.", "Tiene 5 m2 y 3 m2.", True),
        ("Add ½ litre…", "Añada 1⁄2 litro...", "Añada ½ litro…", False),
        ("50\u00a0% of №\u00a05", "50 % de No 5", "50\u00a0% de №\u00a05", False),
        ("Brand™ is here", "Aquí está BrandTM", "Aquí está Brand™", False),
        ("ﬁne ＡＢＣ", "fine ABC", "fine ABC", False),
        ("José and 2²", "José y 22", "José y 2²", False),
    ],
)
def test_characters_that_the_model_never_saw_come_back(
    pieces: SentencePiece, source: str, target: str, expected: str, doubted: bool
) -> None:
    """Where their place is sure; where it is not and it is a number, a person is asked."""
    text, doubt = characters.restored(source, target, pieces.normalise)
    assert (text, bool(doubt)) == (expected, doubted)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_an_answer_that_is_the_source_is_left_alone(text: str, pieces: SentencePiece) -> None:
    """What the translation has as the source has it is not touched."""
    assert characters.restored(text, text, pieces.normalise) == (text, "")


@given(text=st.text(max_size=60), target=st.sampled_from(["es", "zh-Hans", "tr", "fa"]))
def test_any_text_gets_one_line(text: str, target: str) -> None:
    """No line break, no outer space, whatever is in it."""
    answer, _doubt = guard(Told({}), text, target=target)
    assert answer == answer.strip()
    assert "\n" not in answer
