"""What a text says once its inline Markdown is read: the words for people, and what no translation changes.

The checks and the glossary look at a segment only through this module, so that all of them agree on what is a word,
what is a link's target and what is a literal.
"""

from dataclasses import dataclass
from functools import lru_cache

import regex
from babel import Locale, UnknownLocaleError
from babel.core import get_global

from newsletter import dialect
from newsletter.translation import literals
from newsletter.translation.markup.inline import Inline, exchange, parse, words

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_PARSER = dialect.parser()

# ISO 15924 codes of what is written in several of Unicode's scripts at once.
_MIXED = {
    "Jpan": ("Han", "Hiragana", "Katakana"),
    "Kore": ("Hangul", "Han"),
    "Hans": ("Han", "Bopomofo"),
    "Hant": ("Han", "Bopomofo"),
    "Aran": ("Arabic",),
}

UNSPACED = frozenset(("zh", "ja", "ko", "th", "lo", "km", "my"))
"""Languages in which a term is not found by its word boundaries: there are none, or particles cling to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prose:
    """A text taken apart. ``text`` is what people read, with a space for every literal and code span.

    ``links`` and ``pictures`` are addresses as Markdown normalises them, ``emphasis`` is ``em`` and ``strong``.
    """

    text: str
    literals: tuple[str, ...]
    links: tuple[str, ...]
    pictures: tuple[str, ...]
    code: tuple[str, ...]
    emphasis: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        """The words in order; combining marks belong to them, which Python's own ``\\w`` denies."""
        return _WORD.findall(self.text)

    @property
    def fixed(self) -> tuple[tuple[str, ...], ...]:
        """All that no translation and no correction may change, for comparing."""
        return self.literals, self.links, self.pictures, self.code, self.emphasis


@lru_cache(maxsize=2048)
def read(markdown: str) -> Prose:
    """Take inline Markdown apart."""
    return _prose(parse(markdown))


@lru_cache(maxsize=512)
def plain(text: str) -> Prose:
    """Take a text apart that is no Markdown, such as a title."""
    return _prose(words(text))


def _prose(inline: Inline) -> Prose:
    shown, fixed = list[str](), list[str]()
    for item in inline.protected:
        own = [inline.of(item)] if item.kind in ("literal", "autolink") else []
        fixed += own or [found[0] for found in literals.find(item.alt)]
        shown.append(inline.of(item) if item.kind == "name" else f" {literals.sub(' ', item.alt)} ")
    links = [(span.start, span.target) for span in inline.spans if span.kind == "link"]
    links += [(item.start, item.target) for item in inline.protected if item.kind == "void"]
    links += [(item.start, inline.of(item)) for item in inline.protected if item.kind == "autolink"]
    return Prose(
        text=exchange(inline, shown).text,
        literals=tuple(fixed),
        links=tuple(_PARSER.normalizeLink(target) for _start, target in sorted(links)),
        pictures=tuple(_PARSER.normalizeLink(item.target) for item in inline.protected if item.kind == "image"),
        code=tuple(inline.of(item) for item in inline.protected if item.kind == "code"),
        emphasis=tuple(span.kind for span in inline.spans if span.kind != "link"),
    )


@lru_cache(maxsize=256)
def script(language: str) -> str:
    """The ISO 15924 code of the script a language is usually written in; Latn where nobody knows."""
    try:
        locale = Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        return "Latn"
    if locale.script:
        return str(locale.script)
    likely = get_global("likely_subtags")
    full = likely.get(f"{locale.language}_{locale.territory}") or likely.get(locale.language) or "und_Latn"
    return str(full).split("_")[1]


def share(text: str, script: str) -> float:
    """How much of the text's letters is in a script, from 0 to 1; 1 where there are no letters."""
    letters = regex.findall(r"\p{L}", text)
    return len(_letters(script).findall(text)) / len(letters) if letters else 1.0


@lru_cache(maxsize=64)
def _letters(script: str) -> regex.Pattern[str]:
    names = "".join(rf"\p{{Script={name}}}" for name in _MIXED.get(script, (script,)))
    return regex.compile(rf"(?=\p{{L}})[{names}]")
