"""What planning and sending say: who gets what, what went out, and what waits for whom."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from newsletter.display.terminal import fail, say, several, table, warn

if TYPE_CHECKING:
    from newsletter.delivery.outbox import Campaign
    from newsletter.delivery.plan import Plan
    from newsletter.delivery.results import Counts, Undelivered
    from newsletter.delivery.sender import Report
    from newsletter.trials import Trial

_KINDS = {
    "chosen": "on the reader's list",
    "near": "the nearest to it",
    "usual": "usual among them",
    "fallback": "the default",
}
_WORTH_SAYING = 120
"""Seconds that a sending takes before its end is told."""


def plan(made: "Plan") -> None:
    """How many mails in which language, and why who gets which, or nothing."""
    table(("language", "mails"), [*sorted(made.languages.items()), ("all", made.messages)])
    if made.kinds:
        kinds = (f"{_KINDS.get(kind, kind)}: {number}" for kind, number in made.kinds.items())
        say(f"The language is {', '.join(kinds)}.")
    for due, number in made.waves:
        say(f"{several(number, 'mail')} due at {due:%Y-%m-%d %H:%M} UTC.")
    if made.ends_at and made.seconds >= _WORTH_SAYING:
        say(f"At this rate the last one goes out at {made.ends_at:%Y-%m-%d %H:%M} UTC.")
    if made.samples:
        rows = ((each.language, f"{each.name} <{each.email}>".lstrip(), each.reason) for each in made.samples)
        table(("language", "for example", "because"), list(rows))
    for warning in made.warnings:
        warn(warning)
    _left_out(made)
    if not made.messages:
        warn("This plan sends nothing to anybody.")


def _left_out(made: "Plan") -> None:
    """Who gets nothing, and why."""
    for reason, number in made.skipped.items():
        say(f"{several(number, 'reader')} left out: {reason}.")
    for problem in made.problems:
        warn(f"  {problem}")
    if made.unreached:
        warn(f"{several(len(made.unreached), 'member')} of whom nobody gets it: {', '.join(made.unreached)}.")
    if made.held:
        readers = ", ".join(f"{language} {number}" for language, number in made.held.items())
        warn(f"Readers left out, as their language waits for review: {readers}.")


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
    for sentence in made.stopped:
        fail(sentence)
    if made.failed or made.uncertain:
        warn("Some mails failed or are uncertain; see: newsletter status")


def trials(made: Sequence["Trial"]) -> None:
    """Which trial mails went out, and why others did not."""
    rows = [(each.language, each.email, "not sent" if each.error else "sent") for each in made]
    table(("language", "to", ""), rows)
    for error in dict.fromkeys(each.error for each in made if each.error):
        fail(error)


def campaigns(found: Sequence["Campaign"]) -> None:
    """The plans of an issue that are not replaced, what state they are in, and why they wait."""
    rows = [
        (each.plan.hash[:12], each.plan.messages, f"{each.plan.created:%Y-%m-%d %H:%M}", each.state, each.reason)
        for each in found
        if each.state != "cancelled"
    ]
    table(("plan", "mails", "planned (UTC)", "state", "because"), rows)


def status(
    counts: Mapping[str, "Counts"], *, uncertain: Iterable["Undelivered"], failed: Iterable["Undelivered"]
) -> None:
    """How many mails of each language are where, and by name those that did not surely arrive."""
    _figures(counts, ("pending", "inflight", "sent", "failed", "uncertain"))
    later = ("delivered", "opened", "clicked", "unsubscribed", "complained", "bounced")
    if any(getattr(each, name) for each in counts.values() for name in later):
        _figures(counts, later)
    for one in failed:
        warn(f"{one.language}: {one.email} was refused: {one.reason}")
    for one in uncertain:
        warn(f"{one.language}: nobody knows whether {one.email} got it: {one.reason}")


def _figures(counts: Mapping[str, "Counts"], names: Sequence[str]) -> None:
    table(("language", *names), [(tag, *(getattr(each, name) for name in names)) for tag, each in counts.items()])
