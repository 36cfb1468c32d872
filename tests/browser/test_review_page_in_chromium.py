"""The review page as a browser lays it out: nothing overflows, columns stand side by side or stack, filters work."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import browser
import pytest

from newsletter import resources
from newsletter.content import markdown
from newsletter.model import Segment
from newsletter.translation import review, segments
from newsletter.translation.catalogs import Catalog, State
from newsletter.translation.review import LanguageReview
from newsletter.web.review import page

LANGUAGES = ("es", "ar", "fa", "ko", "ne")
WIDTHS = (1200, 600, 375)
LONG = "https://river-cities.example/" + "AnAddressWithoutAnyPlaceToBreak" * 5
HOSTILE = f"<script>parent.document.title = 'run'</script> {LONG} `{LONG}` [x]({LONG}) <{LONG}>"

_MEASURE = """
    const page = frame.contentDocument;
    const boxes = [...page.querySelectorAll('body *')].map(element => element.getBoundingClientRect());
    // A card hides what overflows it; labels that only screen readers read are one pixel wide.
    const blocks = [...page.querySelectorAll('body *:not(.label, .hidden)')].filter(element => element.clientWidth);
    const cells = [...page.querySelectorAll('.pair .cell')].slice(0, 2).map(cell => cell.getBoundingClientRect());
    const text = page.querySelector('.text.target');
    const range = page.createRange();
    range.selectNodeContents(text);
    const line = text.getBoundingClientRect(), words = range.getBoundingClientRect();
    const seen = () => [...page.querySelectorAll('article')].filter(article => article.offsetHeight).length;
    const all = seen();
    page.querySelector('#waiting').click();
    return {
      width: page.documentElement.scrollWidth, title: document.title,
      left: Math.min(...boxes.map(box => box.left)), right: Math.max(...boxes.map(box => box.right)),
      cut: Math.max(...blocks.map(block => block.scrollWidth - block.clientWidth)),
      beside: cells[0].right <= cells[1].left + 1 && cells[0].top === cells[1].top,
      below: cells[0].bottom <= cells[1].top + 1,
      before: words.left - line.left,
      behind: line.right - words.right,
      all: all, waiting: seen(),
    };
"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The page of the example issue in five languages, every state in it, and texts that would break a layout."""
    folder = tmp_path_factory.mktemp("letter") / "2026-11"
    shutil.copytree(resources.folder("examples") / "river-cities" / "issues" / "2026-11", folder)
    return {language: _page(folder, language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def measured(pages: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict]:
    """Lays out every page at every width in one run of the browser; returns what it measured."""

    @cache
    def measure(chromium: str) -> dict[str, dict]:
        return browser.measure(chromium, pages, _MEASURE, widths=WIDTHS, folder=tmp_path_factory.mktemp("harness"))

    return measure


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_overflows(language, width, measured, need):
    """Nobody scrolls sideways, whatever the texts are."""
    frame = measured(need("chromium"))[f"{language} {width}"]
    assert frame["width"] == width
    assert frame["left"] >= 0
    assert frame["right"] <= width
    assert frame["cut"] <= 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_source_and_translation_stand_side_by_side(language, measured, need):
    """On a desktop both can be read line by line; on a phone the translation stands below the source."""
    frames = measured(need("chromium"))
    assert frames[f"{language} 1200"]["beside"]
    assert frames[f"{language} 375"]["below"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_begin_where_the_language_begins_them(language, measured, need):
    """Arabic and Persian stand at the right of their column, the others at the left."""
    frame = measured(need("chromium"))[f"{language} 1200"]
    nearer = "behind" if language in ("ar", "fa") else "before"
    assert frame[nearer] == min(frame["before"], frame["behind"])
    assert frame["before"] != frame["behind"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_done_can_be_hidden(language, measured, need):
    """One click leaves what waits for a person, without any script."""
    frame = measured(need("chromium"))[f"{language} 1200"]
    assert 0 < frame["waiting"] < frame["all"]


def test_nothing_in_a_text_runs(measured, need):
    """A script in a translation is read, not run."""
    assert {frame["title"] for frame in measured(need("chromium")).values()} == {"harness"}


def _page(folder: Path, language: str) -> str:
    issue = markdown.load(folder, language="en")
    state = folder / "state" / f"{language}.json"
    catalog = Catalog(folder / "po" / f"{language}.po", language=language, project="River Letter", state=state)
    found = segments.split(issue)
    catalog.sync(found)
    entries = [entry for entry in catalog if entry.state is State.REVIEWED]
    for entry in entries[:4]:
        catalog.approve(entry.context, entry.source, by=LONG)
    edited = next(entry for entry in reversed(entries) if len(entry.source) > 60)
    extra = [Segment(item="short-notices", role="body", text=f"{text} {LONG}") for text in ("a", "b")]
    changed = [
        Segment(item=each.item, role=each.role, text=f"{each.text} Again.", note=LONG)
        if each.text == edited.source
        else each
        for each in found
    ]
    catalog.sync([*changed, *extra])
    catalog.draft("short-notices|body", extra[0].text, HOSTILE, notes=[LONG], origin=LONG)
    rows = review.rows(catalog, source_language="en")
    counts = {state: sum(row.entry.state is state for row in rows) for state in State}
    assert all(counts.values()), counts
    return page(
        rows,
        LanguageReview(language=language, counts=counts, items={}, fallbacks={}, reasons=(LONG,)),
        issue=issue,
        newsletter="River Letter",
        file=f"{LONG}/{language}.po",
        approve="newsletter approve",
        at=datetime(2026, 11, 21, tzinfo=UTC),
    )
