"""What a PO file cannot hold: which text a machine wrote, what a stale translation fitted, and who approved what.

Kept as ``state/<language>.json`` beside the catalogs, one record for each entry, so that no tool's habits decide what
counts as read. A fuzzy text that is byte for byte what was recorded as a draft is the machine's; an approval holds for
exactly one source and one translation.

The file is written before the catalog that it belongs to, and then says of both what is there now and what will be: a
crash between the two leaves no machine's text without its record.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from newsletter.errors import TranslationError
from newsletter.translation import po

_VERSION = 1


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of one entry; ``source`` and ``text`` are hashes, times are UTC.

    ``draft``: ``origin`` wrote ``text``, and a crash may have left one of ``former`` in its place. ``stale``: a
    person's ``text`` fitted ``previous``, not the source of today. ``approved``: ``by`` approved ``text`` as the
    translation of ``source``.
    """

    context: str
    source: str
    text: str
    former: tuple[str, ...] = ()
    state: Literal["draft", "stale", "approved"]
    origin: str = ""
    previous: str = ""
    by: str = ""
    at: str = ""

    def holds(self, text: str) -> bool:
        """Whether it is about this very text."""
        return digest(text) in (self.text, *self.former)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    entries: list[Record]


class Provenance:
    """The records of one catalog, by context and source text; ``path`` need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = po.read(path)
        self._records = {(record.context, record.source): record for record in _decode(self._read, path)}

    def find(self, context: str, source: str) -> Record | None:
        """The record of an entry, if there is one."""
        return self._records.get((context, digest(source)))

    @property
    def outdated(self) -> bool:
        """Whether another process wrote the file since it was read."""
        return po.read(self.path) != self._read

    def drafts(self) -> Iterator[Record]:
        """The records of all drafts."""
        return (record for record in self._records.values() if record.state == "draft")

    def drafted(self, context: str, source: str, text: str, *, origin: str) -> None:
        """Note that a machine, or the memory, wrote ``text``."""
        self._put(context, source, Record(context=context, source="", text=text, state="draft", origin=origin))

    def stale(self, context: str, source: str, text: str, *, previous: str) -> None:
        """Note that ``text`` is a person's, and that ``previous`` is the source it fits."""
        self._put(context, source, Record(context=context, source="", text=text, state="stale", previous=previous))

    def approved(self, context: str, source: str, text: str, *, by: str) -> None:
        """Note who approved ``text`` as the translation of ``source``."""
        self._put(context, source, Record(context=context, source="", text=text, state="approved", by=by))

    def settle(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Forget, once the catalog is written, all but the entries with these (context, source text)."""
        keys = {(context, digest(source)) for context, source in wanted}
        self._records = {
            key: msgspec.structs.replace(record, former=()) for key, record in self._records.items() if key in keys
        }

    def save(self) -> None:
        """Write the file if a record changed; sorted, so that version control can merge it."""
        ordered = [self._records[key] for key in sorted(self._records)]
        data = msgspec.json.format(msgspec.json.encode(_File(version=_VERSION, entries=ordered)), indent=1) + b"\n"
        if data != self._read and (ordered or self._read is not None):
            po.write(self.path, data)
            self._read = data

    def _put(self, context: str, source: str, record: Record) -> None:
        new = msgspec.structs.replace(record, source=digest(source), text=digest(record.text))
        old = self._records.get((context, new.source))
        if old and old.state == new.state == "draft":
            new = msgspec.structs.replace(new, former=tuple(sorted({*old.former, old.text} - {new.text})))
        # The time of the first note stays: a file that says the same is not written again.
        same = old is not None and msgspec.structs.replace(old, at="") == new
        if not same:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._records[context, new.source] = msgspec.structs.replace(new, at=now)


def digest(text: str) -> str:
    """The hash that stands for a text: long enough that no two texts of a newsletter share one."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _decode(data: bytes | None, path: Path) -> list[Record]:
    if data is None:
        return []
    try:
        found = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = "Restore it from a copy; without it, every draft would count as a person's words."
        raise TranslationError(f"the file is damaged ({error}).", where=path, hint=hint) from error
    if found.version != _VERSION:
        raise TranslationError(
            f"the file is of version {found.version}; this release knows {_VERSION}.",
            where=path,
            hint="Update newsletter.",
        )
    return found.entries
