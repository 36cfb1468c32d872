"""The text part: Markdown as people type it, in lines of 72 columns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_markup import prose

from newsletter.columns import width
from newsletter.errors import ContentError
from newsletter.rendering.plaintext import wrap


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A *b* **c**\nd", "A b c d"),
        ("a\n\nb", "a\n\nb"),
        ("on ~~Monday~~ <del>or</del> Tuesday", "on ~~Monday~~ ~~or~~ Tuesday"),
        ("one  \ntwo", "one\ntwo"),
        ("## Steps\n\ntext", "Steps\n\ntext"),
        ("a\n\n- b\n- c\n\nd", "a\n\n- b\n- c\n\nd"),
        ("- b\n\n  c\n- d", "- b\n\n  c\n\n- d"),
        ("3. b\n4. c\n   - d", "3. b\n4. c\n   - d"),
        ("> a\n>\n> b\n\nc", "> a\n>\n> b\n\nc"),
        ("> - a\n> - b", "> - a\n> - b"),
        ("See [text](/a), please.", "See text, please.\nhttps://rivers.example/a"),
        (
            "[a](/a), [b](/b) and [again](/a)",
            "a [1], b [2] and again [1]\n[1] https://rivers.example/a\n[2] https://rivers.example/b",
        ),
        ("- [a](/a)\n- [b](/b)", "- a\n  https://rivers.example/a\n- b\n  https://rivers.example/b"),
        ("> 1. [a](/a)", "> 1. a\n>    https://rivers.example/a"),
        ("- - a\n  - b", "- - a\n  - b"),
        ("-\n- b", "-\n- b"),
        ("1.\n2. > b", "1.\n2. > b"),
        ("0. b", "0. b"),
        ("[![a *bridge*](https://a.example/b.png)](/a)", "[a bridge]\nhttps://rivers.example/a"),
        ("<b>a</b><br>c <a href=/a>d</a>", "a\nc d\nhttps://rivers.example/a"),
        ("<https://a.example>", "https://a.example"),
        ("[write](mailto:a@b.example)", "write\na@b.example"),
        ("<a@b.example>", "a@b.example"),
        ("![a bridge](https://a.example/b.png)", "[a bridge]"),
        ("```\nx  y\n```", "x  y"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("| a | b |\n|---|---|\n| cc | d |\n\ne", "a  | b\n---+--\ncc | d\n\ne"),
        ("| 도시 | b |\n|---|---|\n| c | [d](/e) |", "도시 | b\n-----+--\nc    | d\nhttps://rivers.example/e"),
        (
            f"| City | What |\n|---|---|\n| Seoul | {'word ' * 14}|\n| Cairo | |",
            f"City: Seoul\nWhat: {'word ' * 12}word\nword\n\nCity: Cairo\nWhat",
        ),
        (f"{'> ' * 30}{'word ' * 10}", f"{'> ' * 15}> {('word ' * 8).strip()}\n{'> ' * 15}> word word"),
        ("", ""),
    ],
)
def test_text(source, expected):
    """Lists, quotes, links and tables keep their meaning without markup."""
    assert prose(source).text == expected


def test_addresses_keep_their_order_in_right_to_left_text():
    """One on a line of its own needs no marks; one in a sentence is isolated, its closing mark kept out of it."""
    text = prose("Metropolis: [نص](/a)", tag="ar").text
    assert text == "\u200fMetropolis: نص\nhttps://rivers.example/a"
    assert prose("انظر <https://a.example>.", tag="ar").text == "انظر \u2066https://a.example\u00a0\u2069."


def test_every_line_of_right_to_left_text_runs_from_the_right():
    """Each line is a paragraph to a mail program: one that would begin with a Latin name gets its direction."""
    for line in prose("كلمة Valmora Metropolis " * 12, tag="ar").text.splitlines():
        assert line[0] == "\u200f" or "\u0600" <= line[0] <= "\u06ff"


def test_overrides_are_left_out():
    """They would turn the rest of the line around, and are never needed, however they are written."""
    assert prose("a \u202eb&#x202e;c\u202c").text == "a bc"
    assert "\u202e" not in prose("a \u202eb&#x202e;c\u202c [d\u202e](/a '\u202e')").html({})


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("one two three", 7, "one two\nthree"),
        ("강변 포럼이 열립니다", 10, "강변\n포럼이\n열립니다"),
        ("河流城市通讯。河岸", 10, "河流城市通\n讯。河岸"),
        ("河流城市通。讯", 10, "河流城市\n通。讯"),
        ("see https://a.example/very/long now", 10, "see\nhttps://a.example/very/long\nnow"),
        ("नेपाली नदी", 10, "नेपाली नदी"),
        ("河流城市「通讯」", 10, "河流城市\n「通讯」"),
        ("葛\U000e0100葛\U000e0100葛\U000e0100", 10, "葛\U000e0100葛\U000e0100葛\U000e0100"),
        ("葛\u3099" * 6, 10, "葛\u3099" * 5 + "\n葛\u3099"),
        ("\u2066one two three\u2069 fours", 10, "\u2066one two\u2069\n\u2066three\u2069\nfours"),
        ("a\u2069 \u2067b", 10, "a \u2067b\u2069"),
        ("", 10, ""),
    ],
)
def test_wrap(text, columns, expected):
    """Lines break at spaces, in Chinese and Japanese anywhere but before a full stop; addresses stay whole."""
    assert wrap(text, columns) == expected


@given(st.text(alphabet="ab नेपा 한국 河流。🚣\u200d\n"), st.integers(min_value=10, max_value=80))
def test_wrap_loses_nothing(text, columns):
    """Wrapping only changes white space, and only a piece that cannot be broken is longer than the line."""
    wrapped = wrap(text, columns)
    assert "".join(wrapped.split()) == "".join(text.split())
    for line in wrapped.split("\n"):
        assert width(line) <= columns or " " not in line.strip(" ")


WORDS = st.sampled_from(
    (
        *(
            "river",
            "cities",
            "München",
            "d’eau",
            "«ville»",
            "مدن",
            "الأنهار",
            "گفت\u200cوگو",
            "강변",
            "도시들이",
            "नदी",
        ),
        *("शहरहरू", "河流城市。", "都市（東京）", "🚣\u200d♀️", "\u2067אב\u2069", "\u2066x", "<b>y</b>", "2-3", "a|b"),
    )
)
ADDRESSES = st.text("ab20/-", max_size=90).map(lambda path: f"https://rivers.example/{path}x")
PHRASES = st.lists(WORDS, min_size=1, max_size=25).map(" ".join)
LINKS = st.tuples(PHRASES, ADDRESSES).map(lambda link: f"[{link[0]}](<{link[1]}>)")
LINES = st.lists(PHRASES | LINKS, min_size=1, max_size=5).map(" ".join)
BLOCKS = st.recursive(
    LINES | LINES.map(lambda line: f"## {line}") | LINES.map(lambda line: f"| {line} | b |\n|--|--|\n| c | {line} |"),
    lambda inner: (
        inner.map(lambda text: "- " + text.replace("\n", "\n  "))
        | inner.map(lambda text: "1. " + text.replace("\n", "\n   "))
        | inner.map(lambda text: "> " + text.replace("\n", "\n> "))
    ),
    max_leaves=4,
)


@pytest.mark.parametrize("tag", ["en", "ar", "ko"])
@given(blocks=st.lists(BLOCKS, min_size=1, max_size=5))
def test_the_text_part_keeps_its_promises(tag, blocks):
    """No line over 78 columns but for one long word, every address whole on one line, no word lost, no mark open."""
    source = "\n\n".join(blocks)
    text = prose(source, tag=tag).text
    lines = text.split("\n")
    for line in lines:
        assert width(line) <= 78 or len(line.strip("> ").split()) <= 2
        assert len(re.findall("[\u2066\u2067\u2068]", line)) == line.count("\u2069")
    for address in re.findall(r"\]\(<(.+?)>\)", source):
        assert any(line.endswith(address) for line in lines)
    seen = re.sub(r"[\s>\u2066-\u2069\u200e\u200f]", "", text)
    for word in set(re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^<>]*>", " ", source))):
        assert word in seen


@given(st.text(alphabet=st.characters(codec="utf-8")) | st.text(alphabet="[]()<>!*_`#>-| \n&;\"'ab:/1."))
def test_any_markdown_has_a_text(source):
    """Whatever people type, and no placeholder of ours is left in it."""
    try:
        text = prose(source, tag="fa").text
    except ContentError:
        return
    assert "\0" not in text
