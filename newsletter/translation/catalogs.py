"""The PO file of one issue in one language: read, brought up to date with the source, written.

``fuzzy`` is the review state, so that Poedit, Weblate and a text editor are the review tools. A draft is fuzzy without
a previous text, a stale translation fuzzy with one; what carries no flag was accepted by a person. Only this module
touches PO files, and never through Babel, whose reader turns ``#|`` into a comment and whose merge is quadratic.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from textwrap import TextWrapper

import polib
from rapidfuzz import fuzz

from newsletter.errors import TranslationError
from newsletter.model import Segment

NOTE = "newsletter: "
"""What our own translator comments begin with: they survive every PO tool, and go when the entry is reviewed."""

_WIDTH = 78

# Characters that Python takes for line ends and gettext does not: polib would cut a string in two there.
_BREAKS = dict.fromkeys(map(ord, "\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")

SIMILAR = 60
"""A new text is taken for an edited old one of the same item from this similarity (percent) on, as in gettext."""

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


class State(StrEnum):
    """How far the translation of one segment is."""

    MISSING = "missing"
    DRAFT = "draft"
    STALE = "stale"
    REVIEWED = "reviewed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One segment of the catalog with its translation and what is noted beside it."""

    context: str
    source: str
    target: str
    state: State
    comment: str = ""


class Catalog:
    """One issue in one language; ``path`` need not exist yet."""

    def __init__(self, path: Path, *, language: str, project: str) -> None:
        self.path = path
        self.language = language
        self._po = _read(path, language) if path.exists() else _new(language, project)

    def __iter__(self) -> Iterator[Entry]:
        """The entries in document order, without those whose source is gone."""
        for entry in self._po:
            if not entry.obsolete:
                yield _entry(entry)

    def sync(self, segments: Iterable[Segment]) -> None:
        """Bring the catalog up to date with the source; a person's words are kept, never overwritten, never lost."""
        old = {(entry.msgctxt or "", entry.msgid): entry for entry in self._po}
        segments = list(segments)
        wanted = {(segment.context, segment.text) for segment in segments}
        orphans = [entry for key, entry in old.items() if key not in wanted and entry.msgstr]
        fresh = []
        for segment in segments:
            entry = old.get((segment.context, segment.text))
            if entry is None:
                entry = _successor(segment, orphans) or polib.POEntry(msgctxt=segment.context, msgid=segment.text)
            entry.obsolete = False
            if _state(entry) is State.REVIEWED:
                entry.tcomment = _without_notes(entry.tcomment)
            entry.comment = segment.note
            entry.occurrences = [(segment.file, str(segment.line) if segment.line else "")]
            fresh.append(entry)
        for entry in orphans:
            entry.obsolete = True
        self._po[:] = [*fresh, *orphans]

    def draft(self, context: str, source: str, text: str, *, notes: Iterable[str]) -> None:
        """Set a machine's translation of a missing segment, to be reviewed; ``notes`` are for the reviewer."""
        entry = self._missing(context, source)
        entry.msgstr = text
        entry.flags = sorted({*entry.flags, "fuzzy"})
        _note(entry, notes)

    def hold(self, context: str, source: str, *, notes: Iterable[str]) -> None:
        """Note why a missing segment has no draft."""
        _note(self._missing(context, source), notes)

    def save(self) -> bool:
        """Write the file if its content changed, through a temporary file so that the last good one is never lost."""
        if self.path.exists() and _content(_read(self.path, self.language)) == _content(self._po):
            return False
        if not self.path.exists():
            self._po.metadata["POT-Creation-Date"] = _now()
        self._po.metadata["PO-Revision-Date"] = _now()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".po.tmp")
        temporary.write_text(f"{self._po}\n", encoding="utf-8", newline="\n")
        temporary.replace(self.path)
        return True

    def _missing(self, context: str, source: str) -> polib.POEntry:
        entry = self._po.find(source, msgctxt=context)
        if entry is None or entry.msgstr:
            raise ValueError(f"{context} is not a missing entry of {self.path}")
        return entry


def _successor(segment: Segment, orphans: list[polib.POEntry]) -> polib.POEntry | None:
    """The entry for an edited text, made of the old text's entry, which leaves the orphans.

    A change of white space or quotation marks alone keeps the review; any other makes the translation stale, with the
    oldest source it is known to fit beside it. An unreviewed draft is not worth keeping: it will be drafted anew.
    """
    item = segment.context.partition("|")[0]
    candidates = [entry for entry in orphans if (entry.msgctxt or "").partition("|")[0] == item]
    scored = [(fuzz.ratio(entry.msgid, segment.text), entry) for entry in candidates]
    score, best = max(scored, key=lambda pair: pair[0], default=(0, None))
    if best is None or score < SIMILAR or _state(best) is State.DRAFT:
        return None
    orphans.remove(best)
    entry = polib.POEntry(
        msgctxt=segment.context, msgid=segment.text, msgstr=best.msgstr, flags=list(best.flags), tcomment=best.tcomment
    )
    entry.previous_msgid = best.previous_msgid
    entry.previous_msgctxt = best.previous_msgctxt
    if _words(best.msgid) != _words(segment.text):
        entry.flags = sorted({*entry.flags, "fuzzy"})
        entry.previous_msgid = best.previous_msgid or best.msgid
    return entry


def _note(entry: polib.POEntry, notes: Iterable[str]) -> None:
    """Set our own comment, wrapped here: polib would wrap it too, and a wrapped line would not look like ours."""
    wrap = TextWrapper(width=_WIDTH - len("# "), initial_indent=NOTE, subsequent_indent=f"{NOTE}  ")
    ours = [line for note in notes for line in wrap.wrap(" ".join(note.split()))]
    kept = _without_notes(entry.tcomment)
    entry.tcomment = "\n".join([*([kept] if kept else []), *ours])


def _without_notes(comment: str) -> str:
    return "\n".join(line for line in comment.splitlines() if not line.startswith(NOTE))


def _words(text: str) -> str:
    """The text without what an editor changes without changing the meaning."""
    return re.sub(r"\s+", " ", text.translate(str.maketrans("“”„«»‘’", '"""""\'\''))).strip()


def _state(entry: polib.POEntry) -> State:
    if not entry.msgstr.strip():
        return State.MISSING
    if not entry.fuzzy:
        return State.REVIEWED
    return State.STALE if entry.previous_msgid else State.DRAFT


def _entry(entry: polib.POEntry) -> Entry:
    return Entry(
        context=entry.msgctxt or "",
        source=entry.msgid,
        target=entry.msgstr,
        state=_state(entry),
        comment=entry.tcomment,
    )


def _content(po: polib.POFile) -> list[tuple[object, ...]]:
    """What matters of a file: its entries, not its wrapping or its header's dates."""
    return [
        (
            e.msgctxt,
            e.msgid,
            e.msgstr,
            sorted(e.flags),
            e.previous_msgid,
            e.comment,
            e.tcomment,
            e.occurrences,
            e.obsolete,
        )
        for e in po
    ]


def _new(language: str, project: str) -> polib.POFile:
    po = polib.POFile(wrapwidth=_WIDTH, encoding="utf-8")
    po.header = f"{project} in {language}. Remove “fuzzy” from an entry to accept it."
    po.metadata = {
        "Project-Id-Version": project,
        "Report-Msgid-Bugs-To": "",
        "POT-Creation-Date": _now(),
        "PO-Revision-Date": _now(),
        "Last-Translator": "newsletter",
        "Language-Team": language,
        "Language": language.replace("-", "_"),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURALS.get(language) or PLURALS.get(language.partition("-")[0]) or _GERMANIC,
        "X-Generator": "newsletter",
    }
    return po


def _read(path: Path, language: str) -> polib.POFile:
    try:
        # Newer gettext writes sticky flags as `#=`, which polib does not know yet.
        text = re.sub(r"^#=", "#,", path.read_text(encoding="utf-8-sig"), flags=re.MULTILINE).translate(_BREAKS)
    except UnicodeDecodeError as error:
        raise TranslationError("the file is not UTF-8.", where=path, hint="Save it as UTF-8 in your editor.") from error
    except OSError as error:
        raise TranslationError(f"the file cannot be read ({error.strerror}).", where=path) from error
    try:
        # An empty file would be taken for a file name.
        po = polib.pofile(text or "\n", wrapwidth=_WIDTH, encoding="utf-8", check_for_duplicates=True)
    except (OSError, ValueError) as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{path}:{line[1]}" if line else path
        what = "an entry stands twice" if isinstance(error, ValueError) else "this is no PO syntax"
        raise TranslationError(f"{what}.", where=where, hint="Correct it in a PO editor, or with msgfmt -c.") from error
    declared = po.metadata.get("Language", "").replace("_", "-")
    if declared and declared.lower() != language.lower():
        raise TranslationError(
            f"the file says that it is in {declared!r}, not {language!r}.",
            where=path,
            hint="Put the right file there, or correct its Language header.",
        )
    return po


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M+0000")
