"""What is sent to DeepL, checked by a server that knows its documentation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from services import DeepLServer, serve

from newsletter.errors import TranslationError
from newsletter.plugins import Plugin, Secret, build
from newsletter.translation.engines.deepl import DeepL


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service is on this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> DeepLServer:
    """DeepL."""
    return DeepLServer()


@pytest.fixture
def url(server: DeepLServer) -> Iterator[str]:
    """Where DeepL is."""
    with serve(server) as address:
        yield address


def make(url: str, **options: Any) -> DeepL:
    """The engine, with options."""
    return DeepL(key=Secret(DeepLServer.key), url=url, **options)


@pytest.mark.parametrize(
    ("source", "target", "codes"),
    [
        ("en", "es", ("EN", "ES")),
        ("en", "es-419", ("EN", "ES-419")),
        ("en-GB", "pt-BR", ("EN", "PT-BR")),
        ("en", "pt-PT", ("EN", "PT-PT")),
        ("pt-BR", "en-US", ("PT", "EN-US")),
        ("en", "zh-Hans", ("EN", "ZH-HANS")),
        ("en", "zh-Hant", ("EN", "ZH-HANT")),
        ("en", "zh", ("EN", "ZH")),
        ("en", "nb", ("EN", "NB")),
    ],
)
def test_languages_are_deepls_own(server: DeepLServer, url: str, source: str, target: str, codes: tuple) -> None:
    """Each tag as DeepL says it; a source has no varieties."""
    engine = make(url)
    assert (source, target) in engine.pairs()
    engine.translate(["One."], source=source, target=target)
    assert (server.asked[0].source_lang, server.asked[0].target_lang) == codes


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("pt", "Write pt-BR or pt-PT."),
        ("fa", "another engine"),
        ("en-GB", "another engine"),
        ("es-MX", "another engine"),
    ],
)
def test_no_neighbour_is_taken(server: DeepLServer, url: str, target: str, hint: str) -> None:
    """A language that DeepL lacks, or has in several varieties, is refused before anything is sent."""
    engine = make(url)
    assert ("en", target) not in engine.pairs()
    with pytest.raises(TranslationError) as caught:
        engine.translate(["One."], source="en", target=target)
    assert hint in caught.value.hint
    assert server.requests == 0


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({}, {"formality": "default", "glossary_id": "", "context": "", "split_sentences": "0"}),
        ({"formality": "more"}, {"formality": "prefer_more"}),
        ({"formality": "less"}, {"formality": "prefer_less"}),
        ({"glossaries": {"es": DeepLServer.glossary}}, {"glossary_id": DeepLServer.glossary, "source_lang": "EN"}),
        ({"glossaries": {"ar": DeepLServer.glossary}}, {"glossary_id": ""}),
        ({"context": "News of river cities."}, {"context": "News of river cities.", "preserve_formatting": True}),
    ],
)
def test_options_reach_deepl(server: DeepLServer, url: str, options: dict, sent: dict) -> None:
    """Each as it wants it, and each changes the fingerprint where it changes the answer."""
    make(url, **options).translate(["One."], source="en", target="es")
    assert {name: getattr(server.asked[0], name) for name in sent} == sent
    plain, other = (engine.fingerprint(source="en", target="es") for engine in (make(url), make(url, **options)))
    assert (plain == other) == (options == {} or "ar" in options.get("glossaries", {}))


def test_formality_is_no_error_where_a_language_has_none(server: DeepLServer, url: str) -> None:
    """It is a wish, so that one newsletter can have it for all its languages."""
    (answer,) = make(url, formality="more").translate(["One."], source="en", target="ar")
    assert answer.text == "ONE."


def test_an_unknown_glossary_is_said(url: str) -> None:
    """With the key that names it."""
    with pytest.raises(TranslationError, match="Glossary not found") as caught:
        make(url, glossaries={"es": "gone"}).translate(["One."], source="en", target="es")
    assert "glossaries" in caught.value.hint


@pytest.mark.parametrize("letter", ["a", "é", "장", "🛶", '"', "\x01"])
def test_a_request_stays_below_the_limits(server: DeepLServer, url: str, letter: str) -> None:
    """Fifty texts and 128 KiB, whatever a letter weighs in JSON; the server refuses what is larger."""
    sentences = [letter * 1500] * 30 + ["Short."] * 120
    answers = make(url).translate(sentences, source="en", target="es")
    assert len(answers) == 150
    assert max(len(asked.text) for asked in server.asked) == 50


def test_markup_goes_as_xml(server: DeepLServer, url: str) -> None:
    """Tags do not cut the sentence; without markup, nothing is said of tags, so that < is a sign like others."""
    engine = make(url)
    fragment = 'See <g id="1">the <x id="2"/> report</g> &amp; more.'
    (answer,) = engine.translate_tagged([fragment], source="en", target="es")
    assert answer.text == 'SEE <g id="1">THE <x id="2"/> REPORT</g> &amp; MORE.'
    assert server.asked[0].tag_handling == "xml"
    assert server.asked[0].outline_detection is False
    assert server.asked[0].non_splitting_tags == ["g", "x"]
    engine.translate(["1 < 2"], source="en", target="es")
    assert server.asked[1].tag_handling is None


@pytest.mark.parametrize(("key", "host"), [("abc:fx", "https://api-free.deepl.com"), ("abc", "https://api.deepl.com")])
def test_a_key_knows_its_host(key: str, host: str) -> None:
    """Free accounts have one of their own."""
    assert DeepL(key=Secret(key))._service.url == host


def test_newsletter_toml_builds_it(monkeypatch: pytest.MonkeyPatch, url: str, tmp_path: Path) -> None:
    """All options as they stand in the file, the key in the environment."""
    monkeypatch.setenv("DEEPL_KEY", DeepLServer.key)
    options = {"key": {"env": "DEEPL_KEY"}, "url": url, "formality": "more", "glossaries": {"es": "x"}, "timeout": 5}
    name = "newsletter.translation.engines.deepl:DeepL"
    engine = build(Plugin(family="engines", name=name, options=options, folder=tmp_path))
    assert ("en", "es") in engine.pairs()
