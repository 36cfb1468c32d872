"""Commands about what is under way: look at it, stop it, let it go on, say what became of it."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter import display
from newsletter.cli.options import as_json, issue_argument

if TYPE_CHECKING:
    from newsletter.delivery.control import Resolution

_hash = click.argument("hash_", metavar="HASH")


@click.command()
@_hash
@click.pass_obj
def pause(folder: Path, hash_: str) -> None:
    """Stop the plan with this HASH until it is resumed.

    A send that is running stops after the requests that are under way.
    """
    from newsletter import Newsletter

    stopped = Newsletter.open(folder).campaigns.pause(hash_, by=getpass.getuser())
    display.say(f"Nothing more of {stopped.issue} goes out. Let it go on with:")
    display.command(f"{display.again(folder)} resume {stopped.hash[:12]}")


@click.command()
@_hash
@click.pass_obj
def resume(folder: Path, hash_: str) -> None:
    """Let a paused plan go on, whoever paused it."""
    from newsletter import Newsletter

    resumed = Newsletter.open(folder).campaigns.resume(hash_)
    display.say(f"{resumed.issue} goes on with the next:")
    display.command(f"{display.again(folder)} send")


@click.command()
@_hash
@click.pass_obj
def cancel(folder: Path, hash_: str) -> None:
    """Stop the plan with this HASH.

    What of it was not sent stays unsent, and may be planned again.
    """
    from newsletter import Newsletter

    stopped = Newsletter.open(folder).campaigns.cancel(hash_)
    display.say(f"Cancelled. Whoever did not get {stopped.issue} from this plan may get it from a new one:")
    display.command(f"{display.again(folder)} plan {stopped.issue}")


@click.command()
@click.argument("issue")
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...")
@click.option("--sent", "how", flag_value="sent", help="They arrived: the provider's own log says so.")
@click.option("--again", "how", flag_value="again", help="Send them once more, perhaps a second time; needs --yes.")
@click.option("--drop", "how", flag_value="drop", help="Give them up; a new plan may send them.")
@click.option("--yes", is_flag=True, help="With --again: somebody getting the mail twice is acceptable.")
@click.pass_obj
def resolve(folder: Path, issue: str, addresses: tuple[str, ...], how: "Resolution | None", yes: bool) -> None:
    """Say what became of the uncertain mails of ISSUE.

    Of all, or of those to some addresses. Nobody can know whether they went out, so they are never sent again by
    themselves. Most are resolved by the provider's events: newsletter events
    """
    from newsletter import Newsletter

    if how is None:
        raise click.UsageError("Say what became of them: --sent, --again or --drop.")
    if how == "again" and not yes:
        raise click.UsageError("--again may mail somebody twice. If that is acceptable, add --yes.")
    newsletter = Newsletter.open(folder)
    number = newsletter.campaigns.resolve(issue, how, by=getpass.getuser(), emails=addresses or None)
    display.say(f"{number} uncertain mails resolved.")
    if number and how == "again":
        display.command(f"{display.again(folder)} send")


@click.command()
@issue_argument
@as_json
@click.pass_obj
def status(folder: Path, issue: str | None, as_json: bool) -> None:
    """Show what was sent, what failed and what is uncertain."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    chosen = issue or newsletter.issue().id
    counts = newsletter.status(chosen)
    if not counts:
        newsletter.issue(chosen)  # nothing was planned of it; is there such an issue at all?
    campaigns = newsletter.campaigns
    uncertain, failed, plans = campaigns.uncertain(chosen), campaigns.failed(chosen), campaigns.all(chosen)
    if as_json:
        display.json(
            {"issue": chosen, "languages": counts, "uncertain": uncertain, "failed": failed, "campaigns": plans}
        )
    elif not counts:
        display.say(f"{chosen}: nothing of it was planned yet. Count who would get it:")
        display.command(f"{display.again(folder)} plan {chosen}")
    else:
        display.say(chosen)
        display.campaigns(plans)
        display.status(counts, uncertain=uncertain, failed=failed)
