"""What ``Newsletter`` answers where a stage's own noun is not enough."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from newsletter.content.pasted import Pasted

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """A pasted text that became an item: where it was written, and what was repaired and what is in doubt.

    ``original`` is where its bytes are kept; lines in repairs and flags are those of that file.
    """

    issue: str
    path: Path
    original: Path
    pasted: Pasted


class ByLanguage(dict[str, _T]):
    """What there is to say of each language, by its tag; printed, it is one line."""

    def __str__(self) -> str:
        return " · ".join(f"{language}: {value}" for language, value in self.items())
