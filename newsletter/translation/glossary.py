"""The organisation's words: ``glossary.csv`` says how terms are translated, ``names.csv`` what names look like.

Both stand in the newsletter's folder and both may be missing. What is found in a source text is said to the reviewer,
kept by the engines' markup where it must not be translated, and checked in the translation.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self, cast

import langcodes

from newsletter import names, tables
from newsletter.errors import TranslationError
from newsletter.names import Name
from newsletter.translation import prose, wordforms
from newsletter.translation.wordforms import Match

FILE, NAMES = "glossary.csv", "names.csv"
REQUIRED = ("source", "lang", "target")
OPTIONAL = ("alternatives", "status", "case", "match", "note")

Status = Literal["preferred", "admitted", "forbidden"]
_VALUES = {
    "status": ("preferred", "admitted", "forbidden"),
    "case": ("0", "1"),
    "match": ("stem", "word", "exact"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A row of ``glossary.csv``: in ``language``, ``source`` is ``target`` or an alternative, or must not be.

    ``case`` says that the source counts only in its own capitals; ``match`` how the target is looked for.
    """

    source: str
    language: str
    target: str
    alternatives: tuple[str, ...] = ()
    status: Status = "preferred"
    case: bool = False
    match: Match = "stem"
    note: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """All that the row says of the target."""
        return (self.target, *self.alternatives)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """What the glossary knows of ``text``, as it stands in a source: the terms of one language, or the name."""

    text: str
    terms: tuple[Term, ...] = ()
    name: Name | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Glossary:
    """The terms and names of a newsletter, empty where it has none."""

    terms: tuple[Term, ...] = ()
    names: tuple[Name, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The glossary in a newsletter's folder; TranslationError or ContentError with file and line."""
        return cls(terms=_read(folder / FILE), names=names.read(folder / NAMES))

    def mentions(self, text: str, language: str) -> list[Mention]:
        """What stands in a source text, in order and the longest first: no term is found inside another.

        Links' targets, other literals and code are not looked at.
        """
        words = prose.read(text).text
        found = wordforms.tokens(words)
        mentions, position = [], 0
        while position < len(found):
            length, mention = self._at(words, found, position, language)
            if mention:
                mentions.append(mention)
            position += length
        return mentions

    def keep(self, text: str, language: str) -> tuple[str, ...]:
        """The names in a source text that must stand in the translation as they are.

        A name that is kept, but has a form in that language or in its script, is checked and not kept.
        """
        mentions = self.mentions(text, language)
        kept = [m.text for m in mentions if m.name and m.name.keep == "yes" and not forms(m.name, language)]
        return tuple(dict.fromkeys(kept))

    def note(self, text: str, language: str) -> str:
        """What a translator should know: ``glossary: Action Plan = Plan d’action; names: SHRDC``, or nothing."""
        mentions = self.mentions(text, language)
        terms = dict.fromkeys(_term_note(mention.terms) for mention in mentions if mention.terms)
        known = dict.fromkeys(note for mention in mentions if mention.name and (note := _name_note(mention, language)))
        parts = (("glossary", terms), ("names", known))
        return "; ".join(f"{title}: {', '.join(notes)}" for title, notes in parts if notes)

    def _at(
        self, text: str, found: Sequence[tuple[str, int, int]], place: int, language: str
    ) -> tuple[int, Mention | None]:
        """(words, mention) of the longest headword that begins at a place; (1, None) where none does."""
        for head in self._heads.get(found[place][0], ()):
            part = found[place : place + len(head.keys)]
            if tuple(key for key, _start, _end in part) != head.keys:
                continue
            gaps = (text[one[2] : two[1]] for one, two in pairwise(part))
            written = text[part[0][1] : part[-1][2]]
            terms = head.terms_in(language)
            if (terms or head.name) and head.fits(written) and all(wordforms.joined(gap) for gap in gaps):
                return len(part), Mention(text=written, terms=terms, name=head.name)
        return 1, None

    @cached_property
    def _heads(self) -> Mapping[str, tuple["_Head", ...]]:
        """The headwords by their first word, the longest first, so that a text is read once whatever their number."""
        index: defaultdict[str, list[_Head]] = defaultdict(list)
        for head in _headwords(self.terms, self.names):
            if head.keys:
                index[head.keys[0]].append(head)
        return {key: tuple(sorted(heads, key=lambda head: -len(head.keys))) for key, heads in index.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    """A source term or name, as it is looked for; ``strict`` where its capitals count."""

    text: str
    keys: tuple[str, ...]
    strict: bool
    terms: Mapping[str, tuple[Term, ...]]
    name: Name | None = None

    def fits(self, written: str) -> bool:
        return not self.strict or written == self.text

    def terms_in(self, language: str) -> tuple[Term, ...]:
        return next((self.terms[tag] for tag in tables.broader(language) if tag in self.terms), ())


def forms(name: Name, language: str) -> tuple[str, ...]:
    """A name in a language: its column's, and the aliases in its script where that is not the name's own."""
    script = prose.script(language)
    foreign = prose.share(name.name, script) < 0.5
    aliases = (alias for alias in name.aliases if foreign and prose.share(alias, script) == 1)
    return tuple(dict.fromkeys(form for form in (name.form(language), *aliases) if form))


def _headwords(terms: Sequence[Term], known: Sequence[Name]) -> Iterator[_Head]:
    by_source: defaultdict[tuple[str, bool], defaultdict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for term in terms:
        by_source[term.source, term.case or term.match == "exact" or _acronym(term.source)][term.language].append(term)
    for (source, strict), languages in by_source.items():
        rows = {language: tuple(found) for language, found in languages.items()}
        yield _Head(text=source, keys=_keys(source), strict=strict, terms=rows)
    for name in known:
        for text in dict.fromkeys((name.name, *name.aliases)):
            yield _Head(text=text, keys=_keys(text), strict=_acronym(text), terms={}, name=name)


def _keys(text: str) -> tuple[str, ...]:
    return tuple(key for key, _start, _end in wordforms.tokens(text))


def _acronym(text: str) -> bool:
    """Whether it is all capitals: "IT" is a term where "it" is none."""
    return text.isupper() and text.lower() != text


def _term_note(terms: Sequence[Term]) -> str:
    wanted = [target for term in terms if term.status != "forbidden" for target in term.targets]
    banned = [target for term in terms if term.status == "forbidden" for target in term.targets]
    note = f"{terms[0].source} = {' or '.join(wanted)}" if wanted else terms[0].source
    remarks = [*(f"not {target}" for target in banned), *(term.note for term in terms if term.note)]
    return f"{note} ({'; '.join(remarks)})" if remarks else note


def _name_note(mention: Mention, language: str) -> str:
    name = cast("Name", mention.name)
    known = forms(name, language)
    if known:
        return f"{mention.text} = {' or '.join(known)}"
    return mention.text if name.keep == "yes" else ""


def _read(path: Path) -> tuple[Term, ...]:
    shape = tables.Shape(required=REQUIRED, optional=OPTIONAL, error=TranslationError)
    terms: list[Term] = []
    lines: dict[tuple[str, ...], int] = {}
    for row in tables.read(path, shape):
        term = _term(row, f"{path}:{row.line}")
        keys: list[tuple[str, ...]] = [(term.source, term.language, target) for target in term.targets]
        if term.status == "preferred":
            keys.append((term.source, term.language))
        for key in keys:
            if key in lines:
                what = f"“{term.source}” in {term.language} stands in line {lines[key]} already."
                hint = "Keep one of the two, or make the second one admitted."
                raise TranslationError(what, where=f"{path}:{row.line}", hint=hint)
            lines[key] = row.line
        terms.append(term)
    return tuple(terms)


def _term(row: tables.Row, where: str) -> Term:
    cell = {column: row.cells.get(column, "") for column in (*REQUIRED, *OPTIONAL)}
    for column, known in _VALUES.items():
        cell[column] = cell[column].lower() or known[0]
        if cell[column] not in known:
            hint = f"Write one of: {', '.join(known)}."
            raise TranslationError(f"the {column} “{cell[column]}” is unknown.", where=where, hint=hint)
    if not tables.is_language(cell["lang"]):
        hint = "Write a tag such as fr or pt-BR."
        raise TranslationError(f"“{cell['lang']}” is no language.", where=where, hint=hint)
    return Term(
        source=cell["source"],
        language=langcodes.standardize_tag(cell["lang"]).lower(),
        target=cell["target"],
        alternatives=tuple(part for text in cell["alternatives"].split(";") if (part := text.strip())),
        status=cast("Status", cell["status"]),
        case=cell["case"] == "1",
        match=cast("Match", cell["match"]),
        note=cell["note"],
    )
