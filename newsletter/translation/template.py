"""The source texts of an issue alone, as a ``.pot`` file: for tools that update a catalog from one."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import polib

from newsletter.errors import TranslationError
from newsletter.model import Segment
from newsletter.translation import parsing, po


def write(path: Path, segments: Iterable[Segment], *, project: str) -> None:
    """Write the file if its content changed; it says nothing of any language."""
    made = polib.POFile(wrapwidth=po.WIDTH, encoding="utf-8")
    made.metadata = {name: text for name, text in po.header("", project).items() if name != "Plural-Forms"}
    for segment in segments:
        entry = polib.POEntry(msgctxt=segment.context, msgid=po.plain(segment.text))
        po.describe(entry, segment)
        made.append(entry)
    known = po.read(path)
    with suppress(TranslationError):  # nobody works in this file, so a damaged one is simply made anew
        if known is not None and po.content(parsing.parse(known, path, "")) == po.content(made):
            return
    po.write(path, f"{made}\n".encode())
