"""Which language a subscriber gets, and why."""

import pytest

from newsletter.audience import languages
from newsletter.model import Address, Subscriber

READY = frozenset({"en", "es", "fr", "ca", "pt-BR", "ar", "fa", "ko", "ne", "zh-Hans", "zh-Hant"})


def subscriber(*tags: str, territory: str = "") -> Subscriber:
    """Somebody who asked for these languages."""
    return Subscriber(address=Address(email="ana@city.example"), languages=tags, territory=territory)


@pytest.mark.parametrize(
    ("wanted", "language", "kind"),
    [
        (("es",), "es", "chosen"),
        (("es-ES",), "es", "chosen"),
        (("es_ES",), "es", "chosen"),
        (("es-MX",), "es", "near"),
        (("en-GB",), "en", "near"),
        (("EN",), "en", "chosen"),
        (("pt",), "pt-BR", "chosen"),
        (("pt-PT",), "pt-BR", "near"),
        (("gl",), "es", "near"),
        (("eu",), "es", "near"),
        (("oc",), "fr", "near"),
        (("zh",), "zh-Hans", "chosen"),
        (("zh-CN",), "zh-Hans", "chosen"),
        (("zh-TW",), "zh-Hant", "chosen"),
        (("zh-HK",), "zh-Hant", "near"),
        (("yue",), "zh-Hant", "near"),
        (("ar-EG",), "ar", "chosen"),
        (("arz",), "ar", "near"),
        (("ar-MA",), "ar", "near"),
        (("prs",), "fa", "near"),
        (("ur",), "en", "near"),
        (("ca-valencia",), "ca", "chosen"),
        (("fa-u-ca-persian",), "fa", "chosen"),
        (("xx",), "en", "fallback"),
        (("de",), "en", "fallback"),
        (("",), "en", "fallback"),
        (("not a tag", "ko"), "ko", "chosen"),
        ((), "en", "fallback"),
        (("de", "fr", "es"), "fr", "chosen"),
        (("gl", "fr"), "fr", "chosen"),
        (("ur", "ne"), "ne", "chosen"),
        (("gl", "de"), "es", "near"),
    ],
)
def test_choose(wanted: tuple[str, ...], language: str, kind: str) -> None:
    """The first language on the list wins, its varieties count, and a neighbour only helps where nothing else does."""
    choice = languages.chooser(ready=READY, held=set(), default="en")(subscriber(*wanted))
    assert (choice.language, choice.kind) == (language, kind)
    assert choice.reason.endswith(".")
    assert choice.subscriber.languages == wanted


@pytest.mark.parametrize(
    ("wanted", "language", "kind"),
    [
        (("es",), "", "held"),
        (("es-MX", "en"), "", "held"),
        (("en", "es"), "en", "chosen"),
        (("ca", "es"), "", "held"),
        (("gl", "en"), "en", "chosen"),
        (("gl",), "", "held"),
        (("de",), "en", "fallback"),
    ],
)
def test_held(wanted: tuple[str, ...], language: str, kind: str) -> None:
    """Who asked for a language that waits for review waits with it."""
    choice = languages.chooser(ready={"en", "fr"}, held={"es"}, default="en")(subscriber(*wanted))
    assert (choice.language, choice.kind) == (language, kind)
    assert ("waits for review" in choice.reason) is (kind == "held")
    assert choice.waits == ("es" if kind == "held" else "")


def test_held_default() -> None:
    """Where the default waits for review, so does whoever would get it."""
    choice = languages.chooser(ready={"fr"}, held={"en"}, default="en")(subscriber("de"))
    assert (choice.language, choice.kind) == ("", "held")
    assert "en waits for review" in choice.reason
    assert choice.waits == "en"


@pytest.mark.parametrize(
    ("wanted", "territory", "language", "kind", "said"),
    [
        ((), "NP", "ne", "usual", "They named no language, so they get ne, a language of their country, Nepal."),
        ((), "MX", "es", "usual", "a language of their country, Mexico"),
        ((), "BR", "pt-BR", "usual", "a language of their country, Brazil"),
        ((), "TW", "zh-Hant", "usual", "a language of their country, Taiwan"),
        ((), "CH", "fr", "usual", "a language of their country, Switzerland"),
        ((), "DZ", "ar", "usual", "a language of their country, Algeria"),
        (("de",), "MA", "ar", "usual", "None of de is near a language of this issue, so they get ar"),
        (("fr",), "NP", "fr", "chosen", "fr is on their list."),
        (("gl",), "BR", "es", "near", "They asked for gl, and es is the nearest language there is."),
        ((), "DE", "en", "fallback", "They named no language, so they get the default en."),
        ((), "UA", "en", "fallback", "the default en"),
        ((), "AQ", "en", "fallback", "the default en"),
    ],
)
def test_country(wanted: tuple[str, ...], territory: str, language: str, kind: str, said: str) -> None:
    """Who names no language that is near gets an official one of their country, but none that is only near to it."""
    choice = languages.chooser(ready=READY, held=set(), default="en")(subscriber(*wanted, territory=territory))
    assert (choice.language, choice.kind) == (language, kind)
    assert said in choice.reason


@pytest.mark.parametrize(
    ("wanted", "territory", "language", "kind", "said"),
    [
        ((), "NP", "fr", "usual", "They named no language, so they get fr, a language of their members' list."),
        (("de",), "", "fr", "usual", "None of de is near a language of this issue, so they get fr"),
        (("ko",), "NP", "ko", "chosen", "ko is on their list."),
    ],
)
def test_usual(wanted: tuple[str, ...], territory: str, language: str, kind: str, said: str) -> None:
    """What is usual on a members' list goes before a guess by country, and after whatever somebody asked for."""
    choose = languages.chooser(ready=READY, held=set(), default="en", usual=("de", "fr"))
    choice = choose(subscriber(*wanted, territory=territory))
    assert (choice.language, choice.kind) == (language, kind)
    assert said in choice.reason


def test_held_by_country() -> None:
    """An edition that is probably theirs is waited for, too."""
    choice = languages.chooser(ready={"en"}, held={"ne"}, default="en")(subscriber(territory="NP"))
    assert (choice.language, choice.kind) == ("", "held")
    assert choice.reason == "They named no language; ne is a language of their country, Nepal, and waits for review."
    assert choice.waits == "ne"
