"""What a reviewer is given: every segment, what is wrong with it, and where to begin."""

from pathlib import Path

from newsletter.model import Segment
from newsletter.translation import review
from newsletter.translation.catalogs import Catalog, Entry, State
from newsletter.translation.checks import Finding
from newsletter.translation.review import Row

OPEN = "The old harbour is open again to everybody who lives near the river."
SHUT = "El viejo puerto vuelve a estar abierto para todos los que viven cerca del río."
TITLE = "A harbour opens"
LINK = "Read [the programme of the week](https://river.example/week) before you come."


def catalog(folder: Path, *segments: Segment) -> Catalog:
    made = Catalog(folder / "es.po", language="es", project="River Letter", state=folder / "es.json")
    made.sync(segments)
    return made


def segment(text: str, role: str = "body", note: str = "") -> Segment:
    return Segment(item="harbour", role=role, text=text, file="harbour.md", line=9, note=note)


def row(number: int, state: State, *levels: str, notes: tuple[str, ...] = ()) -> Row:
    entry = Entry(context="harbour|body", source=str(number), target="x", state=state)
    return Row(entry=entry, findings=tuple(Finding(level=each, message="m") for each in levels), notes=notes)


def test_every_segment_has_a_row_in_reading_order(tmp_path: Path) -> None:
    """What is done stands among what is not, with its state, who signed it and what wrote it."""
    made = catalog(tmp_path, segment(TITLE, "title"), segment(OPEN), segment(LINK))
    made.carry("harbour|title", TITLE, "Abre un puerto")
    made.approve("harbour|title", TITLE, by="Ana")
    made.draft("harbour|body", OPEN, SHUT, notes=["draft by argos"], origin="argos")
    found = review.rows(made, source_language="en")
    assert [each.entry.state for each in found] == [State.APPROVED, State.DRAFT, State.MISSING]
    assert [each.waiting for each in found] == [False, True, True]
    assert (found[0].entry.by, found[1].entry.origin) == ("Ana", "argos")


def test_a_row_says_where_its_entry_stands(tmp_path: Path) -> None:
    """The line is the one at which a text editor shows the entry; before the file is written there is none."""
    made = catalog(tmp_path, segment(TITLE, "title", note="a hint"), segment(OPEN))
    assert [each.line for each in review.rows(made, source_language="en")] == [0, 0]
    made.save()
    found = review.rows(made, source_language="en")
    lines = (tmp_path / "es.po").read_text(encoding="utf-8").splitlines()
    for each, first in zip(found, ("#. a hint", "#: harbour.md"), strict=True):
        assert lines[each.line - 1] == first
    assert (found[0].hint, found[0].place) == ("a hint", "harbour.md:9")


def test_a_stale_row_says_what_changed(tmp_path: Path) -> None:
    """The differences lead from the source that the translation fits to the source of today."""
    made = catalog(tmp_path, segment(OPEN))
    made.carry("harbour|body", OPEN, SHUT)
    edited = OPEN.replace("open", "shut")
    made.sync([segment(edited)])
    (found,) = review.rows(made, source_language="en")
    assert [(each.kind, each.text) for each in found.differences if each.kind != "same"] == [
        ("removed", "open"),
        ("added", "shut"),
    ]


def test_findings_are_those_of_now_and_not_noted_twice(tmp_path: Path) -> None:
    """What the checks once noted in the file is not repeated beside what they find today."""
    made = catalog(tmp_path, segment(LINK))
    text = "Lea el programa de la semana antes de venir."
    made.draft("harbour|body", LINK, text, notes=["draft by argos", "check: old news"], origin="argos")
    (found,) = review.rows(made, source_language="en")
    assert any(each.level == "block" and "river.example/week" in each.message for each in found.findings)
    assert found.notes == ()


def test_a_missing_translation_has_notes_and_no_findings(tmp_path: Path) -> None:
    """Why a draft was held back is said in one piece, however the file wraps it; there is nothing to check."""
    made = catalog(tmp_path, segment(OPEN))
    reason = f"held back: {'the numbers are wrong and ' * 8}so on"
    made.draft("harbour|body", OPEN, "", notes=[reason, "argos wrote: nothing"])
    made.save()
    (found,) = review.rows(catalog(tmp_path, segment(OPEN)), source_language="en")
    assert found.notes == (reason, "argos wrote: nothing")
    assert found.findings == ()


def test_translators_comments_are_kept_apart(tmp_path: Path) -> None:
    """What people wrote into the file is theirs, line by line."""
    made = catalog(tmp_path, segment(OPEN))
    made.draft("harbour|body", OPEN, SHUT, notes=["through en: x"])
    made.save()
    path = tmp_path / "es.po"
    path.write_text(
        path.read_text("utf-8").replace("# newsletter", "# Ana asked:\n# which one?\n# newsletter"), "utf-8"
    )
    (found,) = review.rows(catalog(tmp_path, segment(OPEN)), source_language="en")
    assert (found.remarks, found.notes) == ("Ana asked:\nwhich one?", ("through en: x",))


def test_the_worst_comes_first() -> None:
    """What waits comes before what is accepted, what blocks before what may be, more before less; the rest is left."""
    rows = [
        row(0, State.DRAFT, "info"),
        row(1, State.REVIEWED, "block", "block"),
        row(2, State.DRAFT, "warn"),
        row(3, State.STALE, "warn", "warn"),
        row(4, State.MISSING, notes=("held back: a number",)),
        row(5, State.DRAFT, "block", "warn"),
        row(6, State.APPROVED),
        row(7, State.MISSING),
    ]
    assert [each.entry.source for each in review.first(rows)] == ["5", "4", "3", "2", "1"]
