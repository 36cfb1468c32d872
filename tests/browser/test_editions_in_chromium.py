"""Editions as a browser lays them out: nothing overflows, and right-to-left columns are mirrored."""

import base64
import json
import re
import subprocess
from collections.abc import Callable
from datetime import date
from html import escape, unescape
from pathlib import Path

import pytest
from PIL import Image as Picture

from newsletter import config as configuration
from newsletter.model import Edition, Image, Issue, Item
from newsletter.rendering.editions import render

SAMPLE = Path(__file__).parents[1] / "samples" / "rendering" / "issue.json"
LANGUAGES = ("en", "es", "fr", "ca", "pt-BR", "ar", "fa", "ko", "ne")
THEMES = ("default", "bulletin", "announcement")
WIDTHS = (600, 375)
LONG = "https://river-cities.example/" + "an-address-without-any-place-to-break-" * 4

# Reads each frame once it is laid out and leaves what it found in the page, where --dump-dom prints it.
_MEASURE = """
addEventListener('load', () => {
  const found = [...document.querySelectorAll('iframe')].map(frame => {
    const page = frame.contentDocument, left = name => page.querySelector(name).getBoundingClientRect().left;
    // A card hides what overflows it, so every element is asked, not only the page.
    const boxes = [...page.querySelectorAll('body *')].map(element => element.getBoundingClientRect());
    return {
      name: frame.title, width: page.documentElement.scrollWidth,
      left: Math.min(...boxes.map(box => box.left)), right: Math.max(...boxes.map(box => box.right)),
      picture: left('.beside-picture'), words: left('.beside'),
      top: page.querySelector('.beside').getBoundingClientRect().top,
      bottom: page.querySelector('.beside-picture').getBoundingClientRect().bottom,
    };
  });
  document.querySelector('pre').textContent = JSON.stringify(found);
});
"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Edition]:
    """The sample issue in nine languages and three themes, each with a picture and an address that cannot be broken."""
    folder = tmp_path_factory.mktemp("newsletter")
    Picture.new("RGB", (1200, 600), "#0a6080").save(folder / "river.png")
    texts = json.loads(SAMPLE.read_text(encoding="utf-8"))
    made = {}
    for theme in THEMES:
        (folder / "newsletter.toml").write_text(
            '[newsletter]\nname = "River Cities Letter"\nsender = "news@river-cities.example"\n'
            f'base_url = "https://river-cities.example"\nlanguages = {json.dumps(LANGUAGES)}\n'
            f'[theme]\nname = "{theme}"\n',
            encoding="utf-8",
        )
        config = configuration.load(folder)
        for language in LANGUAGES:
            made[f"{theme} {language}"] = render(_issue(language, texts[language], folder), config)
    return made


@pytest.fixture(scope="module")
def measured(editions: dict[str, Edition], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict]:
    """Lays out every edition at every width in one run of the browser; returns what it measured."""
    folder = tmp_path_factory.mktemp("harness")
    cache: dict[str, dict] = {}

    def measure(chromium: str) -> dict[str, dict]:
        if not cache:
            page = folder / "harness.html"
            page.write_text(_harness(editions), encoding="utf-8")
            command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--dump-dom"]
            command += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=10000", page.as_uri()]
            dom = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
            found = json.loads(unescape(re.search(r"<pre>(.*?)</pre>", dom, re.DOTALL)[1]))
            cache.update({frame["name"]: frame for frame in found})
        return cache

    return measure


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_nothing_overflows(theme, language, width, measured, need):
    """No reader scrolls sideways, neither on a desktop nor on a phone."""
    frame = measured(need("chromium"))[f"{theme} {language} {width}"]
    assert frame["width"] == width
    assert frame["left"] >= 0
    assert frame["right"] <= width


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_columns_follow_the_direction(theme, language, editions, measured, need):
    """On a desktop the picture stands where a line begins, in the bulletin where it ends; mirrored from the right."""
    frame = measured(need("chromium"))[f"{theme} {language} 600"]
    picture_left = frame["picture"] < frame["words"]
    assert picture_left == ((editions[f"{theme} {language}"].direction == "ltr") == (theme != "bulletin"))
    assert frame["top"] < frame["bottom"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_columns_stack_on_a_phone(theme, language, measured, need):
    """On a phone the words stand below the picture; the bulletin keeps a small one beside them."""
    frame = measured(need("chromium"))[f"{theme} {language} 375"]
    assert (frame["top"] >= frame["bottom"]) == (theme != "bulletin")


def _issue(language: str, words: dict, folder: Path) -> Issue:
    items = tuple(
        Item(
            id=item["id"],
            language=language,
            title=item["title"],
            summary=item["summary"],
            body=f"{item['body']}\n\n<{LONG}>\n\n```\n{LONG}\n```",
            date=date(2027, 3, 17),
            place=item["place"],
            section=item["section"],
            url=LONG,
            image=Image(src="river.png", alt=item["alt"] or "x"),
            draft=True,
        )
        for item in words["items"]
    )
    return Issue(
        id="2026-11",
        language=language,
        date=date(2026, 11, 20),
        subject=words["subject"],
        preheader=words["preheader"],
        intro=words["intro"],
        items=items,
        folder=folder,
    )


def _harness(editions: dict[str, Edition]) -> str:
    frames = [
        f'<iframe title="{name} {width}" style="width:{width}px;height:900px;border:0"'
        f' srcdoc="{escape(_inline(edition))}"></iframe>'
        for name, edition in editions.items()
        for width in WIDTHS
    ]
    return f"<!doctype html><meta charset=utf-8><script>{_MEASURE}</script><pre></pre>{''.join(frames)}"


def _inline(edition: Edition) -> str:
    """The HTML with its pictures inside, as a client shows them."""
    html = edition.html
    for asset in sorted(edition.assets, key=lambda asset: -len(asset.url)):
        html = html.replace(asset.url, f"data:{asset.type};base64,{base64.b64encode(asset.data).decode()}")
    return html
