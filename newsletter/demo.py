"""``newsletter demo``: the main job from end to end on a sample newsletter, offline, into a local Maildir."""

from dataclasses import dataclass
from pathlib import Path

from newsletter.app import Newsletter, Progress
from newsletter.translation import segments
from newsletter.translation.catalogs import State

EXAMPLE = "river-cities"
APPROVER = "the demo"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One language: segments reviewed, drafted and held back, and the mails sent."""

    language: str
    reviewed: int
    drafted: int
    held: int
    sent: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What the demo did: a row for every language, and what is worth knowing about them."""

    folder: Path
    outbox: Path
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def sent(self) -> int:
        """All mails."""
        return sum(row.sent for row in self.rows)


def run(folder: Path, *, progress: Progress | None = None) -> Shown:
    """Make the sample newsletter in ``folder``, translate what is left, render, plan, approve and send it."""
    newsletter = Newsletter.create(folder, example=EXAMPLE)
    for package in sorted((folder / "packages").glob("*.argosmodel")):
        newsletter.install_package(package)
        package.unlink()
    issue = newsletter.issue()
    newsletter.translate(issue, progress=progress)
    reviews = newsletter.review(issue)
    newsletter.send(newsletter.plan(issue).approve(by=APPROVER), progress=progress)
    status = newsletter.status(issue)
    written = len(segments.split(issue))
    source = Row(language=issue.language, reviewed=written, drafted=0, held=0, sent=status[issue.language].sent)
    rows = [
        Row(
            language=each.language,
            reviewed=each.counts[State.REVIEWED],
            drafted=each.counts[State.DRAFT],
            held=each.counts[State.MISSING] + each.counts[State.STALE],
            sent=status[each.language].sent if each.language in status else 0,
        )
        for each in reviews.values()
    ]
    notes = [
        f"{each.language}: “{item}” is not translated, so it is shown in {other}, marked as such."
        for each in reviews.values()
        for item, other in each.fallbacks.items()
    ]
    return Shown(folder=folder, outbox=folder / "outbox", rows=(source, *rows), notes=tuple(notes))
