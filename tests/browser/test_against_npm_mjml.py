"""Our compiler against the official one: the same pixels, for every theme, in three scripts, on both widths."""

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import browser
import golden
import pytest
from npm_mjml import Npm, installed, modules
from PIL import Image as Picture
from PIL import ImageChops

from newsletter import resources
from newsletter.model import Edition
from newsletter.rendering import mjml
from newsletter.rendering.editions import render
from newsletter.rendering.pictures import inside

THEMES = tuple(sorted(path.parent.name for path in resources.folder("templates").glob("*/newsletter.mjml.j2")))
LANGUAGES = ("en", "ar", "ko")
WIDTHS = (600, 375)
HEIGHT = 9000
SETTLES = 5  # pictures until two are the same

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def npm() -> Iterator[Callable[[str], Npm]]:
    """Starts the official compiler once, for all tests."""
    started: list[Npm] = []

    def start(node: str) -> Npm:
        if not started:
            started.append(Npm(node))
        return started[0]

    yield start
    for process in started:
        process.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_the_same_pixels(theme, language, npm, need, tmp_path, monkeypatch):
    """Not one pixel differs from what the official MJML compiler makes of the same document."""
    chromium, node = need("chromium"), need("node")
    if not installed():
        need(f"npm install --prefix .node mjml@5 (into {modules()})")
    edition, source = _rendered(theme, language, tmp_path, monkeypatch)
    other = npm(node).compile(source)
    assert not other.errors
    for width in WIDTHS:
        ours, theirs = (
            _shown(inside(html, edition.pictures), width, chromium=chromium, folder=tmp_path)
            for html in (edition.html, other.html)
        )
        assert _ink(ours) > 1000, "the page is empty"
        assert not _ink(ours.crop((0, HEIGHT - 100, width, HEIGHT))), "the page is longer than the picture"
        assert ImageChops.difference(ours, theirs).getbbox() is None, f"{theme}, {language}, {width} px"


def _rendered(theme: str, language: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Edition, str]:
    """The golden issue in a language, and the MJML that its theme made of it."""
    sources: list[str] = []
    ours = mjml.compile

    def compiled(source: str, name: str) -> str:
        sources.append(source)
        return ours(source, name)

    monkeypatch.setattr(mjml, "compile", compiled)
    edition = render(golden.issue(language, folder), golden.newsletter(folder, theme))
    return edition, sources[0]


def _shown(page: str, width: int, *, chromium: str, folder: Path) -> Picture.Image:
    """The page as the browser shows it twice in a row: on a busy machine one may be caught half painted."""
    before = None
    for _ in range(SETTLES):
        shot = _shot(page, width, chromium=chromium, folder=folder)
        if before is not None and ImageChops.difference(before, shot).getbbox() is None:
            return shot
        before = shot
    pytest.fail(f"the browser shows the page in another way each time, at {width} px")


def _shot(page: str, width: int, *, chromium: str, folder: Path) -> Picture.Image:
    """One picture of it; always in the same place, for edges are smoothed by where they are."""
    style = f"border:0;width:{width}px;height:{HEIGHT}px"
    frame = f'<iframe style="{style}" srcdoc="{escape(page)}"></iframe>'
    harness, picture = f"<!doctype html><meta charset=utf-8><style>body{{margin:0}}</style>{frame}", folder / "page.png"
    browser.run(chromium, harness, f"--window-size={max(WIDTHS)},{HEIGHT}", f"--screenshot={picture}", folder=folder)
    with Picture.open(picture) as shot:
        return shot.convert("RGB").crop((0, 0, width, HEIGHT))


def _ink(picture: Picture.Image) -> int:
    """How many pixels have another colour than the first."""
    plain = Picture.new("RGB", picture.size, picture.getpixel((0, 0)))
    return sum(ImageChops.difference(picture, plain).convert("L").point(bool).histogram()[1:])
