"""The review page: one issue in one language, source and translation side by side, as one file that needs nothing.

It is for whoever has no PO editor: opened from a folder, sent by mail or printed, it shows every segment with its
state, what is noted of it and what the checks find, and says how to correct it. It runs no script and loads nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import jinja2

from newsletter.app import Newsletter
from newsletter.errors import ConfigError
from newsletter.model import WHOLE_ISSUE, Issue
from newsletter.rendering.localise import Localisation
from newsletter.translation import review
from newsletter.translation.catalogs import State
from newsletter.translation.review import LanguageReview, Row
from newsletter.web.review import inline

FIRST = 12
"""So many segments are listed to begin with; a longer list would be read as long as the page itself."""

ROLES = {
    "subject": "Subject line",
    "preheader": "Line after the subject",
    "intro": "Introduction",
    "title": "Title",
    "summary": "Summary",
    "section": "Label above the title",
    "place": "Place",
    "alt": "Description of the picture",
    "caption": "Words below the picture",
    "body": "Paragraph",
    "heading": "Heading",
    "li": "List item",
    "cell": "Table cell",
    "quote": "Quotation",
}
"""What a segment is, as people say it."""

STATES = {
    State.MISSING: "not translated yet",
    State.DRAFT: "nobody has accepted it yet",
    State.STALE: "the source has changed since it was accepted",
    State.REVIEWED: "accepted by a person",
    State.APPROVED: "accepted and signed",
}
"""What a state means, in the order in which they need a person."""

LEVELS = {"block": "likely wrong", "warn": "look at this", "info": "to know"}
"""What a finding's level means."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Segment:
    """A row with its place on the page: ``anchor`` is its own, ``onward`` that of the next one that waits."""

    row: Row
    number: int
    anchor: str
    onward: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Group:
    """The segments of one item; ``file`` is its source, ``instead`` says what readers get in its place, if they do."""

    item: str
    title: str
    segments: tuple[_Segment, ...]
    instead: str

    @property
    def file(self) -> str:
        return self.segments[0].row.place.partition(":")[0]

    @property
    def waiting(self) -> int:
        return sum(segment.row.waiting for segment in self.segments)


def write(
    newsletter: Newsletter,
    issue: Issue,
    *,
    languages: Iterable[str] | None = None,
    output: Path | None = None,
    command: str = "newsletter",
) -> list[Path]:
    """Write the page of each language into the issue's folder ``review``, or that of the issue's id in ``output``.

    The catalogs are saved first, so that the lines the page names are those of the files. ``command`` is what people
    type to run newsletter on this folder.
    """
    config, translations = newsletter.config, newsletter.translations
    folder = issue.folder / "review" if output is None else output / issue.id
    written = []
    for language, found in newsletter.review(issue, languages=languages).items():
        catalog = translations.catalog(issue, language)
        catalog.save()
        html = page(
            review.rows(catalog, source_language=issue.language, glossary=translations.glossary),
            found,
            issue=issue,
            newsletter=config.publication.name,
            file=_beneath(catalog.path, config.folder),
            approve=f"{command} approve {issue.id} -l {language} --by NAME",
            at=datetime.now(UTC),
        )
        path = folder / f"{language}.html"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(html, encoding="utf-8", newline="\n")
        except OSError as error:
            raise ConfigError(
                f"the page cannot be written ({error.strerror}).", where=path, hint="Choose another folder."
            ) from error
        written.append(path)
    return written


def page(
    rows: Sequence[Row],
    found: LanguageReview,
    *,
    issue: Issue,
    newsletter: str,
    file: str,
    approve: str,
    at: datetime,
) -> str:
    """The page as HTML.

    ``rows`` and ``found`` are those of one language, ``issue`` is in its source language. ``newsletter`` is the
    publication's name, ``file`` the path of the PO file as people should open it, ``approve`` the command that signs
    what was accepted, and ``at`` when the catalog was read.
    """
    segments = _segments(rows)
    by_row = {id(segment.row): segment for segment in segments}
    return _template().render(
        newsletter=newsletter,
        issue=issue,
        found=found,
        total=len(rows),
        groups=list(_groups(segments, found, issue)),
        first=[by_row[id(row)] for row in review.first(rows)],
        shown=FIRST,
        anchors={state: next((s.anchor for s in segments if s.row.entry.state is state), "") for state in STATES},
        source=Localisation.of(issue.language),
        target=Localisation.of(found.language),
        words=Localisation.of("en"),
        roles=ROLES,
        states=STATES,
        levels=LEVELS,
        held_back=review.HELD_BACK,
        file=file,
        approve=approve,
        at=at,
    )


def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["inline"] = inline.show
    return environment.get_template("page.html.j2")


def _segments(rows: Sequence[Row]) -> list[_Segment]:
    onward, result = "", []
    for number, row in reversed(list(enumerate(rows, 1))):
        anchor = f"segment-{number}"
        result.append(_Segment(row=row, number=number, anchor=anchor, onward=onward))
        onward = anchor if row.waiting else onward
    return result[::-1]


def _groups(segments: Sequence[_Segment], found: LanguageReview, issue: Issue) -> Iterator[_Group]:
    titles = {WHOLE_ISSUE: "The issue itself", **{item.id: item.title for item in issue.items}}
    english = Localisation.of("en")
    for item, members in groupby(segments, key=lambda segment: segment.row.entry.item):
        instead = ""
        if item in found.fallbacks:
            instead = f"readers get it in {english.name_of(found.fallbacks[item])} for now"
        elif item in found.omitted:
            instead = "left out for now"
        yield _Group(item=item, title=titles.get(item, item), segments=tuple(members), instead=instead)


def _beneath(path: Path, folder: Path) -> str:
    """The path as seen from the newsletter's folder."""
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()
