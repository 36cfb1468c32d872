"""Notes for whoever may write to the outbox, while somebody else does.

One process writes at a time, and a large sending takes hours. Meanwhile a webhook arrives, somebody leaves, or a person
wants to stop the campaign: that becomes a file beside the database, whole or not there at all, and safe once ``put``
returns. The writer takes the notes in, between two batches, or when the next one opens the outbox.
"""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import uuid4

import msgspec

from newsletter.delivery import durable


class Note(msgspec.Struct, frozen=True):
    """What is to be done: the name of a step, and what it is done with."""

    step: str
    facts: dict[str, object]


def folder(database: Path) -> Path:
    """Where the notes for an outbox lie."""
    return database.with_name(f"{database.name}.notes")


def put(database: Path, note: Note) -> None:
    """Leave a note; once this returns it survives a power cut. OSError where it cannot be written."""
    place = folder(database)
    place.mkdir(mode=0o700, exist_ok=True)
    name = f"{time.time_ns():020d}-{uuid4().hex}"
    draft = place / f"{name}.tmp"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - from a descriptor, for the rights
        file.write(msgspec.json.encode(note))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(place / f"{name}.json")
    durable.sync(place)


def waiting(database: Path) -> list[Path]:
    """The notes that nobody took in yet, in the order they came."""
    try:
        return sorted(path for path in folder(database).iterdir() if path.suffix == ".json")
    except FileNotFoundError:
        return []


def read(paths: list[Path]) -> Iterator[tuple[Path, Note]]:
    """What the notes say; one that nobody can read is put aside under another name."""
    for path in paths:
        try:
            yield path, msgspec.json.decode(path.read_bytes(), type=Note)
        except msgspec.DecodeError:
            put_aside([path])


def remove(paths: Iterable[Path]) -> None:
    """What the notes say is done."""
    for path in paths:
        path.unlink(missing_ok=True)


def put_aside(paths: Iterable[Path]) -> None:
    """Keep notes that cannot be taken in, under other names, so that they are in nobody's way."""
    for path in paths:
        path.rename(path.with_suffix(".unreadable"))
