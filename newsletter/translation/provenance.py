"""What a PO file cannot hold: which text a machine wrote, what a stale translation fitted, and who approved what.

Kept as ``state/<language>.json`` beside the catalogs, one record for each entry, so that no tool's habits decide what
counts as read. A text that is byte for byte what was recorded as a draft is still the machine's, whatever flags it has
lost on the way; an approval holds for exactly one source and one translation.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from newsletter.errors import TranslationError
from newsletter.translation import po

_VERSION = 1


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of one entry; ``source`` and ``text`` are hashes, times are UTC.

    ``draft``: ``origin`` wrote ``text``. ``stale``: a person's ``text`` fitted ``previous``, not the source of today.
    ``approved``: ``by`` approved ``text`` as the translation of ``source``.
    """

    context: str
    source: str
    text: str
    state: Literal["draft", "stale", "approved"]
    origin: str = ""
    previous: str = ""
    by: str = ""
    at: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    entries: list[Record]


class Provenance:
    """The records of one catalog, by context and source text; ``path`` need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._records = {(record.context, record.source): record for record in _read(path)}
        self._saved = dict(self._records)

    def find(self, context: str, source: str) -> Record | None:
        """The record of an entry, if there is one."""
        return self._records.get((context, digest(source)))

    def drafted(self, context: str, source: str, text: str, *, origin: str) -> None:
        """Note that a machine, or the memory, wrote ``text``."""
        self._put(context, source, Record(context=context, source="", text=text, state="draft", origin=origin))

    def stale(self, context: str, source: str, text: str, *, previous: str) -> None:
        """Note that ``text`` is a person's, and that ``previous`` is the source it fits."""
        self._put(context, source, Record(context=context, source="", text=text, state="stale", previous=previous))

    def approved(self, context: str, source: str, text: str, *, by: str) -> None:
        """Note who approved ``text`` as the translation of ``source``."""
        self._put(context, source, Record(context=context, source="", text=text, state="approved", by=by))

    def keep(self, wanted: set[tuple[str, str]]) -> None:
        """Forget the records of all entries but those with these (context, source text)."""
        keys = {(context, digest(source)) for context, source in wanted}
        self._records = {key: record for key, record in self._records.items() if key in keys}

    def save(self) -> None:
        """Write the file if a record changed; sorted, so that version control can merge it."""
        if self._records == self._saved:
            return
        ordered = [self._records[key] for key in sorted(self._records)]
        data = msgspec.json.format(msgspec.json.encode(_File(version=_VERSION, entries=ordered)), indent=1)
        po.write(self.path, data + b"\n")
        self._saved = dict(self._records)

    def _put(self, context: str, source: str, record: Record) -> None:
        new = msgspec.structs.replace(record, source=digest(source), text=digest(record.text))
        old = self._records.get((context, new.source))
        # The time of the first note stays: a file that says the same is not written again.
        same = old is not None and msgspec.structs.replace(old, at="") == new
        if not same:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._records[context, new.source] = msgspec.structs.replace(new, at=now)


def digest(text: str) -> str:
    """The hash that stands for a text: long enough that no two texts of a newsletter share one."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _read(path: Path) -> list[Record]:
    hint = "Restore it from a copy; without it, every draft would count as a person's words."
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TranslationError(f"the file cannot be read ({error.strerror}).", where=path) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TranslationError(f"the file is damaged ({error}).", where=path, hint=hint) from error
    if found.version != _VERSION:
        raise TranslationError(
            f"the file is of version {found.version}; this release knows {_VERSION}.",
            where=path,
            hint="Update newsletter.",
        )
    return found.entries
