"""Reads PO files from bytes, and names the line of whatever polib would read and lose words over."""

import re
from collections.abc import Iterator
from pathlib import Path

import polib

from newsletter.errors import TranslationError
from newsletter.translation import po

_MERGE = re.compile(r"(<{7}|\|{7}|={7}|>{7})( |$)")
_KEYWORDS = ('"', "msgctxt", "msgid", "msgstr")
_QUOTED = re.compile(r'(?P<keyword>msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)?\s*"(?:[^"\\]|\\.)*"')
_MEND = "Correct it in a text editor; msgfmt -c checks the file."


def parse(data: bytes, path: Path, language: str) -> polib.POFile:
    """The entries in the bytes of the file at ``path``; a TranslationError says on which line it is damaged."""
    try:
        # Newer gettext writes sticky flags as `#=`, which polib does not know yet.
        text = re.sub(r"^#=", "#,", po.plain(data.decode("utf-8-sig")), flags=re.MULTILINE)
    except UnicodeDecodeError as error:
        where = f"{path}:{data.count(10, 0, error.start) + 1}"
        raise TranslationError(
            "the file is not UTF-8.", where=where, hint="Save it as UTF-8 in your editor."
        ) from error
    for number, what in _damage(text):
        raise TranslationError(what, where=f"{path}:{number}", hint=_MEND)
    try:
        # Without the line end, polib would take a short text for a file's name.
        found = polib.pofile(f"{text}\n", wrapwidth=po.WIDTH, encoding="utf-8")
    except OSError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{path}:{line[1]}" if line else str(path)
        raise TranslationError("this is no PO syntax.", where=where, hint=_MEND) from error
    _refuse_twins(found, path)
    _refuse_others(found, language, where=f"{path}:{text[: text.find('Language:')].count(chr(10)) + 1}")
    return found


def _damage(text: str) -> Iterator[tuple[int, str]]:
    """The lines with merge marks, with open quotation marks, and of entries that a cut left without their end."""
    begun = 0
    for number, line in enumerate(map(str.strip, text.split("\n")), 1):
        if _MERGE.match(line):
            yield number, "two versions were merged here and not made one yet."
        content = line.removeprefix("#~").lstrip()
        if not content.startswith(_KEYWORDS):
            continue
        quoted = _QUOTED.fullmatch(content)
        if quoted is None:
            yield number, "the quotation marks of this text do not pair up."
        elif quoted["keyword"] == "msgid":
            if begun:
                yield begun, "this entry has no msgstr."
            begun = number
        elif (quoted["keyword"] or "").startswith("msgstr"):
            begun = 0
    if begun:
        yield begun, "the file ends in the middle of this entry."


def _refuse_twins(file: polib.POFile, path: Path) -> None:
    lines: dict[tuple[str | None, str], int] = {}
    for entry in file:
        key, line = (entry.msgctxt, entry.msgid), entry.linenum or 1
        if not entry.obsolete and lines.setdefault(key, line) != line:
            what = f"the entry of line {lines[key]} stands here again."
            raise TranslationError(what, where=f"{path}:{line}", hint="Keep the better one of the two.")


def _refuse_others(file: polib.POFile, language: str, *, where: str) -> None:
    declared = file.metadata.get("Language", "").replace("_", "-")
    if declared and declared.lower() != language.lower():
        raise TranslationError(
            f"the file says that it is in {declared!r}, not {language!r}.",
            where=where,
            hint="Put the right file there, or correct its Language header.",
        )
