"""Members' lists in CSV: what is read, what is reported, and that nobody is lost between the two."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.audience.sources import Problem
from newsletter.audience.sources.csv import Csv
from newsletter.errors import AudienceError, ConfigError
from newsletter.model import Address, Subscriber


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the list lies."""
    return tmp_path / "members.csv"


def read(path: Path, data: str | bytes) -> tuple[list[Subscriber], list[Problem]]:
    """Subscribers and problems."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    rows = list(Csv(path=path).rows())
    return [row for row in rows if isinstance(row, Subscriber)], [row for row in rows if isinstance(row, Problem)]


def test_rows(path: Path) -> None:
    """Every column arrives where it belongs, what is not ours becomes a field, and lines are the file's."""
    people, problems = read(
        path,
        "Email,Name,Languages,Timezone,Organisation,Role,\n\n"
        'ana@city.example,"Pérez, Ana",es_MX;EN,America/Mexico_City,City, Mayor ,\n'
        "bo@city.example,,,,\n,,,,,,\n"
        'cy@city.example,Cy,"fr, ar|ko ne",,"Two\nlines",,\n'
        "dee@city.example,Dee\n",
    )
    assert not problems
    assert people[0] == Subscriber(
        address=Address(email="ana@city.example", name="Pérez, Ana"),
        languages=("es-MX", "en"),
        timezone="America/Mexico_City",
        organisation="City",
        fields={"Role": "Mayor"},
        line=3,
    )
    assert [(one.line, one.languages, one.organisation) for one in people[1:]] == [
        *((4, (), ""), (6, ("fr", "ar", "ko", "ne"), "Two\nlines"), (8, (), ""))
    ]


@pytest.mark.parametrize(
    "heading",
    [
        "email",
        "E-Mail",
        "E-mail Address",
        "address",
        "mail",
        " EMAIL ",
        '"email"',
        "name;email",
        "name\temail",
        "name|email",
        "sep=;\nname;email",
        '\n\n"sep=;"\n\nname;email',
    ],
)
def test_headings(path: Path, heading: str) -> None:
    """The e-mail column is found under its usual names, between any of the usual delimiters."""
    delimiter = next((sign for sign in "\t|;" if sign in heading.split("\n")[-1]), ",")
    cells = (
        ("Ana, Pérez" if delimiter != "," else "Ana", "ana@city.example")
        if delimiter in heading
        else ("ana@city.example",)
    )
    people, problems = read(path, f"{heading}\n{delimiter.join(cells)}\n")
    assert [one.address.email for one in people] == ["ana@city.example"]
    assert not problems


def test_aliases_keep_what_they_do_not_need(path: Path) -> None:
    """A postal address beside an e-mail column, and a city beside an organisation, become fields."""
    ((one,), problems) = read(path, "address,email,lang,tz,city,organization\nQuay 1,a@b.example,es,UTC,Rome,Liga\n")
    assert not problems
    assert (one.organisation, one.timezone, one.languages) == ("Liga", "UTC", ("es",))
    assert one.fields == {"address": "Quay 1", "city": "Rome"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("ana", "no mail address"),
        ("ana@city.example,Ana,es,,City,one more", "6 cells"),
        (f"ana@city.example,{'x' * 1001}", "longer than 1000"),
        (f"ana@city.example,{'x' * 15_000}", "longer than 1000"),
        ("ana@city.example,A\0na", "NUL"),
        ('ana@city.example,"Ana', "quotation marks"),
        ('ana@city.example,"Ana" Pérez', "quotation marks"),
        ('ana@city.example,"Ana\nBcc: x"', "line break"),
        ("ana@city.example\rBcc: x,Ana", "line break"),
        ("ana@city.example;Ana;es", "parted by semicolons, those of the first row by commas"),
        ("ana@city.example\tAna", "parted by tabs"),
    ],
)
def test_bad_rows(path: Path, row: str, said: str) -> None:
    """A bad row is reported with its line and text, and costs nobody else their mail."""
    people, problems = read(
        path,
        f'email,name,languages,timezone,organisation\nbo@city.example\n{row}\ncy@city.example,"C"\ndee@city.example\n',
    )
    assert [one.address.email for one in people] == ["bo@city.example", "cy@city.example", "dee@city.example"]
    ((problem,)) = problems
    assert (problem.line, problem.text, problem.kept) == (3, row, False)
    assert said in problem.reason


@pytest.mark.parametrize("cell", ["x" * 1_000_000, '"' + "x" * 1_000_000 + '"', "x," * 500_000, "\0" * 1_000_000])
def test_endless_rows(path: Path, cell: str) -> None:
    """A megabyte in a row costs that row, and little of it is kept."""
    people, ((problem,)) = read(path, f"email,name\nana@city.example,{cell}\nbo@city.example,Bo\n")
    assert [one.address.email for one in people] == ["bo@city.example"]
    assert problem.kind in ("huge", "cells")
    assert len(problem.text) <= 20_000
    assert len(str(problem)) < 400


@pytest.mark.parametrize(
    ("row", "said", "languages", "timezone"),
    [
        ("ana@city.example,Ana,es,Europe/Atlantis", "unknown time zone 'Europe/Atlantis'", ("es",), ""),
        ("ana@city.example,Ana,english;es,UTC", "no language has the tag english", ("es",), "UTC"),
        ("ana@city.example,Ana,xx,UTC", "no language has the tag xx", (), "UTC"),
        ("ana@city.example,P\ufffdrez,es,UTC", "character was lost", ("es",), "UTC"),
    ],
)
def test_rows_kept(path: Path, row: str, said: str, languages: tuple[str, ...], timezone: str) -> None:
    """A row with a part that cannot be used is read without that part, and reported."""
    ((one,), (problem,)) = read(path, f"email,name,languages,timezone\n{row}\n")
    assert (one.languages, one.timezone, one.line) == (languages, timezone, 2)
    assert said in problem.reason
    assert problem.kept


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(path: Path, encoding: str, end: str) -> None:
    """Lists of any system are read; the encoding that had to be guessed is reported once."""
    text = f"email;name{end}bo@city.example;Bo{end}ana@city.example;Peña{end}eva@city.example;Évà{end}"
    people, problems = read(path, text.encode(encoding))
    assert [(one.address.name, one.line) for one in people] == [("Bo", 2), ("Peña", 3), ("Évà", 4)]
    assert [(one.line, one.kept) for one in problems] == ([(3, True)] if encoding == "cp1252" else [])


def test_headings_of_their_own(path: Path) -> None:
    """Headings in any language are named once, in any letters; a legacy file's are read like its rows."""
    path.write_bytes("Adreça;Idiomes;Població;Nom\nana@city.example;ca;Girona;Anna\n".encode("cp1252"))
    columns = {"email": "adreça", "languages": "IDIOMES", "name": "Nom"}
    (one,) = Csv(path=path, columns=columns).rows()
    assert one == Subscriber(
        address=Address(email="ana@city.example", name="Anna"),
        languages=("ca",),
        fields={"Població": "Girona"},
        line=2,
    )


def test_headings_that_are_not_there(path: Path) -> None:
    """A mistake in the option is told at once, or with the file's line."""
    path.write_text("email,name\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"no 'mail'.*Its keys are: email, name"):
        Csv(path=path, columns={"mail": "email"})
    with pytest.raises(AudienceError, match=r"members\.csv:1: no column is named 'Nom'"):
        list(Csv(path=path, columns={"name": "Nom"}).rows())


def test_countries(path: Path) -> None:
    """A country is understood as a code or a name, stays a field, and is reported where it would have helped."""
    people, (problem,) = read(
        path,
        "email,languages,Country\na@b.example,,ES\nb@b.example,,south korea\nc@b.example,,Atlantis\n"
        "d@b.example,fr,Atlantis\ne@b.example,,\nf@b.example,,UK\n",
    )
    assert [one.territory for one in people] == ["ES", "KR", "", "", "", "GB"]
    assert [one.fields["Country"] for one in people] == ["ES", "south korea", "Atlantis", "Atlantis", "", "UK"]
    assert (problem.kind, problem.line, problem.kept) == ("country", 4, True)


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (None, 1, "no such file"),
        (b"", 1, "empty"),
        (b"\n \n", 1, "empty"),
        (b"\xef\xbb\xbf", 1, "empty"),
        (b"\nname,languages\nAna,es\n", 2, "named email"),
        (b"email,Phone,phone\n", 1, "two columns"),
        (b"PK\x03\x04", 1, 'source = "excel"'),
        (b"\xd0\xcf\x11\xe0", 1, 'source = "excel"'),
        (b"sep=;\n", 1, "empty"),
    ],
)
def test_no_list(path: Path, data: bytes | None, line: int, said: str) -> None:
    """A file that is no list is refused with what to do."""
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(AudienceError) as caught:
        list(Csv(path=path).rows())
    assert caught.value.where == f"{path}:{line}"
    assert said in str(caught.value)
    assert caught.value.hint


def test_a_folder_is_no_list(tmp_path: Path) -> None:
    """What the system refuses to open is said as it says it."""
    with pytest.raises(AudienceError, match="cannot be read"):
        list(Csv(path=tmp_path).rows())


def test_long_lists_are_not_held_in_memory(path: Path) -> None:
    """Ten thousand rows take memory for their fingerprints, not for themselves."""
    row = "person{}@city.example,Somebody With A Long Name,es;en,Europe/Madrid,The City Of A Thousand Bridges\n"
    text = "email,name,languages,timezone,organisation\n" + "".join(row.format(number) for number in range(10_000))
    path.write_text(text, encoding="utf-8")
    rows = Csv(path=path).rows()
    next(rows)
    tracemalloc.start()
    count = sum(1 for _ in rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 9_999
    assert peak < len(text) * 2


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200) | st.text("ab@.,;\"'\n\r\t é\0", max_size=80).map(str.encode))
def test_nobody_is_lost(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Whatever follows the heading, each @ in it comes out in a subscriber or in a problem."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"email,name\n" + data)
    rows = list(Csv(path=path).rows())
    told = " ".join(row.text if isinstance(row, Problem) else f"{row.address.email} {row.address.name}" for row in rows)
    assert told.count("@") >= data.count(b"@")
