"""Each check, with translations it must accept and translations it must not."""

import pytest

from newsletter.translation import checks
from newsletter.translation.checks import kept, shape

NEWS = "The council approved the budget for the new bridge, and work on it will begin in the spring of next year."
NOTICIA = "El consejo aprobó el presupuesto del puente nuevo, y las obras comenzarán en la primavera del próximo año."

GOOD = [
    (shape.Empty(), "Hello", "Hola", "es"),
    (shape.Empty(), "—", "—", "es"),
    (shape.Copied(), "SHRDC, Seoul", "SHRDC, Seoul", "es"),
    (shape.Copied(), "Metropolis Action Plan 2018", "Metropolis Action Plan 2018", "es"),
    (shape.Length(), NEWS, NOTICIA, "es"),
    (shape.Length(), "Members", "Organizaciones", "es"),
    (shape.Length(), "Anything", "x" * 400, "tr"),
    (shape.Loop(), NEWS, NOTICIA, "es"),
    (shape.Loop(), "Ha ha ha ha ha", "Ja ja ja ja ja", "es"),
    (shape.Loop(), "नगर नगर भेटिए।", "नगरपालिका नगरका नगरले भेटे।", "ne"),
    (shape.Script(), "Seoul", "서울", "ko"),
    (shape.Script(), "The SHRDC in Seoul", "مركز SHRDC في سيول والمدن الأخرى", "ar"),
    (shape.Script(), "Hello", "Hola", "es"),
    (shape.Script(), "Tokyo", "東京のニュース", "ja"),
    (kept.Literals(), "Write to news@river.example.", "Escriba a news@river.example.", "es"),
    (kept.Literals(), "See https://river.example/a.", "Véase https://river.example/a.", "es"),
    (kept.Numbers(), "In 2026 there were 1,234 boats.", "En 2026 hubo 1.234 barcos.", "es"),
    (kept.Numbers(), "In 2026 there were 64 guests.", "در سال ۲۰۲۶، ۶۴ مهمان بود.", "fa"),
    (kept.Numbers(), "At 3 p.m. on day 2", "A las quince horas del segundo día", "es"),
]

BAD = [
    (shape.Empty(), "Hello", " … ", "es", "block"),
    (shape.Copied(), "The council met on Monday", "The council met on Monday", "es", "block"),
    (shape.Length(), NEWS, "El consejo.", "es", "block"),
    (shape.Length(), NEWS, NOTICIA[:72], "es", "warn"),
    (shape.Length(), "Members", "c" * 40, "es", "block"),
    (shape.Loop(), NEWS, "El puente nuevo, el puente nuevo, el puente nuevo, el puente nuevo.", "es", "block"),
    (shape.Loop(), NEWS, "El consejo muy muy muy grande.", "es", "warn"),
    (shape.Loop(), "Members", "ccccccccccc", "es", "block"),
    (shape.Script(), "The council met", "The council met", "ar", "block"),
    (shape.Script(), "The council met", "نگر पालिका को बैठक", "ko", "block"),
    (kept.Literals(), "Write to jane_doe@river.example", "Escriba a jane doe@river.example", "es", "block"),
    (kept.Literals(), "Hello {name}", "Hola {nombre}", "es", "block"),
    (kept.Literals(), "Hello", "Hola https://other.example", "es", "block"),
    (kept.Numbers(), "In 2026 there were boats.", "En 2025 hubo barcos.", "es", "warn"),
    (kept.Numbers(), "64 guests in 2026", "Los invitados", "es", "block"),
]


@pytest.mark.parametrize(("check", "source", "target", "language"), GOOD)
def test_a_good_translation_is_not_accused(check: checks.Check, source: str, target: str, language: str) -> None:
    """What a person might well write passes."""
    assert list(check.find(source, target, language)) == []


@pytest.mark.parametrize(("check", "source", "target", "language", "level"), BAD)
def test_a_bad_translation_is_found(check: checks.Check, source: str, target: str, language: str, level: str) -> None:
    """What only a derailed engine writes is found, at the right level."""
    assert {finding.level for finding in check.find(source, target, language)} == {level}


def test_what_blocks_comes_first() -> None:
    """The reason for holding a draft back is the first finding."""
    found = checks.find("In 2026 see https://river.example/a with us all", "En 2025 véase con todas y todos", "es")
    assert [finding.level for finding in found] == ["block", "warn"]
