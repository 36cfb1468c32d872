"""What comes back after sending, as notes: done at once by whoever may write, or left for the send that is running.

A note may be taken in twice, when a power cut comes between doing it and removing it; doing it again changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection, delete, insert

from newsletter.delivery import events, suppressions
from newsletter.delivery.events import Recorded
from newsletter.delivery.schema import meta
from newsletter.delivery.spool import Note
from newsletter.delivery.suppressions import Suppression
from newsletter.model import Event

Facts = Mapping[str, object]


def told(provider: str, found: Sequence[Event]) -> Note:
    """Note what a provider told."""
    return Note(step="events", facts={"provider": provider, "events": msgspec.to_builtins(found)})


def polled(provider: str, until: datetime) -> Note:
    """Note up to when a provider was asked."""
    return Note(step="polled", facts={"provider": provider, "until": until.isoformat()})


def suppressed(entries: Sequence[Suppression]) -> Note:
    """Note who must not be mailed."""
    return Note(step="suppress", facts={"entries": msgspec.to_builtins(entries)})


def lifted(email: str) -> Note:
    """Note who may be mailed again."""
    return Note(step="lift", facts={"email": email})


def cursor(provider: str) -> str:
    """Under which key of ``meta`` it stands up to when a provider was asked."""
    return f"polled:{provider}"[:40]


def grouped(notes: Iterable[tuple[Path, Note]]) -> Iterator[tuple[list[Path], Note]]:
    """The notes in their order, events of one provider that follow each other put together: one step is as quick."""
    paths: list[Path] = []
    provider, gathered = "", list[object]()
    for path, note in notes:
        found = note.facts.get("events")
        same = note.step == "events" and isinstance(found, list) and note.facts.get("provider") == provider
        if paths and (not same or len(gathered) >= events.CHUNK):
            yield paths, Note(step="events", facts={"provider": provider, "events": gathered})
            paths, gathered = [], []
        if note.step == "events" and isinstance(found, list):
            provider = str(note.facts.get("provider", ""))
            paths.append(path)
            gathered += found
        else:
            yield [path], note
    if paths:
        yield paths, Note(step="events", facts={"provider": provider, "events": gathered})


def _events(connection: Connection, facts: Facts, now: datetime) -> Recorded:
    found = msgspec.convert(facts["events"], list[Event])
    return events.record(connection, str(facts["provider"]), found, now=now)


def _polled(connection: Connection, facts: Facts, now: datetime) -> Recorded:  # noqa: ARG001 - as all steps
    key = cursor(str(facts["provider"]))
    connection.execute(delete(meta).where(meta.c.key == key))
    connection.execute(insert(meta).values(key=key, value=str(facts["until"])))
    return Recorded()


def _suppress(connection: Connection, facts: Facts, now: datetime) -> Recorded:  # noqa: ARG001 - as all steps
    entries = msgspec.convert(facts["entries"], list[Suppression])
    return Recorded(suppressed=suppressions.add_all(connection, entries))


def _lift(connection: Connection, facts: Facts, now: datetime) -> Recorded:  # noqa: ARG001 - as all steps
    suppressions.lift(connection, str(facts["email"]))
    return Recorded()


STEPS: Mapping[str, Callable[[Connection, Facts, datetime], Recorded]] = {
    "events": _events,
    "polled": _polled,
    "suppress": _suppress,
    "lift": _lift,
}
