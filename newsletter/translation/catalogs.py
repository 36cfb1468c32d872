"""The PO file of one issue in one language: read, brought up to date with the source, written.

``fuzzy`` is the review state, so that Poedit, Weblate and a text editor are the review tools. A draft is fuzzy without
a previous text, a stale translation fuzzy with one; what carries no flag was accepted by a person. Only this module and
``po`` touch PO files, and never through Babel, whose reader turns ``#|`` into a comment and whose merge is quadratic.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from textwrap import TextWrapper

import polib
from rapidfuzz import fuzz

from newsletter import dialect
from newsletter.errors import TranslationError
from newsletter.model import Segment
from newsletter.translation import po

NOTE = "newsletter: "
"""What our own translator comments begin with: they survive every PO tool, and go when the entry is reviewed."""

SIMILAR = 60
"""A new text is taken for an edited old one of the same item from this similarity (percent) on, as in gettext."""


class State(StrEnum):
    """How far the translation of one segment is."""

    MISSING = "missing"
    DRAFT = "draft"
    STALE = "stale"
    REVIEWED = "reviewed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One segment of the catalog with its translation and what is noted beside it."""

    context: str
    source: str
    target: str
    state: State
    comment: str = ""


class Catalog:
    """One issue in one language; ``path`` need not exist yet."""

    def __init__(self, path: Path, *, language: str, project: str) -> None:
        self.path = path
        self.language = language
        self._project = project
        self._read: bytes | None = None
        self._po = polib.POFile()
        self._segments: list[Segment] = []
        self._drafts: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
        self._load()

    def __iter__(self) -> Iterator[Entry]:
        """The entries in document order, without those whose source is gone."""
        for entry in self._po:
            if not entry.obsolete:
                yield _entry(entry)

    def sync(self, segments: Iterable[Segment]) -> None:
        """Bring the catalog up to date with the source; a person's words are kept, never overwritten, never lost."""
        self._segments = [
            replace(segment, text=segment.text.translate(dialect.LINE_SEPARATORS)) for segment in segments
        ]
        old = {(entry.msgctxt or "", entry.msgid): entry for entry in self._po}
        wanted = {(segment.context, segment.text) for segment in self._segments}
        orphans = [entry for key, entry in old.items() if key not in wanted and entry.msgstr.strip()]
        new = [segment for segment in self._segments if (segment.context, segment.text) not in old]
        successors = _successors(new, orphans)
        fresh = []
        for segment in self._segments:
            key = (segment.context, segment.text)
            entry = old.get(key) or successors.get(key) or polib.POEntry(msgctxt=key[0], msgid=key[1])
            _refresh(entry, segment)
            fresh.append(entry)
        for entry in orphans:
            entry.obsolete = True
        self._po[:] = [*fresh, *orphans]

    def draft(self, context: str, source: str, text: str, *, notes: Iterable[str]) -> None:
        """Set a machine's translation of a missing segment, to be reviewed; ``notes`` are for the reviewer.

        An empty text leaves the segment missing, with the notes saying why.
        """
        entry = self._po.find(source, msgctxt=context)
        if entry is None or _state(entry) is not State.MISSING:
            raise ValueError(f"{context} is not a missing entry of {self.path}")
        self._drafts[context, source] = (text, tuple(notes))
        self._put(entry)

    def save(self) -> bool:
        """Write the file if its content changed, through a temporary file so that the last good one is never lost.

        Where somebody saved the file since it was read, their words stay, and only what they left missing is drafted.
        """
        if po.read(self.path) != self._read:
            self._load()
            self.sync(self._segments)
            for entry in self._po:
                if (entry.msgctxt, entry.msgid) in self._drafts and _state(entry) is State.MISSING:
                    self._put(entry)
        if self._read is not None and _content(po.parse(self._read, self.path, self.language)) == _content(self._po):
            return False
        complete = po.header(self.language, self._project)
        self._po.metadata = {**complete, **self._po.metadata, "PO-Revision-Date": complete["PO-Revision-Date"]}
        data = f"{self._po}\n".encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.path.with_suffix(".po.tmp")
            temporary.write_bytes(data)
            temporary.replace(self.path)
        except OSError as error:
            raise TranslationError(f"the file cannot be written ({error.strerror}).", where=self.path) from error
        self._read = data
        return True

    def _load(self) -> None:
        self._read = po.read(self.path)
        if self._read is None:
            self._po = polib.POFile(wrapwidth=po.WIDTH, encoding="utf-8")
            self._po.header = f"{self._project} in {self.language}. Remove “fuzzy” from an entry to accept it."
            self._po.metadata = po.header(self.language, self._project)
        else:
            self._po = po.parse(self._read, self.path, self.language)

    def _put(self, entry: polib.POEntry) -> None:
        text, notes = self._drafts[entry.msgctxt or "", entry.msgid]
        entry.msgstr = text
        entry.flags = sorted({*entry.flags, "fuzzy"} if text else {*entry.flags} - {"fuzzy"})
        _note(entry, notes)


def _refresh(entry: polib.POEntry, segment: Segment) -> None:
    """What the source says of an entry, and what an accepted one needs no longer."""
    entry.obsolete = False
    entry.comment = segment.note
    entry.occurrences = [(segment.file, str(segment.line) if segment.line else "")]
    if _state(entry) is State.REVIEWED:
        entry.tcomment = _without_notes(entry.tcomment)
        # Who accepts in a text editor removes the flag alone; the old source would mislead at the next edit.
        entry.previous_msgid = entry.previous_msgctxt = None


def _successors(new: list[Segment], orphans: list[polib.POEntry]) -> dict[tuple[str, str], polib.POEntry]:
    """For each new text the entry of the old text that it comes from; those leave the orphans.

    The same words in the same role are the same segment in another place, such as a renamed item, and keep their
    review. Otherwise the most similar pairs of an item find each other first. An unreviewed draft is not worth
    keeping: it will be drafted anew.
    """
    pairs = [
        (score, number, entry)
        for number, segment in enumerate(new)
        for entry in orphans
        if (score := _kinship(segment, entry)) >= SIMILAR
    ]
    found: dict[tuple[str, str], polib.POEntry] = {}
    for _score, number, entry in sorted(pairs, key=lambda pair: -pair[0]):
        segment = new[number]
        if (segment.context, segment.text) not in found and any(entry is orphan for orphan in orphans):
            orphans[:] = [orphan for orphan in orphans if orphan is not entry]
            found[segment.context, segment.text] = _successor(segment, entry)
    return found


def _kinship(segment: Segment, entry: polib.POEntry) -> float:
    """How likely ``entry`` translates what became ``segment``, in percent; over 100 where only its place changed."""
    item, _, role = (entry.msgctxt or "").partition("|")
    same_words, same_role = _words(entry.msgid) == _words(segment.text), role == segment.role
    if same_words and (same_role or _state(entry) is not State.DRAFT):
        return 110 + 2 * same_role + (item == segment.item)
    if item != segment.item or _state(entry) is State.DRAFT:
        return 0
    return float(fuzz.ratio(entry.msgid, segment.text))


def _successor(segment: Segment, old: polib.POEntry) -> polib.POEntry:
    """The entry for a text that comes from another entry's.

    A change of place, of white space or of quotation marks keeps the review; any other makes the translation stale,
    with the oldest source it is known to fit beside it.
    """
    entry = polib.POEntry(
        msgctxt=segment.context, msgid=segment.text, msgstr=old.msgstr, flags=list(old.flags), tcomment=old.tcomment
    )
    entry.previous_msgid = old.previous_msgid
    role = (old.msgctxt or "").partition("|")[2]
    if _words(old.msgid) != _words(segment.text) or role != segment.role:
        entry.flags = sorted({*entry.flags, "fuzzy"})
        entry.previous_msgid = old.previous_msgid or old.msgid
    return entry


def _note(entry: polib.POEntry, notes: Iterable[str]) -> None:
    """Set our own comment, wrapped here: polib would wrap it too, and a wrapped line would not look like ours."""
    wrap = TextWrapper(width=po.WIDTH - len("# "), initial_indent=NOTE, subsequent_indent=f"{NOTE}  ")
    ours = [line for note in notes for line in wrap.wrap(" ".join(note.split()))]
    kept = _without_notes(entry.tcomment)
    entry.tcomment = "\n".join([*([kept] if kept else []), *ours])


def _without_notes(comment: str) -> str:
    return "\n".join(line for line in comment.splitlines() if not line.startswith(NOTE))


def _words(text: str) -> str:
    """The text without what an editor changes without changing the meaning."""
    return re.sub(r"\s+", " ", text.translate(str.maketrans("“”„«»‘’", '"""""\'\''))).strip()


def _state(entry: polib.POEntry) -> State:
    if not entry.msgstr.strip():
        return State.MISSING
    if not entry.fuzzy:
        return State.REVIEWED
    return State.STALE if entry.previous_msgid else State.DRAFT


def _entry(entry: polib.POEntry) -> Entry:
    return Entry(
        context=entry.msgctxt or "",
        source=entry.msgid,
        target=entry.msgstr,
        state=_state(entry),
        comment=entry.tcomment,
    )


def _content(file: polib.POFile) -> list[tuple[object, ...]]:
    """What matters of a file: its entries, not its wrapping or its header's dates."""
    return [
        (
            e.msgctxt,
            e.msgid,
            e.msgstr,
            sorted(e.flags),
            e.previous_msgid,
            e.comment,
            e.tcomment,
            e.occurrences,
            e.obsolete,
        )
        for e in file
    ]
