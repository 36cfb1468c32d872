"""Checks that a translation is in its language: its script, its words, and nothing of the source left over."""

from collections.abc import Iterator

import regex
from babel import Locale

from newsletter.translation import prose, sentences
from newsletter.translation.checks import Candidate, Finding, Level
from newsletter.translation.checks.identify import other_language

_LETTER = regex.compile(r"\p{L}")
_SENTENCE = 20  # letters; shorter ones are guesses
_PARAGRAPH = 60
_LOWER = 4  # words in lower case, below which a text in letters with case may be a list of names


class Script:
    """Less than 60 % of the letters are in the script of the language; less than 30 % block.

    Words that the source has with capitals do not count: names and acronyms stay in their own script. False alarms:
    manuals 0 to 1.5 %, Chinese 5.9 %, where sentences are made of commands; blocked is only what was not translated.
    """

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        kept = {word for word in candidate.original.words if not word.islower()}
        text = " ".join(word for word in candidate.translation.words if word not in kept)
        script = prose.script(candidate.language)
        share = prose.share(text, script)
        if share < 0.6 and len(_LETTER.findall(text)) >= 4:
            level: Level = "block" if share < 0.3 else "warn"
            yield Finding(level=level, message=f"only {share:.0%} of the letters are {script}")


class Language:
    """The whole, or a sentence of more than 20 letters, is in another language.

    False alarms: none in the manuals, whose findings are licences left in English; the model alone is wrong in 0 to
    0.7 % of news sentences. It finds 98.7 % of the sentences left in English.
    """

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        text, source = candidate.translation.text, candidate.source_language.partition("-")[0]
        if source == candidate.base:
            return
        if found := _other(text, candidate.base, source, letters=_PARAGRAPH):
            yield Finding(level="block", message=f"it seems to be in {_name(found)}")
            return
        for sentence in sentences.split(text, candidate.language):
            if found := _other(sentence.text, candidate.base, source, letters=_SENTENCE):
                yield Finding(level="warn", message=f"“{sentence.text[:40]}…” seems to be in {_name(found)}")


class LeftOver:
    """Six words of the source stand in the translation one after the other; three of them are no names.

    False alarms: news 0 to 0.7 %, manuals 0.4 to 2.1 %, where titles and commands are quoted.
    """

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        source, target = candidate.original.words, candidate.translation.words
        given = {tuple(target[n : n + 6]) for n in range(len(target) - 5)}
        for n in range(len(source) - 5):
            part = source[n : n + 6]
            if tuple(part) in given and sum(word.islower() for word in part) >= 3:
                yield Finding(level="warn", message=f"“{' '.join(part)}” was left untranslated")
                return


def _other(text: str, expected: str, source: str, *, letters: int) -> str:
    """The other language a text is in; empty where it is too short, or mere names, so that nobody can tell."""
    words = regex.findall(r"[\p{L}\p{M}]+", text)
    cased = any(word != word.swapcase() for word in words)
    if len(_LETTER.findall(text)) < letters or (cased and sum(word.islower() for word in words) < _LOWER):
        return ""
    return other_language(text, expected=expected, source=source)


def _name(language: str) -> str:
    return Locale.parse(language).get_display_name("en") or language
