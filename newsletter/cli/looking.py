"""Commands that show what readers would get."""

import sys
from pathlib import Path

import click

from newsletter import display
from newsletter.cli.options import as_json, issue_argument, language_option


@click.command()
@issue_argument
@click.option("--output", "-o", default="build", show_default=True, help="Where the files go.")
@click.pass_obj
def build(folder: Path, issue: str | None, output: str) -> None:
    """Write the HTML, text and pictures of what may be sent.

    Merge fields, such as the reader's name, are empty in them. The output folder is laid out as below base_url of
    newsletter.toml, so that it can be uploaded there as it is.
    """
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    for path in newsletter.build(newsletter.issue(issue), Path(output)):
        click.echo(path)


@click.command()
@issue_argument
@language_option
@as_json
@click.pass_obj
def check(folder: Path, issue: str | None, languages: tuple[str, ...], as_json: bool) -> None:
    """Look for what mail programs and readers would stumble over.

    Every finding names its file and line and what to do. The exit code is 1 where a mail must not go out like that.
    """
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    chosen = newsletter.issue(issue)
    found = newsletter.check(chosen, languages=languages or None)
    if as_json:
        display.json(found)
    else:
        display.title(chosen)
        display.findings(found)
    if any(each.level == "fail" for findings in found.values() for each in findings):
        sys.exit(1)


@click.command()
@issue_argument
@click.option("--port", default=8025, show_default=True, type=click.IntRange(1, 65535), help="Where it listens.")
@click.pass_obj
def preview(folder: Path, issue: str | None, port: int) -> None:
    """Serve every language on 127.0.0.1 until Ctrl+C."""
    from newsletter import Newsletter
    from newsletter.web import preview as desk

    newsletter = Newsletter.open(folder)
    chosen = newsletter.issue(issue)
    desk.check(port)
    display.say("Stop with Ctrl+C. Open in the browser:")
    display.command(f"http://{desk.HOST}:{port}/{chosen.id}/")
    desk.serve(newsletter, port=port)
