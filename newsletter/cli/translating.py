"""Commands that translate and review."""

import sys
from pathlib import Path

import click

from newsletter import display
from newsletter.cli.options import as_json, issue_argument, item_option, language_option
from newsletter.errors import TranslationError


@click.command()
@issue_argument
@language_option
@item_option
@click.option("--engine", "-e", default="", help="Another engine than newsletter.toml names.")
@click.option("--again", is_flag=True, help="Also redraft what nobody has touched yet.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done; nothing is written.")
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
    """Draft what is not translated yet; drafts are marked fuzzy in the PO files."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    chosen = newsletter.issue(issue)
    if dry_run:
        results = newsletter.forecast(chosen, languages=languages or None, items=items or None)
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
    if any(result.held for result in results.values()):
        sys.exit(1)


@click.command()
@issue_argument
@language_option
@click.option("--html", is_flag=True, help="Write a page for each language that shows every segment side by side.")
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
    """Show how far the review of every language and item is, and what holds it."""
    from newsletter import Newsletter

    newsletter = Newsletter.open(folder)
    chosen = newsletter.issue(issue)
    if html:
        from newsletter.web import review as pages

        command = display.again(folder)
        for path in pages.write(newsletter, chosen, languages=languages or None, output=output, command=command):
            click.echo(path)
        return
    reviews = newsletter.review(chosen, languages=languages or None)
    if as_json:
        display.json(reviews)
    else:
        display.title(chosen)
        display.reviews(reviews)
        display.restored(reviews, f"{display.again(folder)} approve {chosen.id}")
    if any(each.reasons for each in reviews.values()):
        sys.exit(1)


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def languages(context: click.Context, as_json: bool) -> None:
    """List what each language has and needs to be drafted by Argos; install or remove its packages."""
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
            display.say(f"{name} needs nothing.")


@languages.command()
@click.argument("language")
@click.pass_obj
def remove(folder: Path, language: str) -> None:
    """Remove the packages that translate into LANGUAGE."""
    from newsletter import Newsletter

    for package in Newsletter.open(folder).remove_language(language):
        display.say(f"Removed {package}.")


@click.group()
def memory() -> None:
    """Take the translation memory to other tools, or theirs in, as TMX."""


@memory.command()
@click.argument("file", type=click.Path(path_type=Path))
@language_option
@click.pass_obj
def export(folder: Path, file: Path, languages: tuple[str, ...]) -> None:
    """Write what people accepted in all issues to the TMX file FILE."""
    from newsletter import Newsletter

    number = Newsletter.open(folder).export_memory(file, languages=languages or None)
    display.say(f"{number} translations written to {file}.")


@memory.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def import_(folder: Path, file: Path) -> None:
    """Learn the translations in the TMX file FILE."""
    from newsletter import Newsletter

    display.say(f"{Newsletter.open(folder).import_memory(file)}.")
