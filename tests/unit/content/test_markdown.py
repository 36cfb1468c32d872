"""Issues as folders: what is read, what is refused and where, and what importers write."""

import datetime
import string
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content import markdown
from newsletter.errors import ContentError
from newsletter.model import Flag, Image, Item

TOML = 'date = 2026-11-20\nsubject = "Forum"\n'
ITEM = "---\ntitle: Forum\n---\n\nHello.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An issue with one item."""
    issue = tmp_path / "2026-11"
    issue.mkdir()
    (issue / "issue.toml").write_text(TOML, encoding="utf-8")
    (issue / "01-forum.md").write_text(ITEM, encoding="utf-8")
    return issue


def test_load(folder: Path) -> None:
    """Every key of an issue and of an item arrives, with the line on which the body starts."""
    (folder / "issue.toml").write_text(TOML + 'preheader = "Also"\nintro = "**Dear**"\n', encoding="utf-8")
    (folder / "stone bridge.png").write_bytes(b"png")
    (folder / "01-forum.md").write_text(
        "---\ntitle: No\nsummary: 'A # b'\ndate: 2027-03-17 # why\nuntil: 2027-03-19\ntime: 9:30\nlead: true\n"
        "place: Valmora\nsection: Forum\n"
        "url: https://a.example/#x\nimage: # of it\n"
        "  src: stone bridge.png\n  alt: A bridge\n  caption: In spring\n"
        "flags:\n- {line: 3, kind: gap, text: a, note: b}\n---\n"
        "\n\nOne.\n\nTwo.\n",
        encoding="utf-8",
    )
    issue = markdown.load(folder, language="en")
    assert (issue.id, issue.date, issue.subject) == ("2026-11", datetime.date(2026, 11, 20), "Forum")
    assert (issue.preheader, issue.intro, issue.folder, issue.language) == ("Also", "**Dear**", folder, "en")
    assert issue.items == (
        Item(
            id="forum",
            language="en",
            title="No",
            summary="A # b",
            body="One.\n\nTwo.",
            date=datetime.date(2027, 3, 17),
            until=datetime.date(2027, 3, 19),
            time=datetime.time(9, 30),
            lead=True,
            place="Valmora",
            section="Forum",
            url="https://a.example/#x",
            image=Image(src="stone bridge.png", alt="A bridge", caption="In spring"),
            flags=(Flag(kind="gap", line=3, text="a", note="b"),),
            file="01-forum.md",
            line=20,
        ),
    )
    lines = issue.items[0].lines
    assert (lines["title"], lines["url"], lines["image.src"], lines["flags"]) == (2, 10, 12, 15)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_mark(folder: Path, end: str, mark: str) -> None:
    """Files of any system are read alike."""
    (folder / "01-forum.md").write_bytes((mark + ITEM.replace("\n", end)).encode())
    (item,) = markdown.load(folder, language="en").items
    assert (item.title, item.body, item.line) == ("Forum", "Hello.", 5)


def test_escaped_as_json(folder: Path) -> None:
    """A sign beyond the first 65,536 that a program wrote as two halves is one sign."""
    (folder / "01-forum.md").write_text('---\ntitle: "\\ud83c\\udf89 \\u00e9"\n---\n', encoding="utf-8")
    assert markdown.load(folder, language="en").items[0].title == "🎉 é"


def test_order(folder: Path) -> None:
    """Items come in the order that file managers show, numbers as numbers."""
    for name in ("10-ten.md", "2-two.md", "appendix.md", "1-2027-plans.md"):
        (folder / name).write_text(ITEM, encoding="utf-8")
    (folder / ".hidden.md").write_text("no item", encoding="utf-8")
    assert [item.id for item in markdown.load(folder, language="en").items] == [
        *("2027-plans", "forum", "two", "ten", "appendix")
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("Hello.", 1, "between two --- lines"),
        ("---\ntitle: x\n", 1, "--- line that ends"),
        ("---\nsummary: x\n---\n", 1, "title is missing"),
        ("---\ntitle:\n---\n", 2, "title is missing"),
        ("---\ntitle: #1 of the rivers\n---\n", 2, "double quotes"),
        ("---\nsummary: x\ntitle: Online course: trees\n---\n", 3, "double quotes"),
        ("---\ntitle: Forum #3\n---\n", 2, "double quotes"),
        ("---\ntitle: &Co opens\n---\n", 2, "double quotes"),
        ("---\ntitle: !important\n---\n", 2, "double quotes"),
        ("---\ntitle: @home\n---\n", 2, "double quotes"),
        ("---\ntitle: [a\n---\n", 3, "double quotes"),
        ("---\ntitle: x\nimage:\n\tsrc: a.png\n---\n", 4, "Begin the line with spaces."),
        ("---\ntitle: {a: b}\n---\n", 2, "a line of text"),
        ("---\ntitle: x\ntitle: y\n---\n", 3, "twice"),
        (
            "---\ntitle: x\nauthor: y\n---\n",
            3,
            "title, summary, date, until, time, place, section, url, lead, image, flags",
        ),
        ("---\ntitle: x\nDear members:\n---\n", 3, "no key 'Dear members'"),
        ("---\ntitle: x\ndate: 10/11/2017\n---\n", 3, "2026-11-20"),
        ("---\ntitle: x\ndate: 2026-02-31\n---\n", 3, "2026-11-20"),
        ("---\ntitle: x\ndate: 2026-11-20\nuntil: 2026-11-19\n---\n", 4, "last day is before the first"),
        ("---\ntitle: x\nuntil: 2026-11-19\n---\n", 3, "no first one"),
        ("---\ntitle: x\nuntil: tomorrow\n---\n", 3, "'tomorrow' is no date"),
        ("---\ntitle: x\ntime: 25:00\n---\n", 3, "'25:00' is no time"),
        ("---\ntitle: x\nlead: perhaps\n---\n", 3, "true or false"),
        ("---\ntitle: x\nimage: a.png\n---\n", 3, "keys with values"),
        ("---\ntitle: x\nimage:\n  src: a.png\n---\n", 3, "what the picture shows"),
        ("---\ntitle: x\nimage:\n  src: a.png\n  alt:\n---\n", 5, "what the picture shows"),
        ("---\ntitle: x\nimage:\n  alt: b\n  src: a.png\n---\n", 5, "no picture 'a.png'"),
        ('---\ntitle: x\nimage:\n  src: "a\\0.png"\n  alt: b\n---\n', 4, "no picture 'a\\x00.png'"),
        ('---\ntitle: x\nimage:\n  src: "a\\ud83d.png"\n  alt: b\n---\n', 4, "half a character"),
        ('---\ntitle: x\n"a\\ud83d": b\n---\n', 3, "half a character"),
        ("---\ntitle: x\nimage:\n  src: " + "a" * 300 + "\n  alt: b\n---\n", 4, "no picture 'aaa"),
        ("---\ntitle: x\nimage:\n  src: ../a.png\n  alt: b\n---\n", 4, "outside"),
        ("---\ntitle: x\nimage:\n  src: a.png\n  alt: b\n  width: 3\n---\n", 6, "src, alt"),
        ("---\ntitle: x\nflags:\n  - kind: a\n---\n", 4, "line is missing"),
        ("---\ntitle: x\nflags:\n  - kind: a\n    line: b\n---\n", 5, "a number"),
        ("---\ntitle: x\nflags: a\n---\n", 3, "a list"),
        ("---\n- a\n---\n", 1, "keys with values"),
        ("---\ntitle: a\x01b\n---\n", 2, "control character"),
        ("---\n&a title: x\n---\n", 2, "double quotes"),
        ("---\ntitle: x\nsummary: '[Note]: thanks'\n---\n", 3, "nobody would see '[Note]: thanks'"),
        ("---\ntitle: x\n---\n\na\n\n| b |\n|---|\n| c | d |\n", 9, "nobody would see 'd'"),
        ("---\na: &x [b]\nc: [*x, *x]\n---\n", 2, "double quotes"),
        ("---\n" + "a: " + "[" * 3000 + "\n---\n", 1, "nested"),
    ],
)
def test_mistakes_in_an_item(folder: Path, text: str, line: int, said: str) -> None:
    """Each mistake is refused in one sentence with its line and what to do."""
    (folder / "01-forum.md").write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        markdown.load(folder, language="en")
    assert caught.value.where == f"{folder / '01-forum.md'}:{line}"
    assert said in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (TOML + 'colour = "red"\n', 3, "date, subject, preheader, intro"),
        ('subject = "x"\n', 1, "date"),
        ("date = 2026-11-20\n", 1, "subject"),
        ('date = "10/11/2026"\nsubject = "x"\n', 1, "2026-11-20"),
        ("date = 2026-11-20\nsubject = 3\n", 2, "subject"),
        ("date = 2026-11-20\nsubject = x\n", 2, "TOML"),
        ("date = 2026-11-20\nsubject = 'x", 2, "TOML"),
        ("date = 2026-11-20\n\nsubject = ' '\n", 3, "empty"),
        (TOML + "intro = '[Note]: thanks'\n", 3, "nobody would see"),
        (TOML + "preheader = 'a\u2028b\x85'\nintro = '[Note]: thanks'\n", 4, "nobody would see"),
    ],
)
def test_mistakes_in_the_issue(folder: Path, text: str, line: int, said: str) -> None:
    """The head of an issue is refused with the line and the known keys."""
    (folder / "issue.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        markdown.load(folder, language="en")
    assert caught.value.where == f"{folder / 'issue.toml'}:{line}"
    assert said in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["01-forum.md", "issue.toml"])
def test_not_utf8(folder: Path, name: str) -> None:
    """A file in another encoding is refused with the line where it shows."""
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n# caf\xe9")
    with pytest.raises(ContentError, match="UTF-8") as caught:
        markdown.load(folder, language="en")
    assert caught.value.where.startswith(f"{folder / name}:")


def test_mistakes_in_the_folder(folder: Path, tmp_path: Path) -> None:
    """No issue, no items, two items of one id and a name with a space are each said."""
    with pytest.raises(ContentError, match="no issue here"):
        markdown.load(tmp_path, language="en")
    (folder / "02-forum.md").write_text(ITEM, encoding="utf-8")
    with pytest.raises(ContentError, match="same id 'forum'"):
        markdown.load(folder, language="en")
    (folder / "02-forum.md").rename(folder / "02-issue.md")
    with pytest.raises(ContentError, match="cannot be called 'issue'"):
        markdown.load(folder, language="en")
    (folder / "02-issue.md").rename(folder / "my forum.md")
    with pytest.raises(ContentError, match="hyphens"):
        markdown.load(folder, language="en")
    for path in folder.glob("*.md"):
        path.unlink()
    with pytest.raises(ContentError, match="no items"):
        markdown.load(folder, language="en")


def test_save(tmp_path: Path) -> None:
    """A saved item is easy to read, comes after the others, and begins a new issue where there is none."""
    item = Item(
        id="forum",
        language="en",
        title="Forum: “Seúl” 서울",
        body="Hello.",
        date=datetime.date(2017, 11, 10),
        flags=(Flag(kind="gap", line=25, text="erest", note="Text is missing."),),
    )
    path = markdown.save(item, tmp_path / "2017-11", original=b"\xff\r\n", original_name="a.txt", reason="Friday: yes")
    assert path.name == "01-forum.md"
    assert path.read_text(encoding="utf-8") == (
        "---\ntitle: 'Forum: “Seúl” 서울'\ndate: 2017-11-10  # Friday: yes\nflags:\n  - line: 25\n    kind: gap\n"
        "    text: erest\n    note: Text is missing.\n    acknowledged: ''\n---\n\nHello.\n"
    )
    assert (tmp_path / "2017-11/originals/a.txt").read_bytes() == b"\xff\r\n"
    second = markdown.save(replace(item, id="2-rivers"), path.parent, original=b"b", original_name="b.txt")
    assert second.name == "02-2-rivers.md"
    assert [one.id for one in markdown.load(path.parent, language="en").items] == ["forum", "2-rivers"]
    assert not [one for one in path.parent.rglob("*") if one.name.startswith(".")]


def test_save_replaces_nothing(folder: Path) -> None:
    """An item, a file or an original that is there already stays as it is."""
    item = Item(id="forum", language="en", title="Other")
    with pytest.raises(ContentError, match="already"):
        markdown.save(item, folder, original=b"x", original_name="x.txt", number=7)
    new = replace(item, id="rivers")
    markdown.save(new, folder, original=b"x", original_name="../x.txt")
    with pytest.raises(ContentError, match="another original"):
        markdown.save(replace(item, id="lakes"), folder, original=b"y", original_name="x.txt")
    with pytest.raises(ContentError, match="cannot be a file's name"):
        markdown.save(replace(item, id="../lakes"), folder, original=b"y", original_name="y.txt")
    assert (folder / "01-forum.md").read_text(encoding="utf-8") == ITEM
    assert (folder / "issue.toml").read_text(encoding="utf-8") == TOML
    assert (folder / "originals" / "x.txt").read_bytes() == b"x"
    assert not (folder / "03-lakes.md").exists()


LINE = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
WRITTEN = LINE.filter(bool)
BODY = LINE.map(lambda text: "\n".join(text.splitlines()).strip())


@settings(max_examples=200, deadline=None)
@given(
    item=st.builds(
        Item,
        id=st.text(string.ascii_lowercase + "-0123456789", min_size=1, max_size=12),
        language=st.just("en"),
        title=WRITTEN.filter(str.strip),
        summary=LINE,
        body=BODY,
        date=st.none() | st.dates(),
        place=LINE,
        section=LINE,
        url=LINE,
        image=st.none() | st.builds(Image, src=st.just("a.png"), alt=WRITTEN),
        flags=st.lists(
            st.builds(Flag, kind=WRITTEN, line=st.integers(1, 999), text=LINE, note=LINE, acknowledged=LINE), max_size=3
        ).map(tuple),
    ),
    reason=LINE,
)
def test_save_then_load(item: Item, reason: str) -> None:
    """Whatever an item holds, it is the same after it was saved and loaded."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "issue"
        path = markdown.save(item, folder, original=b"x", original_name="x.txt", reason=reason)
        (folder / "a.png").write_bytes(b"x")
        (read,) = markdown.load(folder, language="en").items
        assert replace(read, file="", line=1) == item
        assert path.read_text(encoding="utf-8").split("\n")[read.line - 1 :][:1] == (item.body.split("\n")[:1])


FLAGGED = """---
# kept: a comment
title:   "Forum"   # kept, too
flags:
  - kind: gap
    line: 3
    acknowledged:   # by whom?
    text: "a: b"
  - {line: 4, kind: name, acknowledged: '', text: x}
  - line: 5
    kind: truncated
  - {kind: date, line: 6}
  - line: 7
    kind: name
    acknowledged: "Ana"
---

Hello: acknowledged: ''  \r\n
"""


@pytest.mark.parametrize(
    ("flag", "signed"),
    [
        (1, [("    acknowledged:   # by whom?", "    acknowledged: 'Bo: 1'   # by whom?")]),
        (2, [("acknowledged: '', text", "acknowledged: 'Bo: 1', text")]),
        (3, [("  - line: 5\n", "  - acknowledged: 'Bo: 1'\n    line: 5\n")]),
        (4, [("{kind: date", "{acknowledged: 'Bo: 1', kind: date")]),
        (
            None,
            [
                ("    acknowledged:   # by whom?", "    acknowledged: 'Bo: 1'   # by whom?"),
                ("acknowledged: '', text", "acknowledged: 'Bo: 1', text"),
                ("  - line: 5\n", "  - acknowledged: 'Bo: 1'\n    line: 5\n"),
                ("{kind: date", "{acknowledged: 'Bo: 1', kind: date"),
            ],
        ),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_acknowledge(folder: Path, flag: int | None, signed: list[tuple[str, str]], mark: str) -> None:
    """Signing a flag changes its scalar and not one other byte, in every way to write YAML."""
    path = folder / "01-forum.md"
    path.write_bytes((mark + FLAGGED).encode())
    done = markdown.acknowledge(path, flag=flag, by=" Bo: 1 ")
    expected = mark + FLAGGED
    for before, after in signed:
        expected = expected.replace(before, after, 1)
    assert path.read_bytes().decode() == expected
    assert [one.acknowledged for one in done] == ["Bo: 1"] * len(signed)
    (item,) = markdown.load(folder, language="en").items
    assert [one for one in item.flags if one.acknowledged == "Bo: 1"] == list(done)
    assert item.flags[4].acknowledged == "Ana"


@pytest.mark.parametrize(
    ("flag", "by", "said"),
    [(5, "Bo", "Ana has acknowledged"), (6, "Bo", "no flag 6"), (0, "Bo", "no flag"), (1, " ", "nobody")],
)
def test_acknowledge_refuses(folder: Path, flag: int, by: str, said: str) -> None:
    """A flag that is not there or is signed already, and a nameless hand, leave the file as it is."""
    path = folder / "01-forum.md"
    path.write_bytes(FLAGGED.encode())
    with pytest.raises(ContentError, match=said):
        markdown.acknowledge(path, flag=flag, by=by)
    assert path.read_bytes() == FLAGGED.encode()


def test_acknowledge_nothing(folder: Path) -> None:
    """An item without open flags is not written at all."""
    before = (folder / "01-forum.md").stat().st_mtime_ns
    assert markdown.acknowledge(folder / "01-forum.md", flag=None, by="Bo") == ()
    assert (folder / "01-forum.md").stat().st_mtime_ns == before
