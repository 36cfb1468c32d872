"""PO files as bytes: their syntax, their header, and what polib must be shielded from."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from textwrap import TextWrapper

import polib

from newsletter import dialect
from newsletter.errors import TranslationError

WIDTH = 78
"""Columns that text is wrapped at: it reads well beside a list of changes."""

NOTE = "newsletter: "
"""What our own translator comments begin with: they survive every PO tool, and go when the entry is reviewed."""

# Plural-Forms as GNU gettext has them; Babel 2.18 has the Arabic forms in another order than CLDR and is wrong for fa.
PLURALS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    "fa": "nplurals=2; plural=(n > 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "ja": "nplurals=1; plural=0;",
    "ko": "nplurals=1; plural=0;",
    "pt-BR": "nplurals=2; plural=(n > 1);",
    "zh": "nplurals=1; plural=0;",
}
_GERMANIC = "nplurals=2; plural=(n != 1);"


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
        "Plural-Forms": PLURALS.get(language) or PLURALS.get(language.partition("-")[0]) or _GERMANIC,
        "X-Generator": "newsletter",
    }


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
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise TranslationError(f"the file cannot be written ({error.strerror}).", where=path) from error


def parse(data: bytes, path: Path, language: str) -> polib.POFile:
    """The entries in the bytes of the file at ``path``; a TranslationError says on which line it is damaged."""
    try:
        # Newer gettext writes sticky flags as `#=`, which polib does not know yet.
        text = re.sub(r"^#=", "#,", data.decode("utf-8-sig"), flags=re.MULTILINE).translate(dialect.LINE_SEPARATORS)
    except UnicodeDecodeError as error:
        raise TranslationError("the file is not UTF-8.", where=path, hint="Save it as UTF-8 in your editor.") from error
    try:
        # An empty file would be taken for a file name.
        found = polib.pofile(text or "\n", wrapwidth=WIDTH, encoding="utf-8", check_for_duplicates=True)
    except (OSError, ValueError) as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{path}:{line[1]}" if line else path
        what = "an entry stands twice" if isinstance(error, ValueError) else "this is no PO syntax"
        raise TranslationError(f"{what}.", where=where, hint="Correct it in a PO editor, or with msgfmt -c.") from error
    declared = found.metadata.get("Language", "").replace("_", "-")
    if declared and declared.lower() != language.lower():
        raise TranslationError(
            f"the file says that it is in {declared!r}, not {language!r}.",
            where=path,
            hint="Put the right file there, or correct its Language header.",
        )
    return found


def note(entry: polib.POEntry, notes: Iterable[str]) -> None:
    """Set our own comment, wrapped here: polib would wrap it too, and a wrapped line would not look like ours."""
    wrap = TextWrapper(
        width=WIDTH - len("# "),
        initial_indent=NOTE,
        subsequent_indent=f"{NOTE}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    ours = [line for text in notes for line in wrap.wrap(" ".join(text.split()))]
    kept = _without_notes(entry.tcomment)
    entry.tcomment = "\n".join([*([kept] if kept else []), *ours])


def accepted(entry: polib.POEntry) -> None:
    """Remove what an accepted entry needs no longer: our notes, and the old source.

    Who accepts in a text editor removes the flag alone; the old source would mislead at the next edit.
    """
    entry.tcomment = _without_notes(entry.tcomment)
    entry.previous_msgid = entry.previous_msgctxt = None


def same(one: polib.POFile, other: polib.POFile) -> bool:
    """Whether two files have the same entries, whatever their wrapping and their header's dates."""
    return _content(one) == _content(other)


def now() -> str:
    """The moment, as PO headers write it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M+0000")


def _without_notes(comment: str) -> str:
    return "\n".join(line for line in comment.splitlines() if not line.startswith(NOTE.rstrip()))


def _content(file: polib.POFile) -> list[tuple[object, ...]]:
    return [
        (
            entry.msgctxt,
            entry.msgid,
            entry.msgstr,
            sorted(entry.flags),
            entry.previous_msgid,
            entry.comment,
            entry.tcomment,
            entry.occurrences,
            entry.obsolete,
        )
        for entry in file
    ]
