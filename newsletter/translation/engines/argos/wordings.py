"""How a sentence is put to the model, and how the answer is put right afterwards.

Models have learned sentences: small letters, one line, a full stop. A heading in capitals or without a stop sends
many of them astray ("SOPA DE ERVILHA" became "I'M SORRY"), and a dot more or less brings them back.
"""

from collections.abc import Callable
from dataclasses import dataclass

import regex

# All white space but the no-break spaces, which mean something: a line break in Markdown does not.
_SPACE = regex.compile(r"[ \t\r\n\f\v\x85\u2028\u2029]+")
_PICTURES = r"(?V1)[\p{Extended_Pictographic}\u200d\ufe0f\U0001f3fb-\U0001f3ff--[©®™‼⁉ℹ↔-↪]]"
_EDGES = regex.compile(rf"(?P<before>(?:{_PICTURES}+ *)*)(?P<text>.*?)(?P<after>(?: *{_PICTURES}+)*)")

_STOPS = {"zh": "。", "ja": "。", "hi": "।", "ne": "।", "bn": "।", "ur": "۔", "hy": "։", "am": "።", "my": "။", "th": ""}
_FINAL_STOP = regex.compile(r"(?<![.。।])[.。।۔։።။]$")
_ENDED = regex.compile(r"[.!?…:;。！？।۔؟։።။][\"'”’»)\]]*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """A text for the model and what makes the final translation of its answer."""

    text: str
    finish: Callable[[str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wordings:
    """The ways to put one sentence: ``first`` are tried and the best is taken, ``later`` if that one is at fault.

    ``before`` and ``after`` are pictures, which no model knows: they stand around the text and around its translation.
    """

    first: tuple[Wording, ...]
    later: tuple[Wording, ...]
    before: str
    after: str


def plain(sentence: str) -> str:
    """The sentence in one line, without outer white space."""
    return _SPACE.sub(" ", sentence).strip()


def wordings(sentence: str, *, source: str, target: str) -> Wordings | None:
    """The ways to put one sentence, in one line already; None where it has nothing that could be translated."""
    if not (edges := _EDGES.fullmatch(sentence)) or not regex.search(r"\p{L}", edges["text"]):
        return None
    text, before, after = edges["text"], edges["before"], edges["after"]
    if not shouted(text):
        later = (*_restopped(text, source=source, target=target), *_untitled(text))
        return Wordings(first=(Wording(text=text, finish=str),), later=later, before=before, after=after)
    loud = Wording(text=text, finish=lambda answer: raised(answer, target))
    calm = Wording(text=lowered(text, source), finish=loud.finish)
    # One word alone may be a name in capitals, such as UN: the model shall say.
    first, rest = ((calm,), (loud,)) if " " in text else ((calm, loud), ())
    return Wordings(first=first, later=rest, before=before, after=after)


def shouted(text: str) -> bool:
    """Whether all letters are capitals, of a script that has small ones, and more than one."""
    return text.isupper() and sum(map(str.isupper, text)) > 1


def lowered(text: str, language: str) -> str:
    """Text in capitals as a sentence: small letters but for the first."""
    if language.partition("-")[0] in ("tr", "az"):
        text = text.replace("I", "ı").replace("İ", "i")
    small = text.lower()
    at = next((index for index, letter in enumerate(text) if letter.isalpha()), 0)
    return small[:at] + text[at : at + 1] + small[at + 1 :] if len(small) == len(text) else small


def raised(text: str, language: str) -> str:
    """Text in capitals, in scripts that have them."""
    return (text.replace("i", "İ") if language.partition("-")[0] in ("tr", "az") else text).upper()


def _restopped(text: str, *, source: str, target: str) -> list[Wording]:
    """The text without its full stop, or with one where it has no end."""
    if _FINAL_STOP.search(text):
        stop = _STOPS.get(target.partition("-")[0], ".")
        return [Wording(text=text[:-1], finish=lambda answer: answer if _ENDED.search(answer) else answer + stop)]
    if _ENDED.search(text):
        return []
    stop = _STOPS.get(source.partition("-")[0], ".")
    return [Wording(text=text + stop, finish=lambda answer: _FINAL_STOP.sub("", answer).rstrip())]


def _untitled(text: str) -> list[Wording]:
    """A title of three words and more with capitals as a sentence, if it is one."""
    words = text.split(" ")
    titled = [word.istitle() for word in words if len(word) > 3 and word[0].isalpha()]
    if len(words) < 3 or len(titled) < 2 or not all(titled):
        return []
    small = " ".join([words[0], *(word.lower() if word.istitle() else word for word in words[1:])])
    return [Wording(text=small, finish=str)]
