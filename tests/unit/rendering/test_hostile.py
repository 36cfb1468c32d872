"""Hostile text in front matter and Markdown becomes an edition: nothing crashes, runs or gets lost."""

import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html as parser

from newsletter.content import markdown
from newsletter.errors import ContentError
from newsletter.rendering.editions import render

LANGUAGES = ("en", "ar", "ko", "ne")
TOGETHER = 10  # snippets in an edition

FRAGMENTS = (
    *(
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//x.example/a.js>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
    ),
    *(
        "<a href='javascript:alert(1)'>a</a>",
        '"><script>alert(1)</script>',
        "' onmouseover='alert(1)",
        "<iframe src=//x>",
    ),
    *(
        "<b>",
        "</b>",
        "<b onclick=alert(1)>b</b>",
        "<i>",
        "<br>",
        "<p>",
        "</p>",
        "</div></td></table>",
        "<style>*{}</style>",
    ),
    *("<!--", "-->", "<!--[if mso]><b>x</b><![endif]-->", "<![CDATA[", "]]>", "<?php echo 1 ?>", "<!DOCTYPE x>"),
    *(
        "<mj-text>",
        "</mj-text>",
        "</mj-column></mj-section>",
        "<mj-raw><script>x</script></mj-raw>",
        "<mj-include path=a>",
    ),
    *(
        "{{ 7919*7907 }}",
        "{% for x in y %}",
        "{#",
        "{{ recipient.unsubscribe_url }}",
        "%(email)s",
        "%s",
        "${7919*7907}",
        "*|X|*",
    ),
    *("&", "&amp;", "&lt;script&gt;", "&#60;script&#62;", "&#0;", "&#xD800;", "&nosuch;", "&zwnj;", "&#106;avascript:"),
    *(
        "**",
        "*",
        "_",
        "`",
        "~~",
        "[",
        "](",
        ")",
        "![",
        "> ",
        "- ",
        "1. ",
        "# ",
        "## ",
        "***",
        "---",
        "|",
        "| a | b |\n|---|---|\n",
    ),
    *(
        '[a](https://x.example/a?b=c&d="e")',
        "<https://x.example/>",
        "[a](data:text/html,x)",
        "[a](java\tscript:alert(1))",
    ),
    *("\u202e", "\u2066", "\u200f", "\u200b", "\ufeff", "\x00", "\x1b[31m", "\x85", "\u2028", "\ufffe", "\ud83d"),
    *(
        "한국 > 서울",
        "→>",
        "नेपाली",
        "کرانه\u200cها",
        "تفاعليًا",
        "👩\u200d👩\u200d👧",
        "e\u0301",
        "𝕏",
        "ﷺ",
        "\\",
        "\\u{947}",
        "C:\\new",
    ),
    *(
        "\n",
        "\n\n",
        "\t",
        "    ",
        "```",
        "\n```\n",
        "~~~",
        '"',
        "'",
        "=",
        "<",
        ">",
        "/>",
        "XqqX",
        "Zq0Zq",
        "Xq0123recipient.nameqX",
    ),
    *("word", "two words", "A long sentence, with commas; and more.", "x" * 300),
)

# What a mail may hold: the theme's own elements and those that Markdown makes.
ELEMENTS = frozenset(
    (
        *(
            "html",
            "head",
            "title",
            "meta",
            "style",
            "body",
            "div",
            "table",
            "tbody",
            "thead",
            "tr",
            "td",
            "th",
            "p",
            "a",
        ),
        *("span", "strong", "em", "b", "i", "u", "s", "del", "br", "hr", "img", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("ul", "ol", "li", "blockquote", "pre", "code", "sup", "sub", "section", "center"),
    )
)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")


def snippets(count: int, seed: int = 20261122) -> Iterator[str]:
    """``count`` texts of one to eight fragments; the same every time."""
    chance = random.Random(seed)
    for _ in range(count):
        joint = chance.choice(("", " ", "\n"))
        yield joint.join(chance.choice(FRAGMENTS) for _ in range(chance.randint(1, 8)))


@pytest.mark.parametrize(
    "count", [1_000, pytest.param(20_000, marks=pytest.mark.chaos)], ids=["a thousand", "twenty thousand"]
)
def test_hostile_text_becomes_a_safe_edition(count, config, request):
    """Each snippet stands in front matter and in Markdown; what is refused is refused in a sentence, and is rare."""
    if count > 1_000 and "chaos" not in request.config.option.markexpr:
        pytest.skip("it takes minutes: pytest -m chaos")
    texts = list(snippets(count))
    refused = 0
    for start in range(0, count, TOGETHER):
        group = list(enumerate(texts[start : start + TOGETHER], start))
        language = LANGUAGES[start // TOGETHER % len(LANGUAGES)]
        try:
            _look(group, language, config)
        except ContentError:
            refused += sum(_refused([one], language, config) for one in group)
    print(f"refused: {refused} of {count}")
    assert refused < count / 4


def _refused(group: list[tuple[int, str]], language: str, config) -> bool:
    """Whether a snippet is refused, and then with a place and a next step."""
    try:
        _look(group, language, config)
    except ContentError as error:
        refusal = error
    else:
        return False
    assert refusal.where
    assert refusal.hint
    return True


def _look(group: list[tuple[int, str]], language: str, config) -> None:
    """Render a group of snippets, each as an item, and look at what became of them."""
    folder = config.folder / "issues" / "hostile"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    head = f'date = 2026-11-20\nsubject = "Hostile"\npreheader = {_toml(group[0][1])}\n'
    (folder / "issue.toml").write_text(head, encoding="utf-8")
    for number, text in group:
        _write(folder / f"{number:05}-item{number}.md", number, text)
    issue = markdown.load(folder, language=language)
    edition = render(issue, config)
    root = parser.document_fromstring(edition.html)
    _nothing_runs(root, edition.html)
    shown, plain = _plain(root.text_content()), _plain(edition.text)
    for number, text in group:
        title = _plain(f"begin{number}t {_line(text)} end{number}t")
        assert title in shown, (title, text)
        for word in (f"begin{number}t", f"end{number}t", f"begin{number}b", f"end{number}b"):
            assert word in shown, (word, text)
            assert word in plain, (word, text)


def _write(path: Path, number: int, text: str) -> None:
    title = json.dumps(f"begin{number}t {_line(text)} end{number}t", ensure_ascii=False)
    body = _encodable(f"begin{number}b {text}\n\nend{number}b\n")
    place = json.dumps(_line(text) or "x", ensure_ascii=False)
    path.write_text(f"---\ntitle: {title}\nplace: {place}\n---\n\n{body}", encoding="utf-8", newline="")


def _line(text: str) -> str:
    """A snippet as a field of one line that an editor can save; control characters are refused there by name."""
    return " ".join(_encodable(re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", " ", text)).split())


def _toml(text: str) -> str:
    return json.dumps(_line(text), ensure_ascii=False)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "ignore").decode()


def _plain(text: str) -> str:
    """Text without what nobody sees, on one line."""
    return " ".join(_INVISIBLE.sub("", text).split())


def _nothing_runs(root, source: str) -> None:
    assert "62615533" not in source
    assert "<mj-" not in source
    assert "\\u{" not in source.replace("\\u{947}", "")
    for element in root.iter():
        if not isinstance(element.tag, str):
            assert "begin" not in str(element.text)
            continue
        assert element.tag in ELEMENTS, element.tag
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on"), (element.tag, name)
            if name in ("href", "src"):
                assert re.match(r"#|https?:|mailto:|tel:|cid:|Xq[0-9a-f]+recipient", value), value
