"""Members' lists in workbooks: what cells show is what counts, and a damaged workbook is told, never half read."""

import datetime
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.datavalidation import DataValidation

from newsletter.audience.problems import Problem
from newsletter.audience.sources.excel import Excel
from newsletter.errors import AudienceError
from newsletter.model import Address, Subscriber


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the list lies."""
    return tmp_path / "members.xlsx"


def save(path: Path, rows: Iterable[Sequence[Any]], **sheets: Iterable[Sequence[Any]]) -> Path:
    """A workbook with these rows on its first sheet, and further sheets."""
    book = openpyxl.Workbook()
    for title, content in {"Members": rows, **sheets}.items():
        sheet = book.active if title == "Members" else book.create_sheet(title)
        sheet.title = title
        for row in content:
            sheet.append(row)
    book.save(path)
    return path


def edit(path: Path, change: Callable[[str], str], name: str = "xl/worksheets/sheet1.xml") -> None:
    """Change the XML of a part of the workbook, as another program would have written it."""
    with zipfile.ZipFile(path) as file:
        parts = {each: file.read(each) for each in file.namelist()}
    parts[name] = change(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for each, data in parts.items():
            file.writestr(each, data)


def read(path: Path, **options: Any) -> tuple[list[Subscriber], list[Problem]]:
    """Subscribers and problems."""
    rows = list(Excel(path=path, **options).rows())
    return [row for row in rows if isinstance(row, Subscriber)], [row for row in rows if isinstance(row, Problem)]


def test_rows(path: Path) -> None:
    """Columns are found by the usual names, the rest are fields, and rows are numbered as the program shows them."""
    save(
        path,
        [
            (),
            ("E-Mail ", "Name", "Languages", "Time zone", "Country", "City", "Role", None),
            ("ana@city.example", "Pérez, Ana", "es_MX;EN", "America/Mexico_City", "Mexico", "Riu", " Mayor "),
            (None, None, None),
            ("bo@city.example",),
            (" BO@city.example\u00a0", "한빛"),
        ],
    )
    people, problems = read(path)
    assert not problems
    assert people[0] == Subscriber(
        address=Address(email="ana@city.example", name="Pérez, Ana"),
        languages=("es-MX", "en"),
        timezone="America/Mexico_City",
        territory="MX",
        organisation="Riu",
        fields={"Country": "Mexico", "Role": "Mayor"},
        line=3,
    )
    assert [(one.address.email, one.line) for one in people[1:]] == [("bo@city.example", 5), ("BO@city.example", 6)]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (5, "5"),
        (5.0, "5"),
        (2.5, "2.5"),
        (-0.1, "-0.1"),
        (1e15, "1000000000000000"),
        (True, "true"),
        (datetime.date(2027, 3, 17), "2027-03-17"),
        (datetime.datetime(2027, 3, 17, 18, 30), "2027-03-17 18:30"),  # noqa: DTZ001 - a cell has no zone
        (datetime.time(18, 30), "18:30"),
        (None, ""),
        ("  x ", "x"),
        ("007", "007"),
    ],
)
def test_values(path: Path, value: object, shown: str) -> None:
    """Numbers, days and times become what a person would write."""
    ((one,), problems) = read(save(path, [("email", "room"), ("ana@city.example", value)]))
    assert one.fields == {"room": shown}
    assert not problems


def test_formulas(path: Path) -> None:
    """A formula counts for the value that was saved with it, also where that is an empty text."""
    save(path, [("email", "name", "n"), ('="a"&"@b.example"', '=""', "=1+1"), ("b@b.example", "Bo", 3)])

    def calculated(xml: str) -> str:
        xml = re.sub(
            r'<c r="A2"[^>]*><f>(.*?)</f><v\s*/?>(</v>)?', r'<c r="A2" t="str"><f>\1</f><v>a@b.example</v>', xml
        )
        xml = re.sub(r'<c r="B2"[^>]*><f>(.*?)</f><v\s*/?>(</v>)?', r'<c r="B2" t="str"><f>\1</f><v></v>', xml)
        return re.sub(r'<c r="C2"[^>]*><f>(.*?)</f><v\s*/?>(</v>)?', r'<c r="C2"><f>\1</f><v>2</v>', xml)

    edit(path, calculated)
    people, problems = read(path)
    assert [(one.address.email, one.address.name, one.fields) for one in people] == [
        ("a@b.example", "", {"n": "2"}),
        ("b@b.example", "Bo", {"n": "3"}),
    ]
    assert not problems


def test_formulas_without_values(path: Path) -> None:
    """A program that saves formulas but no values is told before anybody is left out."""
    save(path, [("email", "name"), ("a@b.example", "A"), ("b@b.example", '="B"&"o"')])
    with pytest.raises(AudienceError, match=r"the formula in cell B3 was saved without its value\. Open the file"):
        read(path)


def test_errors_in_cells(path: Path) -> None:
    """What shows an error is left out and told; where it is the address, the row has none."""
    save(path, [("email", "name", "role"), ("a@b.example", "#N/A", "#REF!"), ("#NAME?", "Bo", "x"), ("c@b.example",)])
    people, problems = read(path)
    assert [(one.address.email, one.address.name, one.fields["role"]) for one in people] == [
        ("a@b.example", "", ""),
        ("c@b.example", "", ""),
    ]
    assert [(each.kind, each.line, each.kept) for each in problems] == [("value", 2, True), ("empty", 3, False)]
    assert (
        str(problems[0])
        == "row 2: there is #N/A in column B and #REF! in column C; it is left out (a@b.example; #N/A; #REF!)"
    )
    assert str(problems[1]) == "row 3: it has no address (#NAME?; Bo; x)"


def test_bad_rows(path: Path) -> None:
    """Bad rows are told with the number that the program shows, and what stands there."""
    people, problems = read(
        save(
            path,
            [
                ("email", "name"),
                ("nobody", 5),
                ("eve@bad.example", "Eve\nBcc: x"),
                ("eve@bad.example", "Eve", "more"),
                ("eve@bad.example", "x" * 1001),
                ("bo@city.example", "Bo"),
            ],
        )
    )
    assert [one.line for one in people] == [6]
    assert [(each.line, each.kind) for each in problems] == [(2, "address"), (3, "break"), (4, "cells"), (5, "huge")]
    assert str(problems[0]) == "row 2: 'nobody' is no mail address (nobody; 5)"


def test_sheets(path: Path) -> None:
    """The first sheet that is not hidden, or the one that is named."""
    save(path, [("email",), ("old@city.example",)], Board=[("email",), ("ana@city.example",)])
    assert [one.address.email for one in read(path)[0]] == ["old@city.example"]
    assert [one.address.email for one in read(path, sheet="Board")[0]] == ["ana@city.example"]
    with pytest.raises(AudienceError, match="there is no sheet 'board', only: Members, Board"):
        read(path, sheet="board")
    edit(path, lambda xml: xml.replace('name="Members"', 'name="Members" state="hidden"'), "xl/workbook.xml")
    edit(path, lambda xml: xml.replace('state="visible" state="hidden"', 'state="hidden"'), "xl/workbook.xml")
    edit(path, lambda xml: re.sub(r'(name="Members" state="hidden".*?) state="visible"', r"\1", xml), "xl/workbook.xml")
    assert [one.address.email for one in read(path)[0]] == ["ana@city.example"]


def test_headings_of_their_own(path: Path) -> None:
    """Headings in any language are named once."""
    save(path, [("Correo", "Nombre"), ("ana@city.example", "Ana")])
    ((one,), _) = read(path, columns={"email": "correo", "name": "Nombre"})
    assert one.address == Address(email="ana@city.example", name="Ana")


@pytest.mark.parametrize("size", ["A1", "A1:A2", "A1:ZZ9999", ""])
def test_sizes_that_are_wrong(path: Path, size: str) -> None:
    """How large a sheet says it is means nothing."""
    save(path, [("email", "name"), *((f"p{n}@city.example", "P") for n in range(20))])
    edit(path, lambda xml: re.sub(r'<dimension ref="[^"]*"\s*/>', f'<dimension ref="{size}"/>' if size else "", xml))
    people, problems = read(path)
    assert (len(people), problems) == (20, [])


def test_nothing_is_said_of_decoration(path: Path) -> None:
    """Lists to choose from, which the library does not keep, are no matter of ours."""
    book = openpyxl.Workbook()
    book.active.append(("email",))
    book.active.append(("ana@city.example",))
    book.active.add_data_validation(DataValidation(type="list", formula1='"a,b"', sqref="A2"))
    book.save(path)
    edit(
        path,
        lambda xml: xml.replace(
            "</worksheet>", '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>'
        ),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read(path)[0]) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "there is no such file"),
        (b"", "this is no workbook"),
        (b"email,name\n", 'write source = "csv"'),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old workbook"),
        (b"PK\x03\x04 and no more", "damaged, or of another kind"),
    ],
)
def test_no_workbook(path: Path, data: bytes | None, said: str) -> None:
    """What is no workbook is refused with what to do."""
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(AudienceError) as caught:
        read(path)
    assert said in str(caught.value)
    assert str(path) in caught.value.where
    assert caught.value.hint


def test_no_list(path: Path) -> None:
    """A workbook without a list is refused with what to do."""
    with pytest.raises(AudienceError, match="the sheet is empty"):
        read(save(path, []))
    with pytest.raises(AudienceError, match=r"row 2: no column is named email, only: Name, 2026\."):
        read(save(path, [(), ("Name", 2026), ("Ana", 1)]))
    with pytest.raises(AudienceError, match="two columns are named 'Name'"):
        read(save(path, [("email", "name", "Name")]))


def test_another_kind_of_document(path: Path) -> None:
    """A document in a ZIP file that is no workbook."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(AudienceError, match=r"damaged, or of another kind .* save it as \.xlsx"):
        read(path)


@pytest.mark.parametrize("end", [0.5, 0.9, 0.99])
def test_a_sheet_that_breaks_off(path: Path, end: float) -> None:
    """Half a list is an error, not a short list."""
    save(path, [("email",), *((f"p{n}@city.example",) for n in range(2000))])
    edit(path, lambda xml: xml[: int(len(xml) * end)])
    with pytest.raises(AudienceError, match="damaged"):
        read(path)


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1), byte=st.integers(0, 255))
def test_any_damage(tmp_path_factory: pytest.TempPathFactory, place: float, byte: int) -> None:
    """Whatever byte is wrong, the list is read whole, or one of our errors says that it is not."""
    path = save(
        tmp_path_factory.mktemp("damaged") / "members.xlsx", [("email",), *((f"p{n}@a.example",) for n in range(9))]
    )
    data = bytearray(path.read_bytes())
    data[int(place * (len(data) - 1))] = byte
    path.write_bytes(data)
    try:
        people, _ = read(path)
    except AudienceError:
        return
    assert len(people) == 9


def test_a_bomb_is_not_unpacked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that would fill the memory is refused by what it says of itself."""
    save(path, [("email",), ("ana@city.example",)])
    monkeypatch.setattr("newsletter.audience.sources.excel._LARGEST", 1000)
    with pytest.raises(AudienceError, match="unpacks to more than"):
        read(path)
