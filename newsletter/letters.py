"""Wires the rendering stage to a newsletter: what the review gate lets out becomes editions, checked and written."""

from collections.abc import Mapping
from pathlib import Path

from newsletter.config import Config
from newsletter.model import Edition
from newsletter.rendering import editions, fields, lint
from newsletter.rendering.lint import Finding
from newsletter.translation.gate import Gate


def edition(decision: Gate, config: Config) -> Edition:
    """The edition of what the review gate made of a language, whether or not it may be sent."""
    return editions.render(decision.issue, config)


def check(decision: Gate, config: Config) -> list[Finding]:
    """What mail programs and readers would stumble over in an edition."""
    return lint.check(edition(decision, config), issue=decision.issue, config=config)


def write(made: Mapping[str, Edition], folder: Path) -> list[Path]:
    """Write the HTML and the text of editions into a folder, with empty merge fields; the files."""
    written = []
    folder.mkdir(parents=True, exist_ok=True)
    for language, each in made.items():
        filled = fields.compile(each).fill({})
        for suffix, text in (("html", filled.html), ("txt", filled.text)):
            path = folder / f"{language}.{suffix}"
            path.write_text(text, encoding="utf-8", newline="\n")
            written.append(path)
    return written
