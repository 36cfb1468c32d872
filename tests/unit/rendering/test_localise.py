"""Localisation: dates, numbers, lists, digits, directions and names of languages."""

import json
import re
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import RenderError
from newsletter.rendering import typography
from newsletter.rendering.localise import LRM, RLM, Localisation
from newsletter.rendering.numerals import SYSTEMS

# What is expected, its source, and the locale that ICU is asked for in .ci/compare_icu.py.
ROWS = tomllib.loads(Path(__file__).parents[2].joinpath("samples/localisation.toml").read_text("utf-8"))
DAY = date(2017, 11, 10)
LOCALES = sorted(locale.replace("_", "-") for locale in locale_identifiers() if locale != "root")
HALF_PAST_TWELVE = datetime.combine(DAY, time(12, 30))  # in whatever zone is named with it
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))


def written(here: Localisation) -> dict[str, str]:
    """Every form in tests/samples/localisation.toml, as it is written now."""
    return {
        "direction": here.direction,
        "endonym": here.endonym,
        "full": here.date(DAY),
        "long": here.date_long(DAY),
        "short": here.date_short(DAY),
        "month": here.month_year(DAY),
        "badge": " ".join(here.badge(DAY)),
        "within": here.interval(date(2017, 11, 2), date(2017, 11, 3)),
        "months": here.interval(date(2024, 2, 28), date(2024, 3, 3)),
        "years": here.interval(date(2023, 12, 30), date(2024, 1, 2)),
        "number": here.number(1234567.89),
        "percent": here.percent(0.25),
        "list": here.list(["Seoul", "Cairo", "Mashhad"]),
        "either": here.list(["Seoul", "Cairo"], style="or"),
        "time": here.time(datetime(2017, 11, 10, 5, 30, tzinfo=UTC), "Asia/Seoul"),
    }


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_form_in_every_language(row):
    """Dates, stretches of days, numbers, lists and times are as readers of each language write them."""
    here = Localisation.of(row["tag"], territory=row.get("territory", ""))
    assert written(here) == {form: text for form, text in row.items() if form not in {"tag", "territory", "icu"}}


def test_the_order_of_the_languages_changes_nothing():
    """Babel before 2.19 wrote one language's months into another's data (python-babel/babel#1234).

    The other process uses Babel itself first, in the order that did harm.
    """
    babel = "import datetime as d; from babel.dates import format_date as f; f(d.date(2017, 11, 10), 'LLL', 'ja')"
    order = [f"{row['tag']} {row.get('territory', '')}" for row in reversed(ROWS.values())]
    code = f"""{babel}
import json
from newsletter.rendering.localise import Localisation as L
here = [L.of(name.split(" ")[0], territory=name.split(" ")[1]) for name in {order!r}]
day = d.date(2017, 11, 10)
print(json.dumps([[l.date_short(day), " ".join(l.badge(day)), l.month_year(day)] for l in here]))"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [
        [row[form] for form in ("short", "badge", "month")] for row in reversed(ROWS.values())
    ]


@pytest.mark.parametrize(
    ("tag", "day", "expected"),
    [
        ("fa", date(2026, 3, 25), "۵ فروردین ۱۴۰۵"),
        ("fa", date(2024, 3, 19), "۲۹ اسفند ۱۴۰۲"),
        ("fa", date(2025, 3, 20), "۳۰ اسفند ۱۴۰۳"),  # a leap year
        ("fa", date(600, 1, 1), "۱ ژانویه ۶۰۰"),  # before that calendar
        ("ca", date(2017, 4, 10), "10 d’abril del 2017"),
        ("en-US", DAY, "November 10, 2017"),
    ],
)
def test_days_of_their_own(tag, day, expected):
    """Persian days and months, with no leading nought; Catalan elides before a vowel; America puts the month first."""
    assert Localisation.of(tag).date_medium(day) == expected


@pytest.mark.parametrize(
    ("tag", "first", "last", "expected"),
    [
        ("fa", date(2024, 3, 18), date(2024, 3, 22), "۲۸ اسفند ۱۴۰۲ تا ۳ فروردین ۱۴۰۳ (۱۸ تا ۲۲ مارس ۲۰۲۴)"),
        ("fa", date(2017, 11, 20), date(2017, 11, 23), "۲۹ آبان تا ۲ آذر ۱۳۹۶ (۲۰ تا ۲۳ نوامبر ۲۰۱۷)"),
        ("ka", date(2024, 2, 28), date(2024, 3, 3), "28 თებერვალი – 03 მარტი 2024"),
        ("en", DAY, DAY, "Friday, 10 November 2017"),
    ],
)
def test_stretches_of_their_own(tag, first, last, expected):
    """Each calendar has its own months and years; full months have no full stop; one day is a date."""
    assert Localisation.of(tag).interval(first, last) == expected


def test_a_stretch_does_not_run_backwards():
    """An event that ends before it begins is refused."""
    with pytest.raises(ValueError, match="cannot end on 2017-11-02 when it begins on 2017-11-10"):
        Localisation.of("en").interval(DAY, date(2017, 11, 2))


@pytest.mark.parametrize(
    ("tag", "territory", "digits", "expected"),
    [
        ("ar", "", "", "1,234,567.5"),
        ("ar", "EG", "", "١٬٢٣٤٬٥٦٧٫٥"),
        ("ar", "SA", "", "١٬٢٣٤٬٥٦٧٫٥"),
        ("ar", "MA", "", "1.234.567,5"),
        ("ar", "", "arab", "١٬٢٣٤٬٥٦٧٫٥"),
        ("ar", "EG", "latn", "1,234,567.5"),
        ("fa", "", "latn", "1,234,567.5"),
        ("ne", "", "latn", "12,34,567.5"),
        ("en", "", "deva", "१,२३४,५६७.५"),
    ],
)
def test_digits_by_territory_and_by_choice(tag, territory, digits, expected):
    """Digits and separators come from the same system: the one chosen, or that of the language in its territory."""
    assert Localisation.of(tag, territory=territory, digits=digits).number(1234567.5) == expected


def test_an_unknown_numbering_system():
    """The message lists the known ones."""
    with pytest.raises(ValueError, match="'roman' is no known numbering system; known are latn, adlm, arab"):
        Localisation.of("ar", digits="roman")


@pytest.mark.parametrize(
    ("tag", "zone", "expected"),
    [
        ("en", "Asia/Kathmandu", "12:30 (Kathmandu, GMT+5:45)"),
        ("ne", "Asia/Kathmandu", "१२:३० (काठमाण्डौं, GMT+५:४५)"),
        ("ca", "Africa/Cairo", "12:30 (el Caire, GMT+2)"),
        ("fr", "US/Eastern", "12:30 (New York, UTC-5)"),
        ("es", "America/Argentina/Buenos_Aires", "12:30 (Buenos Aires, GMT-3)"),
        ("ko", "UTC", "오후 12:30(UTC)"),
        ("fa", "Etc/GMT+5", "۱۲:۳۰ (\u200e−۵ گرینویچ)"),
        ("zh-Hant", "Asia/Tokyo", "中午12:30（東京，GMT+9）"),
        ("fr", "Africa/Abidjan", "12:30 (Abidjan, UTC)"),
    ],
)
def test_times_name_their_zone(tag, zone, expected):
    """A zone has its city's name in the language and its distance from Greenwich, or only what is known of these."""
    assert Localisation.of(tag).time(HALF_PAST_TWELVE, zone) == expected


def test_a_zone_nobody_knows():
    """The message shows how zones are called."""
    with pytest.raises(RenderError, match=r"the time zone 'Mars/Base' is unknown\. Use a name such as Europe/Madrid\."):
        Localisation.of("en").time(HALF_PAST_TWELVE, "Mars/Base")


@pytest.mark.parametrize(
    ("tag", "style", "items", "expected"),
    [
        ("en", "and", ["A", "B", "C"], "A, B and C"),
        ("fr", "and", ["A", "B"], "A et B"),
        ("ko", "and", ["A", "B"], "A 및 B"),
        ("es", "and", ["Barcelona", "Lima"], "Barcelona y Lima"),
        ("es", "and", ["Barcelona", "Iztapalapa"], "Barcelona e Iztapalapa"),
        ("es", "and", ["agua", "hielo"], "agua y hielo"),
        ("es", "and", ["Kioto", "Hiroshima"], "Kioto e Hiroshima"),
        ("es", "or", ["siete", "ocho"], "siete u ocho"),
        ("es", "or", ["7", "8"], "7 u 8"),
        ("es", "or", ["10", "11"], "10 u 11"),
        ("es", "or", ["Lima", "Quito"], "Lima o Quito"),
        ("es", "and", ["Iztapalapa"], "Iztapalapa"),
        ("es", "and", ["Lima", "«Ícaro»"], "Lima e «Ícaro»"),
        ("es", "and", ["Lima", "Quito", "Hilda"], "Lima, Quito e Hilda"),
        ("es", "and", ["nieve", "hiato"], "nieve y hiato"),
        ("es", "or", ["uno", "otro"], "uno u otro"),
        ("es", "or", ["vientre", "hombre"], "vientre u hombre"),
        ("es", "or", ["10", "110"], "10 o 110"),
        ("es", "and", [], ""),
        ("he", "and", ["אלף", "בית"], "אלף ובית"),
        ("he", "and", ["אלף", "2017"], "אלף ו-2017"),
        ("ne", "and", ["A", "B", "C", "D"], "A, B, C र D"),
        ("ja", "or", ["A", "B", "C"], "A、B、またはC"),
        ("en", "and", ["{1}", "{0}"], "{1} and {0}"),
    ],
)
def test_lists(tag, style, items, expected):
    """Lists end as people write them; Spanish changes y and o before the same sound."""
    assert Localisation.of(tag).list(items, style=style) == expected


@pytest.mark.parametrize(
    ("tag", "direction", "start"),
    [(tag, "rtl", "right") for tag in ("ar", "fa", "he", "ur", "ps", "sd", "ckb", "ug", "yi", "dv", "ks", "nqo")]
    + [(tag, "rtl", "right") for tag in ("pa-Arab", "uz-Arab", "ku-Arab", "ff-Adlm")]
    + [(tag, "ltr", "left") for tag in ("en", "ku", "ko", "ne", "zh-Hant", "uz", "ff", "pa", "az-Latn")],
)
def test_direction_comes_from_the_script(tag, direction, start):
    """Kurdish in Arabic script runs from the right, though its locale data says otherwise."""
    here = Localisation.of(tag)
    assert (here.direction, here.start, here.arrow) == (direction, start, "←" if direction == "rtl" else "→")


@pytest.mark.parametrize(
    ("tag", "endonym"),
    [
        ("fr", "Français"),
        ("pt-BR", "Português (Brasil)"),
        ("zh-Hans", "中文（简体）"),
        ("ka", "ქართული"),  # its capitals are for headlines only
        ("ar-u-nu-latn", "العربية"),
        ("qqq", "Qqq"),
    ],
)
def test_endonyms(tag, endonym):
    """A language names itself with the capital that a menu wants."""
    assert Localisation.of(tag).endonym == endonym


def test_names_of_other_languages():
    """In a sentence a language's name keeps its small letter."""
    assert Localisation.of("fr").name_of("es") == "espagnol"
    assert Localisation.of("ar").name_of("en") == "الإنجليزية"


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        ("ar", "Valmora تستضيف", RLM + "Valmora تستضيف"),
        ("ar", "2027: Valmora", RLM + "2027: Valmora"),
        ("ar", "فالمورا Valmora", "فالمورا Valmora"),
        ("ar", "2027", "2027"),
        ("ar", "\u2066Valmora\u2069 تستضيف", "\u2066Valmora\u2069 تستضيف"),
        ("en", "Valmora", "Valmora"),
        ("en", "فالمورا hosts", LRM + "فالمورا hosts"),
    ],
)
def test_a_line_leads_with_its_own_direction(tag, text, expected):
    """A right-to-left line that begins with a Latin word gets a mark; others stay as they are."""
    assert Localisation.of(tag).lead(text) == expected


def test_isolates():
    """Addresses are isolated in right-to-left text only."""
    assert Localisation.of("fa").isolate("a@b.example") == "\u2066a@b.example\u2069"
    assert Localisation.of("en").isolate("a@b.example") == "a@b.example"
    assert Localisation.of("fa").isolate("\u202ea\u2069b") == "\u2066ab\u2069"


def test_an_unknown_territory_changes_nothing():
    """A territory without data of its own falls back to the language."""
    assert Localisation.of("ar", territory="FR").date(DAY) == Localisation.of("ar").date(DAY)


def test_the_territory_decides_the_script():
    """Punjabi in Pakistan is written in Arabic letters, and Chinese in Taiwan in traditional ones."""
    assert (Localisation.of("pa", territory="PK").direction, Localisation.of("pa").direction) == ("rtl", "ltr")
    assert Localisation.of("zh", territory="TW").type == Localisation.of("zh-Hant").type


@pytest.mark.parametrize("tag", [tag for tag in LOCALES if not re.search("-([A-Z]{2}|[0-9]{3})$", tag)])
def test_every_language_of_cldr(tag):
    """Each of them writes every form without a crash, in one system of digits, and with its isolates closed."""
    here = Localisation.of(tag)
    forms = written(here)
    assert all(forms.values())
    assert here.type.line >= 1.5
    if here.system != "latn":
        numeric = {form: text for form, text in forms.items() if form not in {"endonym", "list", "either"}}
        assert not [form for form, text in numeric.items() if re.search("[0-9]", text)]
    assert all(
        sum(text.count(mark) for mark in "\u2066\u2067\u2068") == text.count("\u2069") for text in forms.values()
    )


@settings(deadline=None)
@given(
    tag=st.sampled_from(LOCALES),
    days=st.tuples(DAYS, DAYS).map(sorted),
    value=st.floats(-1e15, 1e15, allow_nan=False) | st.integers(-(10**15), 10**15),
    system=st.sampled_from(("", *SYSTEMS)),
)
def test_any_day_stretch_and_number(tag, days, value, system):
    """No day, stretch or number crashes in any locale and system, and none keeps Latin digits where others are due."""
    here = Localisation.of(tag, digits=system)
    first, last = days
    texts = [
        here.date(first),
        here.date_short(first),
        *here.badge(last),
        here.interval(first, last),
        here.number(value),
    ]
    assert all(texts)
    if here.system != "latn":
        assert not re.search("[0-9]", "".join(texts))


@given(st.text())
def test_isolates_are_closed(text):
    """Whatever stands in an address, no more isolates begin than end, and no embedding stays open."""
    isolated = Localisation.of("ar").isolate(text)
    assert re.fullmatch("(\u2066[^\u202a-\u202e\u2066-\u2069]*\u2069)?", isolated, re.DOTALL)


def test_scripts_have_their_own_fonts():
    """Every script of the nine languages, and the styles within one, are set in their own way."""
    tags = ("en", "ar", "ur", "he", "ne", "ko", "ja", "zh-Hans", "zh-Hant", "th", "bn")
    stacks = {Localisation.of(tag).type.fonts for tag in tags}
    assert len(stacks) == len(tags)
    assert typography.of("Xxxx") == typography.Typography()
