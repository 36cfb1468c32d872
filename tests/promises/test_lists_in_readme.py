"""What the README says of members' lists."""

import inspect
import re
import tomllib
from pathlib import Path
from typing import get_type_hints

import pytest

from newsletter import config, plugins
from newsletter.plugins import Folder, Plugin

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "README.md").read_text("utf-8").partition("## Who gets it")[2].partition("\n## ")[0]
EXAMPLES = [block for block in re.findall(r"```toml\n(.*?)```", SECTION, re.DOTALL) if "[audience" in block]


def test_every_source_and_option_is_named() -> None:
    """The table has every built-in source with all of its options, in their order."""
    rows = re.findall(r"^\| `(\w+)` \| (`.*?) \|", SECTION, re.MULTILINE)
    assert sorted(name for name, _ in rows) == plugins.names("sources")
    for name, options in rows:
        constructor = plugins.find(Plugin(family="sources", name=name)).__init__
        hints = get_type_hints(constructor)
        taken = [each for each in list(inspect.signature(constructor).parameters)[1:] if hints[each] is not Folder]
        assert re.findall(r"`(\w+)`", options) == taken, name


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: str) -> None:
    """Each example of ``[audience]`` is one that a newsletter can have."""
    monkeypatch.setenv("MEMBERS_KEY", "secret")
    heading = '[newsletter]\nname = "N"\nlanguages = ["en", "fr"]\nsender = "N <n@a.example>"\n'
    (tmp_path / config.FILE).write_text(heading + example, "utf-8")
    lists = config.load(tmp_path).audience
    assert len(lists) == max(1, sum(isinstance(each, dict) and "source" in each for each in tables(example)))
    for each in lists:
        assert plugins.build(each.source).unit


def tables(example: str) -> list[object]:
    """What stands in ``[audience]``."""
    return list(tomllib.loads(example)["audience"].values())
