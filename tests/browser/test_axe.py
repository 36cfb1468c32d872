"""axe-core finds nothing wrong with the golden editions, by day and in the dark, as mail and as web page."""

import json
import re
import subprocess
from collections.abc import Callable
from html import escape, unescape
from pathlib import Path

import golden
import pytest
from npm_mjml import modules

from newsletter.rendering import archive

# A mail stands in a page that has its landmarks; axe cannot know that.
LANDMARKS = {"landmark-one-main", "region"}
SCHEMES = ("light", "dark")

_RUN = """
addEventListener('load', async () => {
  const found = {};
  for (const frame of document.querySelectorAll('iframe')) {
    const {violations, incomplete, passes} = await frame.contentWindow.axe.run();
    const name = rule => rule.nodes.map(node => rule.id + ': ' + node.html.slice(0, 160));
    found[frame.title] = {
      rules: violations.map(rule => rule.id), violations: violations.flatMap(name),
      // Of a single character, such as an arrow, axe says only that it is one.
      unclear: incomplete.filter(rule => rule.id === 'color-contrast').flatMap(rule => rule.nodes)
        .filter(node => node.any[0].data.messageKey !== 'shortTextContent').map(node => node.html.slice(0, 160)),
      contrasts: passes.filter(rule => rule.id === 'color-contrast').flatMap(rule => rule.nodes).length,
      language: frame.contentDocument.documentElement.lang,
    };
  }
  document.querySelector('pre').textContent = JSON.stringify(found);
});
"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path, str], dict]:
    """What axe-core says of every edition of a theme, in one run of the browser."""
    folder = tmp_path_factory.mktemp("axe")
    cache: dict[str, dict] = {}

    def audit(chromium: str, axe: Path, theme: str) -> dict:
        if theme not in cache:
            page = folder / f"{theme}.html"
            page.write_text(_page(folder, theme, axe), encoding="utf-8")
            command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--window-size=700,900"]
            command += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=60000", page.as_uri()]
            dom = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
            cache[theme] = json.loads(unescape(re.search(r"<pre>(.*?)</pre>", dom, re.DOTALL)[1]))
        return cache[theme]

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
    """No violation but that a mail has no landmarks of its own; every contrast was measured."""
    found = audited(need("chromium"), axe, theme)[f"mail {language} {scheme}"]
    assert [line for line in found["violations"] if line.partition(":")[0] not in LANDMARKS] == []
    assert set(found["rules"]) <= LANDMARKS
    assert found["unclear"] == []
    assert found["contrasts"] > 30
    assert found["language"] == language


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("language", golden.LANGUAGES)
@pytest.mark.parametrize("theme", golden.THEMES)
def test_the_web_version_has_no_violation(theme, language, scheme, axe, audited, need):
    """None at all."""
    found = audited(need("chromium"), axe, theme)[f"web {language} {scheme}"]
    assert (found["violations"], found["unclear"]) == ([], [])


def _page(folder: Path, theme: str, axe: Path) -> str:
    config = golden.newsletter(folder, theme)
    script = f'<script src="{axe.as_uri()}"></script>'
    frames = []
    for language in golden.LANGUAGES:
        edition = golden.render(golden.issue(language, folder), config)
        for medium, text in (("mail", golden.shown(edition)), ("web", archive.page(edition))):
            for scheme in SCHEMES:
                shown = text.replace("(prefers-color-scheme: dark)", "all" if scheme == "dark" else "(width: 0)")
                frames.append(
                    f'<iframe title="{medium} {language} {scheme}" style="width:600px;height:9000px;border:0"'
                    f' srcdoc="{escape(shown.replace("</body>", f"{script}</body>"))}"></iframe>'
                )
    return f"<!doctype html><meta charset=utf-8><script>{_RUN}</script><pre></pre>{''.join(frames)}"
