"""What a check says: nothing to do, good to know, look at it, or not to be relied on."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "warning", "problem"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One sentence about one thing, and the next step where there is one; ``check`` names what was looked at."""

    level: Level
    message: str
    fix: str = ""
    check: str = ""


def ok(message: str) -> Verdict:
    """It is as it should be."""
    return Verdict(level="ok", message=message)


def note(message: str, fix: str = "") -> Verdict:
    """Good to know, or not checked; nothing needs to be done."""
    return Verdict(level="note", message=message, fix=fix)


def warning(message: str, fix: str) -> Verdict:
    """Somebody should look at it; mails can go out all the same."""
    return Verdict(level="warning", message=message, fix=fix)


def problem(message: str, fix: str) -> Verdict:
    """The newsletter must not be relied on before this is mended."""
    return Verdict(level="problem", message=message, fix=fix)
