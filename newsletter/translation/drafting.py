"""Fills the missing segments of a catalog: from the memory, else by the engine, then through the checks.

Nothing a person wrote is touched. What the engine doubts or a check blocks stays missing, with the reason in the PO
comment; a draft is fuzzy until a person accepts it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from newsletter.translation import checks, segments
from newsletter.translation.catalogs import ACCEPTED, Catalog, Entry, State
from newsletter.translation.engines import Engine
from newsletter.translation.glossary import Glossary
from newsletter.translation.markup import blocks
from newsletter.translation.markup.blocks import Block
from newsletter.translation.memory import Memory
from newsletter.translation.memory.matching import Kind, Match
from newsletter.translation.pairs import Cache, Pair, Progress, failing

PIVOT = "en"
"""The language that Argos packages lead to and from: where none leads straight to a language, two lead through it."""

_DRAFTS = frozenset({Kind.EXACT, Kind.NUMBERS, Kind.FUZZY})
"""What of the memory is worth correcting."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Aids:
    """What helps an engine: what people translated before, what the engine answered before, and the house's terms."""

    memory: Memory | None = None
    cache: Cache | None = None
    glossary: Glossary = field(default_factory=Glossary)


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """One segment that got no draft, and why."""

    context: str
    source: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Drafted:
    """What became of the missing segments of one language.

    ``carried`` are those a person had accepted in the same place of another issue, ``memory`` the drafts taken from
    other issues, ``drafts`` those that the engine wrote, ``held`` those that are still missing, with the reason.
    ``restored`` counts the marks of drafts that a tool had removed all at once; ``trouble`` says why what the engine
    answered is not kept for the next time, empty where it is.
    """

    language: str
    missing: int = 0
    carried: int = 0
    memory: int = 0
    drafts: int = 0
    held: tuple[Held, ...] = ()
    restored: int = 0
    trouble: str = ""

    def __str__(self) -> str:
        counts = (
            (self.memory, "from memory"),
            (self.carried, "accepted before"),
            (len(self.held), "held back"),
            (self.restored, "marks put back"),
        )
        return ", ".join([f"{self.drafts} drafts", *(f"{number} {what}" for number, what in counts if number)])


def fill(
    catalog: Catalog,
    engine: Engine,
    *,
    source: str,
    aids: Aids | None = None,
    items: Collection[str] | None = None,
    again: bool = False,
    english: Catalog | None = None,
    progress: Progress | None = None,
) -> Drafted:
    """Draft every missing segment of a catalog, or of these items; the caller saves it.

    ``again`` also drafts anew what nobody touched, if the engine can. ``english`` is the issue's English catalog: where
    a way leads through English, what it has accepted is preferred.
    """
    aids = aids or Aids()
    if again and _route(engine, source, catalog.language):
        catalog.discard(items)
    missing = _missing(catalog, items)
    carried, recalled, rest = 0, 0, []
    for entry, match in zip(missing, _recall(missing, catalog, aids.memory, source), strict=True):
        if match and match.kind is Kind.CONTEXT:
            catalog.carry(entry.context, entry.source, match.text)
            carried += 1
        elif match and _remembered(catalog, entry, match, aids, source):
            recalled += 1
        else:
            rest.append((entry, match))
    held = _interpret(catalog, rest, engine, aids, source=source, english=english, progress=progress)
    return Drafted(
        language=catalog.language,
        missing=len(missing),
        carried=carried,
        memory=recalled,
        drafts=len(rest) - len(held),
        held=tuple(held),
        restored=catalog.restored,
    )


def forecast(catalog: Catalog, *, source: str, memory: Memory | None, items: Collection[str] | None = None) -> Drafted:
    """What ``fill`` would find, as far as it can be known without asking an engine or writing a word.

    ``drafts`` are then the segments that the engine would be asked for.
    """
    missing = _missing(catalog, items)
    matches = _recall(missing, catalog, memory, source)
    carried = sum(match is not None and match.kind is Kind.CONTEXT for match in matches)
    recalled = sum(match is not None and match.kind in _DRAFTS for match in matches)
    return Drafted(
        language=catalog.language,
        missing=len(missing),
        carried=carried,
        memory=recalled,
        drafts=len(missing) - carried - recalled,
        restored=catalog.restored,
    )


def _missing(catalog: Catalog, items: Collection[str] | None) -> list[Entry]:
    return [e for e in catalog if e.state is State.MISSING and (items is None or e.item in items)]


def _recall(missing: list[Entry], catalog: Catalog, memory: Memory | None, source: str) -> Sequence[Match | None]:
    if memory is None or not missing:
        return [None] * len(missing)
    texts = [(entry.context, entry.source) for entry in missing]
    return memory.find_all(texts, source=source, target=catalog.language)


def _remembered(catalog: Catalog, entry: Entry, match: Match, aids: Aids, source: str) -> bool:
    """Draft a segment with what the memory has, if that is near enough and no check objects; whether it did."""
    block = Block(text=match.text, doubts=(), notes=())
    return match.kind in _DRAFTS and not _draft(catalog, entry, block, aids, source, str(match))


def _interpret(
    catalog: Catalog,
    rest: list[tuple[Entry, Match | None]],
    engine: Engine,
    aids: Aids,
    *,
    source: str,
    english: Catalog | None,
    progress: Progress | None,
) -> list[Held]:
    """Let the engine draft what the memory does not know; the segments that it could not."""
    if not rest:
        return []
    hops = _route(engine, source, catalog.language)
    if not hops:
        target = catalog.language
        reason = f"no engine here translates {source} to {target}; try: newsletter languages install {target}"
        return [_hold(catalog, entry, reason, []) for entry, _match in rest]
    entries = [entry for entry, _match in rest]
    found = [Block(text=entry.source, doubts=(), notes=()) for entry in entries]
    pairs = [Pair(engine, source=start, target=end, cache=aids.cache, progress=progress) for start, end in hops]
    origin = ", then ".join(pair.version for pair in pairs)
    for number, (pair, end) in enumerate(zip(pairs, (end for _, end in hops), strict=True)):
        reviewed = _reviewed(english) if end == PIVOT and len(hops) > 1 else {}
        found = _hop(entries, found, pair, aids.glossary, reviewed=reviewed, first=number == 0)
    held = []
    for (entry, match), block in zip(rest, found, strict=True):
        if match:  # not near enough to be a draft, but a person may find words in it
            block = replace(block, notes=(*block.notes, str(match)))
        reason = _draft(catalog, entry, block, aids, source, origin)
        if reason:
            held.append(Held(context=entry.context, source=entry.source, reason=reason))
    return held


def _hop(
    entries: list[Entry],
    found: list[Block],
    pair: Pair,
    glossary: Glossary,
    *,
    reviewed: dict[tuple[str, str], str],
    first: bool,
) -> list[Block]:
    """One engine's answer to each block; an accepted translation is better than any."""
    asked = [n for n, entry in enumerate(entries) if (entry.context, entry.source) not in reviewed]
    texts = [found[n].text for n in asked]
    keep = sorted({name for text in texts for name in glossary.keep(text, pair.target)})
    plain = {position for position, n in enumerate(asked) if entries[n].role in segments.PLAIN}
    answers = dict(zip(asked, blocks.translate(texts, pair, keep=keep, plain=plain), strict=True))
    results = []
    for number, entry in enumerate(entries):
        if number not in answers:
            results.append(Block(text=reviewed[entry.context, entry.source], doubts=(), notes=()))
            continue
        answer, before = answers[number], found[number]
        through = () if first else (f"through {pair.source}: {before.text}",)
        results.append(
            replace(answer, doubts=(*before.doubts, *answer.doubts), notes=(*before.notes, *answer.notes, *through))
        )
    return results


def _route(engine: Engine, source: str, target: str) -> list[tuple[str, str]]:
    """The pairs that lead from one language to the other: straight, or through English, or not at all."""
    with failing(type(engine).__name__):
        pairs = engine.pairs()
    if (source, target) in pairs:
        return [(source, target)]
    through = [(source, PIVOT), (PIVOT, target)]
    return through if all(pair in pairs for pair in through) else []


def _reviewed(english: Catalog | None) -> dict[tuple[str, str], str]:
    return {(e.context, e.source): e.target for e in english or () if e.state in ACCEPTED}


def _draft(catalog: Catalog, entry: Entry, block: Block, aids: Aids, source: str, origin: str) -> str:
    """Put a draft into the catalog, or hold it back and return the reason."""
    candidate = checks.Candidate(
        source=entry.source,
        target=block.text,
        language=catalog.language,
        source_language=source,
        role=entry.role,
        glossary=aids.glossary,
    )
    text, fixed = checks.fix(candidate)
    findings = checks.find(replace(candidate, target=text))
    blocking = [*block.doubts, *(finding.message for finding in findings if finding.level == "block")]
    if blocking:
        _hold(catalog, entry, blocking[0], [f"{origin} wrote: {text}"])
        return blocking[0]
    doubts = (f"check: {finding.message}" for finding in findings)
    catalog.draft(
        entry.context, entry.source, text, notes=[f"draft by {origin}", *block.notes, *fixed, *doubts], origin=origin
    )
    return ""


def _hold(catalog: Catalog, entry: Entry, reason: str, notes: list[str]) -> Held:
    catalog.draft(entry.context, entry.source, "", notes=[f"held back: {reason}", *notes])
    return Held(context=entry.context, source=entry.source, reason=reason)
