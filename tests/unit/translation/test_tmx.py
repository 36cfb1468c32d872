"""TMX: what others read of us, what we read of others, and what nobody can do to us with it."""

import tempfile
from pathlib import Path

import memories
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from newsletter.errors import TranslationError
from newsletter.translation.memory import Memory, tmx
from newsletter.translation.memory.matching import Remembered

XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
        lambda char: char >= " " or char in "\t\n\r"
    ),
    max_size=40,
)
SAID = XML_TEXT.filter(str.strip)

ROWS = st.lists(
    st.builds(
        Remembered,
        source_language=st.just("en"),
        target_language=st.sampled_from(["es", "pt-BR", "fa"]),
        context=XML_TEXT,
        source=SAID,
        target=SAID,
        origin=XML_TEXT.filter(bool),
        approved=st.booleans(),
        author=XML_TEXT,
        date=st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")),
    ),
    max_size=6,
    unique_by=lambda row: (row.target_language, row.origin, row.context, row.source),
)


def row(source: str = "Hello", target: str = "Hola", **other: object) -> Remembered:
    return memories.row(source, target, **{"target_language": "es", **other})


def read(folder: Path, body: str | bytes, *, header: str = "") -> tuple[tmx.Imported, list[Remembered]]:
    """What the memory has after the import of a file."""
    path = folder / "old work.tmx"
    data = f'<tmx version="1.4"><header {header}/><body>{body}</body></tmx>' if isinstance(body, str) else body
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    memory = Memory(folder / "memory.db")
    done = tmx.read(memory, path, source="en", languages=["en", "es", "pt-BR", "zh-Hant"])
    return done, list(memory.rows())


def unit(*texts: tuple[str, str], attribute: str = "xml:lang") -> str:
    return "<tu>" + "".join(f'<tuv {attribute}="{tag}"><seg>{text}</seg></tuv>' for tag, text in texts) + "</tu>"


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_import_of_an_export_gives_the_same_rows(rows: list[Remembered]) -> None:
    """Whatever text XML can hold, nothing is lost: context, origin, approval, author and date included."""
    with tempfile.TemporaryDirectory() as folder:
        one, other = Memory(Path(folder) / "one.db"), Memory(Path(folder) / "other.db")
        one.add(rows)
        assert tmx.write(one, Path(folder) / "out.tmx", source="en") == len(rows)
        tmx.read(other, Path(folder) / "out.tmx", source="en", languages=["es", "pt-BR", "fa"])
        assert list(other.rows()) == list(one.rows())
        assert len(list(other.rows())) == len(rows)


def test_an_export_is_tmx_as_the_specification_has_it(tmp_path: Path) -> None:
    """The document type, the seven attributes of the header, and the parts of a unit in their order."""
    memory = Memory(tmp_path / "memory.db")
    memory.add([row("A < B & \x07C", "Ü\r\n“x”", approved=True, author="Inés"), row(target_language="pt-BR")])
    assert tmx.write(memory, tmp_path / "out.tmx", source="en", languages=["es"]) == 1
    tree = etree.parse(str(tmp_path / "out.tmx"))
    header, found = tree.find("header"), tree.find("body/tu")
    assert tree.docinfo.system_url == "tmx14.dtd"
    assert header is not None
    assert found is not None
    assert set(header.keys()) == {
        "creationtool", "creationtoolversion", "segtype", "o-tmf", "adminlang", "srclang", "datatype",
    }  # fmt: skip
    assert [child.tag for child in found] == ["prop", "prop", "prop", "tuv", "tuv"]
    assert [
        (each.get("{http://www.w3.org/XML/1998/namespace}lang"), each.findtext("seg")) for each in found.iter("tuv")
    ] == [
        ("en", "A < B & C"),
        ("es", "Ü\r\n“x”"),
    ]
    assert found[4].get("changedate") == "20261013T090000Z"
    assert not list(tmp_path.glob("*.tmp"))


def test_an_export_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """And leaves no half file."""
    memory = Memory(tmp_path / "memory.db")
    memory.add([row()])
    (tmp_path / "taken").mkdir()
    with pytest.raises(TranslationError, match="cannot be written"):
        tmx.write(memory, tmp_path / "taken", source="en")
    with pytest.raises(TranslationError, match="cannot be written"):
        tmx.write(memory, tmp_path / "no" / "out.tmx", source="en")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["memory.db", "taken"]


@pytest.mark.parametrize(
    ("english", "tag", "attribute", "wanted"),
    [
        ("en", "es", "xml:lang", "es"),
        ("EN-US", "ES", "xml:lang", "es"),
        ("en_GB", "es-419", "lang", "es"),
        ("en", "pt", "xml:lang", "pt-BR"),
        ("en", "zh-TW", "xml:lang", "zh-Hant"),
    ],
)
def test_the_ways_a_language_is_written(tmp_path: Path, english: str, tag: str, attribute: str, wanted: str) -> None:
    """Capitals, regions, underscores and the older attribute are understood."""
    _done, rows = read(tmp_path, unit((english, "Hello"), (tag, "X"), attribute=attribute))
    assert [(each.source_language, each.target_language, each.target) for each in rows] == [("en", wanted, "X")]


def test_a_file_of_another_tool(tmp_path: Path) -> None:
    """Its rows come from the file, are not approved, have no place in an issue, and keep their author and date."""
    body = (
        '<tu creationid="ana" creationdate="20191231T235959Z"><prop type="x-status">approved</prop>'
        '<prop type="x-context">a|b</prop><tuv xml:lang="en"><seg>Hello</seg></tuv>'
        '<tuv xml:lang="es" changeid="bea" changedate="20200101T000000Z"><seg>Hola</seg></tuv></tu>'
    )
    _done, rows = read(tmp_path, body, header='creationtool="OmegaT"')
    assert rows == [
        row(context="", origin="old work.tmx", author="bea", date="2020-01-01T00:00:00Z"),
    ]


@pytest.mark.parametrize("texts", [[("es-MX", "no"), ("es", "sí")], [("es", "sí"), ("es-MX", "no")]])
def test_a_regions_text_gives_way_to_the_languages_own(tmp_path: Path, texts: list[tuple[str, str]]) -> None:
    """Where a unit has both es-MX and es, in any order, the newsletter's es is es."""
    _done, rows = read(tmp_path, unit(("en", "yes"), *texts))
    assert [each.target for each in rows] == ["sí"]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    """Languages the newsletter lacks, another script, nonsense, and units without the source language."""
    body = unit(("en", "A"), ("de", "B"), ("zh-CN", "C"), ("es", "D")) + unit(("de", "E"), ("es", "F"))
    done, rows = read(tmp_path, body + unit(("en", "G"), ("es", " ")) + unit(("en", "H"), ("???", "I")))
    assert [each.target for each in rows] == ["D"]
    assert (done.segments, done.added, done.unsourced) == (1, 1, 1)
    assert done.skipped == {"de": 2, "zh-CN": 1, "???": 1}
    assert str(done) == (
        "1 segments, 1 of them new, 1 in ??? skipped, 2 in de skipped, 1 in zh-CN skipped, "
        "1 without the source language skipped"
    )


@pytest.mark.parametrize(
    ("segment", "text"),
    [
        ('<bpt i="1">**</bpt>bold<ept i="1">**</ept>', "**bold**"),
        ('<bpt i="1">&lt;b&gt;</bpt>bold<ept i="1">&lt;/b&gt;</ept> x', "bold x"),
        ('Dear <ph x="1">{name}</ph>, <hi type="b">you<it pos="end">&lt;br/&gt;</it></hi>!', "Dear {name}, you!"),
        ('<ph>&lt;img alt="<sub>A tree</sub>"&gt;</ph>x', "x"),
        ("a<!-- no -->b<?no no?>c<![CDATA[<d>]]>", "abc<d>"),
        (" kept\n  as is ", " kept\n  as is "),
    ],
)
def test_inline_codes_become_their_text(tmp_path: Path, segment: str, text: str) -> None:
    """Markdown and placeholders are text, another format's tags are nothing."""
    _done, rows = read(tmp_path, unit(("en", "x"), ("es", segment)))
    assert [each.target for each in rows] == [text]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "iso-8859-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """As OmegaT, Trados and old Windows tools write them."""
    name = encoding.removesuffix("-sig")
    text = (
        f'<?xml version="1.0" encoding="{name}"?><tmx><header/><body>{unit(("en", "x"), ("es", "Inés"))}</body></tmx>'
    )
    _done, rows = read(tmp_path, text.encode(encoding))
    assert [each.target for each in rows] == ["Inés"]


def test_a_namespace_and_a_document_type_are_no_harm(tmp_path: Path) -> None:
    """Other tools write both; the document type is never fetched."""
    text = (
        '<!DOCTYPE tmx SYSTEM "http://127.0.0.1:9/tmx14.dtd"><tmx xmlns="http://www.lisa.org/tmx14"><header/><body>'
        f"{unit(('en', 'x'), ('es', 'y'))}</body></tmx>"
    )
    assert len(read(tmp_path, text.encode())[1]) == 1


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
SEG = '<tmx><header/><body><tu><tuv xml:lang="en"><seg>Hello</seg></tuv><tuv xml:lang="es"><seg>{}</seg></tuv></tu>'
END = "</body></tmx>"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (f'<!DOCTYPE tmx [<!ENTITY l0 "ha">{LAUGHS}]>{SEG.format("&l9;")}{END}', "declares XML entities"),
        (f'<!DOCTYPE tmx [<!ENTITY l0 "ha">{LAUGHS}]><tmx a="&l9;"/>', "damaged"),
        (f'<!DOCTYPE tmx [<!ENTITY x SYSTEM "SECRET">]>{SEG.format("&x;")}{END}', "declares XML entities"),
        (f'<!DOCTYPE tmx [<!ENTITY % x SYSTEM "SECRET"> %x;]>{SEG.format("y")}{END}', "declares XML entities"),
        (f'<!DOCTYPE tmx SYSTEM "SECRET">{SEG.format("a &x; b")}{END}', "&x; stands for something"),
        (SEG.format("ok"), "damaged"),
        (SEG.format("ok") + "</wrong>", "damaged"),
        (SEG.format("ok") + "\x00" + END, "damaged"),
        ("", "damaged"),
        ("no xml at all", "damaged"),
        ("<html><body/></html>", "no TMX file"),
        (f"<x><header/>{SEG.format('ok')[20:]}</body></x>", "damaged|no TMX file"),
        ("<?xml version='1.0' encoding='utf-8'?>" + SEG.format("caf\udce9") + END, "damaged"),
    ],
)
def test_hostile_and_damaged_files_bring_nothing(tmp_path: Path, data: str, what: str) -> None:
    """One sentence with the file and the next step; nothing of the file is in the memory, no other file is read."""
    secret = tmp_path / "secret.txt"
    secret.write_text("<!ENTITY x 'secret'>")
    memory = Memory(tmp_path / "memory.db")
    memory.add([row()])
    path = tmp_path / "bad.tmx"
    path.write_bytes(data.replace("SECRET", secret.as_uri()).encode(errors="surrogateescape"))
    with pytest.raises(TranslationError, match=what) as error:
        tmx.read(memory, path, source="en", languages=["es"])
    assert str(path) in str(error.value)
    assert "nothing was imported" in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert list(memory.rows()) == [row()]


def test_a_file_damaged_at_its_end_brings_nothing(tmp_path: Path) -> None:
    """Thousands of good units before the damage are not left behind."""
    memory = Memory(tmp_path / "memory.db")
    memory.add([row()])
    path = tmp_path / "cut.tmx"
    path.write_text("<tmx><header/><body>" + "".join(unit(("en", f"{n}"), ("es", "x")) for n in range(3000)))
    with pytest.raises(TranslationError, match="damaged"):
        tmx.read(memory, path, source="en", languages=["es"])
    assert list(memory.rows()) == [row()]


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    """With the name to check."""
    with pytest.raises(TranslationError, match=r"cannot be read.*Check its name"):
        tmx.read(Memory(tmp_path / "memory.db"), tmp_path / "no.tmx", source="en", languages=["es"])
