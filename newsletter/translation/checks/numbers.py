"""Checks that numbers are the same, whatever their digits, their separators and the words for a million."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import regex

from newsletter.translation.checks import Candidate, Finding, Level

_POWERS = {
    2: "百",
    3: "thousand mil mille ألف آلاف الف الاف هزار 천 千 हजार",
    4: "만 万 萬",
    5: "십만 十万 十萬 लाख",
    6: "million millions millón millones milió milions milhão milhões مليون ملايين مليونا میلیون 백만 百万 百萬",
    7: "천만 千万 千萬 करोड",
    8: "억 亿 億",
    9: "billion bn milliard milliards bilhão bilhões مليار مليارات بليون میلیارد 십억 十亿 十億 अर्ब",
    12: "trillion billón billones bilió bilions trilhão trilhões تريليون تریلیون 조 兆",
}
_SCALES = {word: power for power, words in _POWERS.items() for word in words.split()}
_SCALES |= {f"mil {million}": 9 for million in ("millones", "milions", "milhões")}
_SCALE = "|".join(
    regex.escape(word) + (r"(?![\p{L}\p{M}])" if word[0] < "\u2e80" else "")
    for word in sorted(_SCALES, key=len, reverse=True)
)
_SPACES = "\u00a0\u202f\u2009"
_NUMBER = regex.compile(
    rf"(?<!\p{{Nd}})(?P<whole>\p{{Nd}}{{1,3}}(?:[.,٫٬'’،{_SPACES}]\p{{Nd}}{{3}}){{1,12}}(?!\p{{Nd}})"  # 1,234,567
    r"|\p{Nd}{1,2}(?:,\p{Nd}{2}){1,12},\p{Nd}{3}(?!\p{Nd})"  # 12,34,567
    r"|\p{Nd}{1,40})"  # no number is longer, and Python reads none of 5,000 digits
    r"(?:[.,٫](?P<rest>\p{Nd}{1,2})(?![\p{Nd}])(?!\.\p{Nd}))?"
    rf"(?P<tail>(?i:st|nd|rd|th)\b|[’']?s\b)?(?:\s?(?P<scale>(?i:{_SCALE})))?"
)
_SPACED = regex.compile(r"(?<!\p{Nd})\p{Nd}{1,3}(?: \p{Nd}{3}){1,12}(?!\p{Nd})")
_ROMAN = regex.compile(r"(?<!\p{L})[IVXL]{1,8}(?=\p{Ll}{0,3}(?!\p{L}))")
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50}
_IN_WORDS = 12  # numbers up to here are often written in words
_YEARS = {"fa": (-621, -622), "ne": (56, 57)}  # of the Persian calendar and of Bikram Sambat


@dataclass(frozen=True, kw_only=True, slots=True)
class _Number:
    """A number as written: its digits without separators, its value, and what kind of number the ending makes it."""

    digits: int
    value: Decimal
    text: str
    ordinal: bool = False
    decade: bool = False
    hour: bool = False
    scaled: bool = False


class Numbers:
    """Numbers above twelve are in the translation: in any digits, as Roman ordinals, as 2 million for 2,000,000.

    False alarms of the warning: manuals 0 to 0.7 %, news 0.7 to 5.1 % (converted units and calendars). Two and more
    missing block: 3 of 5,800 paragraphs, each of which had lost a part. It finds 71 to 76 % of single wrong digits.
    """

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        missing = _missing(candidate)
        if missing:
            level: Level = "block" if len(missing) > 1 else "warn"
            yield Finding(level=level, message=f"the source's {', '.join(missing)} is not in it")


class Added:
    """Numbers above twelve that the source has not: legitimate in Korean more than elsewhere, so it only informs."""

    def find(self, candidate: Candidate) -> Iterator[Finding]:
        known = _numbers(candidate.original.text)
        given = _numbers(candidate.translation.text)
        added = [n.text for n in given if n.digits > _IN_WORDS and not any(_same(k, n, candidate.base) for k in known)]
        if added:
            yield Finding(level="info", message=f"{', '.join(added)} is not in the source")


def _missing(candidate: Candidate) -> list[str]:
    text = candidate.translation.text
    given = [*_numbers(text), *_spaced(text)]
    romans = [_roman(found) for found in _ROMAN.findall(text)]
    missing = []
    for number in _numbers(candidate.original.text):
        if number.digits <= _IN_WORDS or (number.ordinal and number.digits in romans):
            continue
        match = next((other for other in given if _same(number, other, candidate.base)), None)
        if match is None:
            missing.append(number.text)
        elif not number.decade and number.digits == match.digits:
            given.remove(match)  # what the source says twice is asked for twice
    return missing


def _same(source: _Number, target: _Number, language: str) -> bool:
    if source.value == target.value:
        return True
    if source.digits == target.digits:
        return not (source.scaled and target.scaled)  # 2 million is not 2 thousand
    if source.decade or target.decade:
        return source.digits % 100 == target.digits % 100
    if 1900 < source.digits < 2100:
        return target.digits - source.digits in _YEARS.get(language, ())
    return 12 < source.digits < 25 and target.digits == source.digits - 12 and source.hour


def _numbers(text: str) -> list[_Number]:
    """The numbers of a text, and the sums of those that East Asia writes in steps: 1억 2000만."""
    found: list[_Number] = []
    end, whole = -2, Decimal(0)
    for match in _NUMBER.finditer(text):
        number = _number(match, following=text[match.end() : match.end() + 1])
        found.append(number)
        if match.start() - end <= 1 and whole.adjusted() > number.value.adjusted():
            whole += number.value
            found.append(_Number(digits=int(whole), value=whole, text=f"{whole:f}"))
        else:
            whole = number.value if match["scale"] else Decimal(0)
        end = match.end()
    return found


def _number(match: regex.Match[str], *, following: str) -> _Number:
    whole, rest, tail = _ascii(match["whole"]), _ascii(match["rest"] or ""), (match["tail"] or "").lower()
    digits = int(whole + rest.rstrip("0"))
    return _Number(
        digits=digits,
        value=Decimal(f"{whole}.{rest or 0}").scaleb(_SCALES.get((match["scale"] or "").lower(), 0)),
        text=match[0].strip(),
        ordinal=tail in {"st", "nd", "rd", "th"},
        decade=tail.endswith("s") and digits % 10 == 0,
        hour=following in {":", "h"},
        scaled=match["scale"] is not None,
    )


def _spaced(text: str) -> Iterator[_Number]:
    """Numbers whose thousands are parted by an ordinary space, as in 20 000; in 'in 2017 300 people' they are two."""
    for match in _SPACED.findall(text):
        digits = int(_ascii(match))
        yield _Number(digits=digits, value=Decimal(digits), text=match)


def _ascii(text: str) -> str:
    return "".join(str(int(char)) for char in text if char.isdecimal())


def _roman(text: str) -> int:
    values = [_ROMAN_DIGITS[char] for char in text]
    return sum(-one if one < two else one for one, two in zip(values, [*values[1:], 0], strict=True))
