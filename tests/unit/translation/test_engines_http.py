"""Engines behind HTTP: every bad answer is one sentence, waiting has an end, what may be billed is asked once."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services import DeepLServer, Reply, said, serve

from newsletter.errors import ConfigError, TranslationError
from newsletter.plugins import Secret
from newsletter.translation.engines._http import Service, batches
from newsletter.translation.engines.deepl import DeepL
from newsletter.translation.engines.libretranslate import LibreTranslate

KEY = "a-secret-key"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The services are on this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def deepl() -> Iterator[tuple[DeepL, DeepLServer]]:
    """DeepL and the server that plays it."""
    server = DeepLServer()
    with serve(server) as url:
        yield DeepL(key=Secret(server.key), url=url, timeout=0.5), server


def ask(engine: Any, *sentences: str, target: str = "es") -> list[str]:
    """The texts an engine answers."""
    return [answer.text for answer in engine.translate(sentences, source="en", target=target)]


def service(url: str, waits: list[float] | None = None) -> Service:
    """A service whose waits are written down instead of waited for."""
    return Service(
        name="sample",
        url=url,
        key=Secret(KEY),
        timeout=5,
        headers={},
        refusals={456: ("it is too expensive", "Pay.")},
        sleep=[].append if waits is None else waits.append,
    )


PAGE = Reply(body=b"<!doctype html><title>Welcome</title>", type="text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("reply", "words", "asked"),
    [
        (PAGE, "is text/html, not JSON", 1),
        (Reply(body=b""), "cannot be read", 1),
        (Reply(body=b'{"translations": ['), "cannot be read", 1),
        (said({"translatedText": []}), "cannot be read", 1),
        (said({"translations": []}), "answered 0 sentences for 1", 1),
        (said({"translations": [{"text": "a"}, {"text": "b"}]}), "answered 2 sentences for 1", 1),
        (Reply(status=403), "refuses the key", 1),
        (said({"message": "Quota exceeded"}, 456), "used up (Quota exceeded)", 1),
        (Reply(status=413), "too long", 1),
        (Reply(status=500), "answered 500", 1),
        (Reply(status=504, body=b"<html>", type="text/html"), "answered 504", 1),
        (said({}, 429, Retry_After="0"), "too many requests", 5),
        (said({}, 529, Retry_After="0"), "too many requests", 5),
        (said({}, 503, Retry_After="0"), "answered 503", 5),
        (said({}, 429, Retry_After="3600"), "too many requests", 1),
    ],
)
def test_a_bad_answer_is_one_sentence(deepl: tuple[DeepL, DeepLServer], reply: Reply, words: str, asked: int) -> None:
    """It names the service and the next step; only what was surely not done is asked again."""
    engine, server = deepl
    server.script = [reply] * 9
    with pytest.raises(TranslationError) as caught:
        ask(engine, "One sentence.")
    assert words in str(caught.value)
    assert caught.value.where == "deepl"
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert server.requests == asked


def test_no_answer_in_time_is_not_asked_again(deepl: tuple[DeepL, DeepLServer]) -> None:
    """The first request may have been translated and billed."""
    engine, server = deepl
    server.script = [lambda: time.sleep(1) or Reply()]
    with pytest.raises(TranslationError, match=r"did not answer within 0\.5 seconds"):
        ask(engine, "One sentence.")
    assert server.requests == 1


def test_a_service_that_is_not_there() -> None:
    """Refused, or a name that nobody has."""
    with pytest.raises(TranslationError, match="cannot be reached") as caught:
        LibreTranslate(url="http://127.0.0.1:9").pairs()
    assert "url" in caught.value.hint


def test_after_a_pause_the_answer_is_used(deepl: tuple[DeepL, DeepLServer]) -> None:
    """Twice too many requests, then the answer: as if nothing had been."""
    engine, server = deepl
    server.script = [said({}, 429, Retry_After="0"), said({}, 429, Retry_After="0")]
    assert ask(engine, "One sentence.") == ["ONE SENTENCE."]


def at(seconds: float) -> str:
    """A Retry-After as a date."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({}, [2, 6, 18, 40]),
        ({"Retry_After": "2"}, [2, 2, 2, 2]),
        ({"Retry_After": "60"}, [60, 60, 60, 60]),
        ({"Retry_After": "61"}, []),
        ({"Retry_After": at(-9)}, [0, 0, 0, 0]),
        ({"Retry_After": at(7200)}, []),
        ({"Retry_After": "soon"}, [2, 6, 18, 40]),
    ],
)
def test_waiting_is_what_the_service_says_up_to_a_minute(headers: dict[str, str], waits: list[float]) -> None:
    """Seconds and dates; where it says nothing, longer each time; never without an end."""
    waited: list[float] = []
    with serve(lambda _asked: said({"error": "slow down"}, 429, **headers)) as url, pytest.raises(TranslationError):
        service(url, waited).ask("GET", "/", answer=dict[str, str])
    assert waited == waits


def test_the_key_does_not_show() -> None:
    """Not in an error, although the service repeats it."""
    echo = said({"error": f"Invalid API key {KEY}"}, 456)
    with serve(lambda _asked: echo) as url, pytest.raises(TranslationError) as caught:
        service(url).ask("GET", "/", answer=dict[str, str])
    assert str(caught.value) == "sample: it is too expensive (Invalid API key …). Pay."


def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that never stops fills no memory."""
    monkeypatch.setattr("newsletter.translation.engines._http._LARGEST", 100)
    with serve(lambda _asked: said({"text": "x" * 200})) as url, pytest.raises(TranslationError, match="larger"):
        service(url).ask("GET", "/", answer=dict[str, str])


@pytest.mark.parametrize(
    "url",
    ["", "deepl.example", "ftp://deepl.example", "http://", "http://a:port", "file:///etc/passwd", "http://xn--/"],
)
def test_an_address_that_is_none(url: str) -> None:
    """Said where it was written."""
    with pytest.raises(ConfigError, match="no web address"):
        service(url)


def test_a_password_in_the_address() -> None:
    """It is refused where it stands in the file, and shown nowhere."""
    with pytest.raises(ConfigError, match="secret does not belong into the file") as caught:
        service("https://reader:pa55@deepl.example")
    assert "pa55" not in str(caught.value)


@pytest.mark.parametrize("timeout", [-1, 0, float("nan"), float("inf"), 1e12])
def test_a_time_that_nobody_can_wait(timeout: float) -> None:
    """Refused before the operating system is asked to."""
    with pytest.raises(ConfigError, match="no time to wait"):
        LibreTranslate(timeout=timeout)


def test_a_key_with_a_line_break() -> None:
    """It would end the header it stands in."""
    with pytest.raises(ConfigError, match="the key"):
        DeepL(key=Secret("abc\nX: y"))


@given(st.lists(st.text(max_size=30), max_size=60), st.integers(1, 9), st.integers(1, 50))
def test_batches_lose_nothing(sentences: list[str], most: int, characters: int) -> None:
    """All sentences in order; none over the limits but one that is alone."""
    found = list(batches(sentences, most=most, characters=characters))
    assert [sentence for batch in found for sentence in batch] == sentences
    for batch in found:
        assert 0 < len(batch) <= most
        assert len(batch) == 1 or sum(map(len, batch)) <= characters


LANGUAGES = [
    {"code": "en", "name": "English", "targets": ["en", "es", "pb", "zt"]},
    {"code": "es", "name": "Spanish", "targets": ["en"]},
    {"code": "zh-Hans", "name": "Chinese", "targets": ["pt-BR"]},
]


def libretranslate(*answers: Reply) -> Callable[[Any], Reply]:
    """A LibreTranslate server with some languages that answers so, and then always like the last."""
    left = list(answers)

    def answer(asked: Any) -> Reply:
        if asked.path == "/languages":
            return said(LANGUAGES)
        if asked.path == "/spec":
            return said({"info": {"version": "1.9.6"}})
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def test_libretranslate_says_languages_as_we_do() -> None:
    """Old servers' codes and new ones'; a language is no translation of itself."""
    with serve(libretranslate(Reply())) as url:
        engine = LibreTranslate(url=f"{url}/")
        assert engine.pairs() == {
            ("en", "es"),
            ("en", "pt-BR"),
            ("en", "zh-Hant"),
            ("es", "en"),
            ("zh-Hans", "pt-BR"),
        }
        assert engine.version(source="en", target="es") == "libretranslate en→es 1.9.6"
        with pytest.raises(TranslationError, match="does not translate en to pt"):
            ask(engine, "No neighbour answers for it.", target="pt")


LIMIT = "Invalid request: request (2) exceeds text limit (1)"


@pytest.mark.parametrize(
    ("replies", "texts"),
    [
        ([said({"translatedText": ["a", "b"]})], ["a", "b"]),
        ([said({"error": LIMIT}, 400), said({"translatedText": ["a"]}), said({"translatedText": ["b"]})], ["a", "b"]),
        ([Reply(status=413), said({"translatedText": ["a"]}), said({"translatedText": ["b"]})], ["a", "b"]),
        ([said({"error": LIMIT}, 400)], ["", ""]),
        ([said({"translatedText": [" a\nb ", ""]})], ["a b", ""]),
    ],
)
def test_libretranslate_takes_smaller_bites(replies: list[Reply], texts: list[str]) -> None:
    """Where the server's limit is met, the batch is halved; a sentence that is too long alone is doubted."""
    with serve(libretranslate(*replies)) as url:
        answers = LibreTranslate(url=url).translate(["One.", "Two."], source="en", target="es")
    assert [answer.text for answer in answers] == texts
    assert all(answer.text or answer.doubt for answer in answers)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (said({"error": "Invalid API key"}, 403), "refuses the key (Invalid API key)"),
        (said({"error": "Visit https://keys.example to get an API key"}, 400), "get an API key"),
        (said({"translatedText": "one text"}), "cannot be read"),
        (said({"translatedText": ["a"]}), "answered 1 sentences for 2"),
        (PAGE, "not JSON"),
    ],
)
def test_libretranslate_refuses(reply: Reply, words: str) -> None:
    """In its own words, where it has some."""
    with serve(libretranslate(reply)) as url, pytest.raises(TranslationError) as caught:
        ask(LibreTranslate(url=url, key=Secret(KEY)), "One.", "Two.")
    assert words in str(caught.value)


def test_halves_stay_in_order() -> None:
    """Each answer stands where its sentence stood, however often a batch was cut."""

    def answer(asked: Any) -> Reply:
        if asked.method == "GET":
            return said(LANGUAGES)
        wanted = json.loads(asked.body)["q"]
        return said({"error": LIMIT}, 400) if len(wanted) > 2 else said({"translatedText": [t.upper() for t in wanted]})

    sentences = [f"sentence {number}" for number in range(9)]
    with serve(answer) as url:
        assert ask(LibreTranslate(url=url), *sentences) == [sentence.upper() for sentence in sentences]
