"""The list of names: what is understood, and what is refused with its line."""

from pathlib import Path

import pytest

from newsletter import names
from newsletter.errors import ContentError
from newsletter.names import Name

SAMPLE = Path(__file__).parents[2] / "examples" / "river-cities" / "names.csv"


def test_names_are_read(tmp_path: Path) -> None:
    """Aliases are parted by semicolons, a language's column has its form; without a file there are none."""
    path = tmp_path / "names.csv"
    assert names.read(path) == ()
    path.write_text(
        '\ufeffName,kind,keep,fr,pt_BR,aliases\nRiver League,org,yes,Ligue,,"Liga; Lliga"\n\n,,,,,\nAda,,,,,\n',
        encoding="utf-8",
    )
    assert names.read(path) == (
        Name(name="River League", kind="organisation", keep="yes", aliases=("Liga", "Lliga"), forms=(("fr", "Ligue"),)),
        Name(name="Ada"),
    )


def test_the_columns_may_be_parted_by_semicolons(tmp_path: Path) -> None:
    """Spreadsheets in half of Europe save CSV so."""
    path = tmp_path / "names.csv"
    path.write_text('name;keep;aliases\nAda, the first;yes;"A;B"\n', encoding="utf-8")
    assert names.read(path) == (Name(name="Ada, the first", keep="yes", aliases=("A", "B")),)


def test_the_sample_is_understood() -> None:
    """The example's own list loads, in the form it had before languages got columns."""
    assert {name.kind for name in names.read(SAMPLE)} == {"organisation", "person", "place"}


@pytest.mark.parametrize(
    ("language", "form"), [("fr", "Londres"), ("fr-CA", "Londres"), ("pt-BR", "Londres!"), ("pt", ""), ("ko", "")]
)
def test_a_form_serves_the_narrower_languages(language: str, form: str) -> None:
    """What is written for French serves Canadian French, but not the other way round."""
    assert Name(name="London", forms=(("fr", "Londres"), ("pt-br", "Londres!"))).form(language) == form


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "there is no column called “name”"),
        ("nombre,kind\n", 1, "there is no column called “name”"),
        ("name,colour\n", 1, "no column can be called “colour”"),
        ("name,name\n", 1, "two columns are called “name”"),
        ("name,kind\na,person,c\n", 2, "too many cells"),
        ("name,kind\nb,\n,person\n", 3, "the cell “name” is empty"),
        ("name,kind\na,city\n", 2, "the kind “city” is unknown"),
        ("name,keep\na,no\n", 2, "the keep “no” is unknown"),
        ('name,keep\n"a,yes\n', 2, "the line is no CSV"),
    ],
)
def test_a_list_with_mistakes(tmp_path: Path, text: str, line: int, what: str) -> None:
    """A list that cannot be understood is refused with the line and the next step."""
    path = tmp_path / "names.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError, match=what) as caught:
        names.read(path)
    assert caught.value.where == f"{path}:{line}"
    assert caught.value.hint


def test_a_list_in_an_old_encoding(tmp_path: Path) -> None:
    """A file that is no UTF-8 is refused with the way to save it."""
    path = tmp_path / "names.csv"
    path.write_bytes("name\nHélène\n".encode("latin-1"))
    with pytest.raises(ContentError, match="CSV UTF-8"):
        names.read(path)
