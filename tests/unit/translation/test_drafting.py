"""Missing segments become drafts, or are held back with the reason; nothing else is touched."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from newsletter.errors import TranslationError
from newsletter.model import Segment, Translated
from newsletter.translation.catalogs import Catalog, State
from newsletter.translation.drafting import fill


class Phrasebook:
    """An engine that knows a few sentences, and records what it was asked."""

    def __init__(self, known: dict[str, str], *, doubt: str = "") -> None:
        self.known, self.doubt = known, doubt
        self.asked: list[str] = []

    def pairs(self) -> set[tuple[str, str]]:
        return {("en", "es")}

    def version(self, *, source: str, target: str) -> str:
        return "phrasebook"

    def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        self.asked += sentences
        return [Translated(text=self.known[text], doubt=self.doubt) for text in sentences]


def catalog(folder: Path, *texts: str, language: str = "es") -> Catalog:
    made = Catalog(folder / f"{language}.po", language=language, project="River Letter")
    made.sync(Segment(item="forum", role="body", text=text, file="forum.md", line=1) for text in texts)
    return made


KNOWN = {"Good morning.": "Buenos días.", "Good night.": "Buenas noches."}


def test_sentences_are_translated_once_and_joined(tmp_path: Path) -> None:
    """A sentence that stands in several blocks is asked for once; blocks keep their sentences in order."""
    made = catalog(tmp_path, "Good morning. Good night.", "Good night.")
    engine = Phrasebook(KNOWN)
    result = fill(made, engine, source="en")
    assert [entry.target for entry in made] == ["Buenos días. Buenas noches.", "Buenas noches."]
    assert (result.drafts, result.held, sorted(engine.asked)) == (2, (), sorted(KNOWN))
    assert {entry.state for entry in made} == {State.DRAFT}


@pytest.mark.parametrize(
    ("source", "known", "doubt", "reason"),
    [
        ("Good morning.", "Buenos días.", "the package is guessing", "the package is guessing"),
        ("Good morning in 2026 and 2027.", "Buenos días.", "", "2026, 2027"),
        ("Good morning.", "*Buenos* días.", "", "it has markup that the source has not"),
    ],
)
def test_what_cannot_be_trusted_is_held_back(tmp_path: Path, source: str, known: str, doubt: str, reason: str) -> None:
    """The segment stays missing, and the comment tells the reviewer why and what the engine wrote."""
    made = catalog(tmp_path, source)
    result = fill(made, Phrasebook({source: known}, doubt=doubt), source="en")
    (entry,) = made
    assert (entry.state, entry.target, result.drafts) == (State.MISSING, "", 0)
    assert reason in result.held[0].reason
    assert "held back" in entry.comment
    assert known.split()[0] in entry.comment


def test_markup_is_left_to_a_person(tmp_path: Path) -> None:
    """A link must never be lost or invented, so a block with markup is not sent to the engine."""
    engine = Phrasebook(KNOWN)
    result = fill(catalog(tmp_path, "Read [this](https://river.example)."), engine, source="en")
    assert (engine.asked, result.held[0].reason) == ([], "it has links, emphasis or other markup")


def test_a_missing_package_holds_everything_back(tmp_path: Path) -> None:
    """Without a package for the pair nothing is drafted, and each segment says so."""
    result = fill(catalog(tmp_path, "Good morning.", language="ko"), Phrasebook(KNOWN), source="en")
    (held,) = result.held
    assert "no package translates en to ko" in held.reason


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    """Drafting again asks the engine nothing and changes nothing."""
    made = catalog(tmp_path, "Good morning.")
    fill(made, Phrasebook(KNOWN), source="en")
    engine, before = Phrasebook({}), list(made)
    result = fill(made, engine, source="en")
    assert (engine.asked, list(made), result.drafts) == ([], before, 0)


def test_a_wrong_number_of_answers_is_refused(tmp_path: Path) -> None:
    """An engine that loses a sentence would shift all others, so nothing of it is used."""

    class Forgetful(Phrasebook):
        def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
            return []

    made = catalog(tmp_path, "Good morning.")
    with pytest.raises(TranslationError, match="answered 0 sentences for 1"):
        fill(made, Forgetful(KNOWN), source="en")
    assert [entry.state for entry in made] == [State.MISSING]
