"""Items of all kinds of Markdown through engines that are really there, and back into the item."""

import re
from collections import Counter
from collections.abc import Callable
from random import Random

import lxml.html
import pytest

from newsletter import dialect
from newsletter.model import Item
from newsletter.translation import literals, segments
from newsletter.translation.engines import Engine
from newsletter.translation.engines.apertium import Apertium
from newsletter.translation.engines.pseudo import Pseudo
from newsletter.translation.markup import blocks
from newsletter.translation.pairs import Pair

PHRASES = [
    *("The council approved the new bridge.", "It rained.", "the city of Seoul", "more than 2,500 trees", "Why not?"),
    *("e.g. boats and trains", "“a good sign”", "rivers & bridges", "5 < 6", "the [new] plan", "x_y_z", "on 17 March"),
    *(
        "서울시",
        "مدينة القاهرة",
        "東京都",
        "नेपाल",
        "tilde ~",
        "a | b",
        "C:\\\\river",
        "1. first",
        "24/7",
        "#rivers2026",
    ),
]
TARGETS = [
    *("https://a.example/x_(y)", "<https://a.example/a b>", "r.pdf", "#top", "/é/ü", "<>", "a\\)b"),
    "https://a.example/%C3%A9?q=1&r=2",
]
TITLES = ["", "", ' "The title"', " 'it is \"quoted\"'", ' "a \\" b"', ' "5 < 6 &amp; 7"', " (in brackets)"]
ALTS = ["A map", "", "a *bold* map", "with [brackets]", 'a " b', "see https://alt.example/x"]
ITEMS = [
    *("`code`", "`` a`b ``", "`<b>`", "`a|b`", "<https://auto.example/a_b?x=1>", "<ann@mail.example>", "[](void.html)"),
    *("ann.lee@mail.example", "{name}", "%(city)s", "&amp;", "&lt;b&gt;", "&copy; 2026", "\\\n", "  \n", "@river_city"),
    *("<b>really</b>", '<a href="https://html.example">there</a>', "one<br>two", "https://bare.example/a_b."),
    *("www.bare.example/(x)", "[![logo](l.png)](https://logo.example)"),
]


def words(rng: Random, *, linked: bool = False, depth: int = 0) -> str:
    """Inline Markdown; nested, but no link in a link."""

    def inner(linked: bool) -> str:
        return " ".join(words(rng, linked=linked, depth=depth + 1) for _ in range(rng.randint(1, 2)))

    kinds = ["words"] * 6 if depth > 2 else ["words"] * 3 + ["*{}*", "_{}_", "**{}**", "***{}***"]
    kinds += ["image"] if linked else ["link", "image", "item"]
    match kind := rng.choice(kinds):
        case "words":
            return rng.choice(PHRASES)
        case "link":
            return f"[{inner(True)}]({rng.choice(TARGETS)}{rng.choice(TITLES)})"
        case "image":
            return f"![{rng.choice(ALTS)}]({rng.choice(['m.png', '<my map.png>', 'p_(1).png'])}{rng.choice(TITLES)})"
        case "item":
            return rng.choice(ITEMS)
        case _:
            return kind.format(inner(linked))


def body(rng: Random) -> str:
    """One block."""
    text = " ".join(words(rng) for _ in range(rng.randint(1, 5))).strip()
    line = re.sub(r"\\?\s*\n", " ", text)
    cell = line.replace("|", "\\|")
    return rng.choice(
        [
            text,
            text,
            f"## {line}",
            f"{text}\n---",
            f"- {line}\n- 1. {line}",
            f"1. {line}\n2. **x** {line}",
            "> " + text.replace("\n", "\n> "),
            f"| City | Who |\n| :-- | --: |\n| {cell} | a {cell} |",
        ]
    )


def facts(markdown: str) -> dict[str, Counter[str]]:
    """What a reader of the page gets that is no words; no element but these is in it."""
    page = lxml.html.fromstring(f"<div>{dialect.parser().render(markdown)}</div>")
    return {
        "links": Counter(str(one.get("href")) for one in page.iter("a")),
        "pictures": Counter(str(one.get("src")) for one in page.iter("img")),
        "code": Counter(one.text_content() for one in page.iter("code")),
        "literals": Counter(found[0] for found in literals.find(re.sub(r"\s+", " ", page.text_content()))),
        "elements": Counter(str(one.tag) for one in page.iter() if one.tag not in ("em", "strong")),
    }


def through(engine: Engine, target: str, count: int, seed: int) -> list[Item]:
    """So many items, each of which has in the target language all that it had before; those with a new text."""
    rng = Random(seed)
    title = "Use {name} or 2 *3* 4 at https://t.example/x_(y)"
    items = [Item(id=f"i{n}", language="en", title=title, summary="", body=body(rng)) for n in range(count)]
    parts = [part for item in items for part in segments.item_segments(item)]
    plain = {number for number, part in enumerate(parts) if part.role in segments.PLAIN}
    made = blocks.translate([part.text for part in parts], Pair(engine, source="en", target=target), plain=plain)
    pairs = zip(parts, made, strict=True)
    texts = {(part.context, part.text): block.text for part, block in pairs if not block.doubts}
    joined = [segments.join_item(item, texts, target) for item in items]
    for before, after in zip(items, joined, strict=True):
        assert facts(after.body) == facts(before.body), (before.body, after.body)
        assert "{name}" in after.title
        assert "https://t.example/x_(y)" in after.title
    return [after for before, after in zip(items, joined, strict=True) if before.body != after.body]


@pytest.mark.parametrize("target", ["ar", "ko", "ne", "zh-Hans"])
def test_nothing_is_lost_in_other_scripts(target: str) -> None:
    """Links, pictures, code and literals of 150 items are on the page as they were, or the block was held."""
    assert len(through(Pseudo(), target, 150, seed=1)) > 130


@pytest.mark.parametrize("target", ["es", "ca"])
def test_nothing_is_lost_in_a_real_translation(need: Callable[[str], str], target: str) -> None:
    """The same with an engine that reorders words and carries the markup itself."""
    need("apertium")
    assert len(through(Apertium(), target, 150, seed=2)) > 50
