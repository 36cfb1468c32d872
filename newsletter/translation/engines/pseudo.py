"""A translation for the eye: every word changed, a third longer, in the letters of the target's script.

It shows, before there is any translation, which texts are not translated at all, where a layout breaks when sentences
grow, which fonts lack letters, and what right-to-left does to a page.
"""

from collections.abc import Sequence
from typing import Literal

import langcodes
import regex
from babel.localedata import locale_identifiers

from newsletter.errors import TranslationError
from newsletter.model import Translated
from newsletter.translation import literals

# One letter for each of a to z, by language where that has letters of its own, else by ISO 15924 script; what has no
# line here gets accents.
_LETTERS = {
    "Latn": "áƀçðéƒĝĥîĵķļɱñóþǫŕšţúṽŵẋýž",
    "Arab": "ابثدهفجحيژكلمنوپقرستعڤطخغز",
    "fa": "ابچدهفگحیژکلمنوپقرستعوطخغز",
    "Hebr": "אבצדהפגחיזקלמנוסרשתעכטאבגד",
    "Cyrl": "абцдефгхижклмнопярстувщыйз",
    "Grek": "αβψδεφγηιξκλμνοπςρστθωχζυα",
    "Deva": "अबचदएफगहइजकलमनओपखरसतउवयषघञ",
    "Beng": "অবচদএফগহইজকলমনওপখরসতউভযষঘঞ",
    "Thai": "อบจดเฟกหไชคลมนโปขรสตุวยษฆญ",
    "Kore": "아바차다에파가하이자카라마나오포고로사타우보우쇼요조",
    "Jpan": "アバチダエフガハイジカラマナオポクロサタウブワソヨゾ",
    "Hans": "安北城大而方高和一江口来明年欧平前人山天五外文西元中",
    "Hant": "安北城大而方高和一江口來明年歐平前人山天五外文西元中",
}
_PLAIN = "abcdefghijklmnopqrstuvwxyz"
_KEEP = regex.compile(rf"<[^>]+>|&#?\w+;|{literals.LITERAL}|{literals.HASHTAG}")


class Pseudo:
    """Pretends to translate from ``source`` into every language that CLDR knows.

    ``growth`` is by how much a text gets longer, ``direction = "rtl"`` writes every language in Arabic letters.
    """

    def __init__(self, *, source: str = "en", growth: float = 0.35, direction: Literal["auto", "rtl"] = "auto") -> None:
        self._source = source
        self._growth = growth
        self._direction = direction

    def pairs(self) -> set[tuple[str, str]]:
        """The source with every language that CLDR knows, as BCP 47 tags."""
        return {(self._source, name.replace("_", "-")) for name in locale_identifiers()} - {(self._source,) * 2}

    def version(self, *, source: str, target: str) -> str:
        """What pretends to translate, for the comment beside a draft."""
        return f"pseudo {source}→{target}"

    def fingerprint(self, *, source: str, target: str) -> str:
        """The options: the same sentence always gives the same answer."""
        return f"pseudo 1 {source} {self._letters(target)} {self._growth}"

    def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """Each sentence in brackets, longer and in other letters."""
        self._check(source, target)
        return [Translated(text=self._written(sentence, target)) for sentence in sentences]

    def translate_tagged(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """As ``translate``; markup stays as it is, as it does in ``translate``."""
        return self.translate(sentences, source=source, target=target)

    def _check(self, source: str, target: str) -> None:
        if (source, target) not in self.pairs():
            raise TranslationError(
                f"pseudo does not pretend to translate {source} to {target}.",
                where="pseudo",
                hint=f'It goes from {self._source}: set source = "{source}" in [translation], or correct {target!r}.',
            )

    def _written(self, sentence: str, target: str) -> str:
        text = " ".join(sentence.splitlines()).strip()
        if not text:
            return ""
        letters = self._letters(target)
        table = str.maketrans(_PLAIN + _PLAIN.upper(), letters + "".join(map(str.upper, letters)))
        parts, place = [], 0
        for keep in _KEEP.finditer(text):
            parts += [self._longer(text[place : keep.start()]).translate(table), keep[0]]
            place = keep.end()
        return f"⟦{''.join(parts)}{self._longer(text[place:]).translate(table)}⟧"

    def _longer(self, text: str) -> str:
        """Letters twice, as often as the growth asks for."""
        grown, owed = "", 0.0
        for char in text:
            owed += self._growth * char.isalpha()
            grown += char * (1 + int(owed)) if char.isalpha() else char
            owed %= 1
        return grown

    def _letters(self, target: str) -> str:
        if self._direction == "rtl":
            return _LETTERS["Arab"]
        language = langcodes.Language.get(target).maximize()
        return _LETTERS.get(language.language or "") or _LETTERS.get(language.script or "") or _LETTERS["Latn"]
