"""Wires the content stage to a newsletter: its issues, pasted text that becomes an item, and the flags on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from newsletter import names
from newsletter.config import Config
from newsletter.content import markdown, pasted
from newsletter.content.pasted import Pasted
from newsletter.errors import ContentError
from newsletter.model import Flag, Issue


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """A pasted text that became an item: where it was written, and what was repaired and what is in doubt.

    ``original`` is where its bytes are kept; lines in repairs and flags are those of that file.
    """

    issue: str
    path: Path
    original: Path
    pasted: Pasted


def ids(config: Config) -> list[str]:
    """The ids of the newsletter's issues, the newest last."""
    return markdown.issues(_folder(config))


def load(config: Config, id: str | None) -> Issue:  # noqa: A002 - the word people use
    """One issue in its source language; without an id, the newest."""
    known = ids(config)
    if not known and id is None:
        hint = "Make one with: newsletter import FILE"
        raise ContentError("there is no issue yet.", where=_folder(config), hint=hint)
    chosen = id or known[-1]
    if chosen not in known:
        raise ContentError(f"there is no issue {chosen!r}.", where=_folder(config), hint=_list(known))
    return markdown.load(_folder(config) / chosen, language=config.publication.source)


def import_item(config: Config, file: Path, *, issue: str | None) -> Imported:
    """Turn the text in a file into an item of an issue, or of the issue of its month."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ContentError(f"the file cannot be read ({error.strerror}).", where=file, hint="Check it.") from error
    known = names.read(config.folder / "names.csv")
    found = pasted.read(data, names=known, where=str(file), language=config.publication.source)
    chosen = markdown.checked_id(issue) if issue else pasted.issue_of(found.item)
    folder = _folder(config) / chosen
    written = markdown.save(found.item, folder, original=data, original_name=file.name, reason=found.reason)
    return Imported(issue=chosen, path=written, original=folder / markdown.ORIGINALS / file.name, pasted=found)


def acknowledge(issue: Issue, item: str, *, by: str, flag: int | None) -> tuple[Flag, ...]:
    """Accept one or all open flags of an item, in somebody's name; the flags that were open."""
    found = next((candidate for candidate in issue.items if candidate.id == item), None)
    if found is None:
        hint = _list(candidate.id for candidate in issue.items)
        raise ContentError(f"there is no item {item!r}.", where=issue.folder, hint=hint)
    return markdown.acknowledge(issue.folder / found.file, flag=flag, by=by)


def _folder(config: Config) -> Path:
    return config.folder / "issues"


def _list(known: Iterable[str]) -> str:
    return f"There is: {', '.join(known) or 'none'}."
