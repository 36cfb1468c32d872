"""What a reviewer needs: how far an issue is, in numbers to act on, and every segment with all that is known of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsletter.translation import checks, differences, parsing, po
from newsletter.translation.catalogs import ACCEPTED, Catalog, Entry, State
from newsletter.translation.checks import Candidate, Finding
from newsletter.translation.differences import Change
from newsletter.translation.gate import Gate
from newsletter.translation.glossary import Glossary

HELD_BACK = "held back: "
"""What the note on a segment begins with whose draft was not good enough to be one."""

_SAID = ("check: ", "draft by ")
"""Beginnings of notes that repeat what a row says better: its findings, as of now, and its entry's origin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageReview:
    """One language of an issue: segments by state, in all and by item, and what the gate makes of it.

    ``reasons`` says why the language must not be sent yet; ``fallbacks`` maps an item to the language it is shown in
    instead, ``omitted`` names the items that are left out. ``restored`` counts the marks of drafts that a tool had
    removed all at once.
    """

    language: str
    counts: Mapping[State, int]
    items: Mapping[str, Mapping[State, int]]
    reasons: tuple[str, ...] = ()
    fallbacks: Mapping[str, str]
    omitted: tuple[str, ...] = ()
    restored: int = 0

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {state}" for state, number in self.counts.items() if number)
        return f"{counts or 'nothing to translate'}" + (" (held)" if self.reasons else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One segment as its reviewer sees it.

    ``differences`` lead from the source that a stale translation fits to the source of today. ``notes`` are
    newsletter's own, ``remarks`` the translators'; ``hint`` is what the source says to them. ``line`` is where the
    entry begins in the PO file, 0 where it is not in the file yet.
    """

    entry: Entry
    findings: tuple[Finding, ...] = ()
    differences: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    remarks: str = ""
    hint: str = ""
    line: int = 0
    place: str = ""

    @property
    def waiting(self) -> bool:
        """Whether a person has to do something about it."""
        return self.entry.state not in ACCEPTED


def of(catalog: Catalog, decision: Gate) -> LanguageReview:
    """Count the states of a catalog beside the gate's decision on it."""
    items: dict[str, Counter[State]] = {}
    for entry in catalog:
        items.setdefault(entry.item, Counter())[entry.state] += 1
    total = sum(items.values(), Counter[State]())
    return LanguageReview(
        language=catalog.language,
        counts={state: total[state] for state in State},
        items={item: {state: counts[state] for state in State} for item, counts in items.items()},
        reasons=decision.reasons,
        fallbacks=decision.fallbacks,
        omitted=decision.omitted,
        restored=catalog.restored,
    )


def rows(catalog: Catalog, *, source_language: str, glossary: Glossary | None = None) -> list[Row]:
    """Every segment of a catalog in reading order, also those that are done; lines are those of the file as it is."""
    data = po.read(catalog.path)
    file = parsing.parse(data, catalog.path, catalog.language) if data is not None else ()
    places = {(entry.msgctxt or "", entry.msgid): entry for entry in file}
    result = []
    for entry in catalog:
        found = places.get((entry.context, entry.source))
        notes, remarks = _comments(entry.comment)
        result.append(
            Row(
                entry=entry,
                findings=_findings(entry, catalog.language, source_language, glossary or Glossary()),
                differences=tuple(differences.of(entry.previous, entry.source)) if entry.previous else (),
                notes=notes,
                remarks=remarks,
                hint=found.comment if found else "",
                place=entry.place,
                line=(found.linenum or 0) if found else 0,
            )
        )
    return result


def first(rows: Sequence[Row]) -> list[Row]:
    """The rows with something wrong, in the order in which a reviewer does most good.

    What waits for a person comes before what one has accepted, then what blocks before what may only be a mistake,
    then what has more of it. The order is all that such a score is good for: it is no measure of quality.
    """
    scored = [(_score(row), number) for number, row in enumerate(rows)]
    worst = sorted((score, number) for score, number in scored if any(score[1:]))
    return [rows[number] for _score, number in worst]


def _score(row: Row) -> tuple[int, int, int]:
    levels = Counter(finding.level for finding in row.findings)
    held = any(note.startswith(HELD_BACK) for note in row.notes) and row.entry.state is State.MISSING
    return (0 if row.waiting else 1, -levels["block"] - held, -levels["warn"])


def _findings(entry: Entry, language: str, source_language: str, glossary: Glossary) -> tuple[Finding, ...]:
    """What the checks say of the translation as it is now, whoever wrote it; nothing of a missing one."""
    if entry.state is State.MISSING:
        return ()
    candidate = Candidate(
        entry.source,
        entry.target,
        language,
        source_language=source_language,
        role=entry.role,
        glossary=glossary,
    )
    return tuple(checks.find(candidate))


def _comments(comment: str) -> tuple[tuple[str, ...], str]:
    """Our notes, each in one piece again, and what translators wrote."""
    notes: list[str] = []
    remarks = []
    for line in comment.splitlines():
        text = line.removeprefix(po.NOTE)
        if text == line:
            remarks.append(line)
        elif text.startswith(" ") and notes:
            notes[-1] += f" {text.strip()}"
        else:
            notes.append(text.strip())
    kept = tuple(note for note in notes if note and not note.startswith(_SAID))
    return kept, "\n".join(remarks).strip()
