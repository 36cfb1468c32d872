"""Editions as a browser lays them out: nothing overflows, and right-to-left columns are mirrored."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import browser
import golden
import pytest
from newsletter.model import Edition, Image, Issue
from newsletter.rendering.editions import render
from newsletter.rendering.pictures import inside

WIDTHS = (600, 375)
LONG = "https://river-cities.example/" + "an-address-without-any-place-to-break-" * 4

_MEASURE = """
    const page = frame.contentDocument, left = name => page.querySelector(name).getBoundingClientRect().left;
    // A card hides what overflows it, so every element is asked, not only the page.
    const boxes = [...page.querySelectorAll('body *')].map(element => element.getBoundingClientRect());
    return {
      width: page.documentElement.scrollWidth,
      left: Math.min(...boxes.map(box => box.left)), right: Math.max(...boxes.map(box => box.right)),
      picture: left('.beside-picture'), words: left('.beside'),
      top: page.querySelector('.beside').getBoundingClientRect().top,
      bottom: page.querySelector('.beside-picture').getBoundingClientRect().bottom,
    };
"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Edition]:
    """The golden issue in nine languages and three themes, under strain."""
    folder = tmp_path_factory.mktemp("newsletter")
    made = {}
    for theme in golden.THEMES:
        config = golden.newsletter(folder, theme)
        for language in golden.LANGUAGES:
            made[f"{theme} {language}"] = render(_strained(golden.issue(language, folder)), config)
    return made


@pytest.fixture(scope="module")
def measured(editions: dict[str, Edition], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict]:
    """Lays out every edition at every width in one run of the browser; returns what it measured."""
    pages = {name: inside(edition.html, edition.pictures) for name, edition in editions.items()}

    @cache
    def measure(chromium: str) -> dict[str, dict]:
        return browser.measure(chromium, pages, _MEASURE, widths=WIDTHS, folder=tmp_path_factory.mktemp("harness"))

    return measure


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", golden.LANGUAGES)
@pytest.mark.parametrize("theme", golden.THEMES)
def test_nothing_overflows(theme, language, width, measured, need):
    """No reader scrolls sideways, neither on a desktop nor on a phone."""
    frame = measured(need("chromium"))[f"{theme} {language} {width}"]
    assert frame["width"] == width
    assert frame["left"] >= 0
    assert frame["right"] <= width


@pytest.mark.parametrize("language", golden.LANGUAGES)
@pytest.mark.parametrize("theme", golden.THEMES)
def test_columns_follow_the_direction(theme, language, editions, measured, need):
    """On a desktop the picture stands where a line begins, in the bulletin where it ends; mirrored from the right."""
    frame = measured(need("chromium"))[f"{theme} {language} 600"]
    picture_left = frame["picture"] < frame["words"]
    assert picture_left == ((editions[f"{theme} {language}"].direction == "ltr") == (theme != "bulletin"))
    assert frame["top"] < frame["bottom"]


@pytest.mark.parametrize("language", golden.LANGUAGES)
@pytest.mark.parametrize("theme", golden.THEMES)
def test_columns_stack_on_a_phone(theme, language, measured, need):
    """On a phone the words stand below the picture; the bulletin keeps a small one beside them."""
    frame = measured(need("chromium"))[f"{theme} {language} 375"]
    assert (frame["top"] >= frame["bottom"]) == (theme != "bulletin")


def _strained(issue: Issue) -> Issue:
    """The issue with an address that cannot be broken and a picture in every item, each of them a draft."""
    picture = Image(src="images/forum.png", alt="x")
    return replace(
        issue,
        items=tuple(
            replace(
                item,
                body=f"{item.body}\n\n<{LONG}>\n\n```\n{LONG}\n```",
                url=LONG,
                image=item.image or picture,
                draft=True,
            )
            for item in issue.items
        ),
    )
