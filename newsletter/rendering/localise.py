"""Everything about a language that a mail needs, in one frozen object: ``Localisation.of("ar", territory="EG")``.

Babel knows the words and the patterns. What it does not know stands here: native digits, the Persian calendar, Spanish
*e* and *u*, the direction of a script, and the fonts and line heights that each script needs in mail clients.
"""

import datetime
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.core import get_locale_identifier
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal
from langcodes import Language
from persiantools.jdatetime import JalaliDate

from newsletter.model import Direction

RLM = "\u200f"
_ISOLATE, _END = "\u2066", "\u2069"

# Scripts written from right to left (Unicode, ScriptMetadata.txt). Babel's own answer is wrong for ku-Arab.
_RTL = frozenset(("Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi"))

# The digit nought of each CLDR numbering system; the other nine follow it in Unicode.
_NOUGHTS = {"arab": "٠", "arabext": "۰", "beng": "০", "deva": "०", "mymr": "၀", "olck": "᱐", "tibt": "༠", "cakm": "𑄶"}

_LATIN = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"


@dataclass(frozen=True, kw_only=True, slots=True)
class Typography:
    """How a script is set: ``fonts`` is a CSS stack, line heights are factors, ``grow`` is added to sizes in pixels.

    ``emphatic`` says whether the script has capitals and letter-spacing to emphasise with; ``breaks`` is the CSS
    ``word-break``: Korean breaks at spaces.
    """

    fonts: str = _LATIN
    line: float = 1.6
    heading: float = 1.3
    grow: int = 0
    emphatic: bool = False
    breaks: str = "break-word"


# Measured in Chromium with each script at 600 and 375 px; the font names are those of Windows, Apple and Android.
_TYPOGRAPHY = {
    "Latn": Typography(line=1.55, heading=1.25, emphatic=True),
    "Cyrl": Typography(line=1.55, heading=1.25, emphatic=True),
    "Grek": Typography(line=1.55, heading=1.25, emphatic=True),
    "Arab": Typography(
        fonts="'Segoe UI',Tahoma,'Geeza Pro','Noto Sans Arabic',Arial,sans-serif", line=1.8, heading=1.5, grow=1
    ),
    "Aran": Typography(
        fonts="'Noto Nastaliq Urdu','Urdu Typesetting','Geeza Pro',Tahoma,serif", line=2.2, heading=2.1, grow=1
    ),
    "Hebr": Typography(fonts="'Segoe UI','Arial Hebrew','Noto Sans Hebrew',Arial,sans-serif", heading=1.35),
    "Deva": Typography(
        fonts="'Nirmala UI','Kohinoor Devanagari','Noto Sans Devanagari',Mangal,sans-serif",
        line=1.7,
        heading=1.45,
        grow=1,
    ),
    "Kore": Typography(
        fonts="'Apple SD Gothic Neo','Malgun Gothic','Noto Sans KR','Noto Sans CJK KR',sans-serif",
        heading=1.4,
        breaks="keep-all",
    ),
    "Jpan": Typography(
        fonts="'Hiragino Sans','Yu Gothic',Meiryo,'Noto Sans JP','Noto Sans CJK JP',sans-serif", line=1.7, heading=1.4
    ),
    "Hans": Typography(
        fonts="'PingFang SC','Microsoft YaHei','Noto Sans SC','Noto Sans CJK SC',sans-serif", line=1.7, heading=1.4
    ),
    "Hant": Typography(
        fonts="'PingFang TC','Microsoft JhengHei','Noto Sans TC','Noto Sans CJK TC',sans-serif", line=1.7, heading=1.4
    ),
}
_NASTALIQ = frozenset(("ur", "ks"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Localisation:
    """One language as readers know it: ``tag`` is BCP 47, ``direction`` comes from its script.

    ``start`` and ``end`` are the physical sides that mail clients understand (13 of 41 ignore the CSS words).
    """

    tag: str
    locale: Locale
    direction: Direction
    type: Typography

    @classmethod
    def of(cls, tag: str, *, territory: str = "") -> "Localisation":
        """The localisation of a BCP 47 tag; ``territory`` decides what the tag leaves open, such as Egypt's digits."""
        language = Language.get(tag)
        script = language.maximize().script or "Latn"
        style = "Aran" if script == "Arab" and language.language in _NASTALIQ else script
        return cls(
            tag=tag,
            locale=_locale(language, territory),
            direction="rtl" if script in _RTL else "ltr",
            type=_TYPOGRAPHY.get(style, Typography()),
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
        name = Locale.parse(self.tag, sep="-").get_display_name() or self.tag
        return name[0].upper() + name[1:]

    def name_of(self, tag: str) -> str:
        """What speakers of this language call the language ``tag``, as in the middle of a sentence."""
        return Locale.parse(tag, sep="-").get_display_name(self.locale) or tag

    def digits(self, text: str) -> str:
        """``text`` with this language's digits; only for values that we formatted, never for a body or a URL."""
        nought = _NOUGHTS.get(self.locale.default_numbering_system)
        return text.translate({48 + n: chr(ord(nought) + n) for n in range(10)}) if nought else text

    def number(self, value: float) -> str:
        """``1234.5`` with this language's separators and digits."""
        system = self.locale.default_numbering_system
        own = system if system in _NOUGHTS else "latn"
        return self.digits(format_decimal(value, locale=self.locale, numbering_system=own))

    def date(self, day: datetime.date) -> str:
        """The full date with its weekday; in Persian the Gregorian date follows in brackets."""
        if self._persian:
            return f"{self._jalali(day, '%A %d %B %Y')} ({self.digits(format_date(day, 'long', self.locale))})"
        return self.digits(format_date(day, "full", self.locale))

    def date_medium(self, day: datetime.date) -> str:
        """The date without its weekday, its month in letters: numbers alone are read differently by members."""
        return self._jalali(day, "%d %B %Y") if self._persian else self.digits(format_date(day, "long", self.locale))

    def month_year(self, day: datetime.date) -> str:
        """The month and year, as on a masthead: ``novembre 2026``."""
        if self._persian:
            return self._jalali(day, "%B %Y")
        return self.digits(format_skeleton("yMMMM", day, locale=self.locale))

    def list(self, items: Sequence[str], *, style: Literal["and", "or"] = "and") -> str:
        """The items as people write them: ``A, B and C``; in Spanish *e* before *i* and *u* before *o*."""
        joined = format_list(list(items), style="or" if style == "or" else "standard", locale=self.locale)
        if self.locale.language != "es" or len(items) < 2:
            return joined
        word, sound, before = _SPANISH[style]
        last = items[-1]
        if re.match(before, last, re.IGNORECASE) and joined.endswith(f" {word} {last}"):
            return joined.removesuffix(f" {word} {last}") + f" {sound} {last}"
        return joined

    def lead(self, text: str) -> str:
        """Plain text whose first strong character has this language's direction: a mark is put first if needed.

        Subject lines and text parts have no markup; their first strong character decides (UAX 9, P2 and P3).
        """
        if self.direction == "ltr" or _first_strong(text) != "ltr":
            return text
        return RLM + text

    def isolate(self, text: str) -> str:
        """A left-to-right run, such as an address, that the text around it must not reorder (plain text only)."""
        return f"{_ISOLATE}{text}{_END}" if self.direction == "rtl" and text else text

    @property
    def _persian(self) -> bool:
        return self.locale.language == "fa"

    def _jalali(self, day: datetime.date, pattern: str) -> str:
        text: str = JalaliDate(day).strftime(pattern, locale="fa")  # type: ignore[no-untyped-call]
        return re.sub(r"(?<!\d)0(?=\d)|(?<![۰-۹])۰(?=[۰-۹])", "", text)


# Connector, its form before the same sound, and what begins with that sound ("hie" and "hia" begin with a glide).
_SPANISH = {"and": ("y", "e", r"(?:h?[ií])(?![aeo])|i[aeo]"), "or": ("o", "u", r"h?[oó]|8|11\b")}


def _locale(language: Language, territory: str) -> Locale:
    """The most precise locale that CLDR has; English without a territory is written day first, as ``en-GB``."""
    region = language.territory or territory or ("GB" if language.language == "en" else None)
    parts = (language.language or "und", region, language.script)
    for identifier in (parts, (parts[0], None, parts[2]), (parts[0],)):
        try:
            return Locale.parse(get_locale_identifier(identifier))
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en", "GB")


def _first_strong(text: str) -> Direction | None:
    classes: dict[str, Direction] = {"L": "ltr", "R": "rtl", "AL": "rtl"}
    return next((classes[kind] for char in text if (kind := unicodedata.bidirectional(char)) in classes), None)
