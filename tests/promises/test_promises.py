"""What the README, CONTRIBUTING and the packaging promise."""

import importlib
import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from PIL import Image

import newsletter
from newsletter.cli import cli
from newsletter.translation.catalogs import State
from newsletter.translation.glossary import Glossary

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def python(*arguments: str, folder: Path = ROOT, **environment: str) -> str:
    """The output of a fresh Python, which must succeed."""
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_public_names_are_sorted_and_there() -> None:
    """``__all__`` is the whole public surface, and every name in it can be imported."""
    assert list(newsletter.__all__) == sorted(newsletter.__all__)
    assert set(dir(newsletter)) == set(newsletter.__all__)
    for name in newsletter.__all__:
        assert getattr(newsletter, name).__name__ == name
    with pytest.raises(AttributeError, match="Nothing"):
        newsletter.Nothing  # noqa: B018


def test_importing_costs_nothing() -> None:
    """``import newsletter`` and ``newsletter --help`` load none of the heavy libraries."""
    heavy = {"sqlalchemy", "ctranslate2", "argostranslate", "babel", "lxml", "httpx", "starlette", "jinja2", "numpy"}
    for code in ("import newsletter", "import newsletter.cli"):
        loaded = json.loads(python("-c", f"import sys, json; {code}; print(json.dumps(sorted(sys.modules)))"))
        assert heavy.isdisjoint(loaded), heavy & set(loaded)


def test_the_readme_names_every_command() -> None:
    """A command that the README does not show does not exist for a newcomer."""
    shown = set(re.findall(r"newsletter (?:-C \S+ )?([a-z]+)", README))
    assert set(cli.commands) <= shown, set(cli.commands) - shown


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_and_option_explains_itself(name: str) -> None:
    """Help for the command and for each of its options."""
    command = cli.commands[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_no_command_is_cut_off_in_the_help() -> None:
    """Each command's first sentence fits beside its name on a terminal of 80 columns."""
    for group in (cli, *(each for each in cli.commands.values() if isinstance(each, click.Group))):
        shown = CliRunner().invoke(group, ["--help"], terminal_width=80).output
        assert "..." not in shown.partition("Commands:")[2], shown


def test_the_readme_has_the_two_commands() -> None:
    """Exactly one command runs the main job and one the tests; .ci/run takes them from there."""
    commands = re.findall(r"^\$ (.+)$", README, re.MULTILINE)
    assert [command.rpartition("/")[2] for command in commands] == ["newsletter demo", "pytest"]


def test_the_scripts_in_the_readme_use_what_exists() -> None:
    """Every call on a Newsletter in the README's script is a public method."""
    script = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert script
    calls = set(re.findall(r"letter\.(\w+)\(", script[1]))
    assert {"translate", "review", "render", "plan", "send", "status"} <= calls
    assert all(hasattr(newsletter.Newsletter, call) for call in calls)


def blocks(language: str) -> list[str]:
    """The README's code blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def rows(heading: str) -> list[list[str]]:
    """The cells of the README's table with this first heading, without its head."""
    table = README.partition(f"\n| {heading} |")[2].partition("\n\n")[0].replace(r"\|", "¦")
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_the_readmes_lists_can_be_read(tmp_path: Path) -> None:
    """The examples of glossary.csv and names.csv mean what the text around them says."""
    for name, text in zip(("glossary.csv", "names.csv"), blocks("csv"), strict=True):
        (tmp_path / name).write_text(text, "utf-8")
    glossary = Glossary.load(tmp_path)
    assert glossary.note("Every member city", "es") == "glossary: member city = ciudad miembro or ciudad asociada"
    assert "not bord" in glossary.note("The riverbank", "fr")
    assert glossary.note("The LRC in Valmora", "ar").startswith("names: LRC = رابطة مدن الأنهار, Valmora = ")
    assert (glossary.keep("In Valmora", "fr"), glossary.keep("In Valmora", "ar")) == (("Valmora",), ())


def test_the_readme_names_every_state_and_engine() -> None:
    """Its tables have every state in its order, and every built-in engine with all of its options."""
    assert [row[0] for row in rows("state")] == list(State)
    engines = {row[0].strip("`"): row[2].replace("`", "").split(", ") for row in rows("engine")}
    assert set(engines) == set(PYPROJECT["project"]["entry-points"]["newsletter.engines"])
    for name, home in PYPROJECT["project"]["entry-points"]["newsletter.engines"].items():
        module, _colon, name_of_class = home.partition(":")
        taken = inspect.signature(getattr(importlib.import_module(module), name_of_class)).parameters
        assert engines[name] == list(taken), name


def test_contributing_names_every_room() -> None:
    """Each folder and module of the package stands in the table of rooms; families name their members by themselves."""
    house = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Habits")[0]
    for path in (ROOT / "newsletter").iterdir():
        if path.name.startswith("__") or path.suffix not in {"", ".py"}:
            continue
        assert re.search(rf"[`/]{re.escape(path.name)}[`/]", house), path.name
    for path in (ROOT / "newsletter" / "translation").glob("*/__init__.py"):
        assert f"translation/{path.parent.name}/" in house


def test_the_layers_hold() -> None:
    """Arrows point one way, and every module has its place."""
    linter = Path(sys.executable).parent / "lint-imports"
    ran = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_the_version_is_in_the_changelog() -> None:
    """A release is described where people look."""
    assert f"## {PYPROJECT['project']['version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_no_path_of_a_machine_in_the_texts() -> None:
    """The project speaks about the project alone."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    for name in filter(None, tracked.split("\0")):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".j2", ".po", ".pot", ".csv", ".js"} and path.is_file():
            text = path.read_text("utf-8")
            assert not re.search(r"/(?:work|root|home)/[a-z]", text), name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked where no checkout is near."""
    folder = tmp_path_factory.mktemp("wheel")
    python("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"))
    (built,) = (folder / "dist").glob("*.whl")
    python("-m", "zipfile", "-e", str(built), str(folder / "site"))
    return folder / "site"


SCRIPT = """
from newsletter import Newsletter
import newsletter

assert newsletter.__file__.startswith(SITE), newsletter.__file__
letter = Newsletter.create("metropolis", example="river-cities")
for package in sorted((letter.config.folder / "packages").glob("*.argosmodel")):
    letter.install_package(package)
issue = letter.issue("2026-11")
print(letter.translate(issue))
print(letter.review(issue))
editions = letter.render(issue)
plan = letter.plan(issue, timezone="subscriber")
report = letter.send(plan.approve(by="Inés"))
status = letter.status(issue)
print(status)
assert sorted(editions) == sorted(letter.config.publication.languages), sorted(editions)
assert (plan.messages, report.sent, letter.send_due().sent) == (12, 12, 0), report
assert sum(counts.sent for counts in status.values()) == 12, status
"""


def test_a_script_works_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """Imported in an empty folder, from the installed wheel alone: translate, review, render, plan, send, status."""
    out = python("-c", SCRIPT.replace("SITE", repr(str(wheel))), folder=tmp_path, PYTHONPATH=str(wheel))
    assert "es: 7 drafts" in out
    assert "ne: 52 reviewed" in out
    assert "es: 2 sent · " in out


def test_the_readmes_script_runs(wheel: Path, tmp_path: Path) -> None:
    """The example can be pasted as it is, and prints what its comments say."""
    found = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert found
    out = python("-c", found[1], folder=tmp_path, PYTHONPATH=str(wheel)).splitlines()
    assert out[0].startswith("es: 7 drafts · fr: 0 drafts, 7 held back · ")
    assert out[1].startswith("es: 7 draft, 45 reviewed · ")
    assert out[1].endswith("ne: 52 reviewed")
    assert out[2].startswith("ar: 1 ")


def test_the_wheel_carries_what_lies_outside_the_package(wheel: Path) -> None:
    """Templates, catalogs and examples; no tests, no training scripts."""
    for name in ("templates/default/newsletter.mjml.j2", "examples/starter/newsletter.toml", "py.typed"):
        assert (wheel / "newsletter" / name).is_file(), name
    assert {path.parts[-3] for path in (wheel / "newsletter" / "locales").glob("*/LC_MESSAGES/*.po")} >= {"ar", "pt_BR"}
    assert not (wheel / "tests").exists()
    assert not (wheel / "newsletter" / "examples" / "argos-packages").exists()


@pytest.mark.parametrize("example", sorted(path.parent.name for path in (ROOT / "examples").glob("*/newsletter.toml")))
def test_every_example_runs(example: str, tmp_path: Path) -> None:
    """A complete newsletter: it opens, renders and can be planned as it is."""
    letter = newsletter.Newsletter.create(tmp_path / example, example=example)
    issue = letter.issue()
    assert letter.render(issue)["en"].html.startswith("<!doctype html>")
    assert letter.plan(issue).messages >= 1


@pytest.mark.parametrize("name", ["en", "es", "fr", "ca", "pt-BR", "ar", "ar-EG", "fa", "ko", "ne"])
def test_the_table_of_dates_is_what_the_tests_expect(name: str) -> None:
    """The README shows dates, numbers and lists exactly as tests/samples/localisation.toml has them."""
    rows = tomllib.loads((ROOT / "tests/samples/localisation.toml").read_text("utf-8"))
    shown = [rows[name][form] for form in ("full", "within", "months", "years", "number", "list", "time")]
    assert f"| {' | '.join([f'`{name}`', *shown])} |" in README


def test_the_readmes_look_can_be_had(tmp_path: Path) -> None:
    """The README's table of a theme renders: its logo, its links, its sponsor, and the parameters of its own links."""
    (block,) = re.findall(r"```toml\n(\[newsletter\]\nutm.*?)```", README, re.DOTALL)
    utm, _, theme = block.partition("\n\n")
    newsletter.Newsletter.create(tmp_path / "letter", example="river-cities")
    path = tmp_path / "letter" / "newsletter.toml"
    text = path.read_text("utf-8").partition("[theme]")[0].replace("[newsletter]", utm, 1)
    path.write_text(text + theme, "utf-8")
    (tmp_path / "letter" / "images").mkdir()
    Image.new("RGB", (320, 80), "#0a6080").save(tmp_path / "letter" / "images" / "logo.png")
    letter = newsletter.Newsletter.open(tmp_path / "letter")
    html = letter.preview(letter.issue(), "fr").html
    for promised in ("logo.png", "https://social.example/@rivers", "Port of Valmora", "utm_campaign=2026-11"):
        assert promised in html
