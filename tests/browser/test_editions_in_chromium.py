"""Editions as a browser lays them out, with their pictures and without.

Nothing overflows, right-to-left editions are mirrored, and what pictures show can be read where they are blocked.
"""

import re
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
LONG = "https://river-cities.example/" + "AnAddressWithoutAnyPlaceToBreak" * 5

_MEASURE = """
const page = frame.contentDocument, left = name => page.querySelector(name).getBoundingClientRect().left;
// A card hides what overflows it, so every element is asked, not only the page.
const boxes = [...page.querySelectorAll('body *')].map(element => element.getBoundingClientRect());
const set = element => page.defaultView.getComputedStyle(element);
// Blocks whose lines do not run as their language does, or begin on neither side that they may: their own, the page's.
const start = rtl => rtl ? 'right' : 'left';
const astray = [...page.querySelectorAll('h2, h3, h4, p, li, blockquote')].filter(element => {
  const {direction, textAlign} = set(element), side = textAlign.replace('start', start(direction === 'rtl'));
  return direction !== element.closest('[dir]').dir
    || ![start(direction === 'rtl'), start(page.documentElement.dir === 'rtl'), 'center'].includes(side);
});
// What a picture shows needs as much room as a block that is set like it; its icon takes the room of a letter or two.
const squeezed = [...page.images].filter(image => !image.naturalWidth).filter(image => {
  const {font, lineHeight, wordBreak, overflowWrap, width} = set(image);
  const probe = page.body.appendChild(page.createElement('p'));
  Object.assign(probe.style, {font, lineHeight, wordBreak, overflowWrap, width, textIndent: '16px', margin: 0});
  probe.textContent = image.alt;
  const height = probe.offsetHeight;
  probe.remove();
  return height > image.offsetHeight + 1 || !height;
});
return {
  width: page.documentElement.scrollWidth,
  left: Math.min(...boxes.map(box => box.left)), right: Math.max(...boxes.map(box => box.right)),
  picture: left('.beside-picture'), words: left('.beside'),
  top: page.querySelector('.beside').getBoundingClientRect().top,
  bottom: page.querySelector('.beside-picture').getBoundingClientRect().bottom,
  astray: astray.map(element => element.outerHTML.slice(0, 160)),
  blocked: [...page.images].filter(image => !image.naturalWidth).length,
  squeezed: squeezed.map(image => image.alt),
  breaks: [...new Set([...page.querySelectorAll('h2, h3, p, li, a, img')].map(element => set(element).wordBreak))],
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
    """Lays out every edition at every width in one run of the browser; returns what it measured.

    The golden editions follow as they are, with their pictures ``blocked``.
    """
    pages = {name: inside(edition.html, edition.pictures) for name, edition in editions.items()}
    for name, edition in golden.editions(tmp_path_factory.mktemp("golden")):
        pages[f"blocked {name}"] = re.sub(r'src="[^"]*"', 'src="data:image/png,"', edition.html)

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


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", golden.LANGUAGES)
@pytest.mark.parametrize("theme", golden.THEMES)
def test_what_pictures_show_can_be_read_without_them(theme, language, width, measured, need):
    """With all five pictures blocked each says what it shows, in a place that has room for it."""
    frame = measured(need("chromium"))[f"blocked {theme} {language} {width}"]
    assert frame["blocked"] == 5
    assert frame["squeezed"] == []
    assert (frame["width"], frame["left"] >= 0, frame["right"] <= width) == (width, True, True)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", golden.LANGUAGES)
@pytest.mark.parametrize("theme", golden.THEMES)
def test_every_line_begins_where_its_language_does(theme, language, width, measured, need):
    """Titles, paragraphs and lists run in the direction that is written around them; Korean breaks at spaces only."""
    frame = measured(need("chromium"))[f"{theme} {language} {width}"]
    assert frame["astray"] == []
    assert frame["breaks"] == ["keep-all" if language == "ko" else "break-word"]


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
