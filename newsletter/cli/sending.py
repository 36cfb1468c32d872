"""Commands that plan, approve and send."""

import getpass
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter import display
from newsletter.cli.options import as_json, issue_argument, item_option, language_option

if TYPE_CHECKING:
    from newsletter import Newsletter

_HASH = re.compile("[0-9a-f]{8,32}")
"""What a plan is approved by: its hash, or the beginning of it."""


@click.command()
@issue_argument
@click.option("--at", help="When it is due, as 2026-11-30 09:00; without it, now.")
@click.option("--timezone", default="", help="The zone of --at: an IANA name, or subscriber for each reader's own.")
@click.option("--only", type=click.Choice(["failed"]), help="Only to those whose mail of this issue failed.")
@click.option("--yes", is_flag=True, help="Approve the plan at once; for scripts.")
@as_json
@click.pass_obj
def plan(
    folder: Path, issue: str | None, at: str | None, timezone: str, only: str | None, yes: bool, as_json: bool
) -> None:
    """Count who gets what, and freeze that for approval.

    Nothing goes out before the plan is approved.
    """
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    chosen = newsletter.issue(issue)
    made = newsletter.plan(chosen, at=at, timezone=timezone, only="failed" if only else "")
    if yes:
        made = newsletter.approve(made, by=getpass.getuser())
    if as_json:
        display.json(made)
        return
    display.title(chosen)
    display.plan(made)
    display.fallbacks(newsletter.review(chosen))
    if made.approved_by:
        display.say(f"Approved by {made.approved_by}. Send it with:")
        display.command(f"{display.again(folder)} send")
    elif made.messages:
        display.say("Nothing is sent yet. Approve exactly this with:")
        display.command(f"{display.again(folder)} approve {made.hash[:12]} --by NAME")
    elif made.held:
        display.say("See what the review still needs:")
        display.command(f"{display.again(folder)} review {chosen.id}")


@click.command()
@click.argument("what", metavar="HASH|ISSUE", required=False)
@language_option
@item_option
@click.option("--as-is", is_flag=True, help="Drafts and stale translations too, unchanged: who approves has read them.")
@click.option("--by", required=True, help="The name of who approves; it is kept.")
@click.pass_obj
def approve(
    folder: Path, what: str | None, languages: tuple[str, ...], items: tuple[str, ...], as_is: bool, by: str
) -> None:
    """Approve a plan, or the translations of an issue.

    \b
    approve HASH --by NAME          the plan with this hash may be sent
    approve ISSUE --by NAME         the reviewed translations of the issue
    approve ISSUE -l es --by NAME   those into one language

    Whatever is the id of an issue is taken for one. Without HASH or ISSUE, -l, -i or --as-is approve translations of
    the newest issue. An approval holds until what it covers changes.
    """
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    of_translations = languages or items or as_is
    if not what and not of_translations:
        raise click.UsageError("Say what: the hash that plan printed, or the id of an issue to sign its translations.")
    if what and not of_translations and what not in newsletter.issues() and _HASH.fullmatch(what):
        approved = newsletter.approve(what, by=by)
        display.say(
            f"Mails of {approved.issue} approved by {approved.approved_by}: {approved.messages}. Send them with:"
        )
        display.command(f"{display.again(folder)} send")
        return
    chosen = newsletter.issue(what)
    signed = newsletter.approve_translations(
        chosen, by=by, languages=languages or None, items=items or None, as_is=as_is
    )
    display.title(chosen)
    display.signed(signed)
    if any(each.left for each in signed.values()):
        display.say("Translate what is missing, remove “fuzzy” from what is right, and approve again. What is left:")
        display.command(f"{display.again(folder)} review {chosen.id} --html")
        sys.exit(1)


@click.command()
@click.argument("issue", required=False)
@click.option(
    "--test",
    "people",
    multiple=True,
    metavar="ADDRESS",
    help="Send nothing but one mail of each language of ISSUE (the newest) to this address; may be repeated.",
)
@click.option("--late", is_flag=True, help="Also begin what was due long ago.")
@as_json
@click.pass_obj
def send(folder: Path, issue: str | None, people: tuple[str, ...], late: bool, as_json: bool) -> None:
    """Send what is approved and due.

    Made to be called again and again, by cron or by hand. Exit code 75: work is left, call it again later.
    """
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    if people:
        _try_out(newsletter, issue, people, as_json=as_json)
        return
    if issue:
        raise click.UsageError("send takes whatever is approved and due; an issue is named with --test only.")
    with display.progress_bar() as progress:
        report = newsletter.send(progress=progress, late=late)
    if as_json:
        display.json(report)
    display.report(report, figures=not as_json)
    if report.paused:
        sys.exit(2)
    if report.refused or report.stopped:
        sys.exit(1)
    sys.exit(75 if report.left else 1 if report.failed or report.uncertain else 0)


def _try_out(newsletter: "Newsletter", issue: str | None, people: tuple[str, ...], *, as_json: bool) -> None:
    chosen = newsletter.issue(issue)
    trials = newsletter.try_out(chosen, people)
    if as_json:
        display.json(trials)
    else:
        display.title(chosen)
        display.trials(trials)
    sys.exit(1 if any(trial.error for trial in trials) else 0)
