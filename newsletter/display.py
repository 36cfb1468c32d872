"""What the command line shows: data on stdout, words and progress on stderr, JSON for machines."""

import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

if TYPE_CHECKING:
    from newsletter.delivery.plan import Plan
    from newsletter.delivery.results import Counts, Undelivered
    from newsletter.delivery.sender import Report
    from newsletter.issues import Imported
    from newsletter.model import Issue
    from newsletter.rendering.lint import Finding
    from newsletter.translation.drafting import Drafted
    from newsletter.translation.packages.index import Index
    from newsletter.translation.packages.needs import Need
    from newsletter.translation.review import LanguageReview
    from newsletter.translations import Signed

# Colours go off by themselves where stderr is no terminal, and only a terminal has a width to break lines at.
_words = Console(stderr=True, highlight=False, markup=False)
_words.soft_wrap = not _words.is_terminal

_KINDS = {"chosen": "on the reader's list", "near": "the nearest to it", "fallback": "the default"}
_MOST = 8
"""So many reasons are told of each language; a longer list is read in the PO file."""


def say(text: str) -> None:
    """A sentence for people."""
    _words.print(text)


def warn(text: str) -> None:
    """A sentence about something that wants a person."""
    _words.print(text, style="yellow")


def fail(text: str) -> None:
    """Why the command did not do what it should."""
    _words.print(f"Error: {text}", style="red")


def command(text: str) -> None:
    """The next command to type; on stdout, so that it can be piped."""
    click.echo(text)


def again(folder: Path) -> str:
    """How the command line is called for the newsletter in ``folder``, from where the user is, as it was called."""
    typed = Path(sys.argv[0])
    found = shutil.which("newsletter")
    if typed.name == "__main__.py":
        program = "python -m newsletter"
    elif found and Path(found).resolve() == typed.resolve():
        program = "newsletter"
    else:
        program = shlex.quote(sys.argv[0])
    return program if folder == Path() else f"{program} -C {shlex.quote(str(folder))}"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """An aligned table: the first column names the row, numbers stand to the right; it fits a terminal's width."""
    rows = [list(row) for row in rows]
    cells = [[str(cell) for cell in row] for row in rows]
    console = Console(highlight=False, markup=False)
    if console.is_terminal:
        # A name such as an item's id has no spaces; it is broken at its hyphens where the other columns need the room.
        wide = [max(map(cell_len, column)) for column in zip(headings, *cells, strict=True)]
        room = max(console.width - sum(wide[1:]) - 2 * len(wide), console.width // 3)
        for row in cells:
            row[0] = "\n".join(textwrap.wrap(row[0], room))
    else:
        console.width = sys.maxsize  # a pipe has no width; nothing may be cut off in it
    made = Table(box=None, pad_edge=False, header_style="bold", show_header=any(headings))
    for position, heading in enumerate(headings):
        number = position > 0 and all(isinstance(row[position], int) for row in rows)
        made.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in cells:
        made.add_row(*row)
    console.print(made)


def json(data: object) -> None:
    """Data for machines; paths and dates as text."""
    click.echo(msgspec.json.format(msgspec.json.encode(data, enc_hook=str), indent=2).decode())


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A callable (what, done, all) that moves a bar on stderr; silent where stderr is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=_words, transient=True, disable=not _words.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def step(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield step


def imported(made: "Imported") -> None:
    """What an import recognised, repaired and doubts."""
    found, item = made.pasted, made.pasted.item
    click.echo(f"title: {item.title}")
    click.echo(f"date: {item.date or 'none'}" + (f" ({found.reason})" if found.reason else ""))
    click.echo(f"file: {made.path}")
    if found.repairs or item.flags:
        say(f"Lines are those of {made.original}.")
    for repair in found.repairs:
        say(f"repaired, line {repair.line}: {repair.note}")
    for number, flag in enumerate(item.flags, 1):
        warn(f"flag {number}, line {flag.line}: {flag.note} “{flag.text}”")


def plan(made: "Plan") -> None:
    """How many mails in which language, and why who gets which, or nothing."""
    table(("language", "mails"), [*sorted(made.languages.items()), ("all", made.messages)])
    if made.kinds:
        kinds = (f"{_KINDS.get(kind, kind)}: {number}" for kind, number in made.kinds.items())
        say(f"The language is {', '.join(kinds)}.")
    for due, number in made.waves:
        say(f"{_several(number, 'mail')} due at {due:%Y-%m-%d %H:%M} UTC.")
    for reason, number in made.skipped.items():
        say(f"{_several(number, 'reader')} left out: {reason}.")
    for problem in made.problems:
        warn(f"  {problem}")
    if made.held:
        readers = ", ".join(f"{language} {number}" for language, number in made.held.items())
        warn(f"Readers left out, as their language waits for review: {readers}.")
    if not made.messages:
        warn("This plan sends nothing to anybody.")


def report(made: "Report", *, figures: bool) -> None:
    """What a run sent, where the figures are wanted, and what keeps it from sending the rest."""
    if figures:
        counts = (made.sent, made.failed, made.uncertain, made.left, made.later)
        table(("", "sent", "failed", "uncertain", "left", "later"), [("mails", *counts)])
    for refusal in made.refused:
        fail(refusal)
    if made.paused:
        fail(f"the campaign is paused. {made.paused}")
    elif made.trouble:
        warn(f"Work is left: {made.trouble} Run send again later.")
    if made.elsewhere:
        warn(made.elsewhere)
    if made.failed or made.uncertain:
        warn("Some mails failed or are uncertain; see: newsletter status")


def status(
    counts: Mapping[str, "Counts"], *, uncertain: Iterable["Undelivered"], failed: Iterable["Undelivered"]
) -> None:
    """How many mails of each language are where, and by name those that did not surely arrive."""
    names = ("pending", "inflight", "sent", "failed", "uncertain")
    table(("language", *names), [(tag, *(getattr(each, name) for name in names)) for tag, each in counts.items()])
    for one in failed:
        warn(f"{one.language}: {one.email} was refused: {one.reason}")
    for one in uncertain:
        warn(f"{one.language}: nobody knows whether {one.email} got it: {one.reason}")


def title(issue: "Issue") -> None:
    """Which issue a command was about, as it may have chosen the newest by itself."""
    say(f"{issue.id}: {issue.subject}")


def fallbacks(found: Mapping[str, "LanguageReview"]) -> None:
    """Which items readers of a language see in another one, or not at all; of a language that waits, would see."""
    for tag, each in found.items():
        verb = "would be" if each.reasons else "is"
        for item, other in each.fallbacks.items():
            say(f"{tag}: {item} {verb} shown in {other}.")
        for item in each.omitted:
            say(f"{tag}: {item} {verb} left out.")


def drafted(results: Mapping[str, "Drafted"], *, planned: bool) -> None:
    """What became of the missing segments of each language, or would; and why some have no draft."""
    headings = ("language", "new", "accepted before", "from memory", "to draft" if planned else "drafted", "held back")
    rows = [(r.language, r.missing, r.carried, r.memory, r.drafts, len(r.held)) for r in results.values()]
    table(headings, rows)
    for result in results.values():
        held(result)
    for trouble in dict.fromkeys(result.trouble for result in results.values() if result.trouble):
        warn(trouble)


def findings(found: Mapping[str, Sequence["Finding"]]) -> None:
    """What a check found in each edition; on stdout, one line each, as other checkers print."""
    levels = ("fail", "warn", "info")
    rows = [(tag, *(sum(each.level == level for each in many) for level in levels)) for tag, many in found.items()]
    table(("language", *levels), rows)
    for tag, many in found.items():
        for each in many:
            click.echo(f"{tag}: {each}")


def held(result: "Drafted") -> None:
    """Why segments of a language have no draft: each reason once, whatever figures it ends with."""
    contexts: dict[str, list[str]] = {}
    for each in result.held:
        contexts.setdefault(re.sub(r" \([^()]*\)$", "", each.reason), []).append(each.context)
    reasons = sorted(contexts.items(), key=lambda found: -len(found[1]))
    for reason, names in reasons[:_MOST]:
        where = names[0] if len(names) == 1 else f"{len(names)} segments"
        warn(f"{result.language}: {where} held back: {reason}.")
    if rest := sum(len(names) for _reason, names in reasons[_MOST:]):
        warn(f"{result.language}: {_several(rest, 'segment')} more held back, each for a reason of its own.")


def reviews(found: Mapping[str, "LanguageReview"]) -> None:
    """How many segments of each language are in which state, where work is left, and what holds a language."""
    from newsletter.translation.catalogs import ACCEPTED, State

    rows = [(tag, *each.counts.values(), "held" if each.reasons else "open") for tag, each in found.items()]
    table(("language", *State, "sending"), rows)
    left: dict[tuple[str, str], list[str]] = {}
    for item in dict.fromkeys(item for each in found.values() for item in each.items):
        for tag, each in found.items():
            counts = [(number, state) for state, number in each.items.get(item, {}).items() if state not in ACCEPTED]
            if what := ", ".join(f"{number} {state}" for number, state in counts if number):
                left.setdefault((item, what), []).append(tag)
    if left:
        table(("item", "left to do", "in"), [(*what, ", ".join(tags)) for what, tags in left.items()])
    for tag, each in found.items():
        for reason in each.reasons:
            warn(f"{tag}: {reason}.")
    fallbacks(found)


def signed(results: Mapping[str, "Signed"]) -> None:
    """How many translations an approval covers, and what of a language still waits."""
    rows = [(tag, each.approved, each.accepted, sum(each.left.values())) for tag, each in results.items()]
    table(("language", "approved", "taken as they were", "left"), rows)
    for tag, each in results.items():
        for state, number in each.left.items():
            warn(f"{tag}: {number} {state}, not approved.")


def restored(results: Mapping[str, "Drafted | LanguageReview"], command: str) -> None:
    """Which languages lost their fuzzy marks all at once, and what to do if somebody did read them."""
    for tag, each in results.items():
        if each.restored:
            warn(
                f"{tag}: {_several(each.restored, 'draft')} lost their fuzzy mark at once and unchanged, as some "
                f"programs do to a whole file (OmegaT, msgattrib). They are drafts still. If somebody has read them: "
                f"{command} -l {tag} --as-is --by NAME"
            )


def languages(needs: Iterable["Need"], offered: "Index | None") -> None:
    """Which package drafts each language, and what the others need."""
    from newsletter.rendering.localise import Localisation

    rows, lacking = [], []
    for need in needs:
        size = sum(package.size for package in need.installed)
        packages = " + ".join(map(str, need.installed)) or (str(need) if need.ready else "none")
        rows.append((need.language, Localisation.of(need.language).endonym, packages, _megabytes(size)))
        if str(need) and need.state != "source":
            lacking.append(f"{need.language}: {need}")
    table(("language", "name", "installed", "size"), rows)
    for words in lacking:
        say(words)
    if offered and offered.note:
        warn(offered.note)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size else ""


def _several(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def plain(data: object) -> dict[str, Any]:
    """A noun as a dictionary, to add to it before it becomes JSON."""
    values: dict[str, Any] = msgspec.to_builtins(data, enc_hook=str)
    return values
