"""The PO file of one issue in one language: read, brought up to date with the source, written.

``fuzzy`` is the review state, so that Poedit, Weblate and a text editor are the review tools. A draft is fuzzy without
a previous text, a stale translation fuzzy with one; what carries no flag was accepted by a person. An entry names the
file of its source, never the line: a paragraph more would otherwise change every entry below it. Only this module and
``marks``, ``merge``, ``parsing`` and ``po`` touch PO files, and never through Babel, whose reader turns ``#|`` into a
comment and whose merge is quadratic.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import polib

from newsletter.model import Segment
from newsletter.translation import marks, merge, parsing, po
from newsletter.translation.merge import Key
from newsletter.translation.provenance import Provenance


class State(StrEnum):
    """How far the translation of one segment is."""

    MISSING = "missing"
    DRAFT = "draft"
    STALE = "stale"
    REVIEWED = "reviewed"
    APPROVED = "approved"


ACCEPTED = frozenset({State.REVIEWED, State.APPROVED})
"""The states that a person's acceptance makes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One segment of the catalog with its translation and what is noted beside it.

    ``previous`` is the source that a stale translation fits, ``by`` whoever approved it, ``origin`` what wrote the
    draft, empty where a person did; ``place`` is the file and line of the source, known once it was synced.
    """

    context: str
    source: str
    target: str
    state: State
    comment: str = ""
    previous: str = ""
    origin: str = ""
    by: str = ""
    place: str = field(default="", compare=False)

    @property
    def item(self) -> str:
        """The id of the item it belongs to."""
        return self.context.partition("|")[0]

    @property
    def role(self) -> str:
        """What it is in its item: title, body, alt …"""
        return self.context.partition("|")[2]


class Catalog:
    """One issue in one language; neither ``path`` nor ``state``, the file of its provenance, need exist yet.

    ``restored`` counts the marks of drafts and stale translations that a tool had removed all at once; they are back.
    """

    def __init__(self, path: Path, *, language: str, project: str, state: Path) -> None:
        self.path = path
        self.language = language
        self.restored = 0
        self._read: bytes | None = None
        self._content: list[tuple[object, ...]] | None = None
        self._project = project
        self._state_file = state
        self._segments: list[Segment] | None = None
        self._places: dict[Key, str] = {}
        self._changes: list[_Change] = []
        self._load()

    def __iter__(self) -> Iterator[Entry]:
        """The entries in document order, without those whose source is gone."""
        return (self._entry(entry) for entry in self._po if not entry.obsolete)

    def gone(self) -> Iterator[Entry]:
        """The entries whose source is gone, for the memory."""
        return (self._entry(entry) for entry in self._po if entry.obsolete)

    @property
    def revised(self) -> datetime | None:
        """When the file was last changed, as far as its header says."""
        return po.revised(self._po.metadata)

    def sync(self, segments: Iterable[Segment]) -> None:
        """Bring the catalog up to date with the source; a person's words are kept, never overwritten, never lost."""
        self._segments = [replace(segment, text=po.plain(segment.text)) for segment in segments]
        self._places = {(each.context, each.text): f"{each.file}:{each.line}" for each in self._segments}
        # Where a merge left two entries, the one with words counts, and of those the one whose source is not gone.
        old = {_key(entry): entry for entry in sorted(self._po, key=lambda e: (bool(e.msgstr.strip()), not e.obsolete))}
        wanted = {(segment.context, segment.text) for segment in self._segments}
        orphans = [entry for key, entry in old.items() if key not in wanted and entry.msgstr.strip()]
        new = [segment for segment in self._segments if (segment.context, segment.text) not in old]
        found = merge.successors(new, orphans, machine=self._machine)
        fresh = []
        for segment in self._segments:
            key = (segment.context, segment.text)
            entry = old.get(key)
            if entry is None and key in found:
                entry = self._succeed(segment, found[key])
            entry = entry or polib.POEntry(msgctxt=key[0], msgid=key[1])
            po.describe(entry, segment)
            if self._state(entry) in ACCEPTED:
                po.accepted(entry)
            fresh.append(entry)
        used = {id(entry) for entry in found.values()}
        left = [entry for entry in orphans if id(entry) not in used and not self._machine(entry)]
        for entry in left:
            entry.obsolete = True
        self._po[:] = [*fresh, *left]

    def draft(self, context: str, source: str, text: str, *, notes: Iterable[str], origin: str = "") -> None:
        """Set a machine's translation of a missing segment, to be reviewed; ``notes`` are for the reviewer.

        An empty text leaves the segment missing, with the notes saying why.
        """
        said = list(notes)

        def write(entry: polib.POEntry) -> None:
            entry.msgstr = text
            marks.mark(entry, fuzzy=bool(text))
            po.note(entry, said)
            if text:
                self._provenance.drafted(context, source, text, origin=origin)

        self._change(self._find(context, source, State.MISSING), write)

    def discard(self, items: Collection[str] | None = None) -> None:
        """Make the drafts that nobody touched missing again, all or those of some items, to be drafted anew."""

        def empty(entry: polib.POEntry) -> None:
            entry.msgstr = ""
            marks.mark(entry, fuzzy=False)

        for entry in self._po:
            chosen = items is None or (entry.msgctxt or "").partition("|")[0] in items
            if chosen and not entry.obsolete and self._machine(entry):
                self._change(entry, empty)

    def carry(self, context: str, source: str, text: str) -> None:
        """Set what a person accepted for the very same text in the very same place of another issue."""

        def write(entry: polib.POEntry) -> None:
            entry.msgstr = text
            po.accepted(entry)

        self._change(self._find(context, source, State.MISSING), write)

    def accept(self, context: str, source: str) -> None:
        """Take a draft or a stale translation for a person's word, as it is."""

        def clear(entry: polib.POEntry) -> None:
            marks.mark(entry, fuzzy=False)
            po.accepted(entry)

        self._change(self._find(context, source, State.DRAFT, State.STALE), clear)

    def approve(self, context: str, source: str, *, by: str) -> None:
        """Sign a reviewed translation; any change of either text undoes it."""
        self._change(
            self._find(context, source, *ACCEPTED),
            lambda entry: self._provenance.approved(context, source, entry.msgstr, by=by),
        )

    def save(self) -> bool:
        """Write the file if its content changed, through a temporary file so that the last good one is never lost.

        Where somebody saved the file since it was read, their words stay, and only what they left as it was changes.
        """
        with po.alone(self.path.parent):
            while (written := self._write()) is None:
                self._reload()
            self._provenance.settle(self._recorded())
            self._provenance.save()
        self._changes.clear()
        return written

    def _write(self) -> bool | None:
        """Write the file if there is something new in it; None where somebody was faster."""
        if po.read(self.path) != self._read or self._provenance.outdated:
            return None
        for entry in self._po:
            if self._state(entry) is State.STALE or (entry.obsolete and entry.fuzzy):
                self._provenance.stale(*_key(entry), entry.msgstr, previous=entry.previous_msgid or "")
        self._provenance.save()
        if (content := po.content(self._po)) == self._content:
            return False
        self._po.metadata = po.completed(self._po.metadata, self.language, self._project)
        data = f"{self._po}\n".encode()
        if not po.write_over(self._read, self.path, data):
            return None
        self._read, self._content = data, content
        return True

    def _load(self) -> None:
        self._provenance = Provenance(self._state_file)
        self._read, self._content = po.read(self.path), None
        if self._read is None:
            self._po = polib.POFile(wrapwidth=po.WIDTH, encoding="utf-8")
            self._po.header = f"{self._project} in {self.language}. Remove “fuzzy” from an entry to accept it."
        else:
            self._po = parsing.parse(self._read, self.path, self.language)
            self._content = po.content(self._po)
            self.restored = marks.restore(self._po, self._provenance)

    def _reload(self) -> None:
        """Read the files again, and repeat the changes of those entries that nobody else changed."""
        changes, self._changes = self._changes, []
        self._load()
        if self._segments is not None:
            self.sync(self._segments)
        entries = {_key(entry): entry for entry in self._po}
        for change in changes:
            entry = entries.get(change.key)
            if entry is not None and _look(entry) == change.before:
                self._change(entry, change.apply)

    def _change(self, entry: polib.POEntry, apply: Callable[[polib.POEntry], None]) -> None:
        self._changes.append(_Change(_key(entry), _look(entry), apply))
        apply(entry)

    def _succeed(self, segment: Segment, old: polib.POEntry) -> polib.POEntry:
        entry = merge.succeed(segment, old)
        if self._machine(old):
            record = self._provenance.find(*_key(old))
            self._provenance.drafted(*_key(entry), old.msgstr, origin=record.origin if record else "")
        return entry

    def _recorded(self) -> Iterator[Key]:
        """The entries that have a record; a draft that a person accepted is nobody's draft any more."""
        for entry in self._po:
            known = self._state(entry) in {State.STALE, State.APPROVED} or self._machine(entry)
            if known or (entry.obsolete and entry.fuzzy):
                yield _key(entry)

    def _machine(self, entry: polib.POEntry) -> bool:
        """Whether the text is, unread and untouched, what a machine wrote."""
        record = self._provenance.find(*_key(entry))
        return record is not None and record.state == "draft" and record.holds(entry.msgstr) and bool(entry.fuzzy)

    def _state(self, entry: polib.POEntry) -> State:
        if not entry.msgstr.strip():
            return State.MISSING
        if entry.fuzzy:
            return State.STALE if entry.previous_msgid else State.DRAFT
        record = self._provenance.find(*_key(entry))
        signed = record is not None and record.state == "approved" and record.holds(entry.msgstr)
        return State.APPROVED if signed else State.REVIEWED

    def _find(self, context: str, source: str, *states: State) -> polib.POEntry:
        entry = self._po.find(source, msgctxt=context)
        if entry is None or self._state(entry) not in states:
            raise ValueError(f"{context} of {self.path} is not {' or '.join(sorted(states))}")
        return entry

    def _entry(self, entry: polib.POEntry) -> Entry:
        state, record = self._state(entry), self._provenance.find(*_key(entry))
        return Entry(
            context=entry.msgctxt or "",
            source=entry.msgid,
            target=entry.msgstr,
            state=state,
            comment=entry.tcomment,
            previous=(entry.previous_msgid or "") if state is State.STALE else "",
            origin=record.origin if record and self._machine(entry) else "",
            by=record.by if record and state is State.APPROVED else "",
            place=self._places.get(_key(entry), ""),
        )


@dataclass(frozen=True, slots=True)
class _Change:
    """What was done to an entry that looked like ``before``."""

    key: Key
    before: tuple[str, bool]
    apply: Callable[[polib.POEntry], None]


def _key(entry: polib.POEntry) -> Key:
    return entry.msgctxt or "", entry.msgid


def _look(entry: polib.POEntry) -> tuple[str, bool]:
    return entry.msgstr, bool(entry.fuzzy)
