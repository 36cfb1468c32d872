"""What importing, translating, reviewing and checking say."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from newsletter.display.terminal import say, several, table, warn

if TYPE_CHECKING:
    from newsletter.issues import Imported
    from newsletter.rendering.lint import Finding
    from newsletter.translation.drafting import Drafted
    from newsletter.translation.packages.index import Index
    from newsletter.translation.packages.needs import Need
    from newsletter.translation.review import LanguageReview
    from newsletter.translations import Signed

_MOST = 8
"""So many reasons are told of each language; a longer list is read in the PO file."""


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
        warn(f"{result.language}: {several(rest, 'segment')} more held back, each for a reason of its own.")


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
                f"{tag}: {several(each.restored, 'draft')} lost their fuzzy mark at once and unchanged, as some "
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
