"""``[audience]`` in newsletter.toml: one list or several, in order, and what goes for all on one."""

from pathlib import Path

import pytest

from newsletter import config
from newsletter.errors import ConfigError

REST = """\
[newsletter]
name = "River Letter"
languages = ["en", "es"]
sender = "News <news@river-cities.example>"

"""


def load(folder: Path, audience: str) -> tuple[config.Members, ...]:
    """The lists of a newsletter whose ``[audience]`` begins on line 6."""
    (folder / config.FILE).write_text(REST + audience, "utf-8")
    return config.load(folder).audience


def test_one_list(tmp_path: Path) -> None:
    """The table alone is one list without a name, a CSV file unless it says otherwise; so is none at all."""
    (one,) = load(tmp_path, '[audience]\npath = "members.csv"\ncolumns = { email = "Correo" }\n')
    assert (one.name, one.source.name) == ("", "csv")
    assert one.source.options == {"path": "members.csv", "columns": {"email": "Correo"}}
    assert [each.source.name for each in load(tmp_path, "")] == ["csv"]


def test_several_lists(tmp_path: Path) -> None:
    """They come in the order of the file, each with its own options, languages and defaults."""
    lists = load(
        tmp_path,
        '[audience.press]\nsource = "excel"\npath = "press.xlsx"\nlanguages = ["es"]\ndefaults = { role = "Press" }\n'
        '[audience.board]\nsource = "http"\nurl = "https://a.example"\nfields = { email = "mail", url = "site" }\n',
    )
    assert [(each.name, each.source.name, each.languages, each.defaults) for each in lists] == [
        ("press", "excel", ("es",), {"role": "Press"}),
        ("board", "http", (), {}),
    ]
    assert lists[0].source.options == {"path": "press.xlsx"}
    assert lists[1].source.options == {"url": "https://a.example", "fields": {"email": "mail", "url": "site"}}
    assert lists[1].source.where.endswith("newsletter.toml:11, table [audience.board]")


def test_the_list_without_a_name_is_the_first(tmp_path: Path) -> None:
    """Wherever it stands."""
    lists = load(tmp_path, '[audience.board]\nsource = "csv"\npath = "b.csv"\n[audience]\npath = "members.csv"\n')
    assert [each.name for each in lists] == ["", "board"]


@pytest.mark.parametrize(
    ("audience", "line", "said"),
    [
        (
            '[audience.board]\npath = "b.csv"\n',
            6,
            "[audience.board] is a members' list without a source. Write source =",
        ),
        ('[audience.board]\nsource = "csv"\nlanguages = "es"\n', 8, 'Write a list, as in ["en", "es"].'),
        ('[audience.board]\nsource = "csv"\nlanguages = ["spanish"]\n', 8, "unknown language 'spanish'"),
        ('[audience.board]\nsource = "csv"\ndefaults = { role = 5 }\n', 8, "defaults"),
        ("[audience]\nsource = 5\n", 7, "source"),
    ],
)
def test_mistakes(tmp_path: Path, audience: str, line: int, said: str) -> None:
    """A mistake is told with its line."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, audience)
    assert str(caught.value).startswith(f"{tmp_path / config.FILE}:{line}: ")
    assert said in str(caught.value)
