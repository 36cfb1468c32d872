"""The golden editions: nine languages in three themes look as they did when somebody looked at them."""

import json
from dataclasses import replace
from datetime import date, time

import golden
import pytest
from lxml import html

from newsletter.model import Edition
from newsletter.rendering import archive, fields
from newsletter.rendering.editions import render

RTL = ("ar", "fa")
NAMES = [f"{theme} {language}" for theme in golden.THEMES for language in golden.LANGUAGES]


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Edition]:
    """The 27 editions by name."""
    return dict(golden.editions(tmp_path_factory.mktemp("newsletter")))


@pytest.fixture(scope="module")
def kept() -> dict[str, dict]:
    """What they looked like when somebody looked."""
    return json.loads((golden.SAMPLES / "golden.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_an_edition_looks_as_before(name, editions, kept):
    """Outline, dates, languages and every byte; after a change that is meant, see tests/golden.py."""
    assert golden.facts(editions[name]) == kept[name]


@pytest.mark.parametrize("name", NAMES)
def test_language_and_direction_are_right(name, editions):
    """On the page, on the wrapper inside its body, and on the columns; foreign items have their own."""
    language = name.split()[1]
    direction = "rtl" if language in RTL else "ltr"
    page = html.fromstring(editions[name].html)
    (wrapper,) = page.xpath("//body/div[@role='article']")
    for element in (page, wrapper):
        assert (element.get("lang"), element.get("dir")) == (language, direction)
    columns = page.xpath("//div[contains(@class, 'mj-column')]")
    assert len(columns) > 6
    assert all(f"direction:{direction}" in column.get("style") for column in columns)
    foreign = {e.get("lang") for e in page.xpath("//*[@lang]")} - {language}
    assert foreign == {"en"} - {language} | ({"es"} if language == "ca" else set())


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_said_in_both_parts(name, editions, tmp_path):
    """No title, summary, caption, place or section is lost, in HTML or text, and both have the same order."""
    edition = editions[name]
    issue = golden.issue(name.split()[1], tmp_path)
    seen = " ".join(html.fromstring(edition.html).find("body").text_content().split())
    text = " ".join(edition.text.split())
    for item in issue.items:
        for words in (item.title, item.summary, item.place, item.section):
            assert " ".join(words.split()) in seen
            assert " ".join(words.split()) in text
    assert issue.items[0].image.caption in seen
    titles = [" ".join(item.title.split()) for item in issue.items]
    assert sorted(titles, key=seen.rindex) == sorted(titles, key=text.rindex)


@pytest.mark.parametrize("theme", golden.THEMES)
@pytest.mark.parametrize("language", golden.LANGUAGES)
def test_sixteen_items_stay_under_gmails_limit(theme, language, tmp_path):
    """Gmail cuts a mail at 102 KB: 16 items, every second one with a body of several paragraphs, are below 100 KB."""
    config = golden.newsletter(tmp_path, theme)
    issue = golden.issue(language, tmp_path)
    items = [replace(issue.items[n % 6], id=f"{n}", lead=False) for n in range(16)]
    assert len(render(replace(issue, items=tuple(items)), config).html.encode()) < 100_000


@pytest.mark.parametrize("theme", golden.THEMES)
def test_five_hundred_items_still_render(theme, tmp_path):
    """Far too many for a mail, but every one of them is there."""
    config = golden.newsletter(tmp_path, theme)
    issue = golden.issue("en", tmp_path)
    items = tuple(replace(issue.items[n % 6], id=f"n{n}", lead=False) for n in range(500))
    page = html.fromstring(render(replace(issue, items=items), config).html)
    assert len({e.get("id") for e in page.xpath("//h2[@id]|//h3[@id]")}) == 500


@pytest.mark.parametrize("theme", golden.THEMES)
@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("a" * 400, "a" * 400),
        ("word " * 80, " ".join(["word"] * 80)),
        ("🎉", "🎉"),
        ("one \u202etwo\u202c three", "one two three"),
        ("\u202e\u202e\u202eover", "over"),
        ("<mj-text>{{ x }}</mj-text>", "<mj-text>{{ x }}</mj-text>"),
        ("&nbsp;&#8238;&lt;", "&nbsp;&#8238;&lt;"),
        ("a\u2028b\x00c\ufffe", "a bc"),
    ],
)
def test_odd_titles_are_shown_safely(theme, title, shown, tmp_path):
    """A long, tiny or hostile title stays within its heading, and turns around nothing after it."""
    issue = golden.issue("en", tmp_path)
    items = (replace(issue.items[0], title=title, place=title), *issue.items[1:])
    edition = render(replace(issue, items=items, subject=title), golden.newsletter(tmp_path, theme))
    page = html.fromstring(edition.html)
    assert page.xpath("//h2[@id='riverbanks-forum']")[0].text_content() == shown
    assert not {"\u202a", "\u202b", "\u202d", "\u202e"} & set(edition.html + edition.text + edition.subject)


@pytest.mark.parametrize("theme", golden.THEMES)
def test_an_event_shows_its_days_and_its_time(theme, tmp_path):
    """The leaf has the day and the month, hidden from screen readers; the line below the title has everything."""
    config = golden.newsletter(tmp_path, theme)
    issue = golden.issue("fr", tmp_path)
    event = replace(issue.items[0], date=date(2027, 2, 28), until=date(2027, 3, 2), time=time(9, 30), place="Valmora")
    page = html.fromstring(render(replace(issue, items=(event,)), config).html)
    (leaf,) = page.xpath("//table[@aria-hidden='true']")
    assert [" ".join(e.text_content().split()) for e in leaf.iter("div")] == ["févr.", "28"]
    (line,) = [e.text_content() for e in page.xpath("//p[@class='muted']") if "2027" in e.text_content()]
    assert line.replace("\u2009", "").startswith("28 février–2 mars 2027 09:30")


_MARCH = {"date": date(2027, 3, 17), "until": None, "time": None, "place": "Valmora"}


@pytest.mark.parametrize(
    ("language", "event", "lines"),
    [
        ("en", _MARCH, ["Wednesday, 17 March 2027 · Valmora"]),
        ("en", _MARCH | {"place": ""}, ["Wednesday, 17 March 2027"]),
        ("en", _MARCH | {"date": None}, ["Valmora"]),
        ("en", _MARCH | {"time": time(9)}, ["Wednesday, 17 March 2027", "09:00 (Lisbon, GMT) · Valmora"]),
        ("en", _MARCH | {"time": time(9), "place": ""}, ["Wednesday, 17 March 2027", "09:00 (Lisbon, GMT)"]),
        ("fa", _MARCH | {"place": "والمورا"}, ["چهارشنبه ۲۶ اسفند ۱۴۰۵ (۱۷ مارس ۲۰۲۷)", "والمورا"]),
        ("fa", _MARCH | {"place": ""}, ["چهارشنبه ۲۶ اسفند ۱۴۰۵ (۱۷ مارس ۲۰۲۷)"]),
    ],
)
def test_no_dot_is_left_at_the_end_of_a_line(language, event, lines, tmp_path):
    """A time begins a line of its own, and so does a place after days in two calendars; the text part has one line."""
    config, issue = golden.newsletter(tmp_path, "default"), golden.issue(language, tmp_path)
    edition = render(replace(issue, items=(replace(issue.items[3], **event),)), config)
    (line,) = html.fromstring(edition.html).xpath("//p[@class='muted']")
    assert _lines(line) == lines
    assert " · ".join(lines) in edition.text


def _lines(element) -> list[str]:
    """The text of an element, line by line."""
    for end in element.iter("br"):
        end.tail = f"\n{end.tail or ''}"
    return [line.strip() for line in element.text_content().split("\n")]


def test_the_lead_is_the_editors_choice(tmp_path):
    """An item marked as lead comes first and large, wherever its file stands; without one the first does."""
    config = golden.newsletter(tmp_path, "announcement")
    issue = golden.issue("en", tmp_path)
    plain = [replace(item, lead=False) for item in issue.items]
    chosen = (*plain[:3], replace(plain[3], lead=True), *plain[4:])

    def first(items):
        return html.fromstring(render(replace(issue, items=tuple(items)), config).html).xpath("string(//h2[1])")

    assert first(plain) == issue.items[0].title
    assert first(chosen) == issue.items[3].title


def test_sections_are_grouped_where_the_theme_wants_it(tmp_path, editions):
    """The bulletin gathers the items of a section; a newsletter may ask any theme for it, or not."""

    def outline(edition):
        return golden.facts(edition)["outline"]

    assert outline(editions["bulletin en"])[3:6] == ["h2 Projects"] + [
        f"h3 {item.title}" for item in golden.issue("en", tmp_path).items[1:2]
    ] + ["h3 Four steps for any city"]
    grouped = outline(render(golden.issue("en", tmp_path), golden.newsletter(tmp_path, "default", "sections = true")))
    assert [line for line in grouped if line in ("h2 Projects", "h2 Members", "h2 Learning")] == [
        "h2 Projects",
        "h2 Members",
        "h2 Learning",
    ]
    assert "h2 Projects" not in outline(editions["default en"])


def test_logo_header_and_fonts_are_the_newsletters(tmp_path):
    """Pictures of the newsletter's own folder, with words for who does not see them; a font stack for a script."""
    tokens = 'logo = "images/logo.png"\nheader = "images/forum.png"\nheader_alt = "The river"\ncontents = false\n'
    tokens += "fonts = { Latn = \"Georgia, 'Times New Roman', serif\" }"
    edition = render(golden.issue("es", tmp_path), golden.newsletter(tmp_path, "default", tokens))
    page = html.fromstring(edition.html)
    (logo,) = page.xpath("//h1/img")
    assert [logo.get(name) for name in ("alt", "width", "height")] == ["River Cities Letter", "160", "40"]
    (header,) = page.xpath("//img[@alt='The river']")
    assert header.get("width") == "600"
    assert header.get("src") == "https://river-cities.example/images/forum.png"
    assert {e.get("src") for e in page.iter("img")} == {asset.url for asset in edition.assets}
    assert "En este número" not in edition.html
    assert "Georgia, 'Times New Roman', serif" in edition.html


def test_a_small_header_is_not_blown_up(tmp_path):
    """A picture narrower than the mail is shown as wide as it is."""
    edition = render(golden.issue("en", tmp_path), golden.newsletter(tmp_path, "default", 'header = "images/logo.png"'))
    (header,) = html.fromstring(edition.html).xpath("//img[@alt='']")
    assert header.get("width") == "320"


@pytest.mark.parametrize("name", NAMES)
def test_the_web_version_is_about_nobody(name, editions):
    """It has a main part and every title, and neither an open field nor anything of a reader."""
    edition = editions[name]
    page = archive.page(edition)
    root = html.fromstring(page)
    assert len(root.xpath("//*[@role='main']")) == 1
    assert edition.nonce not in page
    assert "<!--" not in page
    assert not [e for e in root.iter("a") if not e.get("href")]
    titles = "//h1|//h2|//h3"
    assert [e.text_content() for e in root.xpath(titles)] == [
        e.text_content() for e in html.fromstring(fields.compile(edition).fill({}).html).xpath(titles)
    ]
