"""The command that looks at what surrounds a newsletter."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsletter import display
from newsletter.cli.options import as_json

if TYPE_CHECKING:
    from newsletter.doctor import Verdict

_STYLES = {"ok": "green", "note": "dim", "warning": "yellow", "problem": "red"}


@click.command()
@as_json
@click.pass_obj
def doctor(folder: Path, as_json: bool) -> None:
    """Look at what the newsletter relies on, before you do.

    The sender's domain (SPF, DKIM, DMARC, mailboxes), the provider's key, the web addresses, the clock, the databases,
    the disk, and secrets or members' data that others could read. Nothing is sent or changed. The exit code is 1 where
    something must be mended first.
    """
    from newsletter import Newsletter

    verdicts = Newsletter.open(folder).doctor()
    if as_json:
        display.json(verdicts)
    else:
        _show(verdicts)
    if any(verdict.level == "problem" for verdict in verdicts):
        sys.exit(1)


def _show(verdicts: Iterable["Verdict"]) -> None:
    """One row a verdict: how it stands, what was looked at, and below what was found the next step."""
    verdicts = list(verdicts)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = sys.maxsize  # a pipe has no width; what reads it counts on one line a row
    table = Table.grid(padding=(0, 2))
    between = "\n→ " if console.is_terminal else " → "
    for each in verdicts:
        found = f"{each.message}{between}{each.fix}" if each.fix else each.message
        table.add_row(Text(each.level, style=_STYLES[each.level]), each.check, Text(found, overflow="fold"))
    console.print(table)
    counts = Counter(verdict.level for verdict in verdicts)
    if problems := counts["problem"]:
        display.fail(f"{problems} {'problem' if problems == 1 else 'problems'}: mend that before anything is sent.")
    elif counts["warning"]:
        display.say("No problem was found; look at the warnings.")
    else:
        display.say("All is well.")
