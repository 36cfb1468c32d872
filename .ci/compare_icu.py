"""Compares tests/samples/localisation.toml with what ICU says today; exit 1 on a difference without a reason.

Needs PyICU, which pip would have to compile: Debian's python3-icu is enough, though lists with "or" need a newer one.
Neither Babel nor the library is asked: the unit tests hold that they write what stands in that file.
"""

import datetime
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import icu

SAMPLES = Path(__file__).parents[1] / "tests/samples/localisation.toml"
UTC, SEOUL = icu.TimeZone.createTimeZone("UTC"), icu.TimeZone.createTimeZone("Asia/Seoul")
DAY = datetime.date(2017, 11, 10)
STRETCHES = {
    "within": (datetime.date(2017, 11, 2), datetime.date(2017, 11, 3)),
    "months": (datetime.date(2024, 2, 28), datetime.date(2024, 3, 3)),
    "years": (datetime.date(2023, 12, 30), datetime.date(2024, 1, 2)),
}
TIME = re.compile(r"(?P<clock>.+?) ?[(（](?P<city>.+?)(?:, |، |，|、)(?P<offset>.+)[)）]")

# Every difference we know, by row and form, and why ours is right for readers.
_NEWER = "CLDR 42, which ICU 72 has, said it differently; ours is CLDR 48"
_SIGN = "the sign has the direction mark that CLDR gives it in numbers; ICU leaves it out in zones"
_PERSIAN = "ICU has the root's order for Persian days; readers in Iran begin with the weekday and end with the year"
ACCEPTED = {
    **{("ca", form): _NEWER for form in ("full", "long", "short", "month", *STRETCHES)},
    **{(name, form): _NEWER for name in ("ar", "ar-EG", "ar-MA") for form in STRETCHES},
    **{(name, "offset"): _SIGN for name in ("ar", "ar-EG", "ar-MA", "ur")},
    **{(name, form): _PERSIAN for name in ("fa", "fa-AF") for form in ("full", "month")},
    ("fa-AF", "short"): "ICU has the short months of Iran; in Afghanistan they have other names",
    **{(name, form): _NEWER for name in ("ko", "ne", "he") for form in ("months", "years")},
    **{("zh-Hans", form): _NEWER for form in STRETCHES},
    ("en", "within"): _NEWER,
    ("pt-BR", "offset"): _NEWER,
    ("fa", "years"): _NEWER,
    ("ur", "percent"): _NEWER,
    ("ne", "list"): "CLDR forgets the space after the first comma",
    ("es-MX", "clock"): _NEWER,
}


def expected(row: dict[str, str]) -> dict[str, str]:
    """What the tests want, the time in its three parts."""
    forms = {form: text for form, text in row.items() if form not in {"tag", "territory", "icu", "time", "badge"}}
    return forms | TIME.fullmatch(row["time"]).groupdict()


def found(tag: str) -> dict[str, str]:
    """The same from ICU; where its calendar is the Persian one, the Gregorian date follows in brackets."""
    own = icu.Locale.forLanguageTag(tag)
    forms = dict(_dates(own))
    if icu.Calendar.createInstance(own).getType() == "persian":
        beside = dict(_dates(icu.Locale.forLanguageTag(f"{tag}-u-ca-gregory")))
        beside["full"] = beside["long"]
        forms |= {form: f"{forms[form]} ({beside[form]})" for form in ("full", "long", *STRETCHES)}
    return forms | dict(_others(own))


def endonym(tag: str) -> str:
    """A language's name in itself, as a menu has it."""
    own = icu.Locale.forLanguageTag(tag)
    name = own.getDisplayName(own)
    return str(icu.UnicodeString(name[:1]).toTitle(own)) + name[1:]


def differences(rows: dict[str, dict[str, str]]) -> Iterator[tuple[str, str, str, str]]:
    """The row, the form, our text and ICU's, where they differ."""
    for name, row in rows.items():
        theirs = found(row["icu"]) | {"endonym": endonym(row["tag"])}
        for form, ours in expected(row).items():
            if form in theirs and ours != theirs[form]:
                yield name, form, ours, theirs[form]


def _dates(locale: icu.Locale) -> Iterator[tuple[str, str]]:
    yield "full", icu.DateFormat.createDateInstance(icu.DateFormat.kFull, locale).format(_noon(DAY))
    yield "long", icu.DateFormat.createDateInstance(icu.DateFormat.kLong, locale).format(_noon(DAY))
    best = icu.DateTimePatternGenerator.createInstance(locale).getBestPattern
    for form, skeleton in (("short", "yMMMd"), ("month", "yMMMM")):
        yield form, icu.SimpleDateFormat(best(skeleton), locale).format(_noon(DAY))
    for form, (first, last) in STRETCHES.items():
        interval = icu.DateInterval(_noon(first), _noon(last))
        yield form, icu.DateIntervalFormat.createInstance("yMMMMd", locale).format(interval)


def _others(locale: icu.Locale) -> Iterator[tuple[str, str]]:
    yield "number", icu.NumberFormat.createInstance(locale).format(1234567.89)
    yield "percent", icu.NumberFormat.createPercentInstance(locale).format(0.25)
    yield "list", icu.ListFormatter.createInstance(locale).format(["Seoul", "Cairo", "Mashhad"])
    if hasattr(icu, "UListFormatterType"):  # since PyICU 2.11
        either = icu.ListFormatter.createInstance(locale, icu.UListFormatterType.OR, icu.UListFormatterWidth.WIDE)
        yield "either", either.format(["Seoul", "Cairo"])
    right = icu.Bidi.getBaseDirection(locale.getDisplayName(locale)) == icu.UBiDiDirection.RTL
    yield "direction", "rtl" if right else "ltr"
    clock = icu.DateFormat.createTimeInstance(icu.DateFormat.kShort, locale)
    for form, pattern in (("clock", clock), ("city", "VVV"), ("offset", "O")):
        writer = icu.SimpleDateFormat(pattern, locale) if isinstance(pattern, str) else pattern
        writer.setTimeZone(SEOUL)
        half_past_two = datetime.datetime(2017, 11, 10, 5, 30, tzinfo=datetime.UTC)
        yield form, writer.format(half_past_two.timestamp())


def _noon(day: datetime.date) -> float:
    return datetime.datetime.combine(day, datetime.time(12), datetime.UTC).timestamp()


def main() -> int:
    icu.TimeZone.setDefault(UTC)
    rows = tomllib.loads(SAMPLES.read_text("utf-8"))
    new = 0
    for name, form, ours, theirs in differences(rows):
        reason = ACCEPTED.get((name, form), "")
        new += not reason
        print(f"{name} {form}: {ours} | ICU: {theirs} | {reason or 'NEW: correct it, or add its reason'}")
    print(f"ICU {icu.ICU_VERSION}: {len(rows)} rows, {new} differences without a reason")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
