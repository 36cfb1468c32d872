"""The command line: parse, call ``Newsletter``, print."""

import getpass
import sys
from pathlib import Path
from typing import NoReturn

import click

from newsletter import display
from newsletter.errors import NewsletterError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="newsletter")
@click.option("--folder", "-C", default=".", show_default=True, help="The folder with newsletter.toml.")
@click.pass_context
def cli(context: click.Context, folder: str) -> None:
    """Translate, review, render and send a multilingual newsletter."""
    context.obj = Path(folder)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line; every error of ours becomes one sentence on stderr and its exit code."""
    try:
        cli.main(arguments, prog_name="newsletter")
    except NewsletterError as error:
        display.fail(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        # A folder that cannot be written, a full disk: nothing that the library could say better.
        display.fail(f"{error.filename or 'a file'}: {error.strerror}. Correct that and try again.")
        sys.exit(2)
    sys.exit(0)


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
issue_argument = click.argument("issue", required=False)


@cli.command()
@click.argument("target", default="newsletter-demo")
def demo(target: str) -> None:
    """Make a sample newsletter in the folder TARGET, translate it and send it into a local Maildir."""
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


@cli.command()
@click.argument("target", default=".")
def init(target: str) -> None:
    """Make a working newsletter in the empty or new folder TARGET."""
    from newsletter import Newsletter

    made = Newsletter.create(target)
    display.say(f"Made a newsletter in {made.config.folder}. Edit newsletter.toml, members.csv and the issue, then:")
    display.command(f"{display.again(Path(target))} preview")


@cli.command("import")
@click.argument("file")
@click.option("--issue", help="The issue it belongs to; without it, the month of the item's date.")
@as_json
@click.pass_obj
def import_(folder: Path, file: str, issue: str | None, as_json: bool) -> None:
    """Turn pasted or PDF text in FILE into an item, repairing what is certain and flagging the rest."""
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


@cli.command()
@click.argument("issue")
@click.argument("item")
@click.option("--flag", type=click.IntRange(min=1), help="Only this flag of the item, counted from 1.")
@click.option("--by", required=True, help="Who has looked at it.")
@click.pass_obj
def acknowledge(folder: Path, issue: str, item: str, flag: int | None, by: str) -> None:
    """Accept the open flags of ITEM, so that ISSUE may be sent."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    signed = newsletter.acknowledge(newsletter.issue(issue), item, flag=flag, by=by)
    left = sum(not each.acknowledged for one in newsletter.issue(issue).items for each in one.flags)
    done = f"{len(signed)} acknowledged by {by}" if signed else "Nothing was open"
    display.say(f"{done}; open flags left in {issue}: {left}.")


@cli.command()
@issue_argument
@click.option("--language", "-l", "languages", multiple=True, help="Only this language; may be repeated.")
@as_json
@click.pass_obj
def translate(folder: Path, issue: str | None, languages: tuple[str, ...], as_json: bool) -> None:
    """Draft what is not translated yet; drafts are marked fuzzy in the PO files."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    chosen = newsletter.issue(issue)
    with display.progress_bar() as progress:
        results = newsletter.translate(chosen, languages=languages or None, progress=progress)
    if as_json:
        display.json(results)
    else:
        display.title(chosen)
        headings = ("language", "drafted", "held back")
        display.table(headings, [(result.language, result.drafts, len(result.held)) for result in results.values()])
        for result in results.values():
            display.held(result)
    if any(result.held for result in results.values()):
        sys.exit(1)


@cli.command()
@issue_argument
@as_json
@click.pass_obj
def review(folder: Path, issue: str | None, as_json: bool) -> None:
    """Show how far the review of every language is, and what holds it."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    chosen = newsletter.issue(issue)
    reviews = newsletter.review(chosen)
    if as_json:
        display.json(reviews)
    else:
        display.title(chosen)
        display.reviews(reviews)
    if any(each.reasons for each in reviews.values()):
        sys.exit(1)


@cli.command()
@issue_argument
@click.option("--output", "-o", default="build", show_default=True, help="Where the files go.")
@click.pass_obj
def build(folder: Path, issue: str | None, output: str) -> None:
    """Write the HTML and the text of every edition that may be sent, with its merge fields empty."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    for path in newsletter.build(newsletter.issue(issue), Path(output)):
        click.echo(path)


@cli.command()
@issue_argument
@click.option("--port", default=8025, show_default=True, type=click.IntRange(1, 65535), help="Where it listens.")
@click.pass_obj
def preview(folder: Path, issue: str | None, port: int) -> None:
    """Serve every language of an issue on 127.0.0.1 until Ctrl+C."""
    from newsletter import Newsletter
    from newsletter.web import preview as desk

    newsletter = Newsletter.open(folder)
    chosen = newsletter.issue(issue)
    desk.check(port)
    display.say("Stop with Ctrl+C. Open in the browser:")
    display.command(f"http://{desk.HOST}:{port}/{chosen.id}/")
    desk.serve(newsletter, port=port)


@cli.command()
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


@cli.command()
@click.argument("hash_", metavar="HASH")
@click.option("--by", required=True, help="Who approves.")
@click.pass_obj
def approve(folder: Path, hash_: str, by: str) -> None:
    """Approve the plan with this HASH, so that send may send it and nothing else."""
    from newsletter import Newsletter

    approved = Newsletter.open(folder).approve(hash_, by=by)
    display.say(f"{approved.messages} mails of {approved.issue} approved by {approved.approved_by}. Send them with:")
    display.command(f"{display.again(folder)} send")


@cli.command()
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


@cli.command()
@click.argument("hash_", metavar="HASH")
@click.pass_obj
def cancel(folder: Path, hash_: str) -> None:
    """Stop the plan with this HASH; what of it was not sent stays unsent."""
    from newsletter import Newsletter

    stopped = Newsletter.open(folder).cancel(hash_)
    display.say(f"Cancelled. Whoever did not get {stopped.issue} from this plan may get it from a new one:")
    display.command(f"{display.again(folder)} plan {stopped.issue}")


@cli.command()
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


@cli.group(invoke_without_command=True)
@as_json
@click.pass_context
def languages(context: click.Context, as_json: bool) -> None:
    """List the newsletter's languages and the installed Argos packages; or install one."""
    if context.invoked_subcommand:
        return
    from newsletter import Newsletter

    rows = Newsletter.open(context.obj).languages()
    if as_json:
        display.json(rows)
        return
    display.table(("language", "name", "package"), [(row.language, row.name, row.package or "none") for row in rows])


@languages.command()
@click.argument("files", nargs=-1, required=True)
@click.pass_obj
def install(folder: Path, files: tuple[str, ...]) -> None:
    """Install .argosmodel FILES for this newsletter."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    for file in files:
        package = newsletter.install_package(file)
        display.say(f"Installed {package.source} → {package.target} {package.version} in {package.path}.")
