"""The glossary and the names: what is read, what is refused, what is found in a text."""

import time
from pathlib import Path

import pytest

from newsletter.errors import TranslationError
from newsletter.names import Name
from newsletter.translation import wordforms
from newsletter.translation.glossary import Glossary, Term

EXAMPLE = Path(__file__).parents[3] / "examples" / "river-cities"

GLOSSARY = Glossary(
    terms=(
        Term(source="Action Plan", language="fr", target="Plan d’action", note="in titles"),
        Term(source="plan", language="fr", target="projet"),
        Term(source="IT", language="fr", target="informatique"),
        Term(source="city", language="fr", target="ville", alternatives=("cité",)),
        Term(source="city", language="pt-br", target="cidade"),
        Term(source="city", language="fr", target="bourg", status="forbidden"),
        Term(source="Board", language="fr", target="conseil", case=True),
    ),
    names=(
        Name(name="SHRDC", kind="acronym", keep="yes"),
        Name(
            name="Hélène Jourdan", kind="person", keep="yes", aliases=("هيلين جوردان",), forms=(("ko", "엘렌 주르당"),)
        ),
        Name(name="City of Plans", kind="place", keep="translate"),
        Name(name="Cairo", kind="place", keep="transliterate", forms=(("fr", "Le Caire"),)),
    ),
)


def write(folder: Path, text: str) -> Glossary:
    """The glossary that a file makes."""
    (folder / "glossary.csv").write_text(text, encoding="utf-8")
    return Glossary.load(folder)


def test_a_folder_without_lists(tmp_path: Path) -> None:
    """Both files may be missing, and nothing is found."""
    glossary = Glossary.load(tmp_path)
    assert (glossary.keep("SHRDC", "fr"), glossary.note("SHRDC", "fr")) == ((), "")


def test_a_glossary_is_read(tmp_path: Path) -> None:
    """Three columns are enough; the others have their usual values, and empty ones at the end are none."""
    for text in (
        "source,lang,target\nAction Plan,pt_BR,Plano de Ação\n",
        "source;lang;target;;\n;;;;\nAction Plan;pt_BR;Plano de Ação;;\n",
    ):
        assert write(tmp_path, text).terms == (Term(source="Action Plan", language="pt-br", target="Plano de Ação"),)
    head = "Source,lang,target,alternatives,status,case,match,note\n"
    glossary = write(tmp_path, f'{head}chair,fr,chaise,"siège; fauteuil",Forbidden,1,word,a person\n')
    assert glossary.terms == (
        Term(
            source="chair",
            language="fr",
            target="chaise",
            alternatives=("siège", "fauteuil"),
            status="forbidden",
            case=True,
            match="word",
            note="a person",
        ),
    )


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "there is no column called “source”"),
        ("source,target\n", 1, "there is no column called “lang”"),
        ("source,lang,target,colour\n", 1, "no column can be called “colour”"),
        ("source,lang,lang,target\n", 1, "two columns are called “lang”"),
        ("source,lang,target\na,fr,b,c\n", 2, "too many cells"),
        ("source,,lang,target\n", 1, "no column can be called “”"),
        ("source,lang,target\na,fr,\n", 2, "the cell “target” is empty"),
        ("source,lang,target\na,french,b\n", 2, "“french” is no language"),
        ("source,lang,target,status\na,fr,b,good\n", 2, "the status “good” is unknown"),
        ("source,lang,target,case\na,fr,b,yes\n", 2, "the case “yes” is unknown"),
        ("source,lang,target,match\na,fr,b,fuzzy\n", 2, "the match “fuzzy” is unknown"),
        ("source,lang,target\na,fr,b\na,es,b\na,fr,c\n", 4, "“a” in fr stands in line 2 already"),
        ("source,lang,target,status\na,fr,b,\na,fr,b,forbidden\n", 3, "“a” in fr stands in line 2 already"),
    ],
)
def test_a_glossary_with_mistakes(tmp_path: Path, text: str, line: int, what: str) -> None:
    """A glossary that cannot be understood is refused with the line and the next step."""
    with pytest.raises(TranslationError, match=what) as caught:
        write(tmp_path, text)
    assert caught.value.where == f"{tmp_path / 'glossary.csv'}:{line}"
    assert caught.value.hint


def test_a_glossary_in_an_old_encoding(tmp_path: Path) -> None:
    """A file that is no UTF-8 is refused with the way to save it."""
    (tmp_path / "glossary.csv").write_bytes("source,lang,target\ncity,fr,cité\n".encode("latin-1"))
    with pytest.raises(TranslationError, match="CSV UTF-8"):
        Glossary.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("The action plans of cities", "fr", ["action plans", "cities"]),
        ("An action-plan", "fr", ["action-plan"]),
        ("An **Action** [Plan](https://x.example/city)", "fr", ["Action Plan"]),
        ("An action. Plan it", "fr", ["Plan"]),
        ("See https://x.example/plan, `plan` or plan@city.example", "fr", []),
        ("Electricity", "fr", []),
        ("It is IT", "fr", ["IT"]),
        ("The board and the Board", "fr", ["Board"]),
        ("The City of Plans", "fr", ["City of Plans"]),
        ("A city", "pt", []),
        ("A city", "pt-BR", ["city"]),
        ("A city", "fr-CA", ["city"]),
        ("SHRDC’s shrdc", "ko", ["SHRDC"]),
    ],
)
def test_what_is_found_in_a_source(text: str, language: str, found: list[str]) -> None:
    """Whole words in any case and number, the longest term first, also across markup, never in an address."""
    assert [mention.text for mention in GLOSSARY.mentions(text, language)] == found


@pytest.mark.parametrize(
    ("language", "kept"),
    [("fr", ("SHRDC", "Hélène Jourdan")), ("ar", ("SHRDC",)), ("ko", ("SHRDC",)), ("ne", ("SHRDC", "Hélène Jourdan"))],
)
def test_names_to_keep(language: str, kept: tuple[str, ...]) -> None:
    """A kept name stays as it is, unless the list has it in that language or its script."""
    assert GLOSSARY.keep("SHRDC and Hélène Jourdan, Cairo; SHRDC", language) == kept


def test_the_note_for_the_translator() -> None:
    """It says the terms with their remarks, and the names with their forms; nothing where there is nothing."""
    text = "The Action Plan of each city: Hélène Jourdan, SHRDC, Cairo"
    assert GLOSSARY.note(text, "fr") == (
        "glossary: Action Plan = Plan d’action (in titles), city = ville or cité (not bourg); "
        "names: Hélène Jourdan, SHRDC, Cairo = Le Caire"
    )
    assert GLOSSARY.note(text, "ko") == "names: Hélène Jourdan = 엘렌 주르당, SHRDC"
    assert GLOSSARY.note("Nothing", "fr") == ""


def test_the_example_has_its_names() -> None:
    """The example's list gives the forms in the reader's script, and keeps what is Latin in Latin."""
    glossary = Glossary.load(EXAMPLE)
    assert glossary.keep("Samir Haddou in Valmora", "fr") == ("Samir Haddou", "Valmora")
    assert glossary.keep("Samir Haddou in Valmora", "ko") == ()
    assert glossary.note("Valmora", "ne") == "names: Valmora = भाल्मोरा"


@pytest.mark.parametrize(
    ("text", "term", "language", "match", "stands"),
    [
        ("des plans d'actions", "Plan d’action", "fr", "stem", True),
        ("un planning", "plan", "fr", "stem", True),
        ("un planning", "plan", "fr", "word", False),
        ("le Plan", "plan", "fr", "word", True),
        ("le Plan", "plan", "fr", "exact", False),
        ("aeroplan", "plan", "fr", "stem", False),
        ("las ciudades", "ciudad", "es", "stem", True),
        ("وبالمدينة", "مدينة", "ar", "stem", True),
        ("خطة العمل", "خطة عمل", "ar", "stem", True),
        ("القرية", "مدينة", "ar", "stem", False),
        ("도시들이", "도시", "ko", "stem", True),
        ("행동계획을", "행동 계획", "ko", "stem", True),
        ("城市网络", "城市", "zh", "stem", True),
        ("सहरहरूको", "सहर", "ne", "stem", True),
        ("کتاب‌ها", "كتاب", "fa", "stem", True),
        ("a C++ b", "C++", "fr", "exact", True),
        ("d’Hélène Jourdan", "Hélène Jourdan", "ca", "name", True),
        ("Hélèna Jourdan", "Hélène Jourdan", "ca", "name", False),
        ("++", "++", "fr", "stem", True),
    ],
)
def test_forms_of_a_word(text: str, term: str, language: str, match: wordforms.Match, stands: bool) -> None:
    """Endings and what clings to a word are allowed, other words are not."""
    assert wordforms.contains(text, term, language=language, match=match) is stands


def test_a_great_glossary_is_quick() -> None:
    """5,000 terms in nine languages, asked for 540 segments, take less than a second: a text is read once."""
    languages = ("fr", "es", "ca", "pt-br", "ar", "fa", "ko", "ne", "zh")
    terms = (Term(source=f"word{n} plan", language=to, target=f"mot{n}") for n in range(5000) for to in languages)
    glossary = Glossary(terms=tuple(terms))
    texts = [f"The word{n} plan of word{n + 1} and word{n + 2} cities. " * 10 for n in range(60)]
    glossary.note(texts[0], "fr")
    start = time.process_time()
    for language in languages:
        for text in texts:
            assert len(glossary.mentions(text, language)) == 10
    assert time.process_time() - start < 1.0
