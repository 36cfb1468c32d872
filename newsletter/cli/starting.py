"""Commands that make a newsletter."""

from pathlib import Path

import click

from newsletter import display


@click.command()
@click.argument("target", default="newsletter-demo")
def demo(target: str) -> None:
    """Make, translate and send a sample newsletter, offline.

    It is made in the new folder TARGET; its mails go into a local Maildir.
    """
    from newsletter import demo as sample

    with display.progress_bar() as progress:
        shown = sample.run(Path(target), progress=progress)
    headings = ("language", "reviewed", "drafted", "held", "sent")
    display.table(headings, [(row.language, row.reviewed, row.drafted, row.held, row.sent) for row in shown.rows])
    for note in shown.notes:
        display.say(note)
    display.say(f"{shown.sent} mails lie in {shown.outbox}: any mail program opens them.")
    display.say("See every language in the browser:")
    display.command(f"{display.again(Path(target))} preview")


@click.command()
@click.argument("target", default=".")
def init(target: str) -> None:
    """Make a working newsletter in TARGET, a new or empty folder."""
    from newsletter import Newsletter

    Newsletter.create(target)
    where = "this folder" if Path(target) == Path() else target
    display.say(f"Made a newsletter in {where}. Edit newsletter.toml, members.csv and the issue, then:")
    display.command(f"{display.again(Path(target))} preview")
