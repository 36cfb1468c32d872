"""Everything about a language that a mail needs, in one frozen object: ``Localisation.of("ar", territory="EG")``.

Babel knows the words and the patterns, after CLDR. What it does not know stands in the modules beside this one: native
digits (numerals), the Persian calendar and intervals with whole months (calendars), zones (clocks), Spanish *e* and *u*
(lists), and how each script is set (typography). Amounts of money are never converted nor rewritten: they are text.
"""

import datetime
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.core import get_locale_identifier
from langcodes import Language

from newsletter.model import Direction
from newsletter.rendering import calendars, clocks, lists, numerals, typography
from newsletter.rendering.typography import Typography

LRM, RLM = "\u200e", "\u200f"
_ISOLATE, _END = "\u2066", "\u2069"
_STARTS = frozenset("\u2066\u2067\u2068")
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")

# Scripts written from right to left today (Unicode, ScriptMetadata.txt). Babel's own answer is wrong for ku-Arab.
_RTL = frozenset(("Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi"))


class Badge(NamedTuple):
    """A date as a calendar leaf: the day of the month and the month, abbreviated where the language does so."""

    day: str
    month: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Localisation:
    """One language as readers know it: ``tag`` is BCP 47, ``direction`` comes from its ``script`` (ISO 15924).

    ``system`` is the CLDR numbering system of everything written here; ``start`` and ``end`` are the physical sides
    that mail clients understand (13 of 41 ignore the CSS words).
    """

    tag: str
    locale: Locale
    script: str
    system: str
    direction: Direction
    type: Typography

    @classmethod
    def of(cls, tag: str, *, territory: str = "", digits: str = "") -> "Localisation":
        """The localisation of a BCP 47 tag; ``territory`` decides what the tag leaves open, such as Egypt's digits.

        ``digits`` is a numbering system (``latn``, ``arab``) where neither tag nor territory say what members read;
        a ValueError lists the known ones.
        """
        language = Language.get(tag)
        locale = _locale(language, territory)
        script = _script(language, territory)
        return cls(
            tag=tag,
            locale=locale,
            script=script,
            system=numerals.system(locale, digits),
            direction="rtl" if script in _RTL else "ltr",
            type=typography.of(script, language.language or ""),
        )

    @property
    def start(self) -> Literal["left", "right"]:
        """The side a line begins on."""
        return "right" if self.direction == "rtl" else "left"

    @property
    def end(self) -> Literal["left", "right"]:
        """The side a line ends on."""
        return "left" if self.direction == "rtl" else "right"

    @property
    def arrow(self) -> str:
        """An arrow that points onwards."""
        return "←" if self.direction == "rtl" else "→"

    @property
    def endonym(self) -> str:
        """The language's name in itself, with the capital that a menu wants: ``Français``."""
        name = _name(self.tag, None)
        return name[0].title() + name[1:]  # not upper(): that would give Georgian a letter nobody writes

    def name_of(self, tag: str) -> str:
        """What speakers of this language call the language ``tag``, as in the middle of a sentence."""
        return _name(tag, self.locale)

    def digits(self, text: str) -> str:
        """``text`` with this language's digits; only for values that we formatted, never for a body or a URL."""
        return numerals.native(text, self.system)

    def number(self, value: float) -> str:
        """``1234.5`` with this language's separators and digits."""
        return numerals.number(value, self.locale, system=self.system)

    def percent(self, share: float) -> str:
        """``0.25`` as this language writes 25 %."""
        return numerals.percent(share, self.locale, system=self.system)

    def date(self, day: datetime.date) -> str:
        """The full date with its weekday; in Persian the Gregorian date follows in brackets."""
        return self._beside(self._day(day, "full"), day, day)

    def date_long(self, day: datetime.date) -> str:
        """The date without its weekday; in Persian the Gregorian date follows in brackets."""
        return self._beside(self._day(day, "long"), day, day)

    def date_medium(self, day: datetime.date) -> str:
        """The date without its weekday, in the language's own calendar only: for an issue, not for an event."""
        return self._day(day, "long")

    def date_short(self, day: datetime.date) -> str:
        """The date with an abbreviated month; in letters, for numbers alone are read differently by members."""
        return self._day(day, "short")

    def month_year(self, day: datetime.date) -> str:
        """The month and year, as on a masthead: ``novembre 2026``."""
        return self._day(day, "month")

    def badge(self, day: datetime.date) -> Badge:
        """The day and the month of an event, for a calendar leaf."""
        shown = calendars.persian(day, self.locale) or day
        return Badge(self.digits(str(shown.day)), self._day(day, "badge"))

    def interval(self, first: datetime.date, last: datetime.date) -> str:
        """From one day to another, months in full: ``2–3 November 2017``; the same day twice is one date.

        In Persian the Gregorian interval follows in brackets. A ValueError where ``last`` is before ``first``.
        """
        if last < first:
            raise ValueError(f"an event cannot end on {last} when it begins on {first}")
        if first == last:
            return self.date(first)
        begins, ends = calendars.persian(first, self.locale), calendars.persian(last, self.locale)
        if begins is None or ends is None:
            return self._gregorian(first, last)
        return self._beside(self.digits(calendars.stretch(begins, ends, self.locale)), first, last)

    def time(self, moment: datetime.datetime, zone: str) -> str:
        """The time of day in an IANA ``zone``, which it names: ``14:30 (Seoul, GMT+9)``.

        A moment without a zone is already in that one. A RenderError names a zone that nobody knows.
        """
        return clocks.written(moment, zone, locale=self.locale, script=self.script, system=self.system)

    def list(self, items: Sequence[str], *, style: lists.Style = "and") -> str:
        """The items as people write them: ``A, B and C``; in Spanish *e* before *i* and *u* before *o*."""
        return lists.join(items, self.locale, style=style)

    def lead(self, text: str) -> str:
        """Plain text whose first strong character has this language's direction: a mark is put first if needed.

        Subject lines and text parts have no markup; their first strong character decides (UAX 9, P2 and P3).
        """
        if _first_strong(text) in (None, self.direction):
            return text
        return (RLM if self.direction == "rtl" else LRM) + text

    def isolate(self, text: str) -> str:
        """A left-to-right run, such as an address, that the text around it must not reorder (plain text only).

        Controls inside it are left out: one of them could end the isolation early.
        """
        return f"{_ISOLATE}{_CONTROLS.sub('', text)}{_END}" if self.direction == "rtl" and text else text

    def _day(self, day: datetime.date, form: calendars.Form) -> str:
        return self.digits(calendars.day(calendars.persian(day, self.locale) or day, form, self.locale))

    def _beside(self, text: str, first: datetime.date, last: datetime.date) -> str:
        """A Persian date with the Gregorian one in brackets: an event has guests from elsewhere."""
        return f"{text} ({self._gregorian(first, last)})" if calendars.persian(last, self.locale) else text

    def _gregorian(self, first: datetime.date, last: datetime.date) -> str:
        one = first == last
        return self.digits(
            calendars.day(first, "long", self.locale) if one else calendars.stretch(first, last, self.locale)
        )


def _script(language: Language, territory: str) -> str:
    """The script a language is written in: the tag's own, or the likely one there (Punjabi in Pakistan: Arab)."""
    there = Language.make(language.language, script=language.script, territory=language.territory or territory or None)
    return there.maximize().script or "Latn"


def _locale(language: Language, territory: str) -> Locale:
    """The locale of a language; English without a territory is written day first, as ``en-GB``."""
    region = language.territory or territory or ("GB" if language.language == "en" else None)
    return _nearest(language, region) or Locale("en", "GB")


def _nearest(language: Language, territory: str | None) -> Locale | None:
    """The most precise locale that CLDR has for a language in a territory; None where it has none."""
    parts = (language.language or "und", territory, language.script)
    for found in (parts, (parts[0], None, parts[2]), (parts[0],)):
        try:
            return Locale.parse(get_locale_identifier(found))
        except (UnknownLocaleError, ValueError):
            continue
    return None


def _name(tag: str, locale: Locale | None) -> str:
    """The name of a language in a locale, or in itself; the tag where CLDR has none."""
    language = Language.get(tag)
    own = _nearest(language, language.territory)
    name = (own and own.get_display_name(locale)) or tag
    pattern = (locale or own or Locale("en", "GB")).zone_formats["fallback"]  # its brackets are the language's own
    return re.sub(r" \((.+)\)\Z", lambda found: str(pattern % {"0": found[1], "1": ""}), name)


def _first_strong(text: str) -> Direction | None:
    """The direction of the first strong character outside isolates (UAX 9, P2)."""
    classes: dict[str, Direction] = {"L": "ltr", "R": "rtl", "AL": "rtl"}
    depth = 0
    for char in text:
        depth += (char in _STARTS) - (char == _END and depth > 0)
        if not depth and (kind := unicodedata.bidirectional(char)) in classes:
            return classes[kind]
    return None
