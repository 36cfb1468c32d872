"""An issue in one language becomes an edition: its subject, its HTML, its text and its pictures."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from typing import Any

from newsletter.config import Config, Policy
from newsletter.model import Asset, Edition, Issue, Item
from newsletter.rendering import fields as merge
from newsletter.rendering import markup, mjml
from newsletter.rendering.localise import Localisation
from newsletter.rendering.markup import Prose
from newsletter.rendering.pictures import Picture, Pictures
from newsletter.rendering.theme import Theme

_HTML, _TEXT = "newsletter.mjml.j2", "newsletter.txt.j2"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An item as a template sees it: formatted, checked, its address absolute.

    ``language`` is the item's own; ``foreign`` is what the reader calls it, where it is not the reader's.
    """

    id: str
    language: Localisation
    foreign: str
    draft: bool
    title: str
    summary: Prose
    body: Prose
    date: str
    place: str
    section: str
    url: str
    picture: Picture | None
    alt: str


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


def render(issue: Issue, config: Config) -> Edition:
    """Render an issue in its language, its merge fields still open; the same content gives the same ``hash``.

    A ContentError names the item and what is wrong in it, a RenderError the template and its line.
    """
    reader = localisation(issue.language, config)
    base_url = config.publication.base_url.rstrip("/")
    pictures = Pictures(folder=issue.folder, base=f"{base_url}/{issue.id}")
    nonce = merge.nonce(_content(issue, config))
    theme = Theme.load(config.theme.name, project=config.folder, language=issue.language)
    values = {
        "newsletter": config.publication,
        "sender": config.sender,
        "language": reader,
        "source": localisation(config.publication.source, config),  # of the newsletter's own name and address
        "issue": _masthead(issue, reader, base_url, pictures),
        "items": [_entry(item, reader, config, pictures) for item in issue.items],
        "recipient": merge.Recipient(nonce),
    }
    return _edition(issue, reader, values, theme=theme, nonce=nonce, pictures=pictures)


def localisation(tag: str, config: Config) -> Localisation:
    """The localisation of a language, with the territory that the newsletter chose for it."""
    return Localisation.of(tag, territory=config.policies.get(tag, Policy()).territory)


def _edition(
    issue: Issue, reader: Localisation, values: dict[str, Any], *, theme: Theme, nonce: str, pictures: Pictures
) -> Edition:
    html = mjml.compile(theme.render(_HTML, values), f"{_HTML} (rendered)")
    text = _tidy(theme.render(_TEXT, values))
    masthead: Masthead = values["issue"]
    edition = Edition(
        issue=issue.id,
        language=issue.language,
        direction=reader.direction,
        subject=masthead.subject,
        preheader=masthead.preheader,
        html=html,
        text=text,
        nonce=nonce,
        hash=_hash((masthead.subject, masthead.preheader, html, text), pictures.assets),
        assets=pictures.assets,
    )
    merge.compile(edition)  # a damaged or unknown field is found now, not when the mail goes out
    return edition


def _masthead(issue: Issue, reader: Localisation, base_url: str, pictures: Pictures) -> Masthead:
    where = str(issue.folder / "issue.toml")
    return Masthead(
        id=issue.id,
        subject=reader.lead(_line(issue.subject)),
        preheader=reader.lead(_line(issue.preheader)),
        draft=issue.draft,
        intro=Prose(
            source=issue.intro, localisation=reader, base_url=base_url, pictures=pictures, where=f"{where}, key 'intro'"
        ),
        month=reader.month_year(issue.date),
        date=reader.date_medium(issue.date),
    )


def _entry(item: Item, reader: Localisation, config: Config, pictures: Pictures) -> Entry:
    own = reader if item.language == reader.tag else localisation(item.language, config)
    base_url = config.publication.base_url
    where = str(pictures.folder / item.file) if item.file else f"item {item.id!r}"
    text = Prose(source=item.summary, localisation=own, base_url=base_url, pictures=pictures, where=where)
    return Entry(
        id=item.id,
        language=own,
        foreign="" if own is reader else reader.name_of(item.language),
        draft=item.draft,
        title=_line(item.title),
        summary=text,
        body=replace(text, source=item.body, line=item.line),
        date=own.date(item.date) if item.date else "",
        place=_line(item.place),
        section=_line(item.section),
        url=markup.address(item.url, base_url, where=where) if item.url else "",
        picture=pictures.find(item.image.src, where=where) if item.image else None,
        alt=_line(item.image.alt) if item.image else "",
    )


def _line(text: str) -> str:
    """A field that is plain text, such as a title, as one line without what no reader sees."""
    return " ".join(mjml.strip(text).split())


def _content(issue: Issue, config: Config) -> Iterator[str]:
    """Everything that decides what an edition says, but not where its files lie."""
    yield repr(config.publication)
    for field in fields(issue):
        if field.name != "folder":
            yield repr(getattr(issue, field.name))


def _tidy(text: str) -> str:
    """The text part without spaces at the ends of lines and without two empty lines in a row."""
    lines = [line.rstrip(" \t") for line in mjml.strip(text).strip().splitlines()]
    kept = [line for number, line in enumerate(lines) if line or lines[number - 1]]
    return "\n".join(kept) + "\n"


def _hash(texts: tuple[str, ...], assets: tuple[Asset, ...]) -> str:
    """A digest of everything a reader will see, each part with its length."""
    digest = blake2b(digest_size=16)
    parts = [text.encode() for text in texts]
    for asset in assets:
        parts += [asset.url.encode(), asset.data]
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
