"""What holds for every pasted text, whatever its bytes."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from newsletter.content import paragraphs, pasted
from newsletter.content.pasted import Pasted
from newsletter.errors import ContentError
from newsletter.names import Name

NAMES = (Name(name="Hélène Jourdan"), Name(name="Suman Adhikari", kind="person"), Name(name="박원순"))

PIECES = st.sampled_from(
    [
        *("On", "the", "river", "forum,", "Forum.", "Program", "such", "as", "Hlne", "Jourdan", "Adhiakri", "of", "OF"),
        *(
            "ciu-",
            "dad",
            "ciudad",
            "NEWS",
            "10/11/2017",
            "Friday",
            "viernes",
            "e\u0301",
            "\u0301",
            "...",
            ":",
            "!",
            "”",
        ),
        *("1.", "2.", "3)", "-", "*", "•", "#", "+", ">", "|", "~~~", "---", "===", "\\", "`a`", "*a*", "_b_", "**c**"),
        *("[d](e)", "![f]", "<b>", "</b>", "&lt;", "&amp", "http://a.example/b_c_d?", "a@b.example", "[d]: e"),
        *("HÃ©lÃ¨ne", "lâ€™UE", "ﬁne", "مدينة", "شهر", "서울", "नेपाल", "城市", "\u00a0", "\u200c", "\u00ad", "\u2028"),
        *("\x0c", "\x0b", "\x1c", "\x00", "\x85", "\ufffd", "\ufeff"),
    ]
)
TEXTS = st.lists(
    st.one_of(PIECES, st.sampled_from(["\n", "\n\n", "\r\n", " ", "-\n"]), st.text(max_size=8)), max_size=60
)


def words(text: str) -> Counter[str]:
    """How often each word occurs."""
    return Counter(paragraphs.WORD.findall(text))


def shown(body: str) -> str:
    """The words a reader sees, and a failure where Markdown would show anything but paragraphs and lists."""
    lines = []
    for token in MarkdownIt("commonmark").parse(body):
        assert token.type.removesuffix("_open").removesuffix("_close") in (
            "paragraph",
            "inline",
            "bullet_list",
            "ordered_list",
            "list_item",
        ), (token.type, body)
        if token.type == "inline":
            assert {child.type for child in token.children or []} <= {"text", "text_special"}, (token, body)
            lines.append("".join(child.content for child in token.children or []))
        if token.type == "list_item_open" and token.info:
            lines.append(token.info)
    return "\n".join(lines)


def accounted(text: str, result: Pasted) -> None:
    """Every word of ``text`` stands in the result or in a declared repair, and no other word does."""
    title = "" if any(flag.kind == "title" for flag in result.item.flags) else result.item.title
    expected = words(text)
    for repair in result.repairs:
        expected.subtract(words(repair.before))
        expected.update(words(repair.after))
    found = words("\n".join((title, result.item.section, result.dateline, shown(result.item.body))))
    assert {word: count for word, count in expected.items() if count} == dict(found)


@settings(max_examples=300, deadline=None)
@given(st.one_of(TEXTS.map("".join), TEXTS.map(" ".join), st.text()))
def test_no_word_is_lost(text: str) -> None:
    """Every word ends up in the item or in a repair, the body is plain paragraphs and lists, and lines are real."""
    try:
        result = pasted.read(text.encode(), names=NAMES)
    except ContentError:
        return
    accounted(text, result)
    last = text.count("\n") + text.count("\r") + 1
    assert all(1 <= one.line <= last for one in (*result.repairs, *result.item.flags))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(),
        TEXTS.map(lambda parts: "".join(parts).encode("utf-16")),
        TEXTS.map(lambda parts: "".join(parts).encode("cp1252", "ignore")),
    )
)
def test_any_bytes_make_an_item_or_one_clear_error(data: bytes) -> None:
    """No bytes make the import crash."""
    try:
        result = pasted.read(data, names=NAMES, where="paste.txt")
    except ContentError as error:
        told = error.where == "paste.txt" and bool(error.hint)
    else:
        told = bool(shown(result.item.body)) or not result.item.body
    assert told
