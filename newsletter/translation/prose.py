"""What a text says once its inline Markdown is read: the words for people, and what no translation changes.

The checks and the glossary look at a segment only through this module, so that all of them agree on what is a word,
what is a link's target and what is a literal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from markdown_it import MarkdownIt
from markdown_it.token import Token

from newsletter import dialect

LITERAL = (
    r"(?:https?://|www\.)[!#-&+-;=?-Z\\^_a-~]*[A-Za-z0-9/#=&~+-]"  # without the punctuation that follows an address
    r"|(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]++@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    r"|(?<![\w@.])@[A-Za-z0-9_]{3,}"  # handles
    r"|\{\{?\w+\}?\}|%(?:\(\w+\))?[sd](?![a-z])"  # placeholders
)
"""A pattern for web and mail addresses, handles and placeholders; ASCII, for in Korean a particle follows at once."""

_LITERAL = regex.compile(LITERAL)
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")

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
    tokens = list(_flat(_parser().parseInline(markdown)))
    whole = "".join(_text(token) for token in tokens)
    return Prose(
        text=_LITERAL.sub(" ", whole),
        literals=tuple(_LITERAL.findall(whole)),
        links=tuple(str(token.attrs["href"]) for token in tokens if token.type == "link_open"),
        pictures=tuple(str(token.attrs["src"]) for token in tokens if token.type == "image"),
        code=tuple(token.content for token in tokens if token.type == "code_inline"),
        emphasis=tuple(token.tag for token in tokens if token.type in {"em_open", "strong_open"}),
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


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return dialect.parser()


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def _text(token: Token) -> str:
    """What a reader sees of a token; a picture's alternative text is among its children."""
    if token.type in {"softbreak", "hardbreak", "code_inline"}:
        return " "
    return token.content if token.type == "text" else ""
