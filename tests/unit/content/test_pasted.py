"""What becomes of a pasted text; the sample is the damaged item that the first user sent."""

from datetime import date
from pathlib import Path

import pytest

from newsletter.content import markdown, pasted
from newsletter.content.pasted import Pasted
from newsletter.errors import ContentError
from newsletter.names import Name

SAMPLES = Path(__file__).parents[2] / "samples" / "pasted"
SEOUL = (SAMPLES / "seoul-forum.txt").read_bytes()
ENDED = "The forum ended well.\n"


def flags(result: Pasted) -> set[tuple[str, int]]:
    """Kinds and lines."""
    return {(flag.kind, flag.line) for flag in result.item.flags}


def named(*names: str) -> list[Name]:
    """A list of people."""
    return [Name(name=name, kind="person") for name in names]


def test_seoul_head() -> None:
    """The chrome's label is the section, the short line the title, and Friday settles the date."""
    result = pasted.read(SEOUL)
    assert result.item.title == "Scaling up Seoul knowledge and resources to the global agenda"
    assert result.item.section == "NEWS"
    assert result.item.date == date(2017, 11, 10)
    assert "Friday" in result.reason
    assert result.dateline == "Friday 10/11/2017"
    assert pasted.issue_of(result.item) == "2017-11"


@pytest.mark.parametrize(
    ("line", "day", "stays"),
    [
        ("Friday, 10/11/2017", date(2017, 11, 10), False),
        ("Publié le vendredi 10/11/2017", date(2017, 11, 10), True),
        ("Barcelona, 10 November 2017", date(2017, 11, 10), True),
        ("The forum was on 10 November 2017.", None, True),
        ("2nd and 3rd November", None, False),
    ],
)
def test_dateline(line: str, day: date | None, stays: bool) -> None:
    """A date above the text is the item's, and what stands beside it stays in the text."""
    result = pasted.read(f"Forum\n\n{line}\n\nThe forum ended well.\n".encode())
    assert (result.item.title, result.item.date) == ("Forum", day)
    assert (line in result.item.body) is stays
    assert (result.dateline == line) is not stays


def test_seoul_body() -> None:
    """One page break is closed and the other flagged; what is not damaged stays as it is."""
    result = pasted.read(SEOUL)
    body = result.item.body
    assert "Water Management Training Program, such as" in body
    assert "the Manager of\n\nerest to continue" in body
    assert "Antonio Ramírez" in body
    assert "On 2nd and 3rd November, the Seoul" in body
    assert "NEWS" not in body
    assert "10/11/2017" not in body
    assert [(one.kind, one.line) for one in result.repairs] == [("join", 15)]
    assert flags(result) == {("name", 21), ("gap", 25), ("truncated", 25)}


@pytest.mark.parametrize(
    ("names", "shown", "repaired"),
    [
        (named(), "Hlne Jourdan", False),
        (named("Hélène Jourdan"), "Hélène Jourdan", True),
        (named("Hélène Jourdan", "Hélène Jourdan"), "Hélène Jourdan", True),
        (named("Hélène Jourdan", "Hôlàne Jourdan"), "Hlne Jourdan", False),
        (named("Hlne Jourdan"), "Hlne Jourdan", None),
    ],
)
def test_lost_accents(names: list[Name], shown: str, repaired: bool | None) -> None:
    """A name without its accented letters is repaired where exactly one name fits, else flagged, never guessed."""
    result = pasted.read(SEOUL, names=names)
    assert f"Learning, {shown}, and" in result.item.body
    repairs = [(one.line, one.before, one.after) for one in result.repairs if one.kind == "name"]
    assert repairs == ([(21, "Hlne Jourdan", "Hélène Jourdan")] if repaired else [])
    assert (("name", 21) in flags(result)) is (repaired is False)


def test_near_miss() -> None:
    """A name that is nearly one of the list is flagged and stays."""
    result = pasted.read(SEOUL, names=named("Suman Adhikari"))
    flag = next(flag for flag in result.item.flags if flag.line == 15)
    assert "Adhiakri" in flag.text
    assert "Suman Adhikari" in flag.note
    assert "Adhiakri" in result.item.body


@pytest.mark.parametrize(
    ("text", "names", "doubtful"),
    [
        ("We met Christian Schmidt, Straub and Thrasher at Phrae.", [], []),
        ("Mrs Chang and the SHRDC met in Strasbourg with Mr Youn.", [], []),
        ("We met Hlne at noon.", [], ["Hlne"]),
        ("We met Hlne at noon.", named("Hélène Jourdan"), ["Hlne"]),
        ("We met Nria at noon.", named("Núria Font"), ["Nria"]),
        ("It is paid Per head.", named("Perú"), []),
        ("We met Helene Jourdan.", named("Hélène Jourdan"), ["Helene Jourdan"]),
        ("Adhiakri spoke, then Adhikari’s aide.", named("Suman Adhikari"), ["Adhiakri"]),
        ("Change is needed, and Martins too.", named("Chang", "Ana Martin"), []),
        ("The Hlne and Hlne Jourdan.", named("Hélène Jourdan"), ["Hlne"]),
    ],
)
def test_doubtful_names(text: str, names: list[Name], doubtful: list[str]) -> None:
    """Names are doubted where the list or the sound gives a reason to, and ordinary ones are not."""
    result = pasted.read(f"Title\n\n{text}\n".encode(), names=names)
    assert [flag.text for flag in result.item.flags if flag.kind == "name"] == doubtful


LONG = "The members of the association met in the old town hall to discuss the water"


@pytest.mark.parametrize(
    ("above", "below", "joined", "kinds"),
    [
        (f"{LONG} supply", "plan for next year. A water supply plan is needed.", True, set()),
        (f"{LONG}", "supply and its price. The supply is low.", True, set()),
        (f"{LONG} of", "erest to all of them.", False, {"gap"}),
        (f"{LONG}.", "supply and its price. The supply is low.", False, set()),
        ("A short line", "supply and its price. The supply is low.", False, set()),
        (f"{LONG} and", "- supply\n- price of supply", False, set()),
        (LONG, "Program of the day. The Program is long.", False, set()),
        (f"{LONG} and the river and what it needs to be clean again", "Tomorrow is another day.", False, {"gap"}),
    ],
)
def test_page_breaks(above: str, below: str, joined: bool, kinds: set[str]) -> None:
    """A break is closed on evidence only; an unknown rest of a word is a gap, and a heading is no paragraph."""
    for gap in ("\n\n", "\n\x0c", "\n\n\x0c\n"):
        result = pasted.read(f"Title\n\nIt began.\n\n{above}{gap}{below}\n".encode())
        assert (f"{above} {below}" in result.item.body) is joined
        assert {flag.kind for flag in result.item.flags} == kinds


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("• one\n• two", "- one\n- two"),
        ("- one\n- two", "- one\n- two"),
        ("* one\n\n* two", "- one\n- two"),
        ("•\none", "- one"),
        ("1. one\n2. two", "1. one\n2. two"),
        ("3. one\n4. two\n6. three\n7. four", "3. one\n4. two\n\n6\\. three\n\n7. four"),
        ("• one\n1. two\n2. three", "- one\n\n1. two\n2. three"),
        ("* one star.", "\\* one star."),
        ("# 1 in the world.", "\\# 1 in the world."),
        ("1. May is a holiday.", "1\\. May is a holiday."),
        ("+ and - are signs.", "\\+ and - are signs."),
        ("> 5 % of *all* <b>cities</b>.", "\\> 5 % of \\*all\\* \\<b>cities\\</b>."),
        ("AT&T, snake_case and 2 * 2.", "AT&T, snake_case and 2 * 2."),
        ("&lt;b&gt; stays.", "\\&lt;b\\&gt; stays."),
        ("---", "\\---"),
    ],
)
def test_markdown_by_accident(text: str, body: str) -> None:
    """Lists become lists, and what only looks like Markdown is escaped."""
    assert pasted.read(f"Title\n\n{ENDED}\n{text}\n".encode()).item.body == f"{ENDED}\n{body}"


@pytest.mark.parametrize(
    ("text", "body", "kinds"),
    [
        (
            "The infor-\nmation is free. We like information.",
            "The information is free. We like information.",
            {"hyphen"},
        ),
        ("The infor\u00ad\nmation is free.", "The information is free.", {"hyphen"}),
        ("The city-\nwide plan is free.", "The city-wide plan is free.", set()),
        ("One\r\n\r\ntwo.", "One\n\ntwo.", set()),
        ("lâ€™UE et HÃ©lÃ¨ne.", "l’UE et Hélène.", {"characters"}),
        ("Cafe\u0301 “full” ＡＢ stays.", "Café “full” ＡＢ stays.", {"characters"}),
        ("A\x00B and \ttab.", "AB and tab.", {"characters"}),
        ("one\x0btwo.", "one\n\ntwo.", set()),
    ],
)
def test_characters_and_lines(text: str, body: str, kinds: set[str]) -> None:
    """Certain damage is undone and reported; quotation marks, full width and unknown words are left alone."""
    result = pasted.read(f"Title\n\n{text}".encode())
    assert result.item.body == body
    assert {one.kind for one in result.repairs} - {"wrapped"} == kinds


def test_wrapped_lines_run_on() -> None:
    """The lines of a PDF's text become paragraphs and list items, with every doubt at its own line."""
    result = pasted.read((SAMPLES / "pdf.txt").read_bytes())
    assert (result.item.section, result.item.date) == ("PROJECTS", date(2026, 11, 12))
    assert (
        "For nurses, bakers and hotel staff, crossing the river after that meant an expensive taxi" in result.item.body
    )
    assert "run by the City Water Office, which looks after" in result.item.body
    assert (
        "- keep the river clean, from the old harbour to the new bridge and to all of the islands" in result.item.body
    )
    assert flags(result) == {("hyphen", 10)}


def test_lines_that_are_not_wrapped_stay_apart() -> None:
    """An address of short lines, and paragraphs of one long line each, do not run together."""
    long = (
        "The forum ended well and everybody went home by train, boat or bus after a long day of talks in the old hall. "
    )
    result = pasted.read(f"Title\n\n{long}{long}\n{long}{long}\n\nAna Valadar\n1 Quay Street\n".encode())
    assert result.item.body.count("\n\n") == 3


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("Título\n\nMañana llueve.\n", "utf-8-sig"),
        ("Título\n\nMañana llueve.\n", "utf-16"),
        ("Título\r\n\r\nMañana llueve.\r\n", "utf-16-be"),
        ("Título\n\nMañana llueve.\n", "cp1252"),
    ],
)
def test_encodings(data: str, encoding: str) -> None:
    """Every usual encoding is read; the one that had to be guessed is reported."""
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    result = pasted.read(mark + data.encode(encoding))
    assert (result.item.title, result.item.body) == ("Título", "Mañana llueve.")
    assert [one.kind for one in result.repairs] == (["encoding"] if encoding == "cp1252" else [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \n\n \x0c", "no text"),
        (b"%PDF-1.7 \xe2", "pdftotext"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"PK\x03\x04word", "Word"),
        (b"{\\rtf1 x}", "rich text"),
        (b"<!DOCTYPE html><html>", "browser"),
        (b"\x00\x01\x02\x03", "no text"),
    ],
)
def test_what_is_no_text(data: bytes, said: str) -> None:
    """A file that is no text is refused in one sentence with the next step."""
    with pytest.raises(ContentError) as caught:
        pasted.read(data, where="paste.bin")
    assert said in str(caught.value)
    assert caught.value.where == "paste.bin"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "title", "section", "kinds"),
    [
        ("SEOUL FORUM\n\nThe forum ended well.", "SEOUL FORUM", "", set()),
        ("Noticias\n\nForo de Seúl\n\nEl foro terminó.", "Foro de Seúl", "Noticias", set()),
        ("Home > News\n\nForum\n\nThe forum ended.", "Forum", "", set()),
        ("10/11/2017\nForum\n\nThe forum ended.", "Forum", "", {"date"}),
        ("Monday 10/11/2017\nForum\n\nThe forum ended.", "Forum", "", {"date"}),
        ("Friday 10/11/2017\nMonday 13/11/2017\nForum\n\nThe forum ended.", "Forum", "", set()),
        ("The forum ended well.", "Untitled", "", {"title"}),
        ("Forum\n\nThe end is", "Forum", "", set()),
        ("Forum\n\nand the end is", "Forum", "", {"truncated"}),
        ("Forum\n\nMore on the site of the river league: www.rivers.example", "Forum", "", set()),
        ("Forum\n\nA lost \ufffd character.", "Forum", "", {"lost"}),
    ],
)
def test_head(text: str, title: str, section: str, kinds: set[str]) -> None:
    """Title and section are told apart from the page around them, and what is uncertain is flagged."""
    result = pasted.read(text.encode())
    assert (result.item.title, result.item.section) == (title, section)
    assert {flag.kind for flag in result.item.flags} == kinds


def test_import_writes_what_load_reads(tmp_path: Path) -> None:
    """A pasted text saved and loaded again is the same item, flags and all, and the original is kept."""
    result = pasted.read(SEOUL)
    folder = tmp_path / "2017-11"
    markdown.save(result.item, folder, original=SEOUL, original_name="seoul-forum.txt", reason=result.reason)
    issue = markdown.load(folder, language="en")
    (item,) = issue.items
    assert (item.title, item.body, item.flags) == (result.item.title, result.item.body, result.item.flags)
    assert (issue.date, issue.subject) == (result.item.date, result.item.title)
    assert (folder / "originals" / "seoul-forum.txt").read_bytes() == SEOUL
