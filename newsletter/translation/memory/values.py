"""What a translation copies: numbers, addresses, placeholders. They are masked for comparing texts, and put in again.

Of two source texts that differ in nothing else, the old translation takes the new values, where it is clear which of
them belongs where.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from newsletter.translation import literals

# A value's kind -> what stands for it in a normal form: one character, so that a long address weighs no more than "5".
_MASKS = {"address": "\ue000", "mail": "\ue001", "placeholder": "\ue002", "number": "0"}
# The standard module's expressions, three times as fast here as the ``regex`` package's.
_VALUE = re.compile(
    rf"(?P<address>{literals.ADDRESS}|(?<=\]\()[^)\s]+)"
    rf"|(?P<mail>{literals.MAIL})"
    rf"|(?P<placeholder>{literals.PLACEHOLDER})"
    r"|(?P<number>\d+(?:[.,٫٬]\d+)*)"
)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """What a translation copies; ``key`` is the same however the number is grouped and whichever digits write it."""

    kind: str
    text: str
    key: str
    start: int
    end: int


def mask(text: str) -> str:
    """The text with one and the same character for every value of a kind."""
    return _VALUE.sub(lambda found: _MASKS[found.lastgroup or ""], text)


def find(text: str) -> list[Value]:
    """The values of a text, in order."""
    return [
        Value(
            kind=found.lastgroup or "",
            text=found[0],
            key=_latin(found[0]) if found.lastgroup == "number" else found[0],
            start=found.start(),
            end=found.end(),
        )
        for found in _VALUE.finditer(text)
    ]


def refit(target: str, *, old: str, new: str) -> str | None:
    """The translation of ``old`` with the values of ``new``, two texts of the same normal form.

    None where it is not clear what to change: a changed value must stand in ``target`` as often as in ``old``, and a
    number's separators must be known from the number it replaces.
    """
    before, after = find(unicodedata.normalize("NFC", old)), find(unicodedata.normalize("NFC", new))
    if [value.kind for value in before] != [value.kind for value in after]:
        return None
    pairs: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for one, other in zip(before, after, strict=True):
        pairs.setdefault(_same(one), set()).add((one.text, other.text))
    changed = {key: texts for key, texts in pairs.items() if any(was != now for was, now in texts)}
    given, shown = Counter(map(_same, before)), find(target)
    there = Counter(map(_same, shown))
    if any(len(texts) > 1 or given[key] != there[key] for key, texts in changed.items()):
        return None
    text = target
    for value in reversed(shown):
        for was, now in changed.get(_same(value), ()):
            written = _written(value, was, now)
            if written is None:
                return None
            text = text[: value.start] + written + text[value.end :]
    return text


def readdress(target: str, *, old: str, new: str) -> str:
    """The translation of ``old`` with the address or placeholder of ``new``, where exactly one changed."""
    before, after = _copied(old), _copied(new)
    gone, come = list((before - after).elements()), list((after - before).elements())
    if len(gone) != 1 or len(come) != 1 or gone[0][0] != come[0][0]:
        return target
    places = [value for value in find(target) if (value.kind, value.text) == gone[0]]
    if len(places) != 1:
        return target
    return target[: places[0].start] + come[0][1] + target[places[0].end :]


def strays(source: str, target: str) -> list[str]:
    """The addresses and placeholders that only one of the two has."""
    wanted, given = _copied(source), _copied(target)
    return sorted({text for _kind, text in (*(wanted - given), *(given - wanted))})


def _same(value: Value) -> tuple[str, str]:
    return value.kind, value.key


def _copied(text: str) -> Counter[tuple[str, str]]:
    return Counter((value.kind, value.text) for value in find(text) if value.kind != "number")


def _written(shown: Value, old: str, new: str) -> str | None:
    """A new value as the translation writes them: its digits, and its separators as far as ``old`` shows them."""
    if shown.kind != "number":
        return new
    ours, theirs = _DIGITS.split(old)[1:-1], _DIGITS.split(shown.text)[1:-1]
    pairs = set(zip(ours, theirs, strict=True)) if len(ours) == len(theirs) else set()
    separators = dict(pairs)
    if len(separators) != len(pairs):
        return None
    nought = ord(shown.text[0]) - unicodedata.decimal(shown.text[0])
    written = ""
    for char in new:
        if char.isdecimal():
            written += chr(nought + unicodedata.decimal(char))
        elif char in separators:
            written += separators[char]
        else:
            return None
    return written


def _latin(number: str) -> str:
    return "".join(str(unicodedata.decimal(char)) for char in number if char.isdecimal())
