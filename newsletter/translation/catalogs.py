"""The PO file of one issue in one language: read, brought up to date with the source, written.

``fuzzy`` is the review state, so that Poedit, Weblate and a text editor are the review tools. A draft is fuzzy without
a previous text, a stale translation fuzzy with one; what carries no flag was accepted by a person. Only this module,
``merge`` and ``po`` touch PO files, and never through Babel, whose reader turns ``#|`` into a comment and whose merge
is quadratic.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import polib

from newsletter import dialect
from newsletter.model import Segment
from newsletter.translation import merge, po
from newsletter.translation.merge import Key
from newsletter.translation.provenance import Provenance, digest

LOST_AT_ONCE = 5
"""So many marks or more, and over 80 % of all, gone without a changed word between two readings, were no reader."""


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
    draft, empty where a person did.
    """

    context: str
    source: str
    target: str
    state: State
    comment: str = ""
    previous: str = ""
    origin: str = ""
    by: str = ""

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
        self._project = project
        self._read: bytes | None = None
        self._po = polib.POFile()
        self._provenance = Provenance(state)
        self._segments: list[Segment] = []
        self._changes: dict[Key, polib.POEntry] = {}
        self._load()

    def __iter__(self) -> Iterator[Entry]:
        """The entries in document order, without those whose source is gone."""
        return (self._entry(entry) for entry in self._po if not entry.obsolete)

    def gone(self) -> Iterator[Entry]:
        """The entries whose source is gone, for the memory."""
        return (self._entry(entry) for entry in self._po if entry.obsolete)

    def sync(self, segments: Iterable[Segment]) -> None:
        """Bring the catalog up to date with the source; a person's words are kept, never overwritten, never lost."""
        self._segments = [
            replace(segment, text=segment.text.translate(dialect.LINE_SEPARATORS)) for segment in segments
        ]
        old = {_key(entry): entry for entry in self._po}
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
            self._refresh(entry, segment)
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
        entry = self._find(context, source, State.MISSING)
        entry.msgstr = text
        entry.flags = sorted({*entry.flags, "fuzzy"} if text else {*entry.flags} - {"fuzzy"})
        po.note(entry, notes)
        if text:
            self._provenance.drafted(context, source, text, origin=origin)
        self._changes[_key(entry)] = entry

    def discard(self, items: Collection[str] | None = None) -> None:
        """Make the drafts that nobody touched missing again, all or those of some items, to be drafted anew."""
        for entry in self._po:
            chosen = items is None or (entry.msgctxt or "").partition("|")[0] in items
            if chosen and not entry.obsolete and self._machine(entry):
                entry.msgstr, entry.flags = "", []

    def carry(self, context: str, source: str, text: str) -> None:
        """Set what a person accepted for the very same text in the very same place of another issue."""
        entry = self._find(context, source, State.MISSING)
        entry.msgstr = text
        self._changes[_key(entry)] = entry

    def accept(self, context: str, source: str) -> None:
        """Take a draft or a stale translation for a person's word, as it is."""
        entry = self._find(context, source, State.DRAFT, State.STALE)
        entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]
        po.accepted(entry)
        self._changes[_key(entry)] = entry

    def approve(self, context: str, source: str, *, by: str) -> None:
        """Sign a reviewed translation; any change of either text undoes it."""
        entry = self._find(context, source, *ACCEPTED)
        self._provenance.approved(context, source, entry.msgstr, by=by)

    def save(self) -> bool:
        """Write the file if its content changed, through a temporary file so that the last good one is never lost.

        Where somebody saved the file since it was read, their words stay, and only what they left as it was changes.
        """
        if po.read(self.path) != self._read:
            self._reload()
        self._record()
        if self._read is not None and po.same(po.parse(self._read, self.path, self.language), self._po):
            self._provenance.save()
            return False
        complete = po.header(self.language, self._project)
        self._po.metadata = {**complete, **self._po.metadata, "PO-Revision-Date": complete["PO-Revision-Date"]}
        data = f"{self._po}\n".encode()
        # The provenance first: a draft that is not recorded would count as a person's words.
        self._provenance.save()
        po.write(self.path, data)
        self._read = data
        return True

    def template(self, path: Path) -> None:
        """Write the source texts alone as a ``.pot`` file, for tools that update a catalog from one."""
        blank = polib.POFile(wrapwidth=po.WIDTH, encoding="utf-8")
        blank.metadata = {**po.header(self.language, self._project), "Language": "", "Language-Team": ""}
        for segment in self._segments:
            entry = polib.POEntry(msgctxt=segment.context, msgid=segment.text)
            self._refresh(entry, segment)
            blank.append(entry)
        read = po.read(path)
        if read is None or not po.same(po.parse(read, path, ""), blank):
            po.write(path, f"{blank}\n".encode())

    def _load(self) -> None:
        self._read = po.read(self.path)
        if self._read is None:
            self._po = polib.POFile(wrapwidth=po.WIDTH, encoding="utf-8")
            self._po.header = f"{self._project} in {self.language}. Remove “fuzzy” from an entry to accept it."
            self._po.metadata = po.header(self.language, self._project)
        else:
            self._po = po.parse(self._read, self.path, self.language)
            self._restore()

    def _reload(self) -> None:
        read = po.parse(self._read or b"", self.path, self.language)
        before = {_key(entry): (entry.msgstr, entry.fuzzy) for entry in read}
        self._load()
        self.sync(self._segments)
        for position, entry in enumerate(self._po):
            change = self._changes.get(_key(entry))
            untouched = before.get(_key(entry), ("", False)) == (entry.msgstr, entry.fuzzy)
            if change is not None and untouched:
                self._po[position] = change

    def _restore(self) -> None:
        """Put back what tools destroy: all marks at once (OmegaT), old sources and marks of gone entries (Babel)."""
        waiting = [
            (entry, record)
            for entry in self._po
            if (record := self._provenance.find(*_key(entry))) and record.state != "approved" and entry.msgstr
        ]
        unchanged = [(entry, record) for entry, record in waiting if digest(entry.msgstr) == record.text]
        lost = [entry for entry, _record in unchanged if not entry.fuzzy and not entry.obsolete]
        at_once = len(lost) >= LOST_AT_ONCE and len(lost) > 0.8 * sum(not entry.obsolete for entry, _ in waiting)
        for entry, record in unchanged:
            if entry.obsolete or at_once:
                entry.flags = sorted({*entry.flags, "fuzzy"})
            if entry.fuzzy and record.previous:
                entry.previous_msgid = record.previous
        if at_once:
            self.restored = len(lost)
            for entry in lost:
                po.note(entry, ["the mark “fuzzy” was removed from everything at once, so nobody can have read it"])

    def _succeed(self, segment: Segment, old: polib.POEntry) -> polib.POEntry:
        entry = merge.succeed(segment, old)
        if self._machine(old):
            record = self._provenance.find(*_key(old))
            self._provenance.drafted(*_key(entry), old.msgstr, origin=record.origin if record else "")
        return entry

    def _refresh(self, entry: polib.POEntry, segment: Segment) -> None:
        """What the source says of an entry, and what an accepted one needs no longer."""
        entry.obsolete = False
        entry.comment = segment.note
        entry.occurrences = [(segment.file, str(segment.line) if segment.line else "")]
        if self._state(entry) in ACCEPTED:
            po.accepted(entry)

    def _record(self) -> None:
        """Bring the records in line with the entries; a draft that a person accepted is nobody's draft any more."""
        known = set()
        for entry in self._po:
            state, kept = self._state(entry), entry.obsolete and entry.fuzzy
            if state is State.STALE or kept:
                self._provenance.stale(*_key(entry), entry.msgstr, previous=entry.previous_msgid or "")
            if state in {State.STALE, State.APPROVED} or kept or self._machine(entry):
                known.add(_key(entry))
        self._provenance.keep(known)

    def _machine(self, entry: polib.POEntry) -> bool:
        """Whether the text is, unread and untouched, what a machine wrote."""
        record = self._provenance.find(*_key(entry))
        drafted = record is not None and record.state == "draft" and record.text == digest(entry.msgstr)
        return drafted and bool(entry.fuzzy)

    def _state(self, entry: polib.POEntry) -> State:
        if not entry.msgstr.strip():
            return State.MISSING
        if entry.fuzzy:
            return State.STALE if entry.previous_msgid else State.DRAFT
        record = self._provenance.find(*_key(entry))
        signed = record is not None and record.state == "approved" and record.text == digest(entry.msgstr)
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
        )


def _key(entry: polib.POEntry) -> Key:
    return entry.msgctxt or "", entry.msgid
