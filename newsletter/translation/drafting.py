"""Fills the missing segments of a catalog: sentence by sentence through the engine, then through the checks.

Nothing a person wrote is touched. What the engine doubts or a check blocks stays missing, with the reason in the PO
comment; a draft is fuzzy until a person accepts it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from newsletter.errors import TranslationError
from newsletter.model import Translated
from newsletter.translation import checks, segments, sentences
from newsletter.translation.catalogs import Catalog, Entry, State

Progress = Callable[[int, int], None]
"""Called with (done, all) as the work goes on."""

CHUNK = 64
"""Sentences handed to the engine at once, between two steps of the progress bar."""


class Engine(Protocol):
    """What machine-translates. Its contract suite is ``newsletter.testing.EngineContract``."""

    def pairs(self) -> set[tuple[str, str]]:
        """The (source, target) pairs it translates, as BCP 47 tags."""

    def version(self, *, source: str, target: str) -> str:
        """What translates this pair, in a few words for people."""

    def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """One translation for each sentence, in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """One segment that got no draft, and why."""

    context: str
    source: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Drafted:
    """What became of one language: how many segments were drafted, and which were held back."""

    language: str
    drafts: int = 0
    held: tuple[Held, ...] = ()

    def __str__(self) -> str:
        held = f", {len(self.held)} held back" if self.held else ""
        return f"{self.drafts} drafts{held}"


def fill(catalog: Catalog, engine: Engine, *, source: str, progress: Progress | None = None) -> Drafted:
    """Draft every missing segment of a catalog; the caller saves it."""
    missing = [entry for entry in catalog if entry.state is State.MISSING]
    if not missing:
        return Drafted(language=catalog.language)
    if (source, catalog.language) not in engine.pairs():
        hint = "newsletter languages install FILE.argosmodel"
        return _hold_all(catalog, missing, f"no package translates {source} to {catalog.language}; see {hint}")
    plain = [entry for entry in missing if segments.plain(entry.source)]
    rest = [entry for entry in missing if not segments.plain(entry.source)]
    blocks = {entry.source: sentences.split(entry.source, source) for entry in plain}
    unique = list(dict.fromkeys(sentence.text for block in blocks.values() for sentence in block))
    known = _translate(unique, engine, source=source, target=catalog.language, progress=progress)
    version = engine.version(source=source, target=catalog.language)
    held = list(_hold_all(catalog, rest, "it has links, emphasis or other markup").held)
    for entry in plain:
        reason = _draft(catalog, entry, [(known[s.text], s.gap) for s in blocks[entry.source]], version)
        if reason:
            held.append(Held(context=entry.context, source=entry.source, reason=reason))
    return Drafted(language=catalog.language, drafts=len(missing) - len(held), held=tuple(held))


def _draft(catalog: Catalog, entry: Entry, parts: list[tuple[Translated, str]], version: str) -> str:
    """Put a draft into the catalog, or hold it back and return the reason."""
    text = "".join(translated.text + gap for translated, gap in parts).strip()
    doubts = [translated.doubt for translated, _gap in parts if translated.doubt]
    findings = checks.find(entry.source, text, catalog.language)
    blocking = doubts + [finding.message for finding in findings if finding.level == "block"]
    if not segments.plain(text):
        blocking.append("it has markup that the source has not")
    if blocking:
        notes = [f"held back: {blocking[0]}", f"{version} wrote: {text}"]
        catalog.draft(entry.context, entry.source, "", notes=notes)
        return blocking[0]
    notes = [f"draft by {version}", *(f"check: {finding.message}" for finding in findings)]
    catalog.draft(entry.context, entry.source, text, notes=notes)
    return ""


def _hold_all(catalog: Catalog, entries: list[Entry], reason: str) -> Drafted:
    for entry in entries:
        catalog.draft(entry.context, entry.source, "", notes=[f"held back: {reason}"])
    held = tuple(Held(context=entry.context, source=entry.source, reason=reason) for entry in entries)
    return Drafted(language=catalog.language, held=held)


def _translate(
    unique: list[str], engine: Engine, *, source: str, target: str, progress: Progress | None
) -> dict[str, Translated]:
    known: dict[str, Translated] = {}
    for start in range(0, len(unique), CHUNK):
        chunk = unique[start : start + CHUNK]
        answers = engine.translate(chunk, source=source, target=target)
        if len(answers) != len(chunk):
            raise TranslationError(
                f"the engine answered {len(answers)} sentences for {len(chunk)}.",
                where=engine.version(source=source, target=target),
                hint="Nothing of it was used; run it again, or choose another engine.",
            )
        known.update(zip(chunk, answers, strict=True))
        if progress:
            progress(len(known), len(unique))
    return known
