"""axe-core finds nothing wrong with the golden editions, by day and in the dark, as mail and as web page."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import browser
import golden
import pytest
from npm_mjml import modules

from newsletter.rendering import archive

# A mail stands in a page that has its landmarks; axe cannot know that.
LANDMARKS = {"landmark-one-main", "region"}
SCHEMES = ("light", "dark")

_MEASURE = """
// axe skips the contrast of what may be a ligature, which is nearly all Arabic: so every text is measured here as well.
const channels = colour => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
const luminance = colour => channels(colour).slice(0, 3).map(part => part / 255)
  .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0);
const ground = (element, view) => {
  for (; element; element = element.parentElement) {
    const colour = view.getComputedStyle(element).backgroundColor, alpha = channels(colour)[3];
    if (alpha === undefined || alpha === 1) return colour;
  }
  return 'rgb(255, 255, 255)';
};
const shades = (element, view) => [view.getComputedStyle(element).color, ground(element, view)].map(luminance);
const contrasts = (page, view) => {
  const found = [], texts = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  const add = (element, words) => {
    const [ink, paper] = shades(element, view), [low, high] = [ink, paper].sort((one, other) => one - other);
    found.push([(high + 0.05) / (low + 0.05), ink > paper, words.slice(0, 40)]);
  };
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement, words = texts.currentNode.data.trim();
    if (!words || !element.getClientRects().length || element.closest('script, style')) continue;
    if (!parseFloat(view.getComputedStyle(element).fontSize) || words === '\u00a0') continue;
    add(element, words);
  }
  for (const image of page.images) if (image.alt) add(image, image.alt);
  return found;
};
const {violations} = await frame.contentWindow.axe.run();
const measured = contrasts(frame.contentDocument, frame.contentWindow);
return {
  rules: violations.map(rule => rule.id),
  violations: violations.flatMap(rule => rule.nodes.map(node => rule.id + ': ' + node.html.slice(0, 160))),
  texts: measured.length, pictures: [...frame.contentDocument.images].filter(image => image.alt).length,
  pale: measured.filter(([ratio]) => ratio < 4.5), dark: measured.filter(([, lighter]) => !lighter),
  language: frame.contentDocument.documentElement.lang,
};
"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path, str], dict]:
    """What axe-core says of every edition of a theme, in one run of the browser."""

    @cache
    def audit(chromium: str, axe: Path, theme: str) -> dict:
        folder = tmp_path_factory.mktemp("axe")
        pages = _pages(folder, theme, axe)
        return browser.measure(chromium, pages, _MEASURE, widths=(600,), folder=folder, height=9000, seconds=60)

    return audit


@pytest.fixture
def axe(need: Callable[[str], str]) -> Path:
    """The script of axe-core, from npm."""
    script = modules() / "axe-core" / "axe.min.js"
    if not script.is_file():
        need(f"npm install --prefix .node axe-core@4 (into {modules()})")
    return script


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("language", golden.LANGUAGES)
@pytest.mark.parametrize("theme", golden.THEMES)
def test_the_mail_can_be_used_by_everybody(theme, language, scheme, axe, audited, need):
    """No violation but that a mail has no landmarks of its own."""
    found = audited(need("chromium"), axe, theme)[f"mail {language} {scheme} 600"]
    assert [line for line in found["violations"] if line.partition(":")[0] not in LANDMARKS] == []
    assert set(found["rules"]) == LANDMARKS
    assert found["language"] == language


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("language", golden.LANGUAGES)
@pytest.mark.parametrize("theme", golden.THEMES)
def test_every_text_can_be_read(theme, language, scheme, axe, audited, need):
    """Each text has 4.5 on what is behind it, by day and in the dark, and so has what a picture shows."""
    found = audited(need("chromium"), axe, theme)[f"mail {language} {scheme} 600"]
    assert found["texts"] > 60
    assert found["pictures"] == 5
    assert found["pale"] == []


@pytest.mark.parametrize("language", golden.LANGUAGES)
@pytest.mark.parametrize("theme", golden.THEMES)
def test_no_surface_is_forgotten_in_the_dark(theme, language, axe, audited, need):
    """In the dark every text is lighter than what is behind it: nothing keeps its paper or its ink of the day."""
    assert audited(need("chromium"), axe, theme)[f"mail {language} dark 600"]["dark"] == []
    assert audited(need("chromium"), axe, theme)[f"mail {language} light 600"]["dark"] != []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("language", golden.LANGUAGES)
@pytest.mark.parametrize("theme", golden.THEMES)
def test_the_web_version_has_no_violation(theme, language, scheme, axe, audited, need):
    """None at all."""
    found = audited(need("chromium"), axe, theme)[f"web {language} {scheme} 600"]
    assert found["violations"] == []
    assert found["language"] == language


def _pages(folder: Path, theme: str, axe: Path) -> dict[str, str]:
    config = golden.newsletter(folder, theme)
    script = f'<script src="{axe.as_uri()}"></script>'
    pages = {}
    for language in golden.LANGUAGES:
        edition = golden.render(golden.issue(language, folder), config)
        for medium, text in (("mail", golden.shown(edition)), ("web", archive.page(edition))):
            for scheme in SCHEMES:
                shown = text.replace("(prefers-color-scheme: dark)", "all" if scheme == "dark" else "(width: 0)")
                pages[f"{medium} {language} {scheme}"] = shown.replace("</body>", f"{script}</body>")
    return pages
