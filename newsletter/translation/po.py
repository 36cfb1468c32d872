"""What we write into PO files, header and notes, and how files are replaced so that the last good one is never lost."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap

import polib

from newsletter import dialect, plurals
from newsletter.errors import TranslationError
from newsletter.model import Segment

try:
    import fcntl
except ImportError:  # Windows, where two runs that write in the same millisecond do not wait for each other
    fcntl = None  # type: ignore[assignment]

WIDTH = 78
"""Columns that text is wrapped at: it reads well beside a list of changes."""

NOTE = "newsletter: "
"""What our own translator comments begin with: they survive every PO tool, and go when the entry is reviewed."""


def header(language: str, project: str) -> dict[str, str]:
    """The complete header of a file; msgfmt warns where one of these is missing."""
    return {
        "Project-Id-Version": project,
        "Report-Msgid-Bugs-To": "",
        "POT-Creation-Date": now(),
        "PO-Revision-Date": now(),
        "Last-Translator": "newsletter",
        "Language-Team": language,
        "Language": language.replace("-", "_"),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": plurals.forms(language),
        "X-Generator": "newsletter",
    }


def completed(found: Mapping[str, str], language: str, project: str) -> dict[str, str]:
    """The header of a file that is to be written: what others put there stays, unless it would not be true."""
    complete = header(language, project)
    ours = {name: complete[name] for name in ("Content-Type", "Content-Transfer-Encoding", "PO-Revision-Date")}
    return {**complete, **{name: value for name, value in found.items() if value}, **ours}


def revised(found: Mapping[str, str]) -> datetime | None:
    """When a file was last changed, by its header; None where that says nothing of use."""
    try:
        return datetime.fromisoformat(found.get("PO-Revision-Date", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read(path: Path) -> bytes | None:
    """The bytes of a file, None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TranslationError(f"the file cannot be read ({error.strerror}).", where=path) from error


def write(path: Path, data: bytes) -> None:
    """Replace a file, through a temporary one, so that the last good one is never lost."""
    with _replacement(path, data) as temporary:
        temporary.replace(path)


def write_over(known: bytes | None, path: Path, data: bytes) -> bool:
    """The same, but only where the file still is what is ``known`` of it (None: no file); whether it was."""
    with _replacement(path, data) as temporary:
        same = read(path) == known
        if same:
            temporary.replace(path)
        return same


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let no other process of ours write in a folder meanwhile; one that was killed holds up nobody."""
    descriptor = None
    try:
        if fcntl:
            with suppress(OSError):  # a folder that cannot be locked, on some networks, can be written all the same
                folder.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(folder, os.O_RDONLY)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def plain(text: str) -> str:
    """The text without the line ends that only some programs take for such, polib among them."""
    return text.translate(dialect.LINE_SEPARATORS)


def describe(entry: polib.POEntry, segment: Segment) -> None:
    """Note beside an entry what its source says of it; without the line, which every insertion above would change."""
    entry.obsolete = False
    entry.comment = "\n".join(line for text in segment.note.splitlines() for line in _lines(text, "#. "))
    entry.occurrences = [(segment.file, "")] if segment.file else []


def note(entry: polib.POEntry, notes: Iterable[str]) -> None:
    """Set our own comment; each of its lines says that it is ours."""
    ours = [line for text in notes for line in _lines(text, "# ", first=NOTE, rest=f"{NOTE}  ")]
    kept = _without_notes(entry.tcomment)
    entry.tcomment = "\n".join([*([kept] if kept else []), *ours])


def accepted(entry: polib.POEntry) -> None:
    """Remove what an accepted entry needs no longer: our notes, and the old source.

    Who accepts in a text editor removes the flag alone; the old source would mislead at the next edit.
    """
    entry.tcomment = _without_notes(entry.tcomment)
    entry.previous_msgid = entry.previous_msgctxt = None


def content(file: polib.POFile) -> list[tuple[object, ...]]:
    """What two files have in common that say the same, whatever their wrapping and their header's dates."""
    return [
        (
            entry.msgctxt,
            entry.msgid,
            entry.msgstr,
            sorted(entry.flags),
            entry.previous_msgid,
            entry.comment,
            entry.tcomment,
            # A file's name with spaces is read back as several.
            " ".join(":".join(filter(None, place)) for place in entry.occurrences).split(),
            entry.obsolete,
        )
        for entry in file
    ]


def now() -> str:
    """The moment, as PO headers write it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M%z")


def _lines(text: str, mark: str, *, first: str = "", rest: str = "") -> list[str]:
    """A comment in lines that fit behind ``mark``: longer ones polib would wrap, and read back as other lines."""
    room = WIDTH - len(mark)
    return wrap(" ".join(text.split()), room, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _without_notes(comment: str) -> str:
    return "\n".join(line for line in comment.splitlines() if not line.startswith(NOTE.rstrip()))


@contextmanager
def _replacement(path: Path, data: bytes) -> Iterator[Path]:
    """The data on disk under another name beside ``path``, to be put in its place."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(path, temporary)
        yield temporary
    except OSError as error:
        raise TranslationError(f"the file cannot be written ({error.strerror}).", where=path) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
