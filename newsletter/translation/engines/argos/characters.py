"""Gives characters back that the tokenizer had taken apart: m² is "m2" to most packages, ½ "1⁄2", … three dots.

SentencePiece normalises what it reads (NFKC), so the model never sees them and cannot write them.
"""

import unicodedata
from collections.abc import Callable

import regex

# Of all that NFKC takes apart, what people mean as it is; ligatures and full-width letters need not come back.
_KINDS = ("<super>", "<sub>", "<fraction>", "<noBreak>", "<circle>", "<square>")
_MORE = frozenset("…№™")


def meant(letter: str) -> bool:
    """Whether a character is one to give back."""
    return letter in _MORE or unicodedata.decomposition(letter).startswith(_KINDS)


def restored(source: str, target: str, normalise: Callable[[str], str]) -> tuple[str, str]:
    """The translation with those characters as the source has them, and a doubt where one cannot be placed.

    A word is put back where its normalised form stands as often on both sides, else the single character is. Where
    neither form is in the translation the package said it in words, which is for the checks of numbers to judge.
    """
    doubt = ""
    seen = normalise(source)
    for word in dict.fromkeys(source.split(" ")):
        core = _core(word)
        if not any(map(meant, core)) or normalise(core) == core or core in target:
            continue
        forms = [core, *dict.fromkeys(filter(meant, core))]
        after = target
        for form in forms:
            after = _put_back(form, normalise(form), source=source, seen=seen, target=after)
            if core in after:
                break
        if after == target and any(_is_number(form, normalise) for form in forms[1:]) and normalise(core) in target:
            doubt = doubt or f"the package read “{core}” as “{normalise(core)}”"
        target = after
    return target, doubt


def _put_back(form: str, plain: str, *, source: str, seen: str, target: str) -> str:
    if not plain or plain == form:
        return target
    pattern = _whole(plain)
    count = len(regex.findall(pattern, target))
    if count and count == source.count(form) == len(regex.findall(pattern, seen)):
        return regex.sub(pattern, lambda _match: form, target)
    return target


def _whole(plain: str) -> str:
    """A pattern for a text that is no part of a longer word, or for a digit that is no part of a longer number."""
    kind = r"\p{N}" if plain.isdigit() else r"[\p{L}\p{M}\p{N}]"
    before = rf"(?<!{kind})" if plain[0].isalnum() else ""
    after = rf"(?!{kind})" if plain[-1].isalnum() else ""
    return before + regex.escape(plain) + after


def _core(word: str) -> str:
    """A word without the punctuation around it."""
    return word.strip(".,;:!?¿¡\"'()[]«»“”„‘’\xa0\u202f")


def _is_number(letter: str, normalise: Callable[[str], str]) -> bool:
    return any(map(str.isdigit, normalise(letter)))
