"""Which language a subscriber gets, and why."""

import pytest

from newsletter.audience import languages
from newsletter.model import Address, Subscriber

READY = frozenset({"en", "es", "fr", "ca", "pt-BR", "ar", "fa", "ko", "ne", "zh-Hans", "zh-Hant"})


def subscriber(*tags: str) -> Subscriber:
    """Somebody who asked for these languages."""
    return Subscriber(address=Address(email="ana@city.example"), languages=tags)


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
    choice = languages.choose(subscriber(*wanted), ready=READY, held=set(), default="en")
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
    choice = languages.choose(subscriber(*wanted), ready={"en", "fr"}, held={"es"}, default="en")
    assert (choice.language, choice.kind) == (language, kind)
    assert ("waits for review" in choice.reason) is (kind == "held")


def test_held_default() -> None:
    """Where the default waits for review, so does whoever would get it."""
    choice = languages.choose(subscriber("de"), ready={"fr"}, held={"en"}, default="en")
    assert (choice.language, choice.kind) == ("", "held")
    assert "en waits for review" in choice.reason
