"""Our compiler against the official one: the same pixels, for every theme, in three scripts, on both widths."""

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from html import escape
from pathlib import Path

import pytest
from npm_mjml import Npm, installed, modules
from PIL import Image as Picture
from PIL import ImageChops

from newsletter import config as configuration
from newsletter import resources
from newsletter.model import Edition, Image, Issue, Item
from newsletter.rendering import mjml
from newsletter.rendering.editions import render

SAMPLE = Path(__file__).parents[1] / "samples" / "rendering" / "issue.json"
THEMES = tuple(sorted(path.parent.name for path in resources.folder("templates").glob("*/newsletter.mjml.j2")))
LANGUAGES = ("en", "ar", "ko")
WIDTHS = (600, 375)
HEIGHT = 9000

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
            _shown(_inline(html, edition), width, chromium=chromium, folder=tmp_path)
            for html in (edition.html, other.html)
        )
        assert _ink(ours) > 1000, "the page is empty"
        assert not _ink(ours.crop((0, HEIGHT - 100, width, HEIGHT))), "the page is longer than the picture"
        assert ImageChops.difference(ours, theirs).getbbox() is None, f"{theme}, {language}, {width} px"


def _rendered(theme: str, language: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Edition, str]:
    """The sample in a language, and the MJML that its theme made of it."""
    toml = (
        '[newsletter]\nname = "River Cities Letter"\nsender = "news@river-cities.example"\n'
        f'postal_address = "1 Quay Street, Valmora"\nlanguages = {json.dumps(LANGUAGES)}\n'
        f'base_url = "https://river-cities.example"\n[theme]\nname = "{theme}"\n'
    )
    (folder / "newsletter.toml").write_text(toml, encoding="utf-8")
    Picture.new("RGB", (1200, 600), "#0a6080").save(folder / "river.png")
    sources: list[str] = []
    ours = mjml.compile

    def compiled(source: str, name: str) -> str:
        sources.append(source)
        return ours(source, name)

    monkeypatch.setattr(mjml, "compile", compiled)
    words = json.loads(SAMPLE.read_text(encoding="utf-8"))[language]
    edition = render(_issue(language, words, folder), configuration.load(folder))
    return edition, sources[0]


def _issue(language: str, words: dict, folder: Path) -> Issue:
    items = tuple(
        Item(
            id=item["id"],
            language=language,
            title=item["title"],
            summary=item["summary"],
            body=item["body"],
            date=date(2027, 3, 17),
            until=date(2027, 3, 19) if number == 0 else None,
            place=item["place"],
            section=item["section"],
            url=f"https://river-cities.example/{item['id']}",
            image=Image(src="river.png", alt=item["alt"], caption=item["alt"]) if item["alt"] else None,
            lead=number == 0,
            draft=number == 1,
        )
        for number, item in enumerate(words["items"])
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


def _inline(html: str, edition: Edition) -> str:
    for asset in sorted(edition.assets, key=lambda asset: -len(asset.url)):
        html = html.replace(asset.url, f"data:{asset.type};base64,{base64.b64encode(asset.data).decode()}")
    return html


def _shown(page: str, width: int, *, chromium: str, folder: Path) -> Picture.Image:
    """The page as the browser shows it; always in the same place, for edges are smoothed by where they are."""
    style = f"border:0;width:{width}px;height:{HEIGHT}px"
    frame = f'<iframe style="{style}" srcdoc="{escape(page)}"></iframe>'
    harness, picture = folder / "harness.html", folder / "page.png"
    harness.write_text(f"<!doctype html><meta charset=utf-8><style>body{{margin:0}}</style>{frame}", encoding="utf-8")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={folder / 'profile'}", f"--window-size={max(WIDTHS)},{HEIGHT}"]
    command += ["--virtual-time-budget=10000", f"--screenshot={picture}", harness.as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    with Picture.open(picture) as shot:
        return shot.convert("RGB").crop((0, 0, width, HEIGHT))


def _ink(picture: Picture.Image) -> int:
    """How many pixels have another colour than the first."""
    plain = Picture.new("RGB", picture.size, picture.getpixel((0, 0)))
    return sum(ImageChops.difference(picture, plain).convert("L").point(bool).histogram()[1:])
