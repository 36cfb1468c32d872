"""Localisation: dates, numbers, lists, digits, directions and names of languages."""

from datetime import date

import pytest

from newsletter.rendering.localise import RLM, Localisation

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("tag", "territory", "full", "medium", "month"),
    [
        ("en", "", "Friday, 20 November 2026", "20 November 2026", "November 2026"),
        ("en-US", "", "Friday, November 20, 2026", "November 20, 2026", "November 2026"),
        ("es", "", "viernes, 20 de noviembre de 2026", "20 de noviembre de 2026", "noviembre de 2026"),
        ("fr", "", "vendredi 20 novembre 2026", "20 novembre 2026", "novembre 2026"),
        ("ca", "", "divendres, 20 de novembre del 2026", "20 de novembre del 2026", "novembre del 2026"),
        ("pt-BR", "", "sexta-feira, 20 de novembro de 2026", "20 de novembro de 2026", "novembro de 2026"),
        ("ar", "", "الجمعة، 20 نوفمبر 2026", "20 نوفمبر 2026", "نوفمبر 2026"),
        ("ar", "EG", "الجمعة، ٢٠ نوفمبر ٢٠٢٦", "٢٠ نوفمبر ٢٠٢٦", "نوفمبر ٢٠٢٦"),
        ("fa", "", "جمعه ۲۹ آبان ۱۴۰۵ (۲۰ نوامبر ۲۰۲۶)", "۲۹ آبان ۱۴۰۵", "آبان ۱۴۰۵"),
        ("ko", "", "2026년 11월 20일 금요일", "2026년 11월 20일", "2026년 11월"),
        ("ne", "", "२०२६ नोभेम्बर २०, शुक्रबार", "२०२६ नोभेम्बर २०", "२०२६ नोभेम्बर"),
    ],
)
def test_dates(tag, territory, full, medium, month):
    """Dates carry the month in letters, native digits where readers use them, and the Persian calendar in Persian."""
    here = Localisation.of(tag, territory=territory)
    assert (here.date(DAY), here.date_medium(DAY), here.month_year(DAY)) == (full, medium, month)


def test_persian_days_have_no_leading_nought():
    """A Persian date reads ۵ فروردین, not ۰۵ فروردین."""
    assert Localisation.of("fa").date_medium(date(2026, 3, 25)) == "۵ فروردین ۱۴۰۵"


@pytest.mark.parametrize(
    ("tag", "territory", "expected"),
    [
        ("en", "", "1,234,567.5"),
        ("es", "", "1.234.567,5"),
        ("ar", "", "1,234,567.5"),
        ("ar", "EG", "١٬٢٣٤٬٥٦٧٫٥"),
        ("fa", "", "۱٬۲۳۴٬۵۶۷٫۵"),
        ("ne", "", "१२,३४,५६७.५"),
    ],
)
def test_numbers(tag, territory, expected):
    """Digits and separators always come from the same system."""
    assert Localisation.of(tag, territory=territory).number(1234567.5) == expected


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
        ("es", "and", [], ""),
    ],
)
def test_lists(tag, style, items, expected):
    """Lists end as people write them; Spanish changes y and o before the same sound."""
    assert Localisation.of(tag).list(items, style=style) == expected


@pytest.mark.parametrize(
    ("tag", "direction", "start"),
    [("ar", "rtl", "right"), ("fa", "rtl", "right"), ("ku-Arab", "rtl", "right"), ("he", "rtl", "right")]
    + [(tag, "ltr", "left") for tag in ("en", "ku", "ko", "ne", "zh-Hant")],
)
def test_direction_comes_from_the_script(tag, direction, start):
    """Kurdish in Arabic script runs from the right, though its locale data says otherwise."""
    here = Localisation.of(tag)
    assert (here.direction, here.start, here.arrow) == (direction, start, "←" if direction == "rtl" else "→")


@pytest.mark.parametrize(
    ("tag", "endonym"), [("fr", "Français"), ("ca", "Català"), ("pt-BR", "Português (Brasil)"), ("fa", "فارسی")]
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
        ("en", "Valmora", "Valmora"),
    ],
)
def test_a_line_leads_with_its_own_direction(tag, text, expected):
    """A right-to-left line that begins with a Latin word gets a mark; others stay as they are."""
    assert Localisation.of(tag).lead(text) == expected


def test_isolates():
    """Addresses are isolated in right-to-left text only."""
    assert Localisation.of("fa").isolate("a@b.example") == "\u2066a@b.example\u2069"
    assert Localisation.of("en").isolate("a@b.example") == "a@b.example"


def test_an_unknown_territory_changes_nothing():
    """A territory without data of its own falls back to the language."""
    assert Localisation.of("ar", territory="FR").date(DAY) == Localisation.of("ar").date(DAY)
