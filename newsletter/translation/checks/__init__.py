"""What a translation must keep or must not do: small classes, one rule each, and corrections for what is a mere sign.

``block`` holds a machine's draft back: the segment stays missing and its PO comment says why. ``warn`` goes into the
comment of the draft. ``info`` is for the review page. Thresholds come from human translations, so that a correct one is
rarely accused. Each check's docstring gives its false alarms as a share of paragraphs: "news" is NTREX-128, in nine
languages, where the rule was counted before it was written here; "manuals" are 5,800 paragraphs in ten languages that
Debian's translators accepted. What blocked there had a real fault, nearly without exception, and in the 416 segments of
the example newsletter one subject is too wide and nothing else found. ``tests/benchmarks/false_alarms.py`` counts.

There is no check for quotation marks, which differ in up to 42 % of good translations, nor for swear words, which are
rare in a newsletter and stand inside innocent words.
"""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field
from functools import lru_cache
from typing import Literal, Protocol

from newsletter.translation import prose, segments
from newsletter.translation.glossary import Glossary
from newsletter.translation.prose import Prose

Level = Literal["block", "warn", "info"]

_ORDER: tuple[Level, ...] = ("block", "warn", "info")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One doubt about a translation; ``message`` completes the sentence "check: …"."""

    level: Level
    message: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A translation to be judged: the languages are BCP 47 tags, ``role`` is a segment's.

    Both texts are inline Markdown, but for the roles whose text is shown as it is.
    """

    source: str
    target: str
    language: str
    _: KW_ONLY
    source_language: str = "en"
    role: str = "body"
    glossary: Glossary = field(default_factory=Glossary)

    @property
    def base(self) -> str:
        """The target language without its territory or script."""
        return self.language.partition("-")[0]

    @property
    def original(self) -> Prose:
        """The source, taken apart."""
        return self.read(self.source)

    @property
    def translation(self) -> Prose:
        """The target, taken apart."""
        return self.read(self.target)

    def read(self, text: str) -> Prose:
        """A text of the same role, taken apart."""
        return prose.plain(text) if self.role in segments.PLAIN else prose.read(text)


class Check(Protocol):
    """One rule."""

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        """What is wrong with the translation."""


class Correction(Protocol):
    """One sign that is set otherwise in some languages; ``note`` says what was changed."""

    note: str

    def correct(self, text: str, language: str) -> str:
        """The text with the signs set right: the same words, and nothing new when it is done again."""


@lru_cache(maxsize=1)
def all_checks() -> tuple[Check, ...]:
    """The checks every translation goes through."""
    from newsletter.translation.checks import dates, kept, language, money, numbers, shape, signs, terms, width

    return (
        shape.Empty(),
        shape.Copied(),
        language.Script(),
        language.Language(),
        language.LeftOver(),
        shape.Length(),
        shape.End(),
        shape.Sentences(),
        shape.Loop(),
        kept.Literals(),
        kept.Markup(),
        kept.Emphasis(),
        kept.Html(),
        numbers.Numbers(),
        numbers.Added(),
        dates.Dates(),
        money.Currencies(),
        terms.Names(),
        terms.Terms(),
        terms.Forbidden(),
        terms.Acronyms(),
        signs.Brackets(),
        signs.InvertedMarks(),
        signs.Damage(),
        signs.Correctable(),
        width.Columns(),
    )


def find(candidate: Candidate) -> list[Finding]:
    """All findings of all checks, the gravest first."""
    found = [finding for check in all_checks() for finding in check.find(candidate)]
    return sorted(found, key=lambda finding: _ORDER.index(finding.level))


def fix(candidate: Candidate) -> tuple[str, tuple[str, ...]]:
    """The translation with its signs set as in its language, and what was changed.

    A correction that would touch an address, a placeholder, code or markup is not made.
    """
    from newsletter.translation.checks import corrections

    text, before = candidate.target, ""
    notes: dict[str, None] = {}
    while text != before:  # one correction may make room for another
        before = text
        for correction in corrections.ALL:
            corrected = correction.correct(text, candidate.language)
            if corrected != text and candidate.read(corrected).fixed == candidate.read(text).fixed:
                text = corrected
                notes[correction.note] = None
    return text, tuple(notes)
