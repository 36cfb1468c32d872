"""Hostile items, from their files to compiled editions: nothing crashes, nothing runs, and no word gets lost."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from html import unescape
from itertools import pairwise
from pathlib import Path

import hostile
import mailprogram
import pytest
from hostile import Case
from PIL import Image

from newsletter import config as configuration
from newsletter import resources
from newsletter.config import Config
from newsletter.content import markdown
from newsletter.errors import ContentError, RenderError
from newsletter.model import Edition, Issue, Item
from newsletter.rendering import fields, lint
from newsletter.rendering.editions import render

COUNT, PARTS, TOGETHER = 20_000, 10, 12
THEMES = ("default", "bulletin", "announcement")
LANGUAGES = ("en", "ar", "ko", "fa", "ne")

_TOML = """
[newsletter]
name = "River Cities Letter"
source = "{language}"
languages = ["{language}"]
sender = "League of River Cities <news@river-cities.example>"
postal_address = "League of River Cities, 1 Quay Street, Valmora"
base_url = "https://river-cities.example"

[theme]
name = "{theme}"
"""
_REFUSING = frozenset(
    ("src quoted", "src typed", "date typed", "until typed", "time typed", "lead typed", "key", "keys")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """A folder for hostile items, and newsletters in each theme and language."""

    folder: Path
    newsletters: tuple[Config, ...]

    def loaded(self, case: Case, language: str) -> Issue:
        """An issue with the case's item alone, read from the disk."""
        path = self.path(case)
        path.write_bytes(case.file)
        try:
            return markdown.load(self.folder, language=language)
        finally:
            path.unlink()

    def path(self, case: Case) -> Path:
        return self.folder / f"01-item{case.number}.md"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with a picture on it."""
    root = tmp_path_factory.mktemp("hostile")
    issue = root / "issue"
    issue.mkdir()
    (issue / "issue.toml").write_text('date = 2026-11-20\nsubject = "Hostile"\n', encoding="utf-8")
    Image.new("RGB", (40, 20), "#0a6080").save(issue / hostile.PICTURE)
    newsletters = []
    for number in range(len(THEMES) * len(LANGUAGES)):
        theme, language = THEMES[number % 3], LANGUAGES[number % 5]
        folder = root / f"{theme}-{language}"
        folder.mkdir()
        (folder / "newsletter.toml").write_text(_TOML.format(theme=theme, language=language), encoding="utf-8")
        newsletters.append(configuration.load(folder))
    return Desk(folder=issue, newsletters=tuple(newsletters))


@lru_cache(maxsize=1)
def corpus() -> list[Case]:
    """The whole corpus."""
    return list(hostile.cases(COUNT))


@pytest.mark.parametrize("part", range(PARTS))
def test_twenty_thousand_hostile_items(part, desk):
    """Each is in a safe edition with all of its words, or refused in one sentence with its line and the next step."""
    cases = corpus()[part * COUNT // PARTS : (part + 1) * COUNT // PARTS]
    shown, wrong = Counter[str](), list[str]()
    for number, start in enumerate(range(0, len(cases), TOGETHER)):
        newsletter = desk.newsletters[number % len(desk.newsletters)]
        for edition, printed in printings(cases[start : start + TOGETHER], newsletter, desk):
            wrong += problems(edition, printed)
            shown.update(case.place for case in printed)
    assert not wrong, "\n".join(wrong[:20])
    assert shown.total() > len(cases) / 2
    assert set(hostile.PLACES) - set(shown) <= _REFUSING


def printings(cases: Sequence[Case], newsletter: Config, desk: Desk) -> Iterator[tuple[Edition, list[Case]]]:
    """The edition of all the cases that are not refused; every refusal is looked at."""
    language = newsletter.publication.source
    taken: dict[Case, Item] = {}
    issue = None
    for case in cases:
        try:
            issue = desk.loaded(case, language)
        except ContentError as error:
            refused(error, desk.path(case), case.file)
        else:
            (taken[case],) = issue.items
    while issue and taken:
        try:
            edition = render(replace(issue, items=tuple(taken.values())), newsletter)
        except ContentError as error:
            case = next(case for case in taken if error.where.startswith(str(desk.path(case))))
            refused(error, desk.path(case), case.file)
            del taken[case]
        else:
            yield edition, list(taken)
            return


def refused(error: ContentError, file: Path, data: bytes) -> None:
    """A refusal is one sentence that names a line of the file and the next step."""
    place = re.fullmatch(rf"{re.escape(str(file))}:(\d+)", error.where)
    assert place, (error.where, data)
    assert 1 <= int(place[1]) <= len(re.findall(rb"\r\n|\r|\n", data)), (error.where, data)
    assert error.hint, data
    assert str(error).isprintable(), (str(error), data)


def problems(edition: Edition, cases: Sequence[Case]) -> Iterator[str]:
    """What is unsafe in an edition, and what is lost in it."""
    yield from set(mailprogram.faults(edition))
    compiled = fields.compile(edition)
    holes = [len(part.holes) for part in (compiled.subject, compiled.html, compiled.text)]
    if holes != [0, 2, 2]:
        yield f"field: besides the address and the way out there are more: {holes}"
    page = mailprogram.read(edition)
    for case in cases:
        ends = (f"{end}{case.number}{part}" for end in ("begin", "end") for part in "tb")
        words = [word for word in case.words if not hidden(word, case)]
        value = [case.value] if case.place.split()[0] in ("title", "place", "section", "alt", "caption") else []
        for text in (*ends, *words, *value):
            seen = mailprogram.visible(text)
            if seen not in page.shown and seen not in page.linked and seen not in page.behind:
                yield f"lost: {text!r} is not in the HTML: {case.place}: {case.snippet!r}"
            elif seen not in page.text and (seen in page.shown or seen in page.linked):
                yield f"lost: {text!r} is not in the text part: {case.place}: {case.snippet!r}"


def hidden(word: str, case: Case) -> bool:
    """Whether a word stands where YAML, Markdown or our own rules promise that readers do not see it."""
    before = re.split(r"[\r\n]", case.snippet[: case.snippet.index(word)])[-1]
    front = case.place.endswith(("typed", "key", "keys"))
    return (
        case.place.startswith("note")  # a doubt of the import, for editors
        or (front and re.search(r"(?:^|\s)#", before) is not None)  # a comment in the front matter
        or re.search(r"(?:`{3}|~{3})\s*$", before) is not None  # the language of a block of code
        or (case.place == "alternative" and re.search(r"\]\([^)]*$|<[ai][^>]*$", before) is not None)  # of no link
    )


def test_the_words_of_the_issue_are_no_safer(desk, tmp_path):
    """Subject, preheader and greeting stand in issue.toml; the first two have no markup, so nothing of them is lost."""
    (tmp_path / hostile.PICTURE).write_bytes((desk.folder / hostile.PICTURE).read_bytes())
    (tmp_path / "01-item.md").write_text("---\ntitle: begin1t end1t\n---\n\nbegin1b end1b\n", encoding="utf-8")
    head, wrong = tmp_path / "issue.toml", list[str]()
    for number, (case, other) in enumerate(pairwise(corpus()[:: COUNT // 250])):
        newsletter = desk.newsletters[number % len(desk.newsletters)]
        one, two = (_quoted(f"a {each.snippet}") for each in (case, other))
        data = f"date = 2026-11-20\nsubject = {one}\npreheader = {two}\nintro = {one}\n".encode("utf-8", "ignore")
        head.write_bytes(data)
        try:
            edition = render(markdown.load(tmp_path, language=newsletter.publication.source), newsletter)
        except ContentError as error:
            refused(error, head, data)
            continue
        wrong += problems(edition, [replace(case, number=1)])
        shown = mailprogram.read(edition).shown
        wrong += [f"{word} of the subject" for word in case.words if word not in edition.subject]
        wrong += [f"{word} of the preheader" for word in other.words if mailprogram.visible(word) not in shown]
    assert not wrong, "\n".join(wrong[:20])


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def test_hostile_editions_can_be_checked(desk):
    """The lint looks at whatever there is, and prints nothing that a terminal would obey."""
    newsletter = desk.newsletters[1]
    for start in range(0, 120, TOGETHER):
        cases = corpus()[10_000 + start : 10_000 + start + TOGETHER]
        for edition, printed in printings(cases, newsletter, desk):
            items = [desk.loaded(case, "ar").items[0] for case in printed]
            issue = Issue(
                id="issue",
                language="ar",
                date=date(2026, 11, 20),
                subject="Hostile",
                items=tuple(items),
                folder=desk.folder,
            )
            for finding in lint.check(edition, issue=issue, config=newsletter):
                assert str(finding).isprintable(), str(finding)


SOME = COUNT // 200  # of the corpus, one in so many

# What a careless renderer does to an edition, and the kinds of problems that must be found.
CARELESS: dict[str, tuple[Callable[[Edition], Edition], set[str]]] = {
    "escapes nothing": (lambda e: replace(e, html=unescape(e.html)), {"script", "address", "element", "style"}),
    "runs templates": (lambda e: replace(e, html=e.html.replace("7919*7907", "62615533")), {"template"}),
    "lets MJML through": (lambda e: replace(e, html=e.html.replace("&lt;mj-", "<mj-")), {"template", "element"}),
    "hides text": (lambda e: replace(e, html=re.sub(r"(w\d+x\d+\w*)", r"<!--\1-->", e.html)), {"comment", "lost"}),
    "strips tags": (lambda e: replace(e, html=re.sub("&lt;.*?&gt;", "", e.html)), {"lost"}),
    "knows ASCII": (lambda e: replace(e, html=e.html.encode("ascii", "ignore").decode()), {"lost"}),
    "writes attributes as Rust does": (lambda e: replace(e, html=re.sub(r'alt="[^"]*"', _rust, e.html)), {"lost"}),
    "fills in text": (lambda e: replace(e, html=re.sub(r"w\d+x0w", _field(e), e.html)), {"field"}),
    "strips tags from the text part": (lambda e: replace(e, text=re.sub("<.*?>", "", e.text)), {"lost"}),
    "cuts the text part": (lambda e: replace(e, text=e.text[: len(e.text) // 2]), {"lost"}),
}


def _rust(alt: re.Match[str]) -> str:
    return "".join(char if char.isascii() else f"\\u{{{ord(char):x}}}" for char in alt[0])


def _field(edition: Edition) -> str:
    return fields.marker("recipient.email", edition.nonce)


@pytest.fixture(scope="module")
def sample(desk) -> tuple[Edition, list[Case]]:
    """An edition with a good many of the items."""
    ((edition, cases),) = printings(corpus()[::SOME], desk.newsletters[0], desk)
    return edition, cases


@pytest.mark.parametrize("way", CARELESS)
def test_carelessness_would_be_found(way, sample):
    """Whatever a renderer may forget, the same looks find it; and they find nothing in what ours makes."""
    edition, cases = sample
    assert not list(problems(edition, cases))
    change, kinds = CARELESS[way]
    assert kinds <= {problem.partition(":")[0] for problem in problems(change(edition), cases)}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("_entry.mjml.j2", "{{ item.title }}", "{{ item.title | safe }}"),
        ("_entry.mjml.j2", "{{ item.caption }}", "{{ item.caption | safe }}"),
        ("_entry.mjml.j2", 'alt="{{ item.alt }}"', 'alt="{{ item.alt | safe }}"'),
        ("_entry.mjml.j2", "{{ item.place }}", ""),
        ("_prose.j2", "{{ text.html(", "{{ text.source | safe }} {{ text.html("),
        ("newsletter.txt.j2", "{{ item.summary.text }}", "{{ item.summary.text | striptags }}"),
    ],
)
def test_a_careless_theme_would_be_found(file, old, new, desk, tmp_path):
    """A newsletter's own template without escaping, or without a field: the compiler refuses it, or the looks do."""
    own = tmp_path / "templates" / "default"
    own.mkdir(parents=True)
    source = (resources.folder("templates") / "default" / file).read_text(encoding="utf-8")
    assert old in source
    (own / file).write_text(source.replace(old, new), encoding="utf-8")
    newsletter = replace(desk.newsletters[0], folder=tmp_path)
    assert _found(newsletter, desk)


def _found(newsletter: Config, desk: Desk) -> list[str]:
    try:
        printed = list(printings(corpus()[::SOME], newsletter, desk))
    except RenderError as error:
        return [str(error)]
    return [problem for edition, cases in printed for problem in problems(edition, cases)]
