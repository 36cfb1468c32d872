"""Commands that plan, approve and send."""

import getpass
import sys
from pathlib import Path

import click

from newsletter import display
from newsletter.cli.options import as_json, issue_argument, item_option, language_option


@click.command()
@issue_argument
@click.option("--at", help="When it is due, as 2026-11-30 09:00; without it, now.")
@click.option("--timezone", default="", help="The zone of --at: an IANA name, or subscriber for each reader's own.")
@click.option("--yes", is_flag=True, help="Approve the plan at once; for scripts.")
@as_json
@click.pass_obj
def plan(folder: Path, issue: str | None, at: str | None, timezone: str, yes: bool, as_json: bool) -> None:
    """Freeze and count what would be sent to whom; nothing goes out before the plan is approved."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    chosen = newsletter.issue(issue)
    made = newsletter.plan(chosen, at=at, timezone=timezone)
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


@click.command()
@click.argument("what", metavar="HASH|ISSUE", required=False)
@language_option
@item_option
@click.option("--as-is", is_flag=True, help="Drafts and stale translations too, unchanged: who approves has read them.")
@click.option("--by", required=True, help="Who approves.")
@click.pass_obj
def approve(
    folder: Path, what: str | None, languages: tuple[str, ...], items: tuple[str, ...], as_is: bool, by: str
) -> None:
    """Approve the plan with this HASH, or the reviewed translations of ISSUE.

    Without -l, -i or --as-is, an id of an issue approves its translations into all languages. An approval holds until
    what it covers changes.
    """
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    if not (languages or items or as_is) and what and what not in newsletter.issues():
        approved = newsletter.approve(what, by=by)
        display.say(
            f"{approved.messages} mails of {approved.issue} approved by {approved.approved_by}. Send them with:"
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
        sys.exit(1)


@click.command()
@as_json
@click.pass_obj
def send(folder: Path, as_json: bool) -> None:
    """Send what is approved and due; made to be called again and again, by cron or by hand."""
    from newsletter import Newsletter

    with display.progress_bar() as progress:
        report = Newsletter.open(folder).send(progress=progress)
    if as_json:
        display.json(report)
    display.report(report, figures=not as_json)
    if report.paused:
        sys.exit(2)
    if report.refused:
        sys.exit(1)
    sys.exit(75 if report.left else 1 if report.failed or report.uncertain else 0)


@click.command()
@click.argument("hash_", metavar="HASH")
@click.pass_obj
def cancel(folder: Path, hash_: str) -> None:
    """Stop the plan with this HASH; what of it was not sent stays unsent."""
    from newsletter import Newsletter

    stopped = Newsletter.open(folder).cancel(hash_)
    display.say(f"Cancelled. Whoever did not get {stopped.issue} from this plan may get it from a new one:")
    display.command(f"{display.again(folder)} plan {stopped.issue}")


@click.command()
@issue_argument
@as_json
@click.pass_obj
def status(folder: Path, issue: str | None, as_json: bool) -> None:
    """Show for every language what was sent, what failed and what nobody can know."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    chosen = issue or newsletter.issue().id
    counts = newsletter.status(chosen)
    if not counts:
        newsletter.issue(chosen)  # nothing was planned of it; is there such an issue at all?
    uncertain, failed = newsletter.uncertain(chosen), newsletter.failed(chosen)
    if as_json:
        display.json({"issue": chosen, "languages": counts, "uncertain": uncertain, "failed": failed})
    else:
        display.say(chosen)
        display.status(counts, uncertain=uncertain, failed=failed)
