"""An issue's folder becomes an Issue, and an imported item becomes a file in it.

The folder holds ``issue.toml`` and one Markdown file an item with YAML front matter, in file-name order; it is what
people edit, commit and review. Importers write such files and never replace one.
"""

import datetime
import os
import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import msgspec
import yaml

from newsletter.content import frontmatter, losses
from newsletter.content.frontmatter import Document
from newsletter.errors import ContentError
from newsletter.model import WHOLE_ISSUE, Flag, Image, Issue, Item

FILE = "issue.toml"
ORIGINALS = "originals"

_NUMBER = re.compile(r"\A(\d+)-(?=.)")
_ID = re.compile(r"[\w.-]+")


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``issue.toml``"""

    date: datetime.date
    subject: str
    preheader: str = ""
    intro: str = ""


def issues(folder: Path) -> list[str]:
    """The ids of the issues in ``folder``, by date and then by name; one whose date cannot be read comes last."""
    found = {path.parent.name for pattern in ("*/issue.toml", "*/*.md") for path in folder.glob(pattern)}
    return sorted(found, key=lambda name: (_day(folder / name / FILE), name))


def checked_id(issue: str) -> str:
    """The id of an issue, if it can be the name of a folder."""
    if not _ID.fullmatch(issue) or issue.startswith("."):
        raise ContentError(f"{issue!r} cannot be the name of an issue.", hint="Use letters, digits and hyphens.")
    return issue


def load(folder: Path, *, language: str) -> Issue:
    """The issue in ``folder``, written in ``language``; every problem is a ContentError with the line to correct."""
    head = _head(folder / FILE)
    if not head.subject.strip():
        raise ContentError("the subject is empty.", where=_at(folder / FILE, "subject"), hint='Write subject = "…".')
    for loss in losses.find(head.intro):
        raise ContentError(loss.what, where=_at(folder / FILE, "intro"), hint=loss.hint)
    items: dict[str, Item] = {}
    for path in _files(folder):
        item = _item(path, language)
        if item.id in items:
            raise ContentError(
                f"this item and {items[item.id].file} have the same id {item.id!r}.",
                where=f"{path}:1",
                hint="Rename one of them; the id is the file's name without its number.",
            )
        items[item.id] = item
    if not items:
        raise ContentError("the issue has no items.", where=folder, hint="Add a Markdown file, such as 01-forum.md.")
    return Issue(
        id=folder.resolve().name,
        language=language,
        date=head.date,
        subject=head.subject,
        preheader=head.preheader,
        intro=head.intro,
        items=tuple(items.values()),
        folder=folder,
    )


def save(
    item: Item,
    folder: Path,
    *,
    original: bytes,
    original_name: str,
    number: int | None = None,
    reason: str = "",
) -> Path:
    """Write ``item`` to its own file in ``folder``, and the bytes it came from to ``originals/``.

    Without a ``number`` the file comes after the others; ``reason`` stands beside the date and says where it is from.
    A new folder gets an ``issue.toml`` with the item's date and title. Nothing is ever replaced: ContentError where the
    item, or another original of that name, is there already.
    """
    if not _ID.fullmatch(item.id):
        raise ContentError(f"{item.id!r} cannot be a file's name.", where=folder, hint="Use letters and hyphens only.")
    numbers = [int(found[1]) for path in _files(folder) if (found := _NUMBER.match(path.stem))]
    path = folder / f"{max(numbers, default=0) + 1 if number is None else number:02}-{item.id}.md"
    for other in _files(folder):
        if _id(other) == item.id or other == path:
            raise ContentError(
                f"there is an item {item.id!r} already.", where=other, hint="Rename or remove that file first."
            )
    kept = folder / ORIGINALS / (Path(original_name).name or f"{item.id}.txt")
    if kept.exists() and kept.read_bytes() != original:
        raise ContentError("another original has that name.", where=kept, hint="Rename the file you import.")
    kept.parent.mkdir(parents=True, exist_ok=True)
    _write(kept, original)
    if not (folder / FILE).exists():
        day = item.date or datetime.datetime.now(datetime.UTC).date()
        _write(folder / FILE, f"date = {day}\nsubject = {frontmatter.quoted(item.title)}\n".encode())
    _write(path, frontmatter.write(item, reason).encode())
    return path


def acknowledge(item_file: Path, *, flag: int | None, by: str) -> tuple[Flag, ...]:
    """Write ``by`` into one flag of an item, counted from 1, or into all that are open; returns those it signed.

    Only that scalar of the file changes; every other byte stays. ContentError: no such flag, or signed already.
    """
    if not by.strip():
        raise ContentError("nobody is named.", where=item_file, hint="Say who acknowledges the flag.")
    document = _document(item_file)
    flags = dict(enumerate(_flags(document), 1))
    if flag is not None and flag not in flags:
        raise ContentError(f"there is no flag {flag}.", where=item_file, hint=f"The item has {len(flags)}.")
    if flag is not None and flags[flag].acknowledged:
        raise ContentError(
            f"{flags[flag].acknowledged} has acknowledged it already.",
            where=f"{item_file}:{document.lines[f'$.flags[{flag - 1}]']}",
            hint="Nothing is left to do.",
        )
    chosen = [number for number, one in flags.items() if not one.acknowledged and flag in (None, number)]
    text = document.text
    for number in reversed(chosen):  # from the end, so that what stands before does not move
        text = _signed(document, number - 1, text, frontmatter.scalar(by.strip()))
    if chosen:
        _write(item_file, text.encode())
    return tuple(replace(flags[number], acknowledged=by.strip()) for number in chosen)


def _day(path: Path) -> datetime.date:
    """The date of an issue, for sorting alone; what is wrong with it is said when it is loaded."""
    try:
        return _head(path).date
    except ContentError:
        return datetime.date.max


def _head(path: Path) -> _Head:
    try:
        text = frontmatter.decode(path.read_bytes(), path)
    except FileNotFoundError:
        raise ContentError(
            "there is no issue here.", where=path, hint='Write it, with date = 2026-11-20 and subject = "…".'
        ) from None
    try:
        return msgspec.convert(tomllib.loads(text.removeprefix("\ufeff")), _Head)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        where = f"{path}:{at[1] if at else text.rstrip().count(chr(10)) + 1}"
        raise ContentError(f"this is not TOML: {error}.", where=where, hint="Correct that line.") from error
    except msgspec.ValidationError as error:
        what = str(error).partition(" - at `$")[0]
        named = re.search(r"field `(.+?)`", what) or re.search(r"at `\$\.(\w+)", str(error))
        key = named[1] if named else ""
        hint = f"The keys are: {', '.join(_Head.__struct_fields__)}."
        hint = "Write it as date = 2026-11-20." if key == "date" else hint
        raise ContentError(f"{key}: {what[0].lower()}{what[1:]}.", where=_at(path, key), hint=hint) from error


def _at(path: Path, key: str) -> str:
    """Where a key of an ``issue.toml`` stands, or its first line."""
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    line = next((n for n, one in enumerate(lines, 1) if re.match(rf"[\[\s\"']*{re.escape(key)}\b", one)), 1)
    return f"{path}:{line}"


def _files(folder: Path) -> list[Path]:
    """The items' files in the order that file managers show: 2-a.md before 10-b.md."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.suffix.lower() == ".md" and not path.name.startswith(".")]
    return sorted(found, key=lambda path: [(not part.isdecimal(), part.zfill(9)) for part in _parts(path.name)])


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"(\d+)", name) if part]


def _id(path: Path) -> str:
    return _NUMBER.sub("", path.stem)


def _document(path: Path) -> Document:
    return frontmatter.parse(frontmatter.decode(path.read_bytes(), path), path)


def _item(path: Path, language: str) -> Item:
    if _id(path) == WHOLE_ISSUE:
        raise ContentError(
            f"an item cannot be called {WHOLE_ISSUE!r}: that is what catalogs call the issue's own words.",
            where=f"{path}:1",
            hint="Rename the file.",
        )
    if not _ID.fullmatch(_id(path)):
        raise ContentError(
            "the file's name has a space or a sign in it.", where=f"{path}:1", hint="Use letters, digits and hyphens."
        )
    document = _document(path)
    fields = document.fields
    if not fields.title.strip():
        raise ContentError(
            "the title is empty.", where=f"{path}:{document.lines['$.title']}", hint="Write one after title:."
        )
    _refuse_losses(document)
    return Item(
        id=_id(path),
        language=language,
        title=fields.title,
        summary=fields.summary,
        body=document.body,
        date=fields.date,
        until=_until(document),
        time=datetime.time.fromisoformat(fields.time.zfill(5)) if fields.time else None,
        lead=fields.lead,
        place=fields.place,
        section=fields.section,
        url=fields.url,
        image=_image(document),
        flags=_flags(document),
        file=path.name,
        line=document.line,
        lines={key.removeprefix("$."): line for key, line in document.lines.items()},
    )


def _refuse_losses(document: Document) -> None:
    """Refuse what Markdown would drop without a word."""
    for loss in losses.find(document.fields.summary):
        raise ContentError(loss.what, where=f"{document.path}:{document.lines['$.summary']}", hint=loss.hint)
    for loss in losses.find(document.body):
        raise ContentError(loss.what, where=f"{document.path}:{document.line + loss.line}", hint=loss.hint)


def _image(document: Document) -> Image | None:
    picture = document.fields.image
    if picture is None:
        return None
    where = f"{document.path}:{document.lines['$.image.src']}"
    folder = document.path.parent.resolve()
    try:
        file = (folder / picture.src).resolve()
        inside, there = file.is_relative_to(folder), file.is_file()
    except (OSError, ValueError):  # a name that no disk takes
        inside, there = True, False
    if not inside:
        raise ContentError(
            f"the picture {picture.src!r} lies outside the issue.", where=where, hint="Copy it into the issue's folder."
        )
    if not there:
        raise ContentError(
            f"there is no picture {picture.src[:100]!r}.", where=where, hint="Put the file there, or correct src."
        )
    return Image(src=picture.src, alt=picture.alt, caption=picture.caption)


def _until(document: Document) -> datetime.date | None:
    first, last = document.fields.date, document.fields.until
    if last and (first is None or last < first):
        what = "the last day is before the first." if first else "there is a last day, but no first one."
        where = f"{document.path}:{document.lines['$.until']}"
        raise ContentError(what, where=where, hint="Correct date: and until:.")
    return last if last != first else None


def _flags(document: Document) -> tuple[Flag, ...]:
    return tuple(Flag(**msgspec.structs.asdict(doubt)) for doubt in document.fields.flags)


def _signed(document: Document, index: int, text: str, by: str) -> str:
    """``text`` with the scalar ``by`` at the flag's ``acknowledged``, which is written if it is not there."""
    root = {key.value: value for key, value in document.node.value} if document.node else {}
    flag: yaml.MappingNode = root["flags"].value[index]
    for key, value in flag.value:
        if key.value == "acknowledged":
            start, end = value.start_mark.index, value.end_mark.index
            break
    else:
        first = flag.value[0][0].start_mark
        start = end = first.index
        by = f"acknowledged: {by}" + (", " if flag.flow_style else "\n" + " " * first.column)
    start, end = start + document.offset, end + document.offset
    gap = " " if text[start - 1] == ":" else ""
    return f"{text[:start]}{gap}{by}{text[end:]}"


def _write(path: Path, data: bytes) -> None:
    """Write the file whole or not at all: a crash leaves the old one, or none."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
