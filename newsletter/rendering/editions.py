"""An issue in one language becomes an edition: its subject, its HTML, its text and its pictures."""

from collections.abc import Iterator
from dataclasses import fields
from hashlib import blake2b
from html import escape
from typing import Any

from newsletter.config import Config
from newsletter.model import Asset, Edition, Issue
from newsletter.rendering import entries, mjml
from newsletter.rendering import fields as merge
from newsletter.rendering import look as looks
from newsletter.rendering.entries import Desk, Masthead
from newsletter.rendering.theme import Theme

_HTML, _TEXT = "newsletter.mjml.j2", "newsletter.txt.j2"


def render(issue: Issue, config: Config) -> Edition:
    """Render an issue in its language, its merge fields still open; the same content gives the same ``hash``.

    A ContentError names the item and what is wrong in it, a RenderError the template and its line, a ConfigError the
    line of ``newsletter.toml``.
    """
    theme = Theme.load(config.theme.name, project=config.folder, language=issue.language)
    look = looks.load(theme.tokens, config.theme, folder=config.folder)
    desk = Desk.of(issue, config, look)
    nonce = merge.nonce(_content(issue, config))
    values = {
        "newsletter": config.publication,
        "sender": config.sender,
        "language": desk.reader,
        "source": desk.localisation(config.publication.source),  # of the newsletter's own name and address
        "issue": entries.masthead(issue, desk),
        "recipient": merge.Recipient(nonce),
        "look": look,
        "logo": desk.ornament("logo"),
        "header": desk.ornament("header"),
        **entries.arranged(issue, desk),
    }
    return _edition(issue, desk, values, theme=theme, nonce=nonce)


def _edition(issue: Issue, desk: Desk, values: dict[str, Any], *, theme: Theme, nonce: str) -> Edition:
    html = theme.compile(_HTML, values)
    text = _tidy(theme.render(_TEXT, values))
    masthead: Masthead = values["issue"]
    # A picture may be there in sizes that nothing shows.
    pictures = tuple(
        asset for asset in (*desk.ornaments.assets, *desk.pictures.assets) if f'"{escape(asset.url)}"' in html
    )
    hosted = desk.config.publication.pictures == "hosted"
    edition = Edition(
        issue=issue.id,
        language=issue.language,
        direction=desk.reader.direction,
        subject=masthead.subject,
        preheader=masthead.preheader,
        html=html,
        text=text,
        nonce=nonce,
        hash=_hash((masthead.subject, masthead.preheader, html, text), pictures),
        assets=() if hosted else pictures,
        hosted=pictures if hosted else (),
    )
    merge.compile(edition)  # a damaged or unknown field is found now, not when the mail goes out
    return edition


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
