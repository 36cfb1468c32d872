"""How anything is shown: data on stdout, words and progress on stderr, JSON for machines."""

import shlex
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

if TYPE_CHECKING:
    from newsletter.model import Issue

# Colours go off by themselves where stderr is no terminal, and only a terminal has a width to break lines at.
_words = Console(stderr=True, highlight=False, markup=False)
_words.soft_wrap = not _words.is_terminal


def say(text: str) -> None:
    """A sentence for people."""
    _words.print(text)


def warn(text: str) -> None:
    """A sentence about something that wants a person."""
    _words.print(text, style="yellow")


def fail(text: str) -> None:
    """Why the command did not do what it should."""
    _words.print(f"Error: {text}", style="red")


def command(text: str) -> None:
    """The next command to type; on stdout, so that it can be piped."""
    click.echo(text)


def again(folder: Path) -> str:
    """How the command line is called for the newsletter in ``folder``, from where the user is, as it was called."""
    typed = Path(sys.argv[0])
    found = shutil.which("newsletter")
    if typed.name == "__main__.py":
        program = "python -m newsletter"
    elif found and Path(found).resolve() == typed.resolve():
        program = "newsletter"
    else:
        program = shlex.quote(sys.argv[0])
    return program if folder == Path() else f"{program} -C {shlex.quote(str(folder))}"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """An aligned table: the first column names the row, numbers stand to the right; it fits a terminal's width."""
    rows = [list(row) for row in rows]
    cells = [[str(cell) for cell in row] for row in rows]
    console = Console(highlight=False, markup=False)
    if console.is_terminal:
        # A name such as an item's id has no spaces; it is broken at its hyphens where the other columns need the room.
        wide = [max(map(cell_len, column)) for column in zip(headings, *cells, strict=True)]
        room = max(console.width - sum(wide[1:]) - 2 * len(wide), console.width // 3)
        for row in cells:
            row[0] = "\n".join(textwrap.wrap(row[0], room))
    else:
        console.width = sys.maxsize  # a pipe has no width; nothing may be cut off in it
    made = Table(box=None, pad_edge=False, header_style="bold", show_header=any(headings))
    for position, heading in enumerate(headings):
        number = position > 0 and all(isinstance(row[position], int) for row in rows)
        made.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in cells:
        made.add_row(*row)
    console.print(made)


def json(data: object) -> None:
    """Data for machines; paths and dates as text."""
    click.echo(msgspec.json.format(msgspec.json.encode(data, enc_hook=str), indent=2).decode())


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A callable (what, done, all) that moves a bar on stderr; silent where stderr is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=_words, transient=True, disable=not _words.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def step(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield step


def title(issue: "Issue") -> None:
    """Which issue a command was about, as it may have chosen the newest by itself."""
    say(f"{issue.id}: {issue.subject}")


def plain(data: object) -> dict[str, Any]:
    """A noun as a dictionary, to add to it before it becomes JSON."""
    values: dict[str, Any] = msgspec.to_builtins(data, enc_hook=str)
    return values


def several(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
