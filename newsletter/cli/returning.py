"""Commands about what comes back: events, who must not be mailed, and who wants to know or to be forgotten."""

import getpass
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from newsletter import display
from newsletter.cli.options import as_json

if TYPE_CHECKING:
    from newsletter.delivery.suppressions import Reason

_address = click.argument("address")
_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@as_json
@click.pass_obj
def events(folder: Path, files: tuple[Path, ...], as_json: bool) -> None:
    """Ask the provider what became of the mails.

    With FILE, take in what lies there instead: a mail that came back, or a recorded call to a web address (in a file
    that ends in .http its headers, an empty line, and its body).
    """
    from newsletter import Newsletter
    from newsletter.errors import BusyError

    mailbox = Newsletter.open(folder).mailbox
    recorded = None
    if files:
        found = [event for file in files for event in mailbox.replay(file)]
        kinds = dict(Counter(str(event.kind) for event in found))
    else:
        try:
            mailbox.take_in()
        except BusyError:
            display.say("A send is running; it takes in what came back.")
        recorded = mailbox.poll() if mailbox.polls else None
        kinds = dict(recorded.new) if recorded else {}
    if as_json:
        display.json({"events": kinds, "recorded": recorded})
    elif not files and not mailbox.polls:
        display.say(
            f"The provider {mailbox.provider.name} cannot be asked; it calls a web address, if it tells anything."
        )
    else:
        display.events(kinds, recorded)


@click.group(invoke_without_command=True)
@click.pass_context
def suppressions(context: click.Context) -> None:
    """Who must not be mailed, and why.

    Without a command, everybody is listed. They are left out of every plan, and of batches that are not sent yet.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


@suppressions.command("list")
@as_json
@click.pass_obj
def list_(folder: Path, as_json: bool = False) -> None:
    """List everybody who must not be mailed, the latest first."""
    from newsletter import Newsletter

    found = Newsletter.open(folder).mailbox.suppressions()
    if as_json:
        display.json(found)
    else:
        display.suppressions(found)


@suppressions.command("add")
@_address
@click.option(
    "--reason",
    type=click.Choice(["manual", "bounced", "unsubscribed", "complained"]),
    default="manual",
    show_default=True,
    help="Why; a graver reason that is kept already stays.",
)
@click.pass_obj
def add(folder: Path, address: str, reason: str) -> None:
    """Never mail ADDRESS again."""
    from newsletter import Newsletter

    Newsletter.open(folder).mailbox.suppress(address, reason=cast("Reason", reason), by=getpass.getuser())
    display.say(f"{address} is not mailed any more.")


@suppressions.command("remove")
@_address
@click.pass_obj
def remove(folder: Path, address: str) -> None:
    """Let ADDRESS be mailed again: its owner said so.

    The provider may have a list of its own, where it stands as well.
    """
    from newsletter import Newsletter

    Newsletter.open(folder).mailbox.lift(address)
    display.say(f"{address} may be mailed again. If the provider keeps a list of its own, remove it there as well.")


@suppressions.command("import")
@_file
@click.pass_obj
def import_(folder: Path, file: Path) -> None:
    """Add everybody on a list.

    FILE is a CSV with the column email, and perhaps reason, at and source. All of it is taken or refused, and it makes
    no reason that is kept already less grave.
    """
    from newsletter import Newsletter

    number = Newsletter.open(folder).mailbox.import_suppressions(file)
    display.say(f"On the list: {number}. None of them is mailed any more.")


@suppressions.command("export")
@_file
@click.pass_obj
def export(folder: Path, file: Path) -> None:
    """Write everybody to a CSV for another tool.

    Who was erased has no address, and is left out.
    """
    from newsletter import Newsletter

    number = Newsletter.open(folder).mailbox.export_suppressions(file)
    display.say(f"{number} written to {file}.")


@click.group()
def person() -> None:
    """What is known of one person: tell it, or forget it."""


@person.command("export")
@_address
@click.pass_obj
def tell(folder: Path, address: str) -> None:
    """Print everything that the outbox knows of ADDRESS, as JSON."""
    from newsletter import Newsletter

    display.json(Newsletter.open(folder).mailbox.export(address))


@person.command()
@_address
@click.option("--yes", is_flag=True, help="Really: it cannot be taken back.")
@click.pass_obj
def erase(folder: Path, address: str, yes: bool) -> None:
    """Forget ADDRESS in every campaign, and never mail it again.

    What remains is a key that cannot be turned back into an address, so that a list which names it again is refused.
    """
    from newsletter import Newsletter

    if not yes:
        raise click.UsageError("This cannot be taken back. If it is wanted, add --yes.")
    erased = Newsletter.open(folder).mailbox.erase(address)
    mails, told = display.several(erased.messages, "mail"), display.several(erased.events, "event")
    display.say(f"{mails} and {told} no longer say whose they are. Remove {address} from the members' list as well,")
    display.say("and at the provider; old backups still name it.")
