"""Members' lists in a database: what a query gives, what it may not do, and what is said where it fails."""

import sqlite3
import sys
import tracemalloc
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import plugins
from newsletter.audience.problems import Problem
from newsletter.audience.sources.sql import Sql
from newsletter.errors import AudienceError, ConfigError
from newsletter.model import Address, Subscriber
from newsletter.plugins import Folder, Plugin, Secret

PASSWORD = "v3ry/s3cret"
URL = "sqlite:///members.db"
ALL = "SELECT * FROM members ORDER BY id"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A newsletter's folder with two members in a database."""
    write(tmp_path, "id INTEGER, email, name", [(1, "ana@city.example", "Ana"), (2, "bo@city.example", None)])
    return tmp_path


def write(folder: Path, columns: str, rows: Sequence[Sequence[object]]) -> None:
    """Make the table ``members``."""
    with closing(sqlite3.connect(folder / "members.db")) as database:
        database.execute(f"CREATE TABLE members ({columns})")
        database.executemany(f"INSERT INTO members VALUES ({', '.join('?' * len(columns.split(',')))})", rows)
        database.commit()


def read(folder: Path, query: str = ALL, **columns: str) -> list[Subscriber | Problem]:
    """What the list has."""
    return list(Sql(url=URL, query=query, columns=columns, folder=Folder(folder)).rows())


def test_values_become_text(tmp_path: Path) -> None:
    """NULL is empty, whole numbers have no point, several languages stay in order; what is not ours is a field."""
    columns = "id INTEGER, Email_Address, full_name, language, tz, seats, share, since"
    row = (7, " ana@city.example ", "Ana", "ca;es", "Europe/Madrid", 3.0, 0.25, None)
    write(tmp_path, columns, [row])
    assert read(tmp_path) == [
        Subscriber(
            address=Address(email="ana@city.example", name="Ana"),
            languages=("ca", "es"),
            timezone="Europe/Madrid",
            fields={"id": "7", "seats": "3", "share": "0.25", "since": ""},
            line=1,
        )
    ]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT correo AS email FROM people",
        "SELECT correo AS 'E-mail Address' FROM people;",
        "WITH some AS (SELECT correo FROM people) SELECT correo AS mail FROM some -- all",
        "SELECT correo AS email FROM people WHERE correo LIKE '%@%' AND correo <> ':name'",
    ],
)
def test_queries(tmp_path: Path, query: str) -> None:
    """Whatever gives rows is a list, and signs that drivers fill in mean nothing."""
    with closing(sqlite3.connect(tmp_path / "members.db")) as database:
        database.execute("CREATE TABLE people AS SELECT 'ana@city.example' AS correo")
    (member,) = read(tmp_path, query)
    assert isinstance(member, Subscriber)
    assert member.address.email == "ana@city.example"


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    """As in a CSV file."""
    write(tmp_path, "id, correo", [(1, "ana@city.example")])
    (member,) = read(tmp_path, email="Correo")
    assert isinstance(member, Subscriber)
    assert member.address.email == "ana@city.example"


def test_bad_rows_cost_themselves_only(tmp_path: Path) -> None:
    """No address, bytes of another encoding, a novel in a cell: each is told with its row's number."""
    rows = [
        *((1, "ana@city.example", "Ana"), (2, None, "Bo"), (3, None, None), (4, "cy@city.example", "x" * 1001)),
        (5, "dee@city.example", "Dee"),
    ]
    write(tmp_path, "id, email, name TEXT", rows)
    with closing(sqlite3.connect(tmp_path / "members.db")) as database:
        database.execute("UPDATE members SET name = CAST(x'4465e9' AS TEXT) WHERE id = 5")
        database.commit()
    ana, *problems, dee = read(tmp_path, "SELECT email, name FROM members ORDER BY id")
    assert isinstance(ana, Subscriber)
    assert [(one.kind, one.line, one.unit) for one in problems if isinstance(one, Problem)] == [
        *(("empty", 2, "row"), ("huge", 4, "row"), ("lost", 5, "row"))
    ]
    assert isinstance(dee, Subscriber)
    assert dee.address.name == "De\ufffd"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT phone FROM members", "the query failed (no such column: phone)."),
        ("SELECT email FROM elsewhere", "the query failed (no such table: elsewhere)."),
        ("SELEKT", 'the query failed (near "SELEKT": syntax error).'),
        ("SELECT id, name FROM members", "no column is named email, only: id, name."),
        ("SELECT email, name AS Email FROM members", "two columns are named 'Email'."),
        ("DELETE FROM members", "the query failed (attempt to write a readonly database)."),
        ("DROP TABLE members", "the query failed (attempt to write a readonly database)."),
        ("PRAGMA foreign_keys = ON", "the query gives no rows."),
        # The second row cannot be worked out: the list breaks off after the first.
        (
            "SELECT email, CASE id WHEN 2 THEN abs(-9223372036854775808) END AS n FROM members",
            "the query failed (integer overflow).",
        ),
    ],
)
def test_wrong_queries(folder: Path, query: str, said: str) -> None:
    """One sentence with the database's own words, nothing changed, and never a list that is too short."""
    with pytest.raises(AudienceError) as caught:
        read(folder, query)
    assert caught.value.what == said
    assert caught.value.where == str(folder / "members.db")
    assert caught.value.hint
    assert len(read(folder)) == 2


def test_a_database_that_is_none(tmp_path: Path) -> None:
    """A missing file is not made, and another file is not taken for a database."""
    with pytest.raises(AudienceError, match="there is no such file"):
        read(tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / "members.db").write_text("email,name\n" * 100)
    with pytest.raises(AudienceError, match="file is not a database"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql://news:{PASSWORD}@db.example/city", "a password does not belong into the file"),
        (f"postgresql://db.example/city?password={PASSWORD}", "a password does not belong into the file"),
        (f"mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3D{PASSWORD}", "a password does not belong into the file"),
        ("members.db", "no database address"),
        ("postgresql://db.example:port/city", "no database address"),
        ("", "no database address"),
        ("sqlite://", "no file of SQLite"),
        ("sqlite:///:memory:", "no file of SQLite"),
        ("sqlite:///members.db?mode=rwc", "no file of SQLite"),
        ("sqlite:///file:members.db", "no file of SQLite"),
        ("sqlite+aiosqlite:///members.db", "no file of SQLite"),
    ],
)
def test_addresses_that_are_refused(url: str, said: str) -> None:
    """Before anything is opened, and without the address, in which a password may stand."""
    with pytest.raises(ConfigError, match=said) as caught:
        Sql(url=url, query=ALL)
    assert PASSWORD not in str(caught.value)


def test_an_empty_query() -> None:
    """It is refused before anything is opened."""
    with pytest.raises(ConfigError, match="the query is empty"):
        Sql(url=URL, query=" ; ")


@pytest.mark.parametrize(
    ("driver", "module", "package"),
    [
        ("postgresql", "psycopg", "newsletter[postgres]"),
        ("mysql+pymysql", "pymysql", "pymysql"),
        ("mysql", "MySQLdb", "mysqlclient"),
    ],
)
def test_a_driver_that_is_missing(monkeypatch: pytest.MonkeyPatch, driver: str, module: str, package: str) -> None:
    """The package to install is named, and nothing of who would have read."""
    monkeypatch.setitem(sys.modules, module, None)
    source = Sql(url=Secret(f"{driver}://news:{PASSWORD}@db.example/city"), query=ALL)
    with pytest.raises(AudienceError) as caught:
        list(source.rows())
    assert str(caught.value) == (
        f"{driver}://db.example/city: the driver of this database is not installed ({module}). "
        f"Install it: pip install '{package}'"
    )


def test_a_kind_of_database_that_nobody_knows() -> None:
    """Its name is told, but not the rest of the address."""
    with pytest.raises(AudienceError, match="no kind of database is named 'papyrus'") as caught:
        list(Sql(url=Secret(f"papyrus://news:{PASSWORD}@db.example/city"), query=ALL).rows())
    assert PASSWORD not in str(caught.value)


def test_options_in_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is plain, relative to the newsletter's folder, or in a variable; the folder is no option."""
    monkeypatch.setenv("MEMBERS_URL", URL)
    for url in (URL, {"env": "MEMBERS_URL"}):
        options = {"url": url, "query": ALL}
        source = plugins.build(Plugin(family="sources", name="sql", options=options, folder=folder))
        assert len(list(source.rows())) == 2
        assert URL not in repr(vars(source))
    for wrong in ({"url": URL, "query": ALL, "folder": "/"}, {"url": 3, "query": ALL}, {"url": URL}):
        with pytest.raises(ConfigError):
            plugins.build(Plugin(family="sources", name="sql", options=wrong, folder=folder))


def test_a_long_list_is_not_held_in_memory(tmp_path: Path) -> None:
    """Fifty thousand rows of two hundred characters take less than a tenth of their size."""
    write(tmp_path, "id, email, note", [(n, f"r{n}@city.example", "x" * 200) for n in range(50_000)])
    source = Sql(url=URL, query=ALL, folder=Folder(tmp_path))
    tracemalloc.start()
    assert sum(1 for _ in source.rows()) == 50_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


@given(value=st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.binary())
def test_whatever_a_cell_holds(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    """Each row comes out once: as a subscriber, or as the problem that costs it."""
    folder = tmp_path_factory.mktemp("any")
    try:
        write(folder, "id, email, name, note", [(1, "ana@city.example", value, value), (2, value, "", "x")])
    except UnicodeEncodeError:  # half a surrogate pair, which SQLite does not take
        return
    rows = read(folder)
    lines = [row.line for row in rows if isinstance(row, Subscriber) or not row.kept]
    assert lines == [1, 2]
