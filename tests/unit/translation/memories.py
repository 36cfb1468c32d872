"""A translation memory with what somebody translated before, for the tests that look something up in it."""

from pathlib import Path

from newsletter.translation.memory import Memory
from newsletter.translation.memory.matching import Match, Remembered

FORUM = "The forum brought together three training centres from three continents of the world."
FRENCH = "Le forum a réuni trois centres de formation de trois continents du monde."


def row(source: str, target: str, **other: object) -> Remembered:
    """A translation into French, or whatever ``other`` says."""
    given: dict[str, object] = {
        "source_language": "en",
        "target_language": "fr",
        "context": "forum|body",
        "origin": "2026-10",
        "date": "2026-10-13T09:00:00Z",
        **other,
    }
    return Remembered(source=source, target=target, **given)  # type: ignore[arg-type]


def memory(folder: Path, *rows: Remembered) -> Memory:
    """The memory in a folder, with these rows."""
    made = Memory(folder / "memory.db")
    made.add(rows)
    return made


def find(made: Memory, text: str, context: str = "") -> Match | None:
    """What it knows of an English text for a French reader."""
    return made.find(text, source="en", target="fr", context=context)


def found(made: Memory, text: str, context: str = "") -> Match:
    """The same, where it must know something."""
    match = find(made, text, context)
    assert match is not None
    return match
