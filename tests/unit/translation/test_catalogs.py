"""The PO file's life: what is kept, what becomes stale, what a machine may touch."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import polib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import TranslationError
from newsletter.model import Segment
from newsletter.translation.catalogs import Catalog, Entry, State

FORUM = "The forum brought together three training centres from three continents."
EDITED = "The forum brought together four training centres from three continents."
TREES = "Volunteers planted two hundred trees along the river."
FRENCH = "Le forum a réuni trois centres de formation de trois continents."


def segment(text: str, role: str = "body", item: str = "forum") -> Segment:
    return Segment(item=item, role=role, text=text, file=f"{item}.md", line=7)


def opened(folder: Path) -> Catalog:
    """The French catalog in ``folder`` as its files stand there."""
    return Catalog(folder / "fr.po", language="fr", project="River Letter 2026-11", state=folder / "fr.json")


def catalog(folder: Path, *texts: str | Segment) -> Catalog:
    """A French catalog in ``folder``, brought up to date with the texts."""
    made = opened(folder)
    made.sync(text if isinstance(text, Segment) else segment(text) for text in texts)
    return made


def person(folder: Path, translations: dict[str, str], *, fuzzy: bool = False) -> None:
    """A person's work in a PO editor."""
    po = polib.pofile(str(folder / "fr.po"))
    for entry in po:
        if entry.msgid in translations:
            entry.msgstr = translations[entry.msgid]
            entry.flags = ["fuzzy"] if fuzzy else []
    po.save()


def entry(made: Catalog, source: str) -> Entry:
    return next(found for found in made if found.source == source)


def reviewed(folder: Path) -> None:
    catalog(folder, FORUM, TREES).save()
    person(folder, {FORUM: FRENCH})


def test_a_new_segment_is_missing(tmp_path: Path) -> None:
    """A text that nobody translated has an empty entry."""
    assert [found.state for found in catalog(tmp_path, FORUM)] == [State.MISSING]


def test_a_draft_is_fuzzy_until_a_person_clears_it(tmp_path: Path) -> None:
    """The state lives in the PO flag, and our note goes when the entry is reviewed."""
    made = catalog(tmp_path, FORUM)
    long = f"see https://river-cities.example/{'a-long-address-' * 8}{'AnAddressWithoutAnyPlaceToBreak' * 4} " * 3
    made.draft("forum|body", FORUM, FRENCH, notes=[long])
    made.save()
    drafted = entry(catalog(tmp_path, FORUM), FORUM)
    person(tmp_path, {FORUM: FRENCH})
    accepted = entry(catalog(tmp_path, FORUM), FORUM)
    assert (drafted.state, accepted.state, accepted.comment) == (State.DRAFT, State.REVIEWED, "")


def test_a_persons_comment_survives_our_notes(tmp_path: Path) -> None:
    """Only our own lines of the translator comment are replaced."""
    made = catalog(tmp_path, FORUM)
    made.draft("forum|body", FORUM, "", notes=["held back: first " * 12])
    made.save()
    po = polib.pofile(str(tmp_path / "fr.po"))
    po[0].tcomment += "\nAsk Inés about the name."
    po.save()
    made = catalog(tmp_path, FORUM)
    made.draft("forum|body", FORUM, "", notes=["held back: second"])
    assert entry(made, FORUM).comment == "Ask Inés about the name.\nnewsletter: held back: second"


def test_an_edit_makes_a_review_stale_and_keeps_the_words(tmp_path: Path) -> None:
    """The person's translation stays, fuzzy, with the text it was made for."""
    reviewed(tmp_path)
    made = catalog(tmp_path, EDITED, TREES)
    made.save()
    stale = next(found for found in polib.pofile(str(tmp_path / "fr.po")) if found.msgid == EDITED)
    assert (stale.msgstr, stale.fuzzy, stale.previous_msgid) == (FRENCH, True, FORUM)
    assert entry(made, EDITED).state is State.STALE


def test_two_edits_keep_the_oldest_source(tmp_path: Path) -> None:
    """What a translation really fits is the text it was made for, not the last one."""
    reviewed(tmp_path)
    catalog(tmp_path, EDITED, TREES).save()
    again = EDITED.replace("three continents", "five continents")
    catalog(tmp_path, again, TREES).save()
    assert next(e for e in polib.pofile(str(tmp_path / "fr.po")) if e.msgid == again).previous_msgid == FORUM


@pytest.mark.parametrize("text", [FORUM.replace(" three ", "\nthree ", 1), FORUM.replace("  ", " ")])
def test_white_space_alone_keeps_the_review(tmp_path: Path, text: str) -> None:
    """A paragraph that was only wrapped anew needs nobody's time."""
    reviewed(tmp_path)
    assert entry(catalog(tmp_path, text, TREES), text).state is State.REVIEWED


def test_an_edited_draft_is_drafted_anew(tmp_path: Path) -> None:
    """Nobody has put work into an unreviewed draft, so its successor is missing, not stale."""
    made = catalog(tmp_path, FORUM)
    made.draft("forum|body", FORUM, FRENCH, notes=["draft"])
    made.save()
    assert entry(catalog(tmp_path, EDITED), EDITED).state is State.MISSING


def test_a_removed_paragraph_keeps_its_translation(tmp_path: Path) -> None:
    """A person's words become obsolete, and come back with the paragraph."""
    reviewed(tmp_path)
    made = catalog(tmp_path, TREES)
    made.save()
    assert polib.pofile(str(tmp_path / "fr.po")).obsolete_entries()[0].msgstr == FRENCH
    assert entry(catalog(tmp_path, FORUM, TREES), FORUM).state is State.REVIEWED


def test_an_inserted_paragraph_leaves_the_others_alone(tmp_path: Path) -> None:
    """The context names a role, never a number, so an insertion moves nothing."""
    reviewed(tmp_path)
    before = list(catalog(tmp_path, FORUM, TREES))
    after = list(catalog(tmp_path, "A new first paragraph.", FORUM, TREES))
    assert after[1:] == before


def test_a_renamed_item_keeps_its_reviews(tmp_path: Path) -> None:
    """The same words in the same role are the same segment, wherever they stand now."""
    reviewed(tmp_path)
    renamed = entry(catalog(tmp_path, segment(FORUM, item="meeting"), TREES), FORUM)
    assert (renamed.target, renamed.state) == (FRENCH, State.REVIEWED)


def test_another_role_is_looked_at_again(tmp_path: Path) -> None:
    """A sentence that became a title may want other words."""
    reviewed(tmp_path)
    assert entry(catalog(tmp_path, segment(FORUM, role="title"), TREES), FORUM).state is State.STALE


def test_the_nearest_text_gets_the_translation(tmp_path: Path) -> None:
    """A similar new paragraph above an edited one does not take its translation away."""
    reviewed(tmp_path)
    similar = FORUM.replace("three training centres", "two hundred young farmers")
    made = catalog(tmp_path, similar, EDITED, TREES)
    assert (entry(made, similar).state, entry(made, EDITED).state) == (State.MISSING, State.STALE)


def test_what_a_person_saves_meanwhile_is_kept(tmp_path: Path) -> None:
    """Somebody saves the file while the engine works: their words stay, the rest is drafted."""
    made = catalog(tmp_path, FORUM, TREES)
    made.save()
    person(tmp_path, {FORUM: FRENCH})
    for source in (FORUM, TREES):
        made.draft("forum|body", source, "de la machine", notes=["draft"])
    made.save()
    after = catalog(tmp_path, FORUM, TREES)
    assert (entry(after, FORUM).target, entry(after, FORUM).state) == (FRENCH, State.REVIEWED)
    assert (entry(after, TREES).target, entry(after, TREES).state) == ("de la machine", State.DRAFT)


def test_accepting_in_a_text_editor_forgets_the_old_source(tmp_path: Path) -> None:
    """Removing the flag alone is enough; the next edit is compared with what was accepted."""
    reviewed(tmp_path)
    catalog(tmp_path, EDITED, TREES).save()
    person(tmp_path, {EDITED: FRENCH})
    again = EDITED.replace("three continents", "five continents")
    catalog(tmp_path, EDITED, TREES).save()
    catalog(tmp_path, again, TREES).save()
    assert next(e for e in polib.pofile(str(tmp_path / "fr.po")) if e.msgid == again).previous_msgid == EDITED


def test_spaces_are_no_translation(tmp_path: Path) -> None:
    """An entry of white space is missing, and may be drafted."""
    catalog(tmp_path, FORUM).save()
    person(tmp_path, {FORUM: "  "})
    made = catalog(tmp_path, FORUM)
    made.draft("forum|body", FORUM, FRENCH, notes=["draft"])
    assert entry(made, FORUM).state is State.DRAFT


def test_a_file_without_a_header_gets_one(tmp_path: Path, need: Callable[[str], str]) -> None:
    """Tools that drop the header do not make a file that gettext warns about."""
    path = tmp_path / "fr.po"
    path.write_text(f'msgctxt "forum|body"\nmsgid "{TREES}"\nmsgstr "Des arbres."\n', "utf-8")
    catalog(tmp_path, FORUM, TREES).save()
    ran = subprocess.run([need("msgfmt"), "-c", "-o", "/dev/null", path], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_another_items_translation_is_not_taken(tmp_path: Path) -> None:
    """A similar sentence of another item says nothing about this one."""
    reviewed(tmp_path)
    assert entry(catalog(tmp_path, FORUM, segment(EDITED, item="trees")), EDITED).state is State.MISSING


def test_saving_nothing_new_writes_nothing(tmp_path: Path) -> None:
    """A run that changes no content changes no file, so that version control stays quiet."""
    made = catalog(tmp_path, FORUM)
    assert (made.save(), catalog(tmp_path, FORUM).save()) == (True, False)


HEAD = b'msgid ""\nmsgstr ""\n"Language: fr\\n"\n\n'
FIRST = b'msgctxt "a|b"\nmsgid "x"\nmsgstr "y"\n\n'


@pytest.mark.parametrize(
    ("damage", "line", "says"),
    [
        (FIRST + b'<<<<<<< HEAD\nmsgid "a"\n', 5, "not made one yet"),
        (b'msgid "a"\nmsgstr "b"\n=======\nmsgid "c"\n', 3, "not made one yet"),
        (HEAD + 'msgid "é"\nmsgstr ""\n'.encode("latin-1"), 5, "not UTF-8"),
        (FIRST.decode().encode("utf-16"), 1, "not UTF-8"),
        (b'msgid ""\nmsgstr "Language: de\\n"\n', 2, "'de', not 'fr'"),
        (HEAD.replace(b"fr", b"pt_BR") + FIRST, 3, "'pt-BR', not 'fr'"),
        (FIRST + b'# Ana\nmsgctxt "a|b"\nmsgid "x"\nmsgstr "z"\n', 5, "line 1 stands here again"),
        (HEAD + FIRST + b'msgctxt "a|c"\nmsgid "x"\nmsgstr "cut of', 11, "do not pair up"),
        (HEAD + b'msgid "x"\nmsgstr "a "word" in quotes"\n', 6, "do not pair up"),
        (HEAD + FIRST + b'msgctxt "a|c"\nmsgid "x"\n', 10, "in the middle of this entry"),
        (HEAD + b'msgid "x"\n# a note\nmsgid "z"\nmsgstr "Z"\n', 5, "no msgstr"),
        (HEAD + b"<html>\n", 5, "no PO syntax"),
    ],
)
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, damage: bytes, line: int, says: str) -> None:
    """One sentence with the path and the line; the file keeps its bytes for the person who mends it."""
    path = tmp_path / "fr.po"
    path.write_bytes(damage)
    with pytest.raises(TranslationError, match=says) as caught:
        catalog(tmp_path, FORUM)
    assert f"{path}:{line}: " in str(caught.value)
    assert path.read_bytes() == damage


def test_damage_that_appears_while_the_engine_works_is_not_written_over(tmp_path: Path) -> None:
    """Somebody pulls a conflict meanwhile: the file stays as it is, and the draft is made again another time."""
    made = catalog(tmp_path, FORUM)
    made.save()
    made.draft("forum|body", FORUM, FRENCH, notes=["draft"])
    damaged = (tmp_path / "fr.po").read_bytes() + b"<<<<<<< HEAD\n"
    (tmp_path / "fr.po").write_bytes(damaged)
    with pytest.raises(TranslationError, match="not made one yet"):
        made.save()
    assert (tmp_path / "fr.po").read_bytes() == damaged


@pytest.mark.parametrize(
    "disguise",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"charset=UTF-8", b"charset=ISO-8859-1"),
        lambda data: data.replace(b"charset=UTF-8", b"charset=CHARSET"),
    ],
    ids=["CRLF", "BOM", "wrong charset", "no charset"],
)
def test_a_file_in_another_dress_is_the_same_file(
    tmp_path: Path, need: Callable[[str], str], disguise: Callable[[bytes], bytes]
) -> None:
    """Line ends, a mark at its beginning or a charset that is not true lose nothing, and are put right."""
    reviewed(tmp_path)
    path = tmp_path / "fr.po"
    path.write_bytes(disguise(path.read_bytes()))
    made = catalog(tmp_path, FORUM, EDITED)
    assert entry(made, FORUM).target == FRENCH
    assert made.save()
    ran = subprocess.run([need("msgfmt"), "-c", "-o", "/dev/null", path], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert entry(catalog(tmp_path, FORUM, EDITED), FORUM).target == FRENCH


def test_what_other_programs_put_there_stays(tmp_path: Path) -> None:
    """The headers of Poedit and Weblate, the file's own comment, and flags that newsletter knows nothing of."""
    made = catalog(tmp_path, FORUM, TREES)
    made.draft("forum|body", FORUM, FRENCH, notes=["draft"])
    made.save()
    theirs = {
        "Last-Translator": "Inés <ines@city.example>",
        "Language-Team": "French <https://weblate.example/fr/>",
        "Plural-Forms": "nplurals=2; plural=n > 1;",
        "X-Generator": "Weblate 5.14",
        "X-Poedit-Basepath": "..",
    }
    po = polib.pofile(str(tmp_path / "fr.po"))
    po.metadata |= theirs
    po.header += "\nOurs since 2019."
    for each in po:
        each.flags = [*each.flags, "max-length:90", "x-mine"]
    po.save()
    made = catalog(tmp_path, FORUM, TREES, "A third text.")
    made.discard()
    assert made.save()
    after = polib.pofile(str(tmp_path / "fr.po"))
    assert {name: after.metadata[name] for name in theirs} == theirs
    assert "Ours since 2019." in after.header
    assert [each.flags for each in after] == [["max-length:90", "x-mine"]] * 2 + [[]]


@pytest.mark.parametrize("target", ["", FRENCH])
def test_of_a_live_and_a_gone_entry_the_one_with_words_counts(tmp_path: Path, target: str) -> None:
    """Merging two branches can leave both; a person's words are not lost to an older or an empty one."""
    reviewed(tmp_path)
    path = tmp_path / "fr.po"
    po = polib.pofile(str(path))
    next(each for each in po if each.msgid == FORUM).msgstr = target
    po.append(polib.POEntry(msgctxt="forum|body", msgid=FORUM, msgstr="Plus ancien.", obsolete=True))
    po.save()
    assert entry(catalog(tmp_path, FORUM, TREES), FORUM).target == (target or "Plus ancien.")


def test_a_comment_that_a_person_saves_meanwhile_is_kept(tmp_path: Path) -> None:
    """They asked something beside a text that the engine drafts at that moment: both are in the file."""
    made = catalog(tmp_path, FORUM)
    made.save()
    po = polib.pofile(str(tmp_path / "fr.po"))
    po[0].tcomment = "Ask Inés about the name."
    po.save()
    made.draft("forum|body", FORUM, FRENCH, notes=["draft"])
    made.save()
    found = entry(catalog(tmp_path, FORUM), FORUM)
    assert (found.target, found.comment) == (FRENCH, "Ask Inés about the name.\nnewsletter: draft")


def test_a_large_issue_may_be_renamed(tmp_path: Path) -> None:
    """Each text finds its old entry without being compared with all: this takes 0.1 s, and took 10 s."""
    many = [f"{FORUM} {number} {TREES}" for number in range(800)]
    made = catalog(tmp_path, *(segment(text, item=f"old{n // 20}") for n, text in enumerate(many)))
    for number, text in enumerate(many):
        made.carry(f"old{number // 20}|body", text, f"Texte {number}")
    start = time.monotonic()
    made.sync(segment(text, item=f"new{n // 20}") for n, text in enumerate(many))
    assert time.monotonic() - start < 2
    assert [found.target for found in made] == [f"Texte {number}" for number in range(800)]


def test_a_line_separator_in_a_translation_is_read_as_a_space(tmp_path: Path) -> None:
    """People paste U+2028 out of word processors, and polib would stop there."""
    reviewed(tmp_path)
    path = tmp_path / "fr.po"
    path.write_text(path.read_text("utf-8").replace("a réuni", "a\u2028réuni"), "utf-8")
    assert entry(catalog(tmp_path, FORUM, TREES), FORUM).target == FRENCH


def test_sticky_flags_of_newer_gettext_are_read(tmp_path: Path) -> None:
    """gettext writes ``#=`` lines that polib does not know."""
    reviewed(tmp_path)
    path = tmp_path / "fr.po"
    path.write_text(path.read_text("utf-8").replace("#: forum", "#= no-wrap\n#: forum"), "utf-8")
    assert entry(catalog(tmp_path, FORUM, TREES), FORUM).state is State.REVIEWED


# Content has no control characters: the importer and the loader remove them.
characters = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], include_characters="\n\t")
texts = st.text(characters, min_size=1, max_size=60).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(sources=st.lists(texts, min_size=1, max_size=6, unique=True), drafts=st.lists(texts, max_size=6))
def test_any_text_round_trips(tmp_path_factory: pytest.TempPathFactory, sources: list[str], drafts: list[str]) -> None:
    """Whatever stands in a catalog is read back the same, and bringing it up to date twice changes nothing."""
    folder = tmp_path_factory.mktemp("po")
    made = catalog(folder, *sources)
    for source, draft in zip(sources, drafts, strict=False):
        made.draft("forum|body", source, draft, notes=["draft"])
    made.save()
    again = catalog(folder, *sources)
    assert list(again) == list(made)
    assert again.save() is False


@pytest.mark.parametrize("language", ["es", "fr", "ca", "pt-BR", "ar", "fa", "ko", "ne"])
def test_msgfmt_accepts_what_we_write(tmp_path: Path, need: Callable[[str], str], language: str) -> None:
    """Drafts, held segments, stale and obsolete entries, in the eight languages: no error, no warning."""
    path = tmp_path / f"{language}.po"
    made = Catalog(path, language=language, project="River Letter 2026-11", state=tmp_path / "state.json")
    made.sync([segment(FORUM), segment(TREES), segment("Gone.", role="title")])
    made.draft("forum|body", FORUM, "x %s {y}\n", notes=["draft"])
    made.draft("forum|body", TREES, "", notes=["held back"])
    made.draft("forum|title", "Gone.", "z", notes=["draft"])
    made.sync([segment(FORUM), segment(EDITED)])
    made.save()
    ran = subprocess.run([need("msgfmt"), "-c", "-o", "/dev/null", path], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
