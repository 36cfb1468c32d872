"""The translation memory: what it learns, what it finds, and that no crash or second process spoils it."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import polib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import TranslationError
from newsletter.translation import store, values
from newsletter.translation.matching import Kind, Match, Remembered
from newsletter.translation.memory import Memory, Reviewed, reviewed_in

FORUM = "The forum brought together three training centres from three continents of the world."
FRENCH = "Le forum a réuni trois centres de formation de trois continents du monde."
TREES = "Volunteers planted two hundred trees along the river."
ARBRES = "Des bénévoles ont planté deux cents arbres le long du fleuve."


def row(source: str, target: str, **other: object) -> Remembered:
    given: dict[str, object] = {
        "source_language": "en",
        "target_language": "fr",
        "context": "forum|body",
        "origin": "2026-10",
        "date": "2026-10-13T09:00:00Z",
        **other,
    }
    return Remembered(source=source, target=target, **given)  # type: ignore[arg-type]


def memory(folder: Path, *rows: Remembered) -> Memory:
    made = Memory(folder / "memory.db")
    made.add(rows)
    return made


def find(made: Memory, text: str, context: str = "") -> Match | None:
    return made.find(text, source="en", target="fr", context=context)


def found(made: Memory, text: str, context: str = "") -> Match:
    match = find(made, text, context)
    assert match is not None
    return match


def write(folder: Path, *entries: polib.POEntry, issue: str = "2026-11", name: str = "fr.po") -> Path:
    """A catalog of an issue in the folder of issues."""
    file = polib.POFile(encoding="utf-8")
    file.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Last-Translator": "Inés <ines@city.example>"}
    file.extend(entries)
    path = folder / issue / "po" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    file.save(str(path))
    return path


def entry(
    source: str, target: str, context: str = "forum|body", *, fuzzy: bool = False, **more: object
) -> polib.POEntry:
    flags = ["fuzzy"] if fuzzy else []
    return polib.POEntry(msgctxt=context, msgid=source, msgstr=target, flags=flags, **more)


def refresh(made: Memory, folder: Path, languages: Iterable[str] = ("fr",)) -> int:
    return made.refresh(folder, source="en", languages=languages)


def sources(made: Memory) -> list[str]:
    return [each.source for each in made.rows()]


# Finding


def test_the_same_text_in_the_same_place_comes_first(tmp_path: Path) -> None:
    """Context decides between two translations of one text, and is told apart from elsewhere."""
    made = memory(tmp_path, row(FORUM, "Ailleurs", context="other|body", approved=True), row(FORUM, FRENCH))
    here, elsewhere = found(made, FORUM, "forum|body"), found(made, FORUM, "new|body")
    assert (here.kind, here.text, here.score) == (Kind.CONTEXT, FRENCH, 100)
    assert (elsewhere.kind, elsewhere.text) == (Kind.EXACT, "Ailleurs")


def test_no_context_is_not_the_same_context(tmp_path: Path) -> None:
    """A text from a TMX file, which has no place, is never taken for one of the same place."""
    assert found(memory(tmp_path, row(FORUM, FRENCH, context="")), FORUM).kind is Kind.EXACT


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"date": "2026-01-01T00:00:00Z"}, {"date": "2026-02-01T00:00:00Z"}),
        ({"date": "2026-02-01T00:00:00Z"}, {"date": "2026-01-01T00:00:00Z", "approved": True}),
    ],
)
def test_of_equals_the_approved_then_the_latest_wins(
    tmp_path: Path, older: dict[str, object], newer: dict[str, object]
) -> None:
    """Two issues translated one text differently."""
    made = memory(tmp_path, row(FORUM, "A", origin="2026-01", **older), row(FORUM, "B", origin="2026-02", **newer))
    assert found(made, FORUM, "forum|body").text == "B"


@pytest.mark.parametrize("text", ["It’s “here”,\n now", 'It\'s  "here", now', 'It\u2019s\u00a0"here", now'])
def test_white_space_and_quotes_make_no_difference(tmp_path: Path, text: str) -> None:
    """What an editor's slip changes is the same text."""
    assert found(memory(tmp_path, row('It\'s "here", now', "C’est ici")), text).kind is Kind.EXACT


def test_composed_and_decomposed_letters_are_the_same(tmp_path: Path) -> None:
    """Texts from a Mac write é as two characters."""
    made = memory(tmp_path, row("Cafe\u0301 open", "Café ouvert"))
    assert found(made, "Caf\u00e9 open").kind is Kind.EXACT


def test_a_negation_is_a_draft_with_the_difference_noted(tmp_path: Path) -> None:
    """One word more turns the sense around, so it is never exact, and the reviewer is told the word."""
    made = memory(tmp_path, row("The house is open on all days of this week", "La maison est ouverte"))
    match = found(made, "The house is not open on all days of this week")
    assert (match.kind, match.difference) == (Kind.FUZZY, "was: is open now: is not open")
    assert match.score < 100


def test_less_similar_texts_are_suggestions_then_nothing(tmp_path: Path) -> None:
    """From 75 percent on a text is shown, from 85 on it is a draft."""
    made = memory(tmp_path, row("one two three four five six seven eight nine ten", "X"))
    match = found(made, "one two three four five six seven eight blah blah")
    assert match.kind is Kind.SUGGESTION
    assert 75 <= match.score < 85
    assert "it has: X" in str(match)
    assert find(made, "one two three nothing else here is at all alike") is None


def test_another_language_pair_is_not_looked_at(tmp_path: Path) -> None:
    """English to Spanish knows nothing of English to French."""
    made = memory(tmp_path, row(FORUM, FRENCH))
    assert made.find(FORUM, source="en", target="es") is None


def test_long_texts_are_found_among_many(tmp_path: Path) -> None:
    """The comparison of word by word that long texts go through first loses none that are alike."""
    words = [
        "city",
        "forum",
        "river",
        "people",
        "training",
        "centre",
        "council",
        "market",
        "bridge",
        "garden",
        "school",
    ]
    texts = [" ".join(words[(n * k + k) % len(words)] + str(n % 7) * (k % 2) for k in range(40)) for n in range(1, 400)]
    made = memory(tmp_path, *(row(text, f"t{n}", context=f"i{n}|body") for n, text in enumerate(texts)))
    changed = [f"Yesterday {text} indeed" for text in texts[::40]]
    matches = made.find_all([("x|body", text) for text in changed], source="en", target="fr")
    assert [match.kind for match in matches if match] == [Kind.FUZZY] * len(changed)


def test_texts_without_spaces_are_compared_too(tmp_path: Path) -> None:
    """A long Chinese paragraph is no single word."""
    text = "城市论坛汇集了来自三大洲的三个培训中心讨论了公共交通和水资源管理的未来并且签署了一项协议"
    made = memory(tmp_path, row(text, "X", source_language="zh"))
    match = made.find(f"昨天{text}", source="zh", target="fr")
    assert match is not None
    assert match.kind is Kind.FUZZY


# Numbers, addresses, placeholders


@pytest.mark.parametrize(
    ("old", "target", "new", "wanted"),
    [
        (
            "In 2017, 12 cities came",
            "En 2017, 12 villes sont venues",
            "In 2018, 15 cities came",
            "En 2018, 15 villes sont venues",
        ),
        ("In 2017 5 came", "Fem 2017 vingueren 5", "In 2018 5 came", "Fem 2018 vingueren 5"),
        ("On day 3 of 5", "5 / 3", "On day 5 of 3", "3 / 5"),
        ("In 2017 came 12", "۱۲ در ۲۰۱۷", "In 2018 came 34", "۳۴ در ۲۰۱۸"),
        ("In 12 places", "१२ ठाउँमा", "In 7 places", "७ ठाउँमा"),
        ("some 1,234 trees", "unos 1.234 árboles", "some 22,500 trees", "unos 22.500 árboles"),
        ("some 1,234.5 m", "٬".join(("۱", "۲۳۴")) + "٫۵ م", "some 2,500.7 m", "۲٬۵۰۰٫۷ م"),
        ("at 9:30, 9 came", "à 9 h 30, 9 sont venus", "at 10:30, 10 came", "à 10 h 30, 10 sont venus"),
        (
            "see https://a.example/1 now",
            "voir https://a.example/1.",
            "see https://b.example/2 now",
            "voir https://b.example/2.",
        ),
        ("see [x](news/1.html)", "voir [x](news/1.html)", "see [x](news/2.html)", "voir [x](news/2.html)"),
        ("ask a@b.example", "demandez à a@b.example", "ask c@d.example", "demandez à c@d.example"),
        ("dear {name}", "cher {name}", "dear {city}", "cher {city}"),
    ],
)
def test_changed_numbers_and_addresses_are_put_in(tmp_path: Path, old: str, target: str, new: str, wanted: str) -> None:
    """In the translation's own digits and separators, where it is clear which belongs where."""
    match = found(memory(tmp_path, row(old, target)), new, "forum|body")
    assert (match.kind, match.text, match.strays) == (Kind.NUMBERS, wanted, ())
    assert match.difference


@pytest.mark.parametrize(
    ("old", "target", "new"),
    [
        ("From 3 to 3 people", "De 3 à 3 personnes", "From 3 to 4 people"),  # which 3?
        ("In all 5 cities", "Dans les cinq villes", "In all 6 cities"),  # written as a word
        ("In all 5 cities", "5 villes, oui 5", "In all 6 cities"),  # more often than in the source
        ("some 950 trees", "unos 950 árboles", "some 1,200 trees"),  # how it groups digits is not known
        ("on 11/13/2017 at", "le 13 novembre 2017 à", "on 12/13/2017 at"),  # the month is a word
        ("in 2017 we met", "در ۱۳۹۶", "in 2018 we met"),  # another calendar
    ],
)
def test_unclear_numbers_make_no_clean_match(tmp_path: Path, old: str, target: str, new: str) -> None:
    """Where it is not clear which number belongs where, the old translation stays as it is, as a fuzzy match."""
    match = found(memory(tmp_path, row(old, target)), new)
    assert (match.kind, match.text) == (Kind.FUZZY, target)
    assert 85 <= match.score < 100


@given(old=st.lists(st.integers(0, 10**6), min_size=1, max_size=5), data=st.data())
def test_put_in_numbers_are_the_new_texts_numbers(old: list[int], data: st.DataObject) -> None:
    """Whatever the numbers and their order in the translation, it never has any but the new ones."""
    new = data.draw(st.lists(st.integers(0, 10**6), min_size=len(old), max_size=len(old)))
    order = data.draw(st.permutations(range(len(old))))
    target = " - ".join(str(old[place]) for place in order)
    made = values.refit(target, old=" and ".join(map(str, old)), new=" and ".join(map(str, new)))
    if made is None:
        assert len(set(old)) < len(old)
    else:
        assert sorted(made.split(" - ")) == sorted(map(str, new))


def test_one_changed_link_in_a_similar_text_is_put_in(tmp_path: Path) -> None:
    """A fuzzy match points where the new text points."""
    old = "Read the [report](https://a.example/2017) of the assembly of all the cities"
    made = memory(tmp_path, row(old, "Lisez le [rapport](https://a.example/2017)"))
    match = found(made, "Read the new [report](https://a.example/2018) of the assembly of all the cities")
    assert (match.kind, match.text, match.strays) == (Kind.FUZZY, "Lisez le [rapport](https://a.example/2018)", ())


def test_other_links_are_named(tmp_path: Path) -> None:
    """A match never hides that its links are not those of the new text."""
    made = memory(tmp_path, row("Read the whole report of the assembly of cities", "Lisez le rapport {name}"))
    match = found(made, "Read the whole report of the assembly of cities https://a.example")
    assert match.strays == ("https://a.example", "{name}")
    assert "not in both: https://a.example, {name}" in str(match)


# Learning


def test_only_what_people_accepted_is_learned(tmp_path: Path) -> None:
    """A draft is not, a reviewed entry is, and so is one whose source is gone."""
    write(tmp_path, entry(FORUM, FRENCH), entry("Draft text", "Brouillon", fuzzy=True), entry("Empty", ""),
          entry(TREES, ARBRES, obsolete=True), entry("Gone draft", "Parti", fuzzy=True, obsolete=True))  # fmt: skip
    made = Memory(tmp_path / "memory.db")
    refresh(made, tmp_path)
    assert sorted(sources(made)) == sorted([FORUM, TREES])
    assert {(each.origin, each.author) for each in made.rows()} == {("2026-11", "Inés <ines@city.example>")}


def test_only_changed_catalogs_are_read(tmp_path: Path) -> None:
    """The second run reads none, a changed one is read again, and so is one whose provenance changed."""
    write(tmp_path, entry(FORUM, FRENCH))
    write(tmp_path, entry(TREES, "Árvores"), name="pt_BR.po")
    made = Memory(tmp_path / "memory.db")
    assert [refresh(made, tmp_path, ("fr", "pt-BR")) for _ in range(2)] == [2, 0]
    write(tmp_path, entry(FORUM, FRENCH), entry(TREES, ARBRES))
    assert [refresh(made, tmp_path, ("fr", "pt-BR")) for _ in range(2)] == [1, 0]
    (tmp_path / "2026-11" / "state").mkdir()
    (tmp_path / "2026-11" / "state" / "pt-BR.json").write_text("{}")
    assert [refresh(made, tmp_path, ("fr", "pt-BR")) for _ in range(2)] == [1, 0]


def test_a_correction_replaces_and_a_withdrawal_removes(tmp_path: Path) -> None:
    """What stands in the catalog now is what is remembered of it."""
    made = Memory(tmp_path / "memory.db")
    write(tmp_path, entry(FORUM, "Faux"), entry(TREES, ARBRES))
    refresh(made, tmp_path)
    write(tmp_path, entry(FORUM, FRENCH), entry(TREES, ARBRES, fuzzy=True))
    refresh(made, tmp_path)
    assert [(each.source, each.target) for each in made.rows()] == [(FORUM, FRENCH)]


def test_what_vanished_stays(tmp_path: Path) -> None:
    """A text that left the catalog, and a catalog that left the disk, are remembered for ever."""
    made = Memory(tmp_path / "memory.db")
    path = write(tmp_path, entry(FORUM, FRENCH), entry(TREES, ARBRES))
    refresh(made, tmp_path)
    write(tmp_path, entry(TREES, ARBRES))
    refresh(made, tmp_path)
    path.unlink()
    refresh(made, tmp_path)
    assert sorted(sources(made)) == sorted([FORUM, TREES])


def test_a_damaged_catalog_is_left_for_next_time(tmp_path: Path) -> None:
    """It stops nothing, forgets nothing, and is read as soon as it is mended."""
    made = Memory(tmp_path / "memory.db")
    path = write(tmp_path, entry(FORUM, FRENCH))
    refresh(made, tmp_path)
    good = path.read_bytes()
    path.write_bytes(good + b"<<<<<<< ours\n")
    assert (refresh(made, tmp_path), sources(made)) == (0, [FORUM])
    path.write_bytes(good + b'\nmsgid "More"\nmsgstr "Plus"\n')
    assert (refresh(made, tmp_path), len(sources(made))) == (1, 2)


def test_the_caller_decides_what_counts_as_reviewed(tmp_path: Path) -> None:
    """A reader that knows the provenance says what is approved, and what only looks reviewed."""
    write(tmp_path, entry(FORUM, FRENCH), entry(TREES, ARBRES))
    made = Memory(tmp_path / "memory.db")
    made.refresh(tmp_path, source="en", languages=["fr"])

    def stricter(path: Path, language: str) -> Iterable[Reviewed]:
        for each in reviewed_in(path, language):
            yield Reviewed(
                context=each.context, source=each.source, target=each.target * (each.source == FORUM), approved=True
            )

    os.utime(tmp_path / "2026-11" / "po" / "fr.po", (1, 1))
    made.refresh(tmp_path, source="en", languages=["fr"], reviewed=stricter)
    assert [(each.source, each.approved) for each in made.rows()] == [(FORUM, True)]


def test_an_older_import_does_not_undo_a_correction(tmp_path: Path) -> None:
    """Of two translations of the same place, an import brings only the later one."""
    made = memory(tmp_path, row(FORUM, FRENCH))
    assert made.add([row(FORUM, "Vieux", date="2020-01-01T00:00:00Z")]) == 0
    assert made.add([row(FORUM, "Neuf", date="2030-01-01T00:00:00Z")]) == 1
    assert [each.target for each in made.rows()] == ["Neuf"]


# The file


def test_reading_makes_no_file(tmp_path: Path) -> None:
    """To look something up, as a dry run does, writes nothing."""
    made = Memory(tmp_path / "memory.db")
    assert (find(made, FORUM), list(made.rows()), list(tmp_path.iterdir())) == (None, [], [])


def _damage(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4000)


def _text(path: Path) -> None:
    path.write_text("this is no database\n" * 100)


def _newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA application_id = {store.APPLICATION}")
        connection.execute("PRAGMA user_version = 99")
        connection.execute("CREATE TABLE entry (x)")
    connection.close()


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE batch (id)")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "what"),
    [(_damage, "damaged"), (_text, "damaged"), (_newer, "newer version"), (_foreign, "another program's")],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, spoil, what: str) -> None:  # type: ignore[no-untyped-def]
    """It names the file and how to build it anew, and leaves it as it is."""
    path = tmp_path / "memory.db"
    spoil(path)
    before = path.read_bytes()
    for use in (lambda made: find(made, FORUM), lambda made: made.add([row(FORUM, FRENCH)])):
        with pytest.raises(TranslationError, match=what) as error:
            use(Memory(path))
        assert "builds it anew from the PO files" in str(error.value)
        assert str(path) in str(error.value)
    assert path.read_bytes() == before


def test_a_file_of_nothing_is_an_empty_memory(tmp_path: Path) -> None:
    """So a crash before the first commit leaves it."""
    (tmp_path / "memory.db").touch()
    made = Memory(tmp_path / "memory.db")
    assert find(made, FORUM) is None
    made.add([row(FORUM, FRENCH)])
    assert found(made, FORUM).text == FRENCH


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    """The next step is to look at the folder."""
    with pytest.raises(TranslationError, match=r"cannot be used.*folder"):
        Memory(tmp_path / "no" / "memory.db").add([row(FORUM, FRENCH)])


def _run(code: str, *arguments: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stderr=subprocess.PIPE)


KILLED_IMPORT = """
import os, signal, sys
from pathlib import Path
from newsletter.translation.matching import Remembered
from newsletter.translation.memory import Memory

def rows():
    for n in range(9000):
        if n == 8000:
            os.kill(os.getpid(), signal.SIGKILL)
        yield Remembered(source_language="en", target_language="fr", context="a|b", source=f"{n} " + "word " * 80,
                         target="mot " * 80, origin="big.tmx", date="2026-01-01T00:00:00Z")

Memory(Path(sys.argv[1])).add(rows())
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_import_leaves_what_was_there(tmp_path: Path) -> None:
    """Killed with half of it already in the file, the next reader finds the old content and nothing else."""
    made = memory(tmp_path, row(FORUM, FRENCH))
    child = _run(KILLED_IMPORT, made.path)
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert (tmp_path / "memory.db-journal").stat().st_size > 0  # the file itself was being written
    assert sources(made) == [FORUM]
    assert made.add([row(TREES, ARBRES)]) == 1


KILLED_REFRESH = """
import os, signal, sys
from pathlib import Path
from newsletter.translation import memory

def reader(path, language):
    for n, each in enumerate(memory.reviewed_in(path, language)):
        if path.parent.parent.name == "2026-03" and n == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        yield each

memory.Memory(Path(sys.argv[1])).refresh(Path(sys.argv[2]), source="en", languages=["fr"], reviewed=reader)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_refresh_is_finished_by_the_next(tmp_path: Path) -> None:
    """All changed catalogs are learned, or none, and none is forgotten."""
    for month in range(1, 6):
        write(tmp_path, entry(f"{FORUM} {month}", FRENCH), entry(f"{TREES} {month}", ARBRES), issue=f"2026-0{month}")
    made = memory(tmp_path, row(FORUM, FRENCH))
    child = _run(KILLED_REFRESH, made.path, tmp_path)
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert sources(made) == [FORUM]
    assert (refresh(made, tmp_path), len(sources(made))) == (5, 11)


TWO = """
import sys
from pathlib import Path
from newsletter.model import Translated
from newsletter.translation.cache import EngineCache
from newsletter.translation.memory import Memory

memory, cache, issues = Memory(Path(sys.argv[1])), EngineCache(Path(sys.argv[1])), Path(sys.argv[2])
for n in range(15):
    for path in issues.glob("*/po/fr.po"):
        path.touch()
    memory.refresh(issues, source="en", languages=["fr"])
    cache.put("engine", {f"{sys.argv[3]} {n}": Translated(text="x")})
    assert memory.find("Volunteers planted two hundred trees along the river.", source="en", target="fr")
assert not cache.trouble, cache.trouble
"""


def test_two_processes_share_the_file(tmp_path: Path) -> None:
    """Both learn, look up and cache at once; neither fails, nothing is lost."""
    write(tmp_path, entry(FORUM, FRENCH), entry(TREES, ARBRES))
    path = tmp_path / "memory.db"
    children = [_run(TWO, path, tmp_path, name) for name in "ab"]
    assert [(child.communicate(timeout=60)[1], child.returncode) for child in children] == [(b"", 0)] * 2
    with sqlite3.connect(path) as connection:
        counts = connection.execute("SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM answer)").fetchone()
    connection.close()
    assert counts == (2, 30)
