"""What a language still needs: packages, two of them through English, or something else than Argos."""

from pathlib import Path

import pytest

from newsletter.translation.packages import Package, index
from newsletter.translation.packages.index import Offer
from newsletter.translation.packages.needs import Need, needs


def offers(*pairs: str, version: str = "1.9", size: int | None = None) -> list[Offer]:
    """What the index offers."""
    return [
        Offer(
            code="x",
            source=pair.split()[0],
            target=pair.split()[1],
            version=version,
            urls=("https://packages.example/x",),
            size=size,
        )
        for pair in pairs
    ]


def installed(*pairs: str, version: str = "1.9") -> list[Package]:
    """What is on disk."""
    return [Package(path=Path(pair), source=pair.split()[0], target=pair.split()[1], version=version) for pair in pairs]


def need(
    language: str, source: str = "en", *, there: list[Package] | None = None, offered: list[Offer] | None = None
) -> Need:
    """What one language needs."""
    (found,) = needs(source, [language], installed=there or [], available=offered)
    return found


def test_the_source_language_needs_nothing() -> None:
    """Whatever is installed or offered."""
    found = need("en", offered=[])
    assert (found.state, found.ready, str(found)) == ("source", True, "the source language")


def test_an_installed_language_needs_nothing() -> None:
    """The package is named, also when the index is not known."""
    found = need("es", there=installed("en es"))
    assert (found.state, found.ready, [str(each) for each in found.installed], str(found)) == (
        "installed",
        True,
        ["en→es 1.9"],
        "",
    )


@pytest.mark.parametrize(("version", "newer"), [("1.10", True), ("1.9", False), ("1.1", False)])
def test_a_newer_version_is_said(version: str, newer: bool) -> None:
    """Numbers are compared as numbers; the language is ready all the same."""
    found = need("es", there=installed("en es"), offered=offers("en es", version=version))
    assert found.ready
    assert bool(found.updates) == newer
    assert str(found) == (f"en→es {version} is newer: newsletter languages install es" if newer else "")


def test_an_offered_language_says_how_to_install_it() -> None:
    """With the size of the download, where it is known."""
    found = need("pt-BR", offered=offers("en pt-BR", size=67_800_000))
    assert found.state == "offered"
    assert str(found) == "needs en→pt-BR 1.9 (67.8 MB): newsletter languages install pt-BR"
    assert str(need("pt-BR", offered=offers("en pt-BR"))) == "needs en→pt-BR 1.9: newsletter languages install pt-BR"


@pytest.mark.parametrize(
    ("there", "offered", "state", "install"),
    [
        ([], ["es en", "en fr"], "offered", ["es→en 1.9", "en→fr 1.9"]),
        (["es en"], ["es en", "en fr"], "offered", ["en→fr 1.9"]),
        (["es en", "en fr"], [], "installed", []),
        (["es en"], ["es en", "es fr", "en fr"], "offered", ["es→fr 1.9"]),
        (["es en", "en fr"], ["es fr"], "installed", []),
        ([], ["es en"], "missing", []),
    ],
)
def test_without_a_direct_package_two_lead_through_english(
    there: list[str], offered: list[str], state: str, install: list[str]
) -> None:
    """What is installed is used; a direct package is better than two; half a way is none."""
    found = need("fr", "es", there=installed(*there), offered=offers(*offered))
    assert (found.state, [str(offer) for offer in found.install]) == (state, install)
    if len(install) == 2:
        assert str(found) == "needs es→en 1.9 and en→fr 1.9, through English: newsletter languages install fr"
    if state == "installed":
        assert str(found) == "through English"


@pytest.mark.parametrize("language", ["ne", "vi", "sw"])
def test_a_language_that_argos_lacks_has_alternatives(language: str) -> None:
    """Another engine or a person; the file to translate is named."""
    found = need(language, offered=offers("en hi", "en id", "en es"))
    assert (found.state, found.close, found.ready) == ("missing", (), False)
    assert str(found).startswith(f"Argos has no package for {language}. Name another engine")
    assert f"[languages.{language}]" in str(found)
    assert f"po/{language}.po of each issue by hand" in str(found)


@pytest.mark.parametrize(
    ("language", "other", "close"),
    [
        ("pt-BR", "pt", True),
        ("pt", "pt-BR", True),
        ("es-MX", "es", True),
        ("zh-Hant", "zh-Hans", False),
        ("zh-Hans", "zh-Hant", False),
        ("zh-CN", "zh-Hans", True),
        ("ca", "es", False),
        ("ne", "hi", False),
        ("sr", "hr", False),
    ],
)
@pytest.mark.parametrize("on_disk", [True, False])
def test_a_neighbour_is_named_at_most_and_never_used(language: str, other: str, close: bool, on_disk: bool) -> None:
    """Neither an installed nor an offered package of another variant makes a language ready."""
    pair = f"en {other}"
    found = need(language, there=installed(pair) if on_disk else [], offered=[] if on_disk else offers(pair))
    assert (found.state, found.install, found.installed) == ("missing", (), ())
    assert found.close == ((other,) if close else ())
    assert (f"It has {other}, which is another variant and not used for it." in str(found)) == close


def test_without_an_index_nobody_says_that_argos_lacks_a_language() -> None:
    """It is not known, and the sentence says so."""
    found = need("ne", offered=None)
    assert found.state == "unknown"
    assert "could not be found out now" in str(found)


def test_the_real_index_covers_what_it_covers() -> None:
    """The languages of a world association, against the shape of the real list."""
    rows = [("en", "es"), ("en", "pb"), ("en", "zt"), ("en", "nb"), ("en", "he"), ("en", "tl")]
    entries = [
        index._Entry(from_code=a, to_code=b, package_version="1.9", links=("https://packages.example/x",))
        for a, b in rows
    ]
    wanted = ["es", "pt-BR", "zh-Hant", "nb", "he", "fil", "zh-Hans", "ne"]
    found = needs("en", wanted, installed=[], available=index._offers(entries))
    assert [each.language for each in found if each.state == "offered"] == wanted[:6]
    assert [each.language for each in found if each.state == "missing"] == ["zh-Hans", "ne"]
