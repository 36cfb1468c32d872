"""The translation memory: what people accepted in all issues, and what they imported from other tools.

Only reviewed translations get in, never a machine's unread draft.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, or_, select
from sqlalchemy.dialects.sqlite import insert

from newsletter.errors import TranslationError
from newsletter.translation import parsing, po
from newsletter.translation.memory import matching
from newsletter.translation.memory.matching import SUGGESTED, Match, Remembered
from newsletter.translation.memory.store import Store, catalog, entry

_AT_ONCE = 500  # below SQLite's limit on the parameters of a statement
DATE = "%Y-%m-%dT%H:%M:%SZ"
"""How dates are written here, so that they sort."""

_KEY = ("source_language", "target_language", "origin", "context", "source")
_FIELDS = tuple(field.name for field in fields(Remembered))
_CHANGING = ("target", "approved", "author", "date")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reviewed:
    """What a catalog says of one entry; an empty ``target`` says that nothing of it is accepted (any more).

    ``date`` is in UTC; without it, the file's own counts, which a copy or a checkout makes new.
    """

    context: str
    source: str
    target: str
    approved: bool = False
    author: str = ""
    date: datetime | None = None


Columns = dict[str, object]
"""A row of the table, by the names of its columns."""

Reader = Callable[[Path, str], Iterable[Reviewed]]
"""Reads the catalog at a path in a language; a damaged one is a TranslationError."""


def reviewed_in(path: Path, language: str) -> Iterator[Reviewed]:
    """The entries of a PO file by its flags alone, those whose source is gone first."""
    data = po.read(path)
    if data is None:
        return
    file = parsing.parse(data, path, language)
    author = file.metadata.get("Last-Translator", "")
    for found in sorted(file, key=lambda entry: not entry.obsolete):
        accepted = found.msgstr.strip() and not found.fuzzy
        yield Reviewed(
            context=found.msgctxt or "",
            source=found.msgid,
            target=found.msgstr if accepted else "",
            author="" if author == "newsletter" else author,
            date=po.revised(file.metadata),
        )


class Memory:
    """The memory in the file at ``path``, which need not exist yet; any number of processes may use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._store = Store(path)

    def refresh(self, issues: Path, *, source: str, languages: Iterable[str], reviewed: Reader = reviewed_in) -> int:
        """Learn from the catalogs that changed since the last time; how many were read.

        A corrected translation replaces the one it corrects, one that is no longer accepted goes, and what was
        accepted once of a text or a catalog that is gone stays. A damaged catalog is left for next time.
        """
        catalogs = [(path, language) for language in languages for path in _catalogs(issues, language)]
        with self._store.reading() as connection:
            known = {row.path: row.stamp for row in connection.execute(select(catalog))}
        changed: list[tuple[str, str, list[Columns]]] = []
        for path, language in catalogs:
            name, stamp = path.relative_to(issues).as_posix(), f"{source} {_stamp(path)}"
            if known.get(name) == stamp:
                continue
            try:
                entries, date = list(reviewed(path, language)), _written(path)
            except (TranslationError, FileNotFoundError):
                continue  # whoever works on that issue is told so where it matters
            origin = path.parent.parent.name
            rows = [_remembered(each, languages=(source, language), origin=origin, date=date) for each in entries]
            changed.append((name, stamp, [_columns(row) for row in rows]))
        if changed:
            with self._store.writing() as connection:
                for name, stamp, learned in changed:
                    _learn(connection, learned)
                    put = insert(catalog).values(path=name, stamp=stamp)
                    connection.execute(put.on_conflict_do_update(index_elements=["path"], set_={"stamp": stamp}))
        return len(changed)

    def find(
        self, text: str, *, source: str, target: str, context: str = "", at_least: float = SUGGESTED
    ) -> Match | None:
        """The best match of one text; see ``find_all``."""
        return self.find_all([(context, text)], source=source, target=target, at_least=at_least)[0]

    def find_all(
        self, texts: Sequence[tuple[str, str]], *, source: str, target: str, at_least: float = SUGGESTED
    ) -> list[Match | None]:
        """The best match of each (context, text) in order, None where nothing is ``at_least`` so many percent alike.

        Of equals, one from the same context is preferred, then an approved one, then the latest.
        """
        pair = and_(entry.c.source_language == source, entry.c.target_language == target)
        normals = [matching.normalise(text) for _context, text in texts]
        with self._store.reading() as connection:
            known = _by_normal(connection, pair, set(normals))
            found = [
                matching.equal(*asked, known.get(normal, [])) for asked, normal in zip(texts, normals, strict=True)
            ]
            open_ = [number for number, match in enumerate(found) if match is None]
            if open_:
                rows = connection.execute(select(entry.c.normal, entry.c.skeleton).where(pair))
                skeletons = {row.normal: row.skeleton for row in rows}
                forms, bones = list(skeletons), list(skeletons.values())
                near = {n: matching.nearest(normals[n], forms, bones, at_least=at_least) for n in open_}
                known |= _by_normal(connection, pair, {forms[hit[0]] for hit in near.values() if hit})
                for number, hit in near.items():
                    if hit:
                        found[number] = matching.similar(*texts[number], known[forms[hit[0]]], hit[1])
        return found

    def rows(self, languages: Iterable[str] | None = None) -> Iterator[Remembered]:
        """Everything in the memory, or what is in some target languages, in a fixed order."""
        wanted = select(entry).order_by(*(entry.c[name] for name in _KEY))
        if languages is not None:
            wanted = wanted.where(entry.c.target_language.in_(list(languages)))
        with self._store.reading() as connection:
            for row in connection.execution_options(yield_per=1000).execute(wanted):
                yield _of(row)

    def add(self, rows: Iterable[Remembered]) -> int:
        """Put translations in, all of them or, after any error, none; how many were new, or newer than those there."""
        new = insert(entry)
        changed = {name: new.excluded[name] for name in _CHANGING}
        put = new.on_conflict_do_update(index_elements=_KEY, set_=changed, where=new.excluded.date > entry.c.date)
        left, added = iter(rows), 0
        with self._store.writing() as connection:
            while some := [_columns(row) for row in islice(left, _AT_ONCE)]:
                added += connection.execute(put, some).rowcount
        return added


def _catalogs(issues: Path, language: str) -> list[Path]:
    return sorted(issues.glob(f"*/po/{language.replace('-', '_')}.po"))


def _stamp(path: Path) -> str:
    """What differs when a catalog, or the file of its provenance, was written again: sizes and times."""
    parts = []
    for file in (path, path.parent.parent / "state" / f"{path.stem}.json"):
        with suppress(FileNotFoundError):
            found = file.stat()
            parts.append(f"{found.st_size} {found.st_mtime_ns}")
    return " ".join(parts)


def _learn(connection: Connection, rows: Iterable[Columns]) -> None:
    latest = {(row["context"], row["source"]): row for row in rows}
    new = insert(entry)
    changed = {name: new.excluded[name] for name in _CHANGING}
    # The date stays where nothing else is new: it tells which of two translations is the later one.
    where = or_(new.excluded.target != entry.c.target, new.excluded.approved != entry.c.approved)
    put = new.on_conflict_do_update(index_elements=_KEY, set_=changed, where=where)
    if accepted := [row for row in latest.values() if row["target"]]:
        connection.execute(put, accepted)
    drop = delete(entry).where(*(entry.c[name] == bindparam(f"the_{name}") for name in _KEY))
    if withdrawn := [row for row in latest.values() if not row["target"]]:
        connection.execute(drop, [{f"the_{name}": row[name] for name in _KEY} for row in withdrawn])


def _by_normal(connection: Connection, pair: ColumnElement[bool], normals: set[str]) -> dict[str, list[Remembered]]:
    found: dict[str, list[Remembered]] = {}
    wanted = [_digest(normal) for normal in normals]
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        for row in connection.execute(select(entry).where(pair, entry.c.digest.in_(some))):
            found.setdefault(row.normal, []).append(_of(row))
    return found


def _columns(row: Remembered) -> Columns:
    normal = matching.normalise(row.source)
    own = {name: getattr(row, name) for name in _FIELDS}
    return {**own, "normal": normal, "digest": _digest(normal), "skeleton": matching.skeleton(normal)}


def _digest(normal: str) -> int:
    return int.from_bytes(blake2b(normal.encode(), digest_size=8).digest(), "big", signed=True)


def _of(row: Row[Any]) -> Remembered:
    return Remembered(**{name: getattr(row, name) for name in _FIELDS})


def _remembered(each: Reviewed, *, languages: tuple[str, str], origin: str, date: datetime) -> Remembered:
    source, target = languages
    return Remembered(
        source_language=source,
        target_language=target,
        context=each.context,
        source=each.source,
        target=each.target,
        origin=origin,
        approved=each.approved,
        author=each.author,
        date=(each.date or date).strftime(DATE),
    )


def _written(path: Path) -> datetime:
    """When a file was written."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
