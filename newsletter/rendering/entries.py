"""What templates see of an issue: its items formatted, checked and in the order that the theme wants.

A template never meets the model itself: dates are words, addresses absolute, pictures measured.
"""

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from newsletter.config import FILE, Config, Policy
from newsletter.model import Issue, Item
from newsletter.rendering import markup, mjml
from newsletter.rendering.localise import Badge, Localisation
from newsletter.rendering.look import Look
from newsletter.rendering.markup import Prose
from newsletter.rendering.pictures import Picture, Pictures
from newsletter.rendering.tracking import Tracking
from newsletter.tomlfile import place

# Embeddings and overrides (UAX 9) turn around whatever follows them; a title has no use for them.
_OVERRIDES = re.compile("[\u202a-\u202e]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An item as a template sees it: formatted, checked, its address absolute.

    ``language`` is the item's own; ``foreign`` is what the reader calls it, where it is not the reader's. ``when`` has
    its days and its time. ``brief`` is an item without a body, two of which may stand side by side.
    ``link`` is its address with what the newsletter's own site may know of the click, ``url`` without.
    """

    id: str
    language: Localisation
    foreign: str
    draft: bool
    brief: bool
    title: str
    summary: Prose
    body: Prose
    when: tuple[str, ...]
    badge: Badge | None
    place: str
    section: str
    url: str
    link: str
    picture: Picture | None
    alt: str
    caption: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Items under one heading, or under none; a row is one item, or two brief ones side by side."""

    title: str
    language: Localisation
    rows: tuple[tuple[Entry, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Masthead:
    """What a template says about the issue itself; ``month`` and ``date`` are in the reader's language."""

    id: str
    subject: str
    preheader: str
    draft: bool
    intro: Prose
    month: str
    date: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What one edition is made with: whose language, which look, and where its pictures are found.

    ``pictures`` are the issue's, ``ornaments`` the newsletter's own, ``tracking`` what links to its sites tell them.
    """

    config: Config
    look: Look
    reader: Localisation
    pictures: Pictures
    ornaments: Pictures
    tracking: Tracking | None

    @classmethod
    def of(cls, issue: Issue, config: Config, look: Look) -> "Desk":
        """The desk of an issue, in its language."""
        base = config.publication.base_url.rstrip("/")
        return cls(
            config=config,
            look=look,
            reader=_localisation(issue.language, config, look),
            pictures=Pictures(folder=issue.folder, base=f"{base}/{issue.id}"),
            ornaments=Pictures(folder=config.folder, base=base),
            tracking=Tracking.of(config.publication, campaign=issue.id, language=issue.language),
        )

    def localisation(self, tag: str) -> Localisation:
        """The localisation of a language, with the territory and the fonts that the newsletter chose for it."""
        return self.reader if tag == self.reader.tag else _localisation(tag, self.config, self.look)

    def ornament(self, key: str) -> Picture | None:
        """The theme's ``logo`` or ``header``."""
        src = getattr(self.look, key)
        where = place(self.config.folder / FILE, "theme", key)
        return self.ornaments.find(src, where=where) if src else None


def masthead(issue: Issue, desk: Desk) -> Masthead:
    """The issue itself: its subject line, its greeting, its date."""
    return Masthead(
        id=issue.id,
        subject=desk.reader.lead(_line(issue.subject)),
        preheader=desk.reader.lead(_line(issue.preheader)),
        draft=issue.draft,
        intro=_prose(issue.intro, desk.reader, desk, where=place(issue.folder / "issue.toml", "", "intro")),
        month=desk.reader.month_year(issue.date),
        date=desk.reader.date_medium(issue.date),
    )


def arranged(issue: Issue, desk: Desk) -> dict[str, Any]:
    """The items for a template: ``lead``, the ``sections`` with the others, and all ``items`` in that order.

    The lead item is the one that an editor marked, else the first.
    """
    if not issue.items:
        return {"lead": None, "sections": (), "items": ()}
    first = next((item for item in issue.items if item.lead), issue.items[0])
    lead = _entry(first, desk)
    others = [_entry(item, desk) for item in issue.items if item is not first]
    sections = tuple(_sections(others, desk))
    return {
        "lead": lead,
        "sections": sections,
        "items": (lead, *(entry for section in sections for row in section.rows for entry in row)),
    }


def _sections(entries: list[Entry], desk: Desk) -> Iterator[Section]:
    """One section without a title, or one for each title in the order in which they first appear."""
    if not desk.look.sections:
        yield Section(title="", language=desk.reader, rows=tuple(_rows(entries)))
        return
    grouped: dict[str, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.section, []).append(entry)
    for title, group in grouped.items():
        yield Section(title=title, language=group[0].language, rows=tuple(_rows(group)))


def _rows(entries: Iterable[Entry]) -> Iterator[tuple[Entry, ...]]:
    # A picture beside none would leave half a row empty.
    for (brief, _), group in groupby(entries, lambda entry: (entry.brief, entry.picture is None)):
        run, size = list(group), 2 if brief else 1
        yield from (tuple(run[start : start + size]) for start in range(0, len(run), size))


def _entry(item: Item, desk: Desk) -> Entry:
    own, base_url = desk.localisation(item.language), desk.config.publication.base_url
    body = _prose(item.body, own, desk, where=_where(item, desk))
    url = markup.address(item.url, base_url, where=_where(item, desk, "url")) if item.url else ""
    return Entry(
        id=item.id,
        language=own,
        foreign="" if own is desk.reader else desk.reader.name_of(item.language),
        draft=item.draft,
        brief=not body,
        title=_line(item.title),
        summary=_prose(item.summary, own, desk, where=_where(item, desk, "summary")),
        # A translation has other lines than the file.
        body=replace(body, line=item.line if item.language == desk.config.publication.source else 0),
        when=_when(item, own, desk.config),
        badge=own.badge(item.date) if item.date else None,
        place=_line(item.place),
        section=_line(item.section),
        url=url,
        link=desk.tracking.link(url) if desk.tracking else url,
        picture=desk.pictures.find(item.image.src, where=_where(item, desk, "image.src")) if item.image else None,
        alt=_line(item.image.alt) if item.image else "",
        caption=_line(item.image.caption) if item.image else "",
    )


def _where(item: Item, desk: Desk, key: str = "") -> str:
    """Where an item, or a key of it, was written: the file, and the line if it is known."""
    if not item.file:
        return f"item {item.id!r}"
    line = item.lines.get(key)
    return f"{desk.pictures.folder / item.file}" + (f":{line}" if line else "")


def _localisation(tag: str, config: Config, look: Look) -> Localisation:
    found = Localisation.of(tag, territory=config.policies.get(tag, Policy()).territory)
    stack = look.fonts.get(found.script)
    return replace(found, type=replace(found.type, fonts=stack)) if stack else found


def _prose(source: str, language: Localisation, desk: Desk, *, where: str) -> Prose:
    base_url = desk.config.publication.base_url
    return Prose(
        source=source,
        localisation=language,
        base_url=base_url,
        pictures=desk.pictures,
        where=where,
        tracking=desk.tracking,
    )


def _when(item: Item, language: Localisation, config: Config) -> tuple[str, ...]:
    """The day or days of an item, and the time that it begins at, which names its zone."""
    if item.date is None:
        return ()
    days = language.interval(item.date, max(item.date, item.until or item.date))
    if item.time is None:
        return (days,)
    begins = datetime.datetime.combine(item.date, item.time)
    return (days, language.time(begins, config.publication.timezone))


def _line(text: str) -> str:
    """A field that is plain text, such as a title, as one line without what no reader sees."""
    return " ".join(_OVERRIDES.sub("", mjml.strip(text)).split())
