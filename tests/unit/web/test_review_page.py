"""The review page: everything of a catalog on one page that runs and loads nothing."""

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import Newsletter
from newsletter.errors import ConfigError
from newsletter.model import Issue, Item
from newsletter.translation import differences
from newsletter.translation.catalogs import Entry, State
from newsletter.translation.checks import Finding
from newsletter.translation.review import LanguageReview, Row
from newsletter.web import review
from newsletter.web.review import inline

ISSUE = Issue(
    id="2026-11",
    language="en",
    date=date(2026, 11, 20),
    subject="Rivers",
    items=(Item(id="ferry", language="en", title="A *night* ferry"), Item(id="trees", language="en", title="Trees")),
)
HOSTILE = '<script>alert(1)</script> [x](javascript:alert(1)) ![p](https://t.example/p.gif) "><img src=x onerror=y>'


def row(state: State, source: str = "words", target: str = "palabras", **known: object) -> Row:
    """A row of the ferry, or of the item and role that ``context`` names."""
    entry = {name: known.pop(name) for name in ("context", "by", "origin", "previous") if name in known}
    text = "" if state is State.MISSING else target
    made = Entry(**{"context": "ferry|body", **entry}, source=source, target=text, state=state)
    return Row(entry=made, **known)


def page(*rows: Row, language: str = "es", **gate: object) -> str:
    counts = {state: sum(each.entry.state is state for each in rows) for state in State}
    found = LanguageReview(**{"language": language, "counts": counts, "items": {}, "fallbacks": {}, **gate})
    return review.page(
        rows,
        found,
        issue=ISSUE,
        newsletter="River Letter",
        file="issues/2026-11/po/es.po",
        approve="newsletter approve es --by NAME",
        at=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    )


class _Read(HTMLParser):
    """What a browser makes of a page: its elements, and what it says."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def said(html: str) -> str:
    """The words of the page without its style, with single spaces."""
    return " ".join(_Read(re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)).words.split())


def test_every_state_is_worded_and_counted() -> None:
    """A badge says the state in a word, and the counts lead to the first of each."""
    html = page(*(row(state, context=f"ferry|{role}") for state, role in zip(State, review.ROLES, strict=False)))
    read = _Read(html)
    links = {each["href"] for each in read.all("a") if "count" in (each.get("class") or "")}
    assert links == {f"#segment-{number}" for number in range(1, 6)}
    for number, state in enumerate(State, 1):
        assert f'id="segment-{number}" class="{state}' in html
        assert f">{state}</span>" in html


def test_every_link_within_the_page_leads_somewhere() -> None:
    """Counts, the list to begin with, and the way from one waiting segment to the next."""
    read = _Read(
        page(row(State.DRAFT, findings=(Finding(level="warn", message="m"),)), row(State.REVIEWED), row(State.MISSING))
    )
    known = {attributes.get("id") for _tag, attributes in read.elements}
    within = [each["href"] for each in read.all("a") if (each.get("href") or "").startswith("#")]
    assert within
    assert {str(href)[1:] for href in within} <= known


@pytest.mark.parametrize(
    ("states", "offered"),
    [
        ((State.DRAFT, State.REVIEWED), True),
        ((State.DRAFT, State.MISSING), False),
        ((State.REVIEWED, State.APPROVED), False),
    ],
)
def test_the_filter_is_there_where_it_filters(states: tuple[State, ...], offered: bool) -> None:
    """Where all or none of the segments wait, both of its choices would show the same."""
    assert ("only the 1 that waits" in said(page(*map(row, states)))) is offered
    assert ("only the" in said(page(*map(row, states)))) is offered


def test_each_hint_has_its_line() -> None:
    """What the source says and what glossary and names say are not run together."""
    html = page(row(State.DRAFT, hint="at most 60 columns wide\nnames: Valmora"))
    assert '<p class="hint">at most 60 columns wide\nnames: Valmora</p>' in html
    assert re.search(r"\.hint {[^}]*white-space: pre-line", html)


def test_the_next_link_passes_over_what_is_done() -> None:
    """From one segment that waits to the next one; the last has nowhere to lead."""
    html = page(row(State.DRAFT), row(State.APPROVED), row(State.STALE))
    assert re.findall(r'<a href="#(segment-\d)">next', html) == ["segment-3"]


def test_segments_are_grouped_by_item() -> None:
    """Each item has its title, how much of it waits, and what readers get instead."""
    html = page(
        row(State.REVIEWED, context="issue|subject"),
        row(State.DRAFT),
        row(State.REVIEWED),
        row(State.MISSING, context="trees|title"),
        fallbacks={"ferry": "fr"},
        omitted=("trees",),
        reasons=("ferry: 1 not reviewed",),
    )
    words = said(html)
    assert "The issue itself all 1 accepted" in words
    assert "A *night* ferry 1 of 2 segments wait · readers get it in French for now" in words
    assert "Trees 1 of 1 segment waits · left out for now" in words
    assert "Held: it is not sent yet" in words
    assert "ferry: 1 not reviewed" in words


def test_a_segment_says_all_that_is_known_of_it() -> None:
    """Role, who, findings by their level, notes, remarks, and where to correct it."""
    words = said(
        page(
            row(
                State.DRAFT,
                origin="argos en→es 1.9",
                findings=(Finding(level="block", message="a link is lost"), Finding(level="info", message="longer")),
                notes=("through fr: mots",),
                remarks="Ana: which word?",
                hint="keep it short",
                line=57,
                place="01-ferry.md:9",
            ),
            row(State.APPROVED, by="Núria Sabater", context="ferry|alt"),
            row(State.MISSING, notes=("held back: a number is lost",)),
        )
    )
    for expected in (
        "Paragraph draft by argos en→es 1.9 ferry|body · line 57 · no. 1",
        "likely wrong: a link is lost",
        "to know: longer",
        "through fr: mots",
        "translator: Ana: which word?",
        "keep it short",
        "01-ferry.md",
        "Description of the picture approved by Núria Sabater",
        "No translation yet. held back: a number is lost",
        "issues/2026-11/po/es.po",
        "newsletter approve es --by NAME",
        "2026-11-21 09:30 UTC",
    ):
        assert expected in words


def test_a_stale_segment_shows_what_changed() -> None:
    """What went and what came is marked up, so that it can be heard as well as seen."""
    changes = tuple(differences.of("three <b> boats", "four <b> boats"))
    assert "<del>three</del><ins>four</ins> &lt;b&gt; boats" in page(row(State.STALE, differences=changes))


def test_review_first_is_a_list_of_the_worst() -> None:
    """The gravest finding stands beside the link, and a long list is cut short, saying so."""
    bad = [row(State.DRAFT, findings=(Finding(level="warn", message=f"doubt {n}"),)) for n in range(review.FIRST + 3)]
    words = said(page(*bad))
    assert f"doubt {review.FIRST - 1} 3 others are marked below" in words
    assert "Review first" not in said(page(row(State.REVIEWED)))


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("fa", "rtl"), ("ko", "ltr"), ("pt-BR", "ltr")])
def test_each_text_has_its_language_and_direction(language: str, direction: str) -> None:
    """The source is in its own language, the translation in its own."""
    texts = [each for each in _Read(page(row(State.DRAFT), language=language)).all("div") if "data-role" in each]
    assert [(each["lang"], each["dir"]) for each in texts] == [("en", "ltr"), (language, direction)]


def test_a_hostile_text_is_only_text() -> None:
    """No script, no picture, no handler and no address but those one can open comes from anything people write."""
    change = tuple(differences.of(HOSTILE, f"{HOSTILE} more"))
    html = page(
        row(
            State.STALE,
            HOSTILE,
            HOSTILE,
            context=f"{HOSTILE}|{HOSTILE}",
            previous=HOSTILE,
            findings=(Finding(level="block", message=HOSTILE),),
            notes=(HOSTILE,),
            remarks=HOSTILE,
            hint=HOSTILE,
            place=HOSTILE,
            differences=change,
        ),
        row(State.APPROVED, by=HOSTILE),
        row(State.DRAFT, origin=HOSTILE),
        reasons=(HOSTILE,),
    )
    read = _Read(html)
    assert not {"script", "img", "iframe", "object", "link", "form"} & {tag for tag, _attributes in read.elements}
    assert not [name for _tag, attributes in read.elements for name in attributes if name.startswith("on")]
    assert all(re.match("#|https:|mailto:", each["href"] or "") for each in read.all("a") if "href" in each)
    assert "alert(1)" in read.words


def test_the_page_needs_nothing_else() -> None:
    """It is one file: nothing is loaded, and the browser is told to load and run nothing."""
    html = page(row(State.DRAFT))
    (policy,) = [each for each in _Read(html).all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert not re.search(r"\bsrc=|url\(|@import", html)


def test_an_issue_without_words_has_a_page() -> None:
    """Nothing to translate is said, not an empty page."""
    assert "This issue has nothing to translate." in said(page())


def test_a_page_is_written_for_every_language(tmp_path: Path) -> None:
    """Each stands in the issue's folder and names the line of the PO file, which is saved first."""
    letter = Newsletter.create(tmp_path / "letter", example="starter")
    issue = letter.issue()
    pages = review.write(letter, issue, command="newsletter -C letter")
    languages = [each for each in letter.config.publication.languages if each != issue.language]
    assert pages == [issue.folder / "review" / f"{language}.html" for language in languages]
    html = pages[0].read_text(encoding="utf-8")
    assert f"issues/{issue.id}/po/{languages[0]}.po" in html
    assert f"newsletter -C letter approve {issue.id} -l {languages[0]} --by NAME" in html
    assert "not in the file yet" not in html
    (page,) = review.write(letter, issue, languages=languages[:1], output=tmp_path / "out")
    assert page == tmp_path / "out" / issue.id / f"{languages[0]}.html"
    assert letter.issue() == issue


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """One sentence names the page."""
    letter = Newsletter.create(tmp_path / "letter", example="starter")
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be written") as error:
        review.write(letter, letter.issue(), output=tmp_path / "out")
    assert "html" in str(error.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("**a** _b_", "<strong>…**…a…**…</strong> <em>…_…b…_…</em>", id="emphasis"),
        pytest.param("`<a>`", '…`…<code dir="ltr">&lt;a&gt;</code>…`…', id="code"),
        pytest.param(
            "[a](https://b.example/?c&d)",
            '…[…<a href="https://b.example/?c&amp;d" rel="noreferrer">a</a>…](…'
            '<bdi class="address" dir="ltr">https://b.example/?c&amp;d</bdi>…)…',
            id="link",
        ),
        pytest.param(
            "<a@b.example>", '…&lt;…<a href="mailto:a@b.example" rel="noreferrer">a@b.example</a>…&gt;…', id="mailbox"
        ),
        pytest.param(
            "[a](ftp://b.example)", '…[…<a>a</a>…](…<bdi class="address" dir="ltr">ftp://b.example</bdi>…)…', id="ftp"
        ),
        pytest.param("![a](b.png)", '…![…a…](…<bdi class="address" dir="ltr">b.png</bdi>…)…', id="picture"),
        pytest.param(r"a \* b &amp; c", r"a \* b &amp;amp; c", id="escapes"),
        pytest.param("[a](https://b.example/é)", "[a](https://b.example/é)", id="what is lost in parsing stays plain"),
        pytest.param("a  \nb", "a  \nb", id="line break"),
    ],
)
def test_markup_is_visible_and_readable(text: str, expected: str) -> None:
    """The signs are there, set apart; links and emphasis look like it."""
    assert re.sub(r'<span class="mark">(.*?)</span>', r"…\1…", str(inline.show(text))) == expected


@given(
    st.text()
    | st.lists(
        st.sampled_from(
            ["*", "**", "_", "[a]", "(https://b.example)", "`", "<", ">", "&lt;", "\\", "\n", " ", "!", '"', "é"]
        )
    ).map("".join)
)
def test_no_character_is_lost_or_added(text: str) -> None:
    """Without its tags the HTML says the text again, whatever it is."""
    assert _Read(str(inline.show(text))).words == text
