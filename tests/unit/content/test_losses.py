"""What Markdown drops without a word is found, and nothing else is."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content import losses

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.parametrize(
    ("source", "line", "what"),
    [
        ("| a |\n|---|\n| b | c |", 2, "'c'"),
        ("a|b\n-|-\n1|2\n3|4|5 | 6", 3, "'5'"),
        ("- x\n\n  > | a | b |\n  > |---|---|\n  > | c | d | e", 4, "'e'"),
        ("| a |\n|---|\n| b | \\| |", 2, "'|'"),
        ("Dear all,\n\n[Note]: thanks", 2, "'[Note]: thanks'"),
        ("> [a]:\n> /b\n> 'c'", 0, "'> [a]:'"),
        ("[a]: /b\n[A]: /c\n\n[a]", 1, "'[A]: /c': Markdown takes it for the address of a link, which has one already"),
        ("[a]\n\n[a]: /b\n[c]: /d", 3, "which is nowhere"),
        ("Hello.\n\n~~~ Important ~~~\n\nMore.", 2, "'Important ~~~'"),
        ("```Dear members,\nhello\n```", 0, "'Dear members,'"),
    ],
)
def test_what_would_be_dropped_is_found(source, line, what):
    """With its line, its words and the next step."""
    (loss,) = losses.find(source)
    assert loss.line == line
    assert what in loss.what
    assert loss.hint


@pytest.mark.parametrize(
    "source",
    [
        "| a | b |\n|---|---|\n| c |\n| d | e | |\n| f \\| g | `h\\|` |",
        "a | b\n\nno | table",
        "[a] ![b][c]\n\n[a]: /x\n[c]: y.png 'z'",
        "\\[Note]: thanks",
        "[Note]: see below",
        "    [a]: /b",
        "```python\nx\n```\n\n~~~ c++\n~~~\n\n```\n[a]: /b\n```",
        "~~gone~~ and ``` code ```",
    ],
)
def test_what_is_shown_is_not_accused(source):
    """Rows may be shorter, links may have their address elsewhere, and code may have a language."""
    assert not list(losses.find(source))


def test_the_examples_of_commonmark():
    """Of the specification's examples, those that hide something on purpose."""
    sources = json.loads((SAMPLES / "commonmark.json").read_text(encoding="utf-8"))
    found = [source for source in sources if any(losses.find(source))]
    assert len(found) < 40
    assert all("]:" in source or "~~~" in source or "```" in source for source in found)


@settings(deadline=None)
@given(st.text(alphabet="ab|-\n\\`~[]:/ >'"))
def test_any_text_can_be_asked(source):
    """Each loss is on a line of the text."""
    for loss in losses.find(source):
        assert 0 <= loss.line <= source.count("\n")
