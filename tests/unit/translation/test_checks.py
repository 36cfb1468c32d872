"""Each check, with translations it must accept and translations it must not."""

import time

import pytest

from newsletter.names import Name
from newsletter.translation import checks
from newsletter.translation.checks import Candidate, dates, kept, language, money, numbers, shape, signs, terms, width
from newsletter.translation.glossary import Glossary, Term

NEWS = "The council approved the budget for the new bridge, and work on it will begin in the spring of next year."
NOTICIA = "El consejo aprobó el presupuesto del puente nuevo, y las obras comenzarán en la primavera del próximo año."
PERSIAN = "نمایندگان شهرها در این همایش درباره رودخانه و آب گفتگو می‌کنند و سپس به شهرهای خود برمی‌گردند."
FOUR = "One came. Two came. Three came. Four came."
GLOSSARY = Glossary(
    terms=(
        Term(source="training center", language="es", target="centro de formación", alternatives=("academia",)),
        Term(source="training center", language="ar", target="مركز التدريب"),
        Term(source="training center", language="ko", target="교육 센터"),
        Term(source="chair", language="es", target="silla", status="forbidden", match="word"),
    ),
    names=(
        Name(name="Inês Valadar", kind="person", keep="yes", aliases=("إينيس فالادار", "이네스 발라다르")),
        Name(name="River League", kind="organisation", keep="translate", forms=(("es", "Liga Fluvial"),)),
    ),
)

GOOD = [
    (shape.Empty(), "Hello", "Hola", "es"),
    (shape.Empty(), "—", "—", "es"),
    (shape.Empty(), "Write to a@river.example", "a@river.example", "es"),
    (shape.Copied(), "SHRDC, Seoul", "SHRDC, Seoul", "es"),
    (shape.Copied(), "Metropolis Action Plan 2018", "Metropolis Action Plan 2018", "es"),
    (shape.Length(), NEWS, NOTICIA, "es"),
    (shape.Length(), "Members", "Organizaciones", "es"),
    (shape.Length(), "Anything", "x" * 400, "tr"),
    (shape.Length(), "[Here](https://river.example/a/very/long/address)", "[Aquí](https://x.example)", "es"),
    (shape.End(), NEWS, NOTICIA, "es"),
    (shape.End(), NEWS, "परिषद्ले नयाँ पुलको बजेट स्वीकृत गर्‍यो।", "ne"),
    (shape.End(), NEWS, "Dijo: «El consejo aprobó el presupuesto.»", "es"),
    (shape.End(), "Members.", "Miembros", "es"),
    (shape.Sentences(), FOUR, "Uno vino. Dos vinieron. Tres y cuatro también.", "es"),
    (shape.Loop(), NEWS, NOTICIA, "es"),
    (shape.Loop(), "Ha ha ha ha ha", "Ja ja ja ja ja", "es"),
    (shape.Loop(), "नगर नगर भेटिए।", "नगरपालिका नगरका नगरले भेटे।", "ne"),
    (language.Script(), "Seoul", "서울", "ko"),
    (language.Script(), "The SHRDC in Seoul", "مركز SHRDC في سيول والمدن الأخرى", "ar"),
    (language.Script(), "Hello", "Hola", "es"),
    (language.Script(), "Tokyo", "東京のニュース", "ja"),
    (language.Script(), "Metropolis Action Plan", "Metropolis Action Plan", "ko"),
    (language.Language(), NEWS, NOTICIA, "es"),
    (language.Language(), "Seoul Human Resource Center", "Seoul Human Resource Center", "es"),
    (language.Language(), NEWS, NEWS, "en"),
    (language.LeftOver(), NEWS, NOTICIA, "es"),
    (language.LeftOver(), "The League of River Cities and Ports of Asia", "La League of River Cities and Ports", "es"),
    (kept.Literals(), "Write to news@river.example.", "Escriba a news@river.example.", "es"),
    (kept.Literals(), "See https://river.example/a.", "Véase https://river.example/a.", "es"),
    (kept.Literals(), "Open https://river.example/a now", "https://river.example/a를 여세요", "ko"),
    (kept.Literals(), "See https://river.example/a.", "见https://river.example/a。", "zh"),
    (kept.Literals(), "%s left", "%s개 남음", "ko"),
    (kept.Literals(), r"jane\_doe@river.example", "jane_doe@river.example", "es"),
    (kept.Markup(), "[a](https://x.example) ![b](c.png) `d`", "`d` ![e](c.png) [f](https://x.example)", "es"),
    (kept.Emphasis(), "*a* **b**", "**c** _d_", "es"),
    (kept.Emphasis(), "![a *b*](c.png) _*d*_", "![e](c.png) *f*", "es"),
    (kept.Html(), "x < y and y > z", "x < y e y > z", "es"),
    (kept.Html(), "Write <name> here", "Escriba <nombre> aquí", "es"),
    (numbers.Numbers(), "In 2026 there were 1,234 boats.", "En 2026 hubo 1.234 barcos.", "es"),
    (numbers.Numbers(), "In 2026 there were 64 guests.", "در سال ۲۰۲۶، ۶۴ مهمان بود.", "fa"),
    (numbers.Numbers(), "At 3 p.m. on day 2", "A las quince horas del segundo día", "es"),
    (numbers.Numbers(), "In April 30, 2005", "Le 30 avril 2005", "fr"),
    (numbers.Numbers(), "the 19th century", "le XIXe siècle", "fr"),
    (numbers.Numbers(), "the 21st century", "el siglo XXI", "es"),
    (numbers.Numbers(), "the 1990s", "los años 90", "es"),
    (numbers.Numbers(), "200,000 people", "200 000 personnes", "fr"),
    (numbers.Numbers(), "2,500,000 people", "2,5 millones de personas", "es"),
    (numbers.Numbers(), "120 million people", "1억 2000만 명", "ko"),
    (numbers.Numbers(), "12,500 people", "1.25万人", "zh"),
    (numbers.Numbers(), "25 million people", "२ करोड ५० लाख मानिस", "ne"),
    (numbers.Numbers(), "at 15:30", "오후 3시 30분", "ko"),
    (numbers.Numbers(), "In 2017", "در سال ۱۳۹۶", "fa"),
    (numbers.Numbers(), "3.50 metres", "3,5 metros", "es"),
    (numbers.Added(), "at 3 p.m.", "a las 3", "es"),
    (dates.Dates(), "on 17 March 2027", "el 17 de marzo de 2027", "es"),
    (dates.Dates(), "on March 5th", "le 5 mars", "fr"),
    (dates.Dates(), "on 1 May", "le premier mai", "fr"),
    (dates.Dates(), "on 5 Mar 2027", "el 5 mar. 2027", "es"),
    (dates.Dates(), "on 17 March 2027", "2027년 3월 17일", "ko"),
    (dates.Dates(), "on 17 March 2027", "17/3/2027", "ca"),
    (dates.Dates(), "on 17 March 2027", "في 17 آذار 2027", "ar"),
    (dates.Dates(), "on 20 March 2018", "۲۹ اسفند ۱۳۹۶", "fa"),
    (dates.Dates(), "They may 12 times", "Pueden doce veces", "es"),
    (money.Currencies(), "It costs €200", "Cuesta 200 euros", "es"),
    (money.Currencies(), "USD 5 million", "500만 달러", "ko"),
    (terms.Names(), "Inês Valadar came", "Vino Inês Valadar", "es"),
    (terms.Names(), "Inês Valadar came", "جاءت إينيس فالادار", "ar"),
    (terms.Names(), "Inês Valadar came", "이네스 발라다르는 왔다", "ko"),
    (terms.Names(), "the River League", "de la Liga Fluvial", "es"),
    (terms.Names(), "the River League", "la lega", "it"),
    (terms.Terms(), "Three training centers", "Tres centros de formación", "es"),
    (terms.Terms(), "A training center", "Una Academia", "es"),
    (terms.Terms(), "A training center", "في مركز تدريب جديد", "ar"),
    (terms.Terms(), "A training center", "새 교육센터에서", "ko"),
    (terms.Terms(), "Training. Center of", "Otra cosa", "es"),
    (terms.Forbidden(), "The chair spoke", "Habló la presidenta", "es"),
    (terms.Forbidden(), "The chair spoke", "El sillazo", "es"),
    (terms.Acronyms(), "The SHRDC", "El SHRDC", "es"),
    (signs.Brackets(), "a (b) 1)", "a （b） 1)", "zh"),
    (signs.InvertedMarks(), "Who? Me!", "¿Quién? ¡Yo!", "es"),
    (signs.InvertedMarks(), "Who?", "Quem?", "pt"),
    (signs.Damage(), "\u2067a\u2069", "\u2067b\u2069", "ar"),
    (signs.Correctable(), "Who?", "Qui\u202f?", "fr"),
    (width.Columns(), "x", "y" * 300, "es"),
]

BAD = [
    (shape.Empty(), "Hello", " … ", "es", "block"),
    (shape.Copied(), "The council met on Monday", "The council met on Monday", "es", "block"),
    (shape.Length(), NEWS, "El consejo.", "es", "block"),
    (shape.Length(), NEWS, NOTICIA[:72], "es", "warn"),
    (shape.Length(), "Members", "c" * 40, "es", "block"),
    (shape.End(), NEWS, NOTICIA[:80], "es", "warn"),
    (shape.Sentences(), FOUR, "Uno vino. Dos vinieron.", "es", "warn"),
    (shape.Loop(), NEWS, "El puente nuevo, el puente nuevo, el puente nuevo, el puente nuevo.", "es", "block"),
    (shape.Loop(), NEWS, "El consejo muy muy muy grande.", "es", "warn"),
    (shape.Loop(), NEWS, "理事会新桥新桥新桥新桥", "zh", "block"),
    (shape.Loop(), "Members", "ccccccccccc", "es", "block"),
    (language.Script(), "The council met", "The council met", "ar", "block"),
    (language.Script(), "The council met", "नगर पालिका को बैठक", "ko", "block"),
    (language.Script(), "The council met", "Совет собрался", "es", "block"),
    (language.Script(), "xscreensaver must be restarted", "업그레이드 전에 xscreensaver 다시 시작", "ko", "warn"),
    (language.Language(), "x", NEWS, "es", "block"),
    (language.Language(), "x", NOTICIA, "ca", "block"),
    (language.Language(), "x", f"{NOTICIA} {NOTICIA} We hope that you will come to see it.", "es", "warn"),
    (
        language.Language(),
        "x",
        PERSIAN,
        "ar",
        "block",
    ),
    (language.LeftOver(), NEWS, "El consejo approved the budget for the new puente", "es", "warn"),
    (kept.Literals(), "Write to jane_doe@river.example", "Escriba a jane doe@river.example", "es", "block"),
    (kept.Literals(), "https://river.example/a", "https://river.example/ab", "es", "block"),
    (kept.Literals(), "Hello {name}", "Hola {nombre}", "es", "block"),
    (kept.Literals(), "Hello", "Hola https://other.example", "es", "block"),
    (kept.Markup(), "[a](https://x.example/1)", "[a](https://x.example/2)", "es", "block"),
    (kept.Markup(), "[a](https://x.example/1)", "a (https://x.example/1)", "es", "block"),
    (kept.Markup(), "run `make`", "ejecute `hacer`", "es", "block"),
    (kept.Markup(), "![a](x.png)", "a", "es", "block"),
    (kept.Emphasis(), "**Seoul(SMG)** is", "**서울(SMG)**은", "ko", "warn"),
    (kept.Html(), "Hello", "Hola<div>", "es", "block"),
    (kept.Html(), "*Hello*", "*Hola* <x id='1'/>", "es", "block"),
    (numbers.Numbers(), "In 2026 there were boats.", "En 2025 hubo barcos.", "es", "warn"),
    (numbers.Numbers(), "64 guests in 2026", "Los invitados", "es", "block"),
    (numbers.Numbers(), "64 and 64 again", "64 y otra vez", "es", "warn"),
    (numbers.Numbers(), "2.5 million people", "2,5 mil personas y 3", "es", "warn"),
    (numbers.Added(), "Guests", "64 invitados", "es", "info"),
    (dates.Dates(), "on 17 March 2027", "el 17 de mayo de 2027", "es", "warn"),
    (dates.Dates(), "on 5 March", "el 6 de marzo", "es", "warn"),
    (dates.Dates(), "on 19 March 2027", "el 19 Marcha 2027", "es", "warn"),
    (money.Currencies(), "It costs €200", "Cuesta $200", "es", "warn"),
    (terms.Names(), "Inês Valadar came", "Vino Inés Valador", "es", "warn"),
    (terms.Names(), "the River League", "la River League", "es", "warn"),
    (terms.Terms(), "A training center", "Un lugar de enseñanza", "es", "warn"),
    (terms.Forbidden(), "The chair spoke", "La silla habló", "es", "block"),
    (terms.Acronyms(), "The SHRDC", "El centro", "es", "info"),
    (signs.Brackets(), "a (b)", "a (b", "es", "info"),
    (signs.InvertedMarks(), "Who?", "Quién?", "es", "warn"),
    (signs.Damage(), "Hélène", "H\ufffdl\ufffdne", "fr", "warn"),
    (signs.Damage(), "a", "\u2067b", "ar", "info"),
    (signs.Correctable(), "Who?", "Qui ?", "fr", "info"),
]


@pytest.mark.parametrize(("check", "source", "target", "to"), GOOD)
def test_a_good_translation_is_not_accused(check: checks.Check, source: str, target: str, to: str) -> None:
    """What a person might well write passes."""
    assert list(check.find(Candidate(source, target, to, glossary=GLOSSARY))) == []


@pytest.mark.parametrize(("check", "source", "target", "to", "level"), BAD)
def test_a_bad_translation_is_found(check: checks.Check, source: str, target: str, to: str, level: str) -> None:
    """What only a derailed engine or a slip writes is found, at the right level."""
    assert {finding.level for finding in check.find(Candidate(source, target, to, glossary=GLOSSARY))} == {level}


@pytest.mark.parametrize(
    ("role", "source", "target", "found"),
    [
        ("subject", "x", "y" * 60, 0),
        ("subject", "x", "y" * 61, 1),
        ("subject", "x", "서" * 30, 0),
        ("subject", "x", "서" * 31, 1),
        ("subject", "x", "नी" * 60, 1),
        ("subject", "x", "u\u0301\u200c" * 60, 0),
        ("preheader", "x" * 50, "y" * 40, 0),
        ("preheader", "x" * 50, "y" * 39, 1),
        ("preheader", "x" * 30, "y" * 30, 0),
        ("preheader", "x" * 50, "y" * 91, 1),
    ],
)
def test_width(role: str, source: str, target: str, found: int) -> None:
    """The subject and the preheader are measured in columns, and only they."""
    assert len(list(width.Columns().find(Candidate(source, target, "ko", role=role)))) == found


def test_a_title_is_no_markdown() -> None:
    """What looks like markup in a text that is shown as it is must not hold its translation back."""
    source, target = "The *new* [draft](plan) of 12 a_b_c at {place}", "El [borrador] *nuevo* (de 12) a_b_c en {place}"
    assert [finding.level for finding in kept.Markup().find(Candidate(source, target, "es"))] == ["block"]
    for check in (kept.Markup(), kept.Emphasis(), kept.Literals()):
        assert list(check.find(Candidate(source, target, "es", role="title"))) == []
    lost = Candidate(source, target.replace("{place}", "Seúl"), "es", role="title")
    assert [finding.message for finding in kept.Literals().find(lost)] == ["{place} is missing or changed"]


@pytest.mark.parametrize("text", ["1" * 6000, "1,234 " * 1000, "111 " * 1500, "a. " * 2000, "*a*_b_" * 500, "(" * 6000])
def test_any_text_is_judged_in_time(text: str) -> None:
    """What an engine that lost its way writes is neither too long for Python's numbers nor for a recursion."""
    candidate = Candidate("The city of Seoul.", text, "ko")
    assert checks.find(candidate)
    start = time.process_time()
    checks.find(Candidate(text, text, "ko"))
    assert time.process_time() - start < 2.0


def test_what_blocks_comes_first() -> None:
    """The reason for holding a draft back is the first finding, then the warnings, then the rest."""
    candidate = Candidate("In 2026 see https://river.example/a with us all", "En 2025 véase con todas y todos", "es")
    assert [finding.level for finding in checks.find(candidate)] == ["block", "warn", "info"]


def test_the_model_is_loaded_only_for_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary sentences, and languages that their script gives away, are told without the model of 120 MB."""
    from newsletter.translation.checks import identify

    def loaded() -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(identify, "_model", loaded)
    check = language.Language()
    assert not list(check.find(Candidate(NEWS, NOTICIA, "es")))
    assert not list(
        check.find(Candidate(NEWS, "시의회는 새 다리의 예산을 승인했으며 공사는 내년 봄에 시작된다.", "ko"))
    )
    with pytest.raises(AssertionError, match="loaded"):
        list(check.find(Candidate(NEWS, NOTICIA, "ca")))


def test_a_language_nobody_knows() -> None:
    """A target language without bounds, months or model is checked as far as it can be."""
    assert [
        finding.level for finding in checks.find(Candidate(NEWS, "Zbrrz grmbl krk qapla batlh Daqawlu.", "tlh"))
    ] == []
