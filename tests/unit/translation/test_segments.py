"""An issue taken apart into blocks and put together again."""

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter import dialect
from newsletter.model import Image, Issue, Item
from newsletter.translation import segments
from newsletter.translation.catalogs import Catalog

BODY = """\
First paragraph with a [link](https://river.example/a).

## A heading

- one
- two
  with a second line

> A quoted *word*.

| City | Who \\| what |
| :-- | --: |
| Tarsana | twelve |

```
code is not translated
```
"""


def item(body: str = BODY) -> Item:
    image = Image(src="images/a.png", alt="A bridge")
    return Item(
        id="forum", language="en", title="Forum", summary="In short.", body=body, image=image, file="f.md", line=9
    )


def issue(*items: Item) -> Issue:
    return Issue(
        id="2026-11",
        language="en",
        date=date(2026, 11, 20),
        subject="Hello",
        preheader="Read",
        intro="Hi *all*.",
        items=items,
    )


def html(markdown: str) -> str:
    return str(dialect.parser().render(markdown))


def test_blocks_have_roles_and_lines() -> None:
    """Every block comes once, in reading order, with the line it stands on in its file."""
    found = [(each.context, each.text, each.line) for each in segments.split(issue(item()))]
    assert found == [
        ("issue|subject", "Hello", 1),
        ("issue|preheader", "Read", 1),
        ("issue|intro", "Hi *all*.", 1),
        ("forum|title", "Forum", 1),
        ("forum|summary", "In short.", 1),
        ("forum|alt", "A bridge", 1),
        ("forum|body", "First paragraph with a [link](https://river.example/a).", 9),
        ("forum|heading", "A heading", 11),
        ("forum|li", "one", 13),
        ("forum|li", "two\nwith a second line", 14),
        ("forum|quote", "A quoted *word*.", 17),
        ("forum|cell", "City", 19),
        ("forum|cell", "Who | what", 19),
        ("forum|cell", "Tarsana", 21),
        ("forum|cell", "twelve", 21),
    ]


def test_translations_go_back_where_they_came_from() -> None:
    """The blocks are replaced, the structure and the code stay."""
    texts = {
        ("forum|title", "Forum"): "Foro",
        ("forum|alt", "A bridge"): "Un puente",
        (
            "forum|body",
            "First paragraph with a [link](https://river.example/a).",
        ): "Un [enlace](https://river.example/a).",
        ("forum|li", "one"): "uno",
        ("forum|quote", "A quoted *word*."): "Una *palabra*.",
        ("forum|cell", "twelve"): "doce | 12",
    }
    joined = segments.join_item(item(), texts, "es")
    assert (joined.language, joined.title, joined.image) == ("es", "Foro", Image(src="images/a.png", alt="Un puente"))
    expected = BODY.replace("First paragraph with a [link]", "Un [enlace]").replace("- one", "- uno")
    expected = expected.replace("A quoted *word*", "Una *palabra*").replace("twelve", "doce \\| 12")
    assert html(joined.body) == html(expected)


@pytest.mark.parametrize(
    "body",
    [
        'A ![map [of] it](<m_(1).png> "it is \\"new\\"") here.',
        'A [report](r.pdf "C:\\\\dir &amp;amp; \\"x\\"") here.',
        "One line  \nand another\\\nthird.",
        "`a  \nb` [c](d 'e  \nf')",
        "*a*_b_ **c***d* &#42; &nbsp;x &lt;b&gt;",
        "Two lines\\\nof a heading\n===",
        "Two lines  \nof a heading\n---",
        "## In C\\#",
        "### x \\##",
        "1. 1986\\. A year.\n2. \\- no item",
        "> quoted  \n> lines",
        "| a | b |\n| - | - |\n| `c \\| d` | e \\\\\\| f |",
        "[a][1] *x**[b][1]**y*\n\n[1]: <a b> 'it is \"c\"'",
    ],
)
def test_what_is_not_translated_stays_as_it_was(body: str) -> None:
    """Where one block of an item is translated, all others are written back as they were."""
    joined = segments.join_item(item(f"{body}\n\nOne."), {("forum|body", "One."): "Uno."}, "es")
    assert html(joined.body) == html(f"{body}\n\nUno.")


def test_a_heading_is_translated_in_its_lines() -> None:
    """A line break stays in a heading that can have one, and is a space in the others and in cells."""
    for source, text, target in (
        ("One\n===", "Uno\\\n- dos", "<h1>Uno<br />\n- dos</h1>"),
        ("### One", "Uno  \ndos #", "<h3>Uno dos #</h3>"),
        ("| One |\n| - |", "Uno\\\ndos | tres", "<th>Uno dos | tres</th>"),
    ):
        ((role, words, _line),) = segments._blocks(source)
        assert target in html(segments.join_item(item(source), {(f"forum|{role}", words): text}, "es").body)


@pytest.mark.parametrize(
    "text",
    [
        *("1. no list", "# no heading", "- no item", "> no quote", "```", "---", "***", "    no code"),
        *("* no item", "~~~ no fence", "[no]: definition", "no\n===", "no | table\n--- | ---", "no\n\nparagraph"),
    ],
)
def test_a_translation_cannot_break_the_structure(text: str) -> None:
    """What would be block markup at the start of a line is text in a translated paragraph."""
    joined = segments.join_item(item("One.\n\nTwo."), {("forum|body", "One."): text}, "es")
    tokens = [token.type for token in dialect.parser().parse(joined.body)]
    assert tokens == ["paragraph_open", "inline", "paragraph_close"] * 2


def test_what_has_no_letter_is_not_translated() -> None:
    """A year, an emoji or a rule is the same in every language, and must not hold an item back."""
    bare = Item(id="forum", language="en", title="🎉", place="2027", body="— — —\n\n12.30", file="f.md")
    assert list(segments.split(issue(bare)))[3:] == []
    assert segments.join_item(bare, {}, "es").title == "🎉"


@pytest.mark.parametrize("link", ["[the report][1]", "[the report][]", "[the report]"])
def test_a_link_has_its_address_with_it(link: str) -> None:
    """An address that stands elsewhere in the item goes with its words, so that no translation can lose it."""
    body = f"Read {link} today.\n\n[1]: https://river.example/r\n[the report]: https://river.example/r\n"
    (block,) = [each for each in segments.item_segments(item(body)) if each.role == "body"]
    assert block.text == "Read [the report](https://river.example/r) today."
    translated = segments.join_item(item(body), {(block.context, block.text): block.text.replace("Read", "Lea")}, "es")
    assert '<a href="https://river.example/r">the report</a>' in html(translated.body)


def examples() -> list[str]:
    """The examples of the CommonMark specification."""
    return json.loads(Path("tests/samples/commonmark.json").read_text("utf-8"))


def test_swapping_every_block_for_itself_renders_the_same() -> None:
    """On all CommonMark examples the way out to segments and back changes nothing that a reader sees."""
    for source in examples():
        texts = {(each.context, each.text): f"{each.text} ." for each in segments.split(issue(item(source)))}
        there = segments.join_item(item(source), texts, "es")
        back = {(f"forum|{role}", text): text.removesuffix(" .") for role, text, _ in segments._blocks(there.body)}
        again = segments.join_item(there, back, "en")
        assert visible(html(again.body)) == visible(html(source)), source


def test_the_identity_catalog_renders_as_the_source(tmp_path: Path, need: Callable[[str], str]) -> None:
    """All CommonMark examples through a PO file in which every text is its own translation: the same bytes."""
    sources = [replace(item(source), id=f"example-{number}") for number, source in enumerate(examples())]
    whole = replace(issue(sources[0]), items=tuple(sources))
    path, state = tmp_path / "es.po", tmp_path / "es.json"
    made = Catalog(path, language="es", project="examples", state=state)
    made.sync(segments.split(whole))
    for entry in made:
        made.carry(entry.context, entry.source, entry.source)
    made.save()
    subprocess.run([need("msgfmt"), "-c", "-o", "/dev/null", path], check=True, capture_output=True)
    texts = {(entry.context, entry.source): entry.target for entry in made}
    for one in sources:
        assert html(segments.join_item(one, texts, "es").body) == html(one.body), one.body


def visible(page: str) -> str:
    """HTML with its white space folded, as browsers and mail programs show it."""
    return re.sub(r"\s+", " ", page).strip()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_body_survives_the_identity(body: str) -> None:
    """Translating every block to itself leaves the Markdown byte for byte."""
    original = item(body)
    texts = {(each.context, each.text): each.text for each in segments.item_segments(original)}
    assert segments.join_item(original, texts, "es").body == body
