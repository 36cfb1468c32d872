"""Puts back what other tools destroy in a catalog: the marks of what nobody has read, and the old sources."""

from collections.abc import Sequence

import polib

from newsletter.translation import po
from newsletter.translation.provenance import Provenance, Record, digest

LOST_AT_ONCE = 5
"""So many marks or more, and over 80 % of all, gone without a changed word between two readings, were no reader."""


def restore(entries: Sequence[polib.POEntry], provenance: Provenance) -> int:
    """Mend the entries of a file that was read; how many marks a tool had removed all at once.

    OmegaT removes every mark when it writes a file, Babel turns old sources into comments and forgets the marks of gone
    entries, and msgmerge takes a draft for the translation of another text.
    """
    _drop_strays(entries, provenance)
    waiting = [
        (entry, record)
        for entry in entries
        if (record := _record(entry, provenance)) and record.state != "approved" and entry.msgstr
    ]
    unchanged = [(entry, record) for entry, record in waiting if record.holds(entry.msgstr)]
    lost = [entry for entry, _record in unchanged if not entry.fuzzy and not entry.obsolete]
    at_once = len(lost) >= LOST_AT_ONCE and len(lost) > 0.8 * sum(not entry.obsolete for entry, _record in waiting)
    for entry, record in unchanged:
        if entry.obsolete or at_once:
            mark(entry, fuzzy=True)
        if entry.fuzzy and record.previous:
            entry.previous_msgid = record.previous
    if not at_once:
        return 0
    for entry in lost:
        po.note(entry, ["the mark “fuzzy” was removed from everything at once, so nobody can have read it"])
    return len(lost)


def mark(entry: polib.POEntry, *, fuzzy: bool) -> None:
    """Set or remove the mark; the other flags stay."""
    if bool(entry.fuzzy) != fuzzy:
        others = [flag for flag in entry.flags if flag != "fuzzy"]
        entry.flags = ["fuzzy", *others] if fuzzy else others


def _drop_strays(entries: Sequence[polib.POEntry], provenance: Provenance) -> None:
    """Make missing what a tool filled with the draft of a text that is gone: nobody has put work into it."""
    live = {(entry.msgctxt or "", digest(entry.msgid)) for entry in entries if not entry.obsolete}
    gone = [record for record in provenance.drafts() if (record.context, record.source) not in live]
    for entry in entries if gone else ():
        waits = entry.fuzzy and not entry.obsolete and not _record(entry, provenance)
        if waits and any(record.holds(entry.msgstr) for record in gone):
            entry.msgstr, entry.previous_msgid, entry.previous_msgctxt = "", None, None
            mark(entry, fuzzy=False)


def _record(entry: polib.POEntry, provenance: Provenance) -> Record | None:
    return provenance.find(entry.msgctxt or "", entry.msgid)
