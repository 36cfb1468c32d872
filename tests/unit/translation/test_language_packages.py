"""The language packages of a newsletter, over a real HTTP server: listed with their sizes, installed, removed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsletter import Newsletter
from newsletter.errors import TranslationError
from newsletter.translation.packages import lockfile

Open = Callable[..., Newsletter]


@pytest.fixture
def letter(tmp_path: Path, server: Any, argosmodel: Callable[..., bytes]) -> Open:
    """Opens a newsletter whose index offers packages for these pairs of Argos' codes."""

    def make(*pairs: str, source: str = "en", languages: tuple[str, ...], more: str = "") -> Newsletter:
        entries = []
        for pair in pairs:
            server.answers[f"/{pair}"] = server.file(argosmodel(*pair.split("_")))
            start, end = pair.split("_")
            entries.append(
                {"from_code": start, "to_code": end, "package_version": "1.9", "links": [f"{server.url}/{pair}"]}
            )
        server.answers["/index.json"] = server.status(200, json.dumps(entries).encode())
        (tmp_path / "newsletter.toml").write_text(
            f"[newsletter]\nname = 'News'\nsource = '{source}'\nsender = 'News <news@city.example>'\n"
            f"languages = {[source, *languages]}\n"
            f"[translation]\npackages = 'packages'\npackage_index = '{server.url}/index.json'\n{more}"
        )
        return Newsletter.open(tmp_path)

    return make


def said(newsletter: Newsletter) -> dict[str, str]:
    """What is said of each language."""
    return {need.language: str(need) for need in newsletter.languages(newsletter.offers())}


def test_what_is_offered_has_its_size(letter: Open, server: Any, argosmodel: Callable[..., bytes]) -> None:
    """The index has none, so the servers are asked, without a download; only for what is needed."""
    newsletter = letter("en_pb", "en_ko", languages=("pt-BR", "ne"))
    size = len(argosmodel("en", "pb")) / 1e6
    assert said(newsletter)["pt-BR"].startswith(f"needs en→pt-BR 1.9 ({size:.1f} MB): ")
    assert [(method, path) for method, path, _ in server.asked] == [("GET", "/index.json"), ("HEAD", "/en_pb")]


def test_a_language_of_another_engine_needs_no_package(letter: Open) -> None:
    """It is said who drafts it; a package can be installed all the same, to compare."""
    newsletter = letter("en_ca", languages=("ca",), more='[languages.ca]\nengine = "apertium"\n')
    assert said(newsletter) == {"en": "the source language", "ca": "drafted by apertium"}
    assert [str(package) for package in newsletter.install_language("ca")] == ["en→ca 1.9"]


def test_a_language_is_installed_once_and_locked(letter: Open, tmp_path: Path) -> None:
    """Then it needs nothing, and asking again brings nothing."""
    newsletter = letter("en_ca", languages=("ca",))
    steps: list[tuple[str, int, int]] = []
    newsletter.install_language("ca", progress=lambda *step: steps.append(step))
    assert (steps[0][:2], steps[-1][0], steps[-1][1] == steps[-1][2]) == (("en→ca 1.9", 0), "en→ca 1.9", True)
    assert [each.code for each in lockfile.read(tmp_path / "packages.lock")] == ["translate-en_ca"]
    assert said(newsletter)["ca"] == ""
    assert newsletter.install_language("ca") == []


def test_what_was_installed_through_english_is_removed(letter: Open) -> None:
    """The way from English into the language goes; the one into English may lead to others, and stays."""
    newsletter = letter("es_en", "en_ca", "en_fr", source="es", languages=("en", "ca", "fr"))
    for language in ("ca", "fr"):
        newsletter.install_language(language)
    assert [str(package) for package in newsletter.remove_language("ca")] == ["en→ca 1.9"]
    assert said(newsletter)["fr"] == "through English"
    assert said(newsletter)["ca"].startswith("needs en→ca 1.9 ")
    assert [str(package) for package in newsletter.remove_language("en")] == ["es→en 1.9"]


@pytest.mark.parametrize(
    ("language", "says"), [("ne", "Argos has no package for ne"), ("xx", "has no language 'xx'. There is: en, ne")]
)
def test_what_cannot_be_installed_is_said_with_the_next_step(letter: Open, language: str, says: str) -> None:
    """Nothing is changed."""
    with pytest.raises(TranslationError, match=says):
        letter("en_ca", languages=("ne",)).install_language(language)
