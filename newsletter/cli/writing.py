"""Commands that bring content in."""

import sys
from pathlib import Path

import click

from newsletter import display
from newsletter.cli.options import as_json


@click.command("import")
@click.argument("file")
@click.option("--issue", help="The issue it belongs to; without it, the month of the item's date.")
@as_json
@click.pass_obj
def import_(folder: Path, file: str, issue: str | None, as_json: bool) -> None:
    """Turn the pasted or PDF text in FILE into an item.

    What is certain is repaired, the rest flagged. Exit code 1: there are flags; nothing of the issue is sent before
    somebody acknowledges them.
    """
    from newsletter import Newsletter

    imported = Newsletter.open(folder).import_item(file, issue=issue)
    found, item = imported.pasted, imported.pasted.item
    if as_json:
        display.json({"issue": imported.issue, "path": imported.path, **display.plain(found)})
        sys.exit(1 if item.flags else 0)
    display.imported(imported)
    if item.flags:
        display.say("Sending is refused until the flags are acknowledged. Correct the item, then:")
        display.command(f"{display.again(folder)} acknowledge {imported.issue} {item.id} --by NAME")
        sys.exit(1)


@click.command()
@click.argument("issue")
@click.argument("item")
@click.option("--flag", type=click.IntRange(min=1), help="Only this flag of the item, counted from 1.")
@click.option("--by", required=True, help="Who has looked at it.")
@click.pass_obj
def acknowledge(folder: Path, issue: str, item: str, flag: int | None, by: str) -> None:
    """Accept the flags of ITEM, so that ISSUE may be sent."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    signed = newsletter.acknowledge(newsletter.issue(issue), item, flag=flag, by=by)
    left = sum(not each.acknowledged for one in newsletter.issue(issue).items for each in one.flags)
    done = f"{len(signed)} acknowledged by {by}" if signed else "Nothing was open"
    display.say(f"{done}; open flags left in {issue}: {left}.")
