"""Missing segments become drafts, or are held back with the reason; nothing else is touched."""

from collections.abc import Sequence
from pathlib import Path

import polib
import pytest

from newsletter.errors import TranslationError
from newsletter.model import Segment, Translated
from newsletter.translation.catalogs import Catalog, Entry, State
from newsletter.translation.drafting import Aids, fill, forecast
from newsletter.translation.glossary import Glossary
from newsletter.translation.memory import Memory, Remembered
from newsletter.translation.memory.cache import EngineCache


class Phrasebook:
    """An engine that knows a few sentences, and records what it was asked."""

    def __init__(self, known: dict[str, str], *, doubt: str = "", pairs: str = "en>es") -> None:
        self.known, self.doubt = known, doubt
        self._pairs = {(pair[:2], pair[3:]) for pair in pairs.split()}
        self.asked: list[str] = []

    def pairs(self) -> set[tuple[str, str]]:
        return self._pairs

    def version(self, *, source: str, target: str) -> str:
        return f"phrasebook {source}→{target}"

    def fingerprint(self, *, source: str, target: str) -> str:
        return f"phrasebook {source} {target}"

    def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        self.asked += sentences
        return [Translated(text=self.known.get(text, text), doubt=self.doubt) for text in sentences]


def catalog(folder: Path, *texts: str, language: str = "es", role: str = "body") -> Catalog:
    path = folder / f"{language}.po"
    made = Catalog(path, language=language, project="River Letter", state=folder / f"{language}.json")
    made.sync(Segment(item="forum", role=role, text=text, file="forum.md", line=1) for text in texts)
    return made


def only(made: Catalog) -> Entry:
    (entry,) = made
    return entry


KNOWN = {"Good morning.": "Buenos días.", "Good night.": "Buenas noches."}


def test_sentences_are_translated_once_and_joined(tmp_path: Path) -> None:
    """A sentence that stands in several blocks is asked for once; blocks keep their sentences in order."""
    made = catalog(tmp_path, "Good morning. Good night.", "Good night.")
    engine = Phrasebook(KNOWN)
    result = fill(made, engine, source="en")
    assert [entry.target for entry in made] == ["Buenos días. Buenas noches.", "Buenas noches."]
    assert (result.drafts, result.held, sorted(engine.asked)) == (2, (), sorted(KNOWN))
    assert {entry.state for entry in made} == {State.DRAFT}
    assert {entry.origin for entry in made} == {"phrasebook en→es"}


@pytest.mark.parametrize(
    ("source", "known", "doubt", "reason"),
    [
        ("Good morning.", "Buenos días.", "the package is guessing", "the package is guessing"),
        ("Good morning in 2026 and 2027.", "Buenos días.", "", "2026, 2027"),
        ("Good morning.", "", "", "wrote nothing"),
        ("Good morning.", "<p>Buenos días.</p>", "", "<p>"),
    ],
)
def test_what_cannot_be_trusted_is_held_back(tmp_path: Path, source: str, known: str, doubt: str, reason: str) -> None:
    """The segment stays missing, and the comment tells the reviewer why and what the engine wrote."""
    made = catalog(tmp_path, source)
    result = fill(made, Phrasebook({source: known}, doubt=doubt), source="en")
    entry = only(made)
    assert (entry.state, entry.target, result.drafts) == (State.MISSING, "", 0)
    assert reason in result.held[0].reason
    assert "held back" in entry.comment


def test_markup_goes_through(tmp_path: Path) -> None:
    """The words of a link are translated, its address is not, and nothing of it reaches the engine."""
    engine = Phrasebook({"Read the report.": "Lea el informe.", "the report": "el informe"})
    made = catalog(tmp_path, "Read [the report](https://river.example/a_b).")
    fill(made, engine, source="en")
    assert only(made).target == "Lea [el informe](https://river.example/a_b)."
    assert not any("river.example" in text for text in engine.asked)


def test_a_title_is_no_markdown(tmp_path: Path) -> None:
    """Stars and underscores in a title are shown as they are, so they are words."""
    made = catalog(tmp_path, "Good *morning* news", role="title")
    fill(made, Phrasebook({"Good *morning* news": "Buenas *matinales* noticias"}), source="en")
    assert only(made).target == "Buenas *matinales* noticias"


def test_a_missing_package_holds_everything_back(tmp_path: Path) -> None:
    """Without a way to the language nothing is drafted, and each segment says so."""
    result = fill(catalog(tmp_path, "Good morning.", language="ko"), Phrasebook(KNOWN), source="en")
    (held,) = result.held
    assert "no engine here translates en to ko" in held.reason


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    """Drafting again asks the engine nothing and changes nothing."""
    made = catalog(tmp_path, "Good morning.")
    fill(made, Phrasebook(KNOWN), source="en")
    engine, before = Phrasebook({}), list(made)
    result = fill(made, engine, source="en")
    assert (engine.asked, list(made), result.drafts) == ([], before, 0)


def test_an_engine_without_a_way_takes_no_draft_away(tmp_path: Path) -> None:
    """To draft anew what nobody touched, there must be something to draft it with."""
    made = catalog(tmp_path, "Good morning.")
    fill(made, Phrasebook(KNOWN), source="en")
    fill(made, Phrasebook(KNOWN, pairs="en>fr"), source="en", again=True)
    assert only(made).target == "Buenos días."
    fill(made, Phrasebook({"Good morning.": "Buen día."}), source="en", again=True)
    assert only(made).target == "Buen día."


def test_only_the_chosen_items_are_drafted(tmp_path: Path) -> None:
    """An editor who works on one item waits for no other."""
    made = catalog(tmp_path)
    made.sync(Segment(item=name, role="body", text="Good morning.", file="x.md", line=1) for name in ("forum", "trees"))
    assert fill(made, Phrasebook(KNOWN), source="en", items=["trees"]).drafts == 1
    assert [entry.state for entry in made] == [State.MISSING, State.DRAFT]


@pytest.mark.parametrize("answers", [0, 2])
def test_a_wrong_number_of_answers_is_refused(tmp_path: Path, answers: int) -> None:
    """An engine that loses or invents a sentence would shift all others, so nothing of it is used."""

    class Miscounting(Phrasebook):
        def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
            return [Translated(text="x")] * answers

    made = catalog(tmp_path, "Good morning.")
    with pytest.raises(TranslationError, match=f"answered {answers} sentences for 1"):
        fill(made, Miscounting(KNOWN), source="en")
    assert only(made).state is State.MISSING


@pytest.mark.parametrize("fault", [None, ["Buenos días."], RuntimeError("no connection")])
def test_an_engine_that_breaks_its_word_is_one_sentence(tmp_path: Path, fault: object) -> None:
    """An engine may be anybody's code: what it raises, or answers instead of translations, is no traceback."""

    class Broken(Phrasebook):
        def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
            if isinstance(fault, Exception):
                raise fault
            return fault  # type: ignore[return-value]

    with pytest.raises(TranslationError, match="phrasebook en→es: the engine"):
        fill(catalog(tmp_path, "Good morning."), Broken(KNOWN), source="en")


def test_a_way_through_english_keeps_the_english(tmp_path: Path) -> None:
    """Where no package leads straight there, two lead through English, which the reviewer sees."""
    engine = Phrasebook({"Buenos días.": "Good morning.", "Good morning.": "Bonjour."}, pairs="es>en en>fr")
    made = catalog(tmp_path, "Buenos días.", language="fr")
    fill(made, engine, source="es")
    assert only(made).target == "Bonjour."
    assert "through en: Good morning." in only(made).comment
    assert only(made).origin == "phrasebook es→en, then phrasebook en→fr"


def test_reviewed_english_is_better_than_the_engines(tmp_path: Path) -> None:
    """The first of the two steps is skipped where a person has taken it already."""
    english = catalog(tmp_path, "Buenos días.", language="en")
    english.carry("forum|body", "Buenos días.", "Good day.")
    engine = Phrasebook({"Good day.": "Bonne journée."}, pairs="es>en en>fr")
    made = catalog(tmp_path, "Buenos días.", language="fr")
    fill(made, engine, source="es", english=english)
    assert (only(made).target, engine.asked) == ("Bonne journée.", ["Good day."])


def remembered(folder: Path, *rows: tuple[str, str, str]) -> Memory:
    """A memory of (context, source, target)."""
    memory = Memory(folder / "memory.db")
    memory.add(
        Remembered(
            source_language="en", target_language="es", context=context, source=source, target=target, origin="2026-10"
        )
        for context, source, target in rows
    )
    return memory


def test_the_memory_comes_before_the_engine(tmp_path: Path) -> None:
    """The same place is accepted, another place is a draft, and only the rest is asked for."""
    memory = remembered(tmp_path, ("forum|body", "Good morning.", "Buen día."), ("x|body", "Good night.", "Noches."))
    engine = Phrasebook({"Good evening.": "Buenas tardes."})
    made = catalog(tmp_path, "Good morning.", "Good night.", "Good evening.")
    planned = forecast(made, source="en", memory=memory)
    result = fill(made, engine, source="en", aids=Aids(memory=memory))
    assert [entry.state for entry in made] == [State.REVIEWED, State.DRAFT, State.DRAFT]
    assert (result.carried, result.memory, result.drafts, engine.asked) == (1, 1, 1, ["Good evening."])
    assert (planned.carried, planned.memory, planned.drafts) == (1, 1, 1)
    assert "2026-10" in list(made)[1].comment


def test_a_remembered_text_that_does_not_fit_goes_to_the_engine(tmp_path: Path) -> None:
    """A translation that lost an address is no draft, whoever wrote it."""
    text = "Good morning, write to jane@river.example today."
    memory = remembered(tmp_path, ("x|body", text, "Buenos días, escriba hoy."))
    engine = Phrasebook({})
    fill(catalog(tmp_path, text), engine, source="en", aids=Aids(memory=memory))
    assert engine.asked


def test_an_answer_is_asked_for_once(tmp_path: Path) -> None:
    """The cache answers the second issue that says the same; another fingerprint is another engine."""
    cache = EngineCache(tmp_path / "memory.db")
    for name, asked in (("one", 1), ("two", 0)):
        engine = Phrasebook(KNOWN)
        fill(catalog(tmp_path / name, "Good morning."), engine, source="en", aids=Aids(cache=cache))
        assert len(engine.asked) == asked


def test_names_that_stay_are_kept(tmp_path: Path) -> None:
    """A name that the engine changes is put back, or the segment is held; it is never changed silently."""
    (tmp_path / "names.csv").write_text("name,kind,keep\nRiver House,place,yes\n", "utf-8")
    glossary = Glossary.load(tmp_path)
    text = "The meeting in River House begins at noon."
    engine = Phrasebook({text: "La reunión en Casa del Río empieza a mediodía."})
    made = catalog(tmp_path, text)
    result = fill(made, engine, source="en", aids=Aids(glossary=glossary))
    assert result.held or "River House" in only(made).target


def test_the_file_never_loses_its_last_good_state(tmp_path: Path) -> None:
    """An engine that fails in the middle leaves the catalog on disk as it was."""
    made = catalog(tmp_path, "Good morning.")
    made.save()
    before = (tmp_path / "es.po").read_bytes()

    class Failing(Phrasebook):
        def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
            raise TranslationError("the engine is gone.")

    with pytest.raises(TranslationError):
        fill(catalog(tmp_path, "Good morning."), Failing(KNOWN), source="en")
    assert (tmp_path / "es.po").read_bytes() == before
    assert polib.pofile(str(tmp_path / "es.po"))[0].msgstr == ""
