"""Corrections of signs that differ between languages, where one sign surely stands for the other.

None of them looks inside addresses, placeholders, code, links' targets or HTML, and each keeps the words as they are.
A non-breaking space of either width, where there is one, is left alone.
"""

import regex

from newsletter.translation import literals, prose
from newsletter.translation.checks import Correction

_PROTECTED = (
    r"`+[^`]*`+"
    r"|\]\((?:[^()\\]|\\.|\([^()]*+\))*+\)"  # where a link leads to
    r"|<[^<>]+>|&#?\w+;|\\.|!\["
    rf"|{literals.LITERAL}"
)
_CLOSING = r"[*_)\]»”’\"]*"
_ARABIC_LETTER = r"[\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff]"
_HAN = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_NAGARI = r"[\u0900-\u0963\u0971-\u097f]"


def _signs(pattern: str) -> regex.Pattern[str]:
    """A pattern that matches nothing inside what is protected."""
    return regex.compile(rf"(?:{_PROTECTED})(*SKIP)(*FAIL)|(?:{pattern})")


class Invisible:
    """Takes out zero-width spaces, soft hyphens and kashida, which engines copy from their training texts.

    The zero-width non-joiner stays, for Persian is written with it; so does a kashida at the end, as in 1438هـ.
    """

    note = "invisible signs were removed"
    _ANY = _signs(rf"[\u00ad\ufeff]|(?<={_ARABIC_LETTER}\p{{M}}*)ـ+(?={_ARABIC_LETTER})")
    _SPACE = _signs(r"\u200b")

    def correct(self, text: str, language: str) -> str:
        breaks_with_it = language.partition("-")[0] in {"th", "lo", "km", "my"}
        return self._ANY.sub("", text if breaks_with_it else self._SPACE.sub("", text))


class DoubledSpaces:
    """Makes one space of several inside a line; two at its end are a line break in Markdown."""

    note = "doubled spaces became one"
    _SPACES = _signs(r"(?<=\S) {2,}(?=\S)")

    def correct(self, text: str, language: str) -> str:
        return self._SPACES.sub(" ", text)


class FrenchSpaces:
    """Sets the non-breaking spaces of French: narrow before ; ? ! and wide before : and inside « ». Not in Canada."""

    note = "French non-breaking spaces were set"
    _HIGH = _signs(r"(?<=[^\s(\[{«;!?]) *(?P<sign>[!?]+(?=[\s)\]»”\"*_]|$)|;(?=\s|$))")
    _COLON = _signs(r"(?<=[^\s(\[{«:]) *:(?=[*_]*(?:\s|$))")
    _OPEN = _signs(r"« ?(?=\S)(?![\u00a0\u202f\u2009])")
    _CLOSE = _signs(r"(?<=[^\s«]) ?»")

    def correct(self, text: str, language: str) -> str:
        if language.partition("-")[0] != "fr" or language == "fr-CA":
            return text
        text = self._CLOSE.sub("\u00a0»", self._OPEN.sub("«\u00a0", text))
        return self._COLON.sub("\u00a0:", self._HIGH.sub("\u202f\\g<sign>", text))


class ArabicMarks:
    """Writes comma, semicolon and question mark as Arabic script has them, after an Arabic letter."""

    note = "punctuation became Arabic"
    _MARKS = _signs(rf"(?<={_ARABIC_LETTER}[\p{{M}}\u200c\u200f]*{_CLOSING})[,;?]")
    _SAME = str.maketrans(",;?", "،؛؟")

    def correct(self, text: str, language: str) -> str:
        if prose.script(language) not in {"Arab", "Aran"}:
            return text
        return self._MARKS.sub(lambda found: found[0].translate(self._SAME), text)


class FullWidth:
    """Writes punctuation in full width after a Chinese or Japanese sign; its own space is inside it."""

    note = "punctuation became full-width"
    _MARKS = _signs(rf"(?<={_HAN}{_CLOSING})(?:(?P<mark>[,;:!?]) ?|(?P<stop>\.)(?!\.)(?:$| |(?=[\s)\]»”\"*_])))")
    _SAME = str.maketrans(",;:!?.", "，；：！？。")

    def correct(self, text: str, language: str) -> str:
        base = language.partition("-")[0]
        if base not in {"zh", "ja"}:
            return text
        wide = self._MARKS.sub(lambda found: found[0].strip(" ").translate(self._SAME), text)
        return wide.replace("，", "、") if base == "ja" else wide


class Danda:
    """Ends Nepali and Hindi sentences with a danda; after a short word that is no verb, it is an abbreviation's."""

    note = "full stops became dandas"
    _VERBS = "छ|हो|हुन्|छन्|है|हैं|था|थे"
    _STOP = _signs(rf"(?<=(?<![.\p{{L}}\p{{M}}])(?:{_NAGARI}{{4,}}|{_VERBS}){_CLOSING})\.(?![.\p{{L}}\p{{N}}])")

    def correct(self, text: str, language: str) -> str:
        return self._STOP.sub("।", text) if language.partition("-")[0] in {"ne", "hi"} else text


ALL: tuple[Correction, ...] = (
    Invisible(),
    DoubledSpaces(),
    FrenchSpaces(),
    ArabicMarks(),
    FullWidth(),
    Danda(),
)
"""In the order in which they are made."""
