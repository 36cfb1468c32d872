"""What holds of a catalog whatever was written, edited, reviewed or damaged: found out with random work on it."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import polib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.model import Segment
from newsletter.translation.catalogs import Catalog, State

WORDS = ["city", "river", "forum", "centre", "opens", "garden", "bridge", "water", "people", "council", "old", "new"]
WORK = ("draft", "correct", "accept", "approve", "clear all", "forget", "hold", "comment")

LONG = f"https://river-cities.example/{'a-long-address-' * 8}{'AnAddressWithoutAnyPlaceToBreak' * 4}"

# Content has no control characters: the importer and the loader remove them.
characters = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], include_characters="\n\t")
sentences = st.lists(st.sampled_from(WORDS), min_size=4, max_size=14).map(" ".join)
texts = sentences | st.text(characters, min_size=1, max_size=60).filter(str.strip)
segments = st.builds(
    Segment,
    item=st.sampled_from(["forum", "trees", "issue"]),
    role=st.sampled_from(["body", "title", "li"]),
    text=texts,
    file=st.sampled_from(["forum.md", "01 our forum.md", "the-" * 25 + "forum.md"]),
    line=st.integers(1, 300),
    note=st.sampled_from(
        ["", "a short label above the title", f"glossary: {'member-city = ville-membre; ' * 5}\n{LONG}"]
    ),
)
sources = st.lists(segments, min_size=1, max_size=7, unique_by=lambda each: (each.context, each.text))
work = st.lists(st.tuples(st.sampled_from(WORK), st.integers(0, 6)), max_size=12)


def opened(folder: Path) -> Catalog:
    return Catalog(folder / "fr.po", language="fr", project="River Letter", state=folder / "fr.json")


def synced(folder: Path, source: Sequence[Segment]) -> Catalog:
    made = opened(folder)
    made.sync(source)
    return made


def do(folder: Path, source: Sequence[Segment], what: str, number: int) -> None:
    """One thing that newsletter, a person or another program does to one entry, or to all."""
    made = synced(folder, source)
    found = list(made)[number % len(source)]
    place = (found.context, found.source)
    if what == "draft" and found.state is State.MISSING:
        made.draft(*place, f"machine: {found.source[::-1]}", notes=["draft by an engine", LONG], origin="an engine")
    elif what == "hold" and found.state is State.MISSING:
        made.draft(*place, "", notes=["held back: no reason"])
    elif what == "accept" and found.state in {State.DRAFT, State.STALE}:
        made.accept(*place)
    elif what == "approve" and found.state is State.REVIEWED:
        made.approve(*place, by="Inés")
    elif what == "forget":
        made.discard()
    made.save()
    if what in {"correct", "clear all", "comment"}:
        edit(folder, what, found.source)


def edit(folder: Path, what: str, source: str) -> None:
    """A person's, or another program's, way with the file."""
    file = polib.pofile(str(folder / "fr.po"), wrapwidth=78)
    for entry in file:
        if what == "correct" and entry.msgid == source:
            entry.msgstr, entry.flags = f"Mes mots {entry.msgid}", ["x-mine"]
        elif what == "comment" and entry.msgid == source:
            entry.tcomment += "\nAsk Inés."
        elif what == "clear all":
            entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]
    file.save(str(folder / "fr.po"))


def worked(folder: Path, source: Sequence[Segment], steps: Sequence[tuple[str, int]]) -> None:
    synced(folder, source).save()
    for what, number in steps:
        do(folder, source, what, number)
    synced(folder, source).save()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def written(folder: Path) -> dict[tuple[str | None, str], str]:
    """The entries as they stand in the file, without those whose source is gone."""
    file = polib.pofile(str(folder / "fr.po"), wrapwidth=78)
    return {(entry.msgctxt, entry.msgid): str(entry) for entry in file if not entry.obsolete}


@settings(max_examples=40, deadline=None)
@given(before=sources, after=sources, steps=work)
def test_bringing_it_up_to_date_twice_is_doing_it_once(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[Segment],
    after: list[Segment],
    steps: list[tuple[str, int]],
) -> None:
    """In memory and on disk, after any work and any edit of the source; a person's words are all still there."""
    folder = tmp_path_factory.mktemp("po")
    worked(folder, before, steps)
    mine = {entry.target for entry in opened(folder) if entry.target.startswith("Mes mots")}
    made = synced(folder, after)
    once = [*made], [*made.gone()]
    made.sync(after)
    assert ([*made], [*made.gone()]) == once
    made.save()
    left = files(folder)
    again = synced(folder, after)
    assert ([*again], [*again.gone()]) == once
    assert again.save() is False
    assert files(folder) == left
    assert mine <= {entry.target for entry in (*again, *again.gone())}


@settings(max_examples=40, deadline=None)
@given(source=sources, steps=work, new=segments, data=st.data())
def test_a_paragraph_more_or_less_or_elsewhere_changes_no_other_entry(
    tmp_path_factory: pytest.TempPathFactory,
    source: list[Segment],
    steps: list[tuple[str, int]],
    new: Segment,
    data: st.DataObject,
) -> None:
    """Byte for byte in the file, whatever state the others are in and on whatever lines they stand now."""
    folder = tmp_path_factory.mktemp("po")
    worked(folder, source, steps)
    before = written(folder)
    number = data.draw(st.integers(0, len(source) - 1))
    changed = [*source]
    what = data.draw(st.sampled_from(["insert", "delete", "move"]))
    if what == "insert":
        changed.insert(number, new)
    else:
        gone = changed.pop(number)
        if what == "move":
            changed.insert(data.draw(st.integers(0, len(changed))), gone)
    below = [Segment(item=s.item, role=s.role, text=s.text, file=s.file, line=s.line + 3, note=s.note) for s in changed]
    unique = {(each.context, each.text): each for each in reversed(below)}
    synced(folder, [each for each in below if unique[each.context, each.text] is each]).save()
    after = written(folder)
    kept = [key for key in before if key in unique]
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=sources, after=sources, steps=work)
def test_gettext_accepts_every_file(
    tmp_path_factory: pytest.TempPathFactory,
    need: Callable[[str], str],
    before: list[Segment],
    after: list[Segment],
    steps: list[tuple[str, int]],
) -> None:
    """Without an error or a warning, after any work and any edit of the source."""
    folder = tmp_path_factory.mktemp("po")
    worked(folder, before, steps)
    synced(folder, after).save()
    command = [need("msgfmt"), "-c", "-o", "/dev/null", str(folder / "fr.po")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
