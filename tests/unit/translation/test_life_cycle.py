"""What counts as a person's word: provenance, sign-off, and the damage that other tools do to the marks."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import polib
import pytest
from babel.messages.pofile import read_po, write_po

from newsletter.errors import TranslationError
from newsletter.model import Segment
from newsletter.translation import template
from newsletter.translation.catalogs import Catalog, Entry, State

NUMBERS = ("one", "two", "three", "four", "five", "six")
TEXTS = [f"The city of number {number} opens its gardens to everybody." for number in NUMBERS]
EDITED = TEXTS[0].replace("opens", "closes")
FRENCH = {text: f"Traduction {n}" for n, text in enumerate(TEXTS)}


def catalog(folder: Path, *texts: str) -> Catalog:
    made = Catalog(folder / "fr.po", language="fr", project="River Letter", state=folder / "fr.json")
    made.sync(map(segment, texts))
    return made


def segment(text: str) -> Segment:
    return Segment(item="gardens", role="body", text=text, file="gardens.md", line=3)


def drafted(folder: Path, *texts: str) -> Catalog:
    """A catalog on disk with a draft of every text."""
    made = catalog(folder, *texts)
    for text in texts:
        made.draft("gardens|body", text, FRENCH[text], notes=["draft"], origin="argos en→fr 1.9")
    made.save()
    return catalog(folder, *texts)


def edit(folder: Path, change: Callable[[polib.POEntry], None], *texts: str) -> None:
    """Somebody's work on some entries, or on all, in a PO editor."""
    po = polib.pofile(str(folder / "fr.po"))
    for entry in po:
        if not texts or entry.msgid in texts:
            change(entry)
    po.save()


def clear(entry: polib.POEntry) -> None:
    entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]


def rewrite(entry: polib.POEntry) -> None:
    clear(entry)
    entry.msgstr = f"Mes mots: {entry.msgstr}"


def states(made: Catalog) -> list[State]:
    return [entry.state for entry in made]


def find(made: Catalog, source: str) -> Entry:
    return next(entry for entry in made if entry.source == source)


def test_a_draft_says_what_wrote_it_until_a_person_accepts_it(tmp_path: Path) -> None:
    """The origin is kept in the state file, and forgotten with the review."""
    assert find(drafted(tmp_path, *TEXTS), TEXTS[0]).origin == "argos en→fr 1.9"
    edit(tmp_path, clear, TEXTS[0])
    catalog(tmp_path, *TEXTS).save()
    accepted = find(catalog(tmp_path, *TEXTS), TEXTS[0])
    assert (accepted.state, accepted.origin) == (State.REVIEWED, "")
    assert len(json.loads((tmp_path / "fr.json").read_text("utf-8"))["entries"]) == 5


def test_a_draft_that_a_person_corrected_is_theirs_although_it_stays_fuzzy(tmp_path: Path) -> None:
    """When its source changes it becomes stale and keeps their words; an untouched draft is drafted anew."""
    drafted(tmp_path, *TEXTS[:1])
    edit(tmp_path, lambda entry: setattr(entry, "msgstr", "Mes mots"))
    mine = find(catalog(tmp_path, EDITED), EDITED)
    assert (mine.target, mine.state, mine.previous) == ("Mes mots", State.STALE, TEXTS[0])
    untouched = tmp_path / "untouched"
    drafted(untouched, *TEXTS[:1])
    assert states(catalog(untouched, EDITED)) == [State.MISSING]


def test_a_draft_whose_text_is_gone_is_dropped_and_a_persons_text_is_kept(tmp_path: Path) -> None:
    """Only what somebody put work into stays in the file as obsolete, and comes back with its mark."""
    drafted(tmp_path, *TEXTS[:2])
    edit(tmp_path, lambda entry: setattr(entry, "msgstr", "Mes mots"), TEXTS[1])
    catalog(tmp_path, "Registration begins.", "Bring an umbrella.").save()
    assert [entry.msgstr for entry in polib.pofile(str(tmp_path / "fr.po")).obsolete_entries()] == ["Mes mots"]
    assert find(catalog(tmp_path, TEXTS[1]), TEXTS[1]).state is State.DRAFT


def test_an_approval_holds_for_one_source_and_one_translation(tmp_path: Path) -> None:
    """Any change of either text undoes it, and the next step is a review, not an approval."""
    drafted(tmp_path, *TEXTS[:2])
    edit(tmp_path, clear)
    made = catalog(tmp_path, *TEXTS[:2])
    for text in TEXTS[:2]:
        made.approve("gardens|body", text, by="Inés")
    made.save()
    approved = find(catalog(tmp_path, *TEXTS[:2]), TEXTS[0])
    assert (approved.state, approved.by) == (State.APPROVED, "Inés")
    edit(tmp_path, rewrite, TEXTS[1])
    assert states(catalog(tmp_path, EDITED, TEXTS[1])) == [State.STALE, State.REVIEWED]


def test_only_a_reviewed_translation_can_be_approved(tmp_path: Path) -> None:
    """A draft must be accepted first."""
    with pytest.raises(ValueError, match="not approved or reviewed"):
        drafted(tmp_path, TEXTS[0]).approve("gardens|body", TEXTS[0], by="Inés")


def test_marks_that_vanish_all_at_once_were_not_read(tmp_path: Path) -> None:
    """OmegaT removes every mark when it writes the file; the drafts stay drafts, and the file gets its marks back."""
    drafted(tmp_path, *TEXTS)
    edit(tmp_path, clear)
    made = catalog(tmp_path, *TEXTS)
    assert (made.restored, set(states(made))) == (6, {State.DRAFT})
    made.save()
    assert all(entry.fuzzy for entry in polib.pofile(str(tmp_path / "fr.po")))


def test_marks_that_a_person_removes_one_by_one_stay_removed(tmp_path: Path) -> None:
    """A reader changes a word here and there, or stops for the night."""
    drafted(tmp_path, *TEXTS)
    edit(tmp_path, rewrite, *TEXTS[:2])
    edit(tmp_path, clear, *TEXTS[2:])
    made = catalog(tmp_path, *TEXTS)
    assert (made.restored, set(states(made))) == (0, {State.REVIEWED})


def test_a_named_person_accepts_everything_as_it_is(tmp_path: Path) -> None:
    """What was read on paper is accepted in one go, and not taken for a tool's damage afterwards."""
    made = drafted(tmp_path, *TEXTS)
    for text in TEXTS:
        made.accept("gardens|body", text)
        made.approve("gardens|body", text, by="Inés")
    made.save()
    after = catalog(tmp_path, *TEXTS)
    assert (after.restored, set(states(after))) == (0, {State.APPROVED})


def test_a_rewritten_paragraph_keeps_its_only_possible_translation(tmp_path: Path) -> None:
    """The translator sees what stood there, even where the new text has nothing in common with the old."""
    drafted(tmp_path, TEXTS[0])
    edit(tmp_path, clear)
    new = "Registration begins next week."
    found = find(catalog(tmp_path, new), new)
    assert (found.state, found.target, found.previous) == (State.STALE, FRENCH[TEXTS[0]], TEXTS[0])


def test_a_damaged_state_file_is_named_and_left_alone(tmp_path: Path) -> None:
    """Without it every draft would count as a person's words, so nothing goes on."""
    drafted(tmp_path, TEXTS[0])
    (tmp_path / "fr.json").write_text("<<<<<<< HEAD", "utf-8")
    with pytest.raises(TranslationError, match=r"fr\.json: the file is damaged"):
        catalog(tmp_path, TEXTS[0])


@contextmanager
def crash(folder: Path) -> Iterator[None]:
    """Let every attempt to write the catalog end after its provenance was written."""
    obstacle = folder / f"fr.po.{os.getpid()}.tmp"
    obstacle.mkdir()
    with pytest.raises(TranslationError, match="cannot be written"):
        yield
    obstacle.rmdir()


def test_a_crash_between_the_two_files_makes_no_draft_a_persons_word(tmp_path: Path) -> None:
    """The provenance is written first: what it records and the PO file lacks is simply missing."""
    made = catalog(tmp_path, *TEXTS)
    made.save()
    made.draft("gardens|body", TEXTS[0], FRENCH[TEXTS[0]], notes=["draft"])
    with crash(tmp_path):
        made.save()
    assert (tmp_path / "fr.json").exists()
    assert set(states(catalog(tmp_path, *TEXTS))) == {State.MISSING}


def test_a_draft_that_a_crash_left_in_the_file_is_still_the_machines(tmp_path: Path) -> None:
    """It was drafted anew, twice, or its text was edited, and the catalog was never written: nobody has read it."""
    drafted(tmp_path, *TEXTS[:2])
    for number in range(2):
        made = catalog(tmp_path, *TEXTS[:2])
        made.discard()
        made.draft("gardens|body", TEXTS[0], f"Autre {number}", notes=["draft"], origin="another")
        with crash(tmp_path):
            made.save()
    with crash(tmp_path):
        catalog(tmp_path, EDITED).save()
    made = catalog(tmp_path, *TEXTS[:2])
    assert [entry.target for entry in made] == [FRENCH[text] for text in TEXTS[:2]]
    assert all(entry.origin for entry in made)
    assert set(states(catalog(tmp_path, EDITED, "Bring an umbrella."))) == {State.MISSING}


def test_two_runs_at_once_keep_the_record_of_both(tmp_path: Path) -> None:
    """Who saves later keeps what the other drafted as a draft of the other's engine, and fills what that left."""
    catalog(tmp_path, *TEXTS).save()
    one, two = catalog(tmp_path, *TEXTS), catalog(tmp_path, *TEXTS)
    for made, name, texts in ((one, "one", TEXTS[:3]), (two, "two", TEXTS[2:4])):
        for text in texts:
            made.draft("gardens|body", text, f"{name}: {text}", notes=["draft"], origin=name)
    one.save()
    two.save()
    found = list(catalog(tmp_path, *TEXTS))
    assert [entry.origin for entry in found] == ["one", "one", "one", "two", "", ""]
    assert all(entry.target.startswith(entry.origin) for entry in found)


def test_an_approval_during_a_run_is_kept(tmp_path: Path) -> None:
    """It changes the record alone, not the catalog; both names are there afterwards."""
    drafted(tmp_path, *TEXTS[:2])
    edit(tmp_path, clear)
    run, desk = catalog(tmp_path, *TEXTS[:3]), catalog(tmp_path, *TEXTS[:2])
    run.draft("gardens|body", TEXTS[2], "Traduit", notes=["draft"], origin="engine")
    run.approve("gardens|body", TEXTS[0], by="Ana")
    desk.approve("gardens|body", TEXTS[1], by="Inés")
    desk.save()
    run.save()
    assert [entry.by for entry in catalog(tmp_path, *TEXTS[:3])] == ["Ana", "Inés", ""]


def test_who_accepts_a_stale_translation_is_heard_although_the_file_was_saved_meanwhile(tmp_path: Path) -> None:
    """The text is new and nowhere in the file yet; somebody else's work on another entry takes nothing away."""
    drafted(tmp_path, *TEXTS[:2])
    edit(tmp_path, clear)
    made = catalog(tmp_path, EDITED, TEXTS[1])
    made.accept("gardens|body", EDITED)
    made.approve("gardens|body", EDITED, by="Inés")
    edit(tmp_path, rewrite, TEXTS[1])
    made.save()
    after = catalog(tmp_path, EDITED, TEXTS[1])
    assert (states(after), find(after, EDITED).by) == ([State.APPROVED, State.REVIEWED], "Inés")


@pytest.mark.parametrize("options", [["--previous"], []])
def test_a_draft_that_msgmerge_gave_to_another_text_is_drafted_anew(
    tmp_path: Path, need: Callable[[str], str], options: list[str]
) -> None:
    """Nobody has read it for the old text, so it is no person's translation of the new one."""
    drafted(tmp_path, *TEXTS[:2])
    edit(tmp_path, rewrite, TEXTS[1])
    template.write(tmp_path / "fr.pot", map(segment, [EDITED, TEXTS[1]]), project="River Letter")
    command = [need("msgmerge"), *options, "--quiet", "--update", "fr.po", "fr.pot"]
    subprocess.run(command, check=True, cwd=tmp_path)
    assert any(entry.msgid == EDITED and entry.fuzzy for entry in polib.pofile(str(tmp_path / "fr.po")))
    assert states(catalog(tmp_path, EDITED, TEXTS[1])) == [State.MISSING, State.REVIEWED]


def test_the_template_is_written_when_the_source_changes(tmp_path: Path) -> None:
    """Not otherwise; a damaged one, as a merge leaves it, is made anew, for nobody works in it."""
    path = tmp_path / "2026-11.pot"
    template.write(path, map(segment, TEXTS), project="River Letter")
    first = path.read_bytes()
    path.write_bytes(first.replace(b"POT-Creation-Date: 20", b"POT-Creation-Date: 19"))
    template.write(path, map(segment, TEXTS), project="River Letter")
    assert b"Creation-Date: 19" in path.read_bytes()
    path.write_bytes(first + b"<<<<<<< HEAD\n")
    template.write(path, map(segment, TEXTS), project="River Letter")
    assert [entry.msgid for entry in polib.pofile(str(path))] == TEXTS


def _all_states(folder: Path) -> Catalog:
    """A catalog on disk with an entry in every state, and a gone one."""
    drafted(folder, *TEXTS)
    edit(folder, clear, *TEXTS[:4])
    made = catalog(folder, *TEXTS)
    made.approve("gardens|body", TEXTS[1], by="Inés")
    made.save()
    now = [EDITED, *TEXTS[1:3], TEXTS[4], "A new paragraph.", "And another."]
    made = catalog(folder, *now)
    made.save()
    made = catalog(folder, *now)
    assert states(made) == [
        State.STALE,
        State.APPROVED,
        State.REVIEWED,
        State.DRAFT,
        State.MISSING,
        State.MISSING,
    ]
    return made


def _gettext(*command: str) -> Callable[[Path, Callable[[str], str]], None]:
    def run(path: Path, need: Callable[[str], str]) -> None:
        program, *arguments = command
        names = [
            str(path) if each == "FILE" else each.replace("POT", str(path.with_suffix(".pot"))) for each in arguments
        ]
        subprocess.run([need(program), *names], check=True, capture_output=True, cwd=path.parent)

    return run


def _polib(path: Path, _need: object) -> None:
    polib.pofile(str(path), wrapwidth=60).save(str(path))


def _babel(path: Path, _need: object) -> None:
    found = read_po(BytesIO(path.read_bytes()))
    with path.open("wb") as file:
        write_po(file, found)


@pytest.mark.parametrize(
    "tool",
    [
        _gettext("msgcat", "FILE", "-o", "FILE"),
        _gettext("msgcat", "--no-wrap", "FILE", "-o", "FILE"),
        _gettext("msgattrib", "--sort-output", "FILE", "-o", "FILE"),
        _gettext("msgmerge", "--previous", "--quiet", "FILE", "POT", "-o", "FILE"),
        _gettext("msgmerge", "--quiet", "--update", "FILE", "POT"),
        _polib,
        _babel,
    ],
)
def test_states_survive_other_tools(
    tmp_path: Path, need: Callable[[str], str], tool: Callable[[Path, Callable[[str], str]], None]
) -> None:
    """gettext, polib and Babel read and write the file; every entry keeps its text, its state and its old source."""
    made = _all_states(tmp_path)
    texts = [entry.source for entry in made]
    template.write(tmp_path / "fr.pot", map(segment, texts), project="River Letter")
    tool(tmp_path / "fr.po", need)
    after = catalog(tmp_path, *texts)
    for one, other in zip(made, after, strict=True):
        assert (other.source, other.target, other.state, other.previous) == (
            one.source,
            one.target,
            one.state,
            one.previous,
        )
    assert [entry.source for entry in after.gone()] == [entry.source for entry in made.gone()]
    after.save()
    assert subprocess.run([need("msgfmt"), "-c", "-o", "/dev/null", "fr.po"], cwd=tmp_path, check=False).returncode == 0
