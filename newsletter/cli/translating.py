"""Commands that translate and review."""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter import display
from newsletter.cli.options import as_json, issue_argument, item_option, language_option
from newsletter.errors import TranslationError

if TYPE_CHECKING:
    from newsletter.model import Issue
    from newsletter.translation.review import LanguageReview


@click.command()
@issue_argument
@language_option
@item_option
@click.option("--engine", "-e", default="", help="Another engine than newsletter.toml names, such as pseudo.")
@click.option("--again", is_flag=True, help="Also draft anew what nobody has touched since it was drafted.")
@click.option("--dry-run", is_flag=True, help="Only count what there is to do; nothing is drafted or written.")
@as_json
@click.pass_obj
def translate(
    folder: Path,
    issue: str | None,
    languages: tuple[str, ...],
    items: tuple[str, ...],
    engine: str,
    again: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Draft what is missing, for people to correct and accept.

    Drafts are marked fuzzy in the PO files. What people wrote or corrected is never touched. Exit code 1: something was
    held back, or has no engine.
    """
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    chosen = newsletter.issue(issue)
    if dry_run:
        results = newsletter.forecast(chosen, languages=languages or None, items=items or None, again=again)
    else:
        with display.progress_bar() as progress:
            results = newsletter.translate(
                chosen, languages=languages or None, items=items or None, engine=engine, again=again, progress=progress
            )
    if as_json:
        display.json(results)
    else:
        display.title(chosen)
        display.drafted(results, planned=dry_run)
        display.restored(results, f"{display.again(folder)} approve {chosen.id}")
        if not dry_run and any(result.missing for result in results.values()):
            display.say(
                f"The PO files are in {chosen.folder / 'po'}; their comments say what to look at. Side by side:"
            )
            display.command(f"{display.again(folder)} review {chosen.id} --html")
    if any(result.held for result in results.values()):
        sys.exit(1)


@click.command()
@issue_argument
@language_option
@click.option("--html", is_flag=True, help="Write a page a language: every segment side by side.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Where the pages go; otherwise beside the issue, in review/.",
)
@as_json
@click.pass_obj
def review(
    folder: Path, issue: str | None, languages: tuple[str, ...], html: bool, output: Path | None, as_json: bool
) -> None:
    """Show how far the review is, by language and item.

    Exit code 1: a language is held, that is, not sent yet.
    """
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    chosen = newsletter.issue(issue)
    if html:
        from newsletter.web import review as pages

        command = display.again(folder)
        written = pages.write(newsletter, chosen, languages=languages or None, output=output, command=command)
        if as_json:
            display.json(written)
        else:
            click.echo("\n".join(map(str, written)))
        return
    reviews = newsletter.review(chosen, languages=languages or None)
    if as_json:
        display.json(reviews)
    else:
        display.title(chosen)
        display.reviews(reviews)
        display.restored(reviews, f"{display.again(folder)} approve {chosen.id}")
        _onward(reviews, chosen, display.again(folder))
    if any(each.reasons for each in reviews.values()):
        sys.exit(1)


def _onward(reviews: "Mapping[str, LanguageReview]", issue: "Issue", program: str) -> None:
    """The next command: to draft, where nothing is; to read, while something waits; to plan, when all is done."""
    from newsletter.translation.catalogs import ACCEPTED, State

    counts = sum((Counter(each.counts) for each in reviews.values()), Counter[State]())
    if counts[State.MISSING] == counts.total() > 0:
        display.say("Nothing is translated yet. Have it drafted:")
        display.command(f"{program} translate {issue.id}")
    elif any(number for state, number in counts.items() if state not in ACCEPTED):
        display.say(f"Correct what is left in {issue.folder / 'po'} and remove its mark “fuzzy”. Side by side:")
        display.command(f"{program} review {issue.id} --html")
    else:
        display.say("Nothing is left to do. Count who gets it:")
        display.command(f"{program} plan {issue.id}")


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def languages(context: click.Context, as_json: bool) -> None:
    """List, install or remove what Argos drafts with.

    Without a command, what each language of the newsletter has and needs.
    """
    if context.invoked_subcommand:
        return
    from newsletter import Newsletter

    newsletter = Newsletter.open(context.obj)
    try:
        offered = newsletter.offers()
    except TranslationError as error:
        offered = None
        display.warn(str(error))
    needs = newsletter.languages(offered)
    if as_json:
        display.json(needs)
    else:
        display.languages(needs, offered)


@languages.command()
@click.argument("names", metavar="LANGUAGE|FILE...", nargs=-1, required=True)
@click.pass_obj
def install(folder: Path, names: tuple[str, ...]) -> None:
    """Download what a LANGUAGE needs, or install .argosmodel FILES."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    for name in names:
        if name.endswith(".argosmodel") or Path(name).exists():
            installed = [newsletter.install_package(name)]
        else:
            with display.progress_bar() as progress:
                installed = newsletter.install_language(name, progress=progress)
        for package in installed:
            display.say(f"Installed {package} in {package.path}.")
        if not installed:
            display.say(f"{name} has all it needs.")


@languages.command()
@click.argument("language")
@click.pass_obj
def remove(folder: Path, language: str) -> None:
    """Remove the packages that translate straight into LANGUAGE."""
    from newsletter import Newsletter

    for package in Newsletter.open(folder).remove_language(language):
        display.say(f"Removed {package}.")


@click.group()
def memory() -> None:
    """Exchange the translation memory with other tools, as TMX."""


@memory.command()
@click.argument("file", type=click.Path(path_type=Path))
@language_option
@click.pass_obj
def export(folder: Path, file: Path, languages: tuple[str, ...]) -> None:
    """Write what people accepted in all issues to FILE, a TMX file."""
    from newsletter import Newsletter

    number = Newsletter.open(folder).export_memory(file, languages=languages or None)
    display.say(f"{number} translations written to {file}.")


@memory.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def import_(folder: Path, file: Path) -> None:
    """Learn the translations in FILE, a TMX file."""
    from newsletter import Newsletter

    display.say(f"{Newsletter.open(folder).import_memory(file)}.")
