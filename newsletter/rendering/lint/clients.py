"""The rule about what mail programs do not show, from the tables of caniemail.com."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from newsletter.rendering.lint import Finding, Level
from newsletter.rendering.lint.page import Page

_DATA = Path(__file__).with_name("caniemail.json")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """In how many mail programs something works, works in part, and in which not."""

    title: str
    tested: str
    yes: int
    partly: int
    no: tuple[str, ...]


class _Table(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    license: str
    features: Mapping[str, Feature]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Use:
    """How the use of a feature is recognised, in HTML and in a template alike, and what to do instead."""

    pattern: re.Pattern[str]
    level: Level
    fix: str


def _use(pattern: str, level: Level, fix: str) -> _Use:
    return _Use(pattern=re.compile(pattern, re.IGNORECASE), level=level, fix=fix)


_PHYSICAL = "Write left and right: {{ language.start }} and {{ language.end }}."
_GRACEFUL = "It may only decorate; look at the mail without it."
_STILL = "Show a picture that links to it."

_USES: Mapping[str, _Use] = {
    "css-display-flex": _use(r"display\s*:\s*(?:inline-)?flex", "warn", "Use mj-column."),
    "css-display-grid": _use(r"display\s*:\s*(?:inline-)?grid", "warn", "Use mj-column."),
    "css-position": _use(r"[\s;\"'{]position\s*:\s*(?:absolute|fixed|sticky|relative)", "warn", "Use padding."),
    "css-text-align": _use(r"text-align\s*:\s*(?:start|end)\b", "warn", _PHYSICAL),
    "css-margin-inline-start-end": _use(r"margin-inline-(?:start|end)\s*:", "warn", _PHYSICAL),
    "css-padding-inline-start-end": _use(r"padding-inline-(?:start|end)\s*:", "warn", _PHYSICAL),
    "css-margin-inline-block": _use(r"margin-(?:inline|block)\s*:", "warn", _PHYSICAL),
    "css-padding-inline-block": _use(r"padding-(?:inline|block)\s*:", "warn", _PHYSICAL),
    "css-variables": _use(r"var\(\s*--", "warn", "Write the value; templates have variables of their own."),
    "css-unit-calc": _use(r":[^;\"']*\bcalc\(", "warn", "Compute the value in the template."),
    "css-gap": _use(r"[\s;\"'{](?:row-|column-)?gap\s*:", "warn", "Use padding."),
    "css-object-fit": _use(r"object-fit\s*:", "warn", "Cut the picture to its size."),
    "css-function-light-dark": _use(r"light-dark\(", "warn", "Use @media (prefers-color-scheme: dark)."),
    "css-animation": _use(r"animation(?:-name)?\s*:|@keyframes", "info", _GRACEFUL),
    "css-opacity": _use(r"[\s;\"'{]opacity\s*:\s*(?:0?\.\d|\d+%)", "info", "Mix the colour instead."),
    "css-box-shadow": _use(r"box-shadow\s*:", "info", _GRACEFUL),
    "css-background-image": _use(r"background(?:-image)?\s*:[^;\"]*url\(", "info", "Give it a background-color too."),
    "html-bdi": _use(r"<bdi\b", "warn", 'Write <span dir="auto">.'),
    "html-form": _use(r"<form\b", "warn", "Link to a page with the form."),
    "html-video": _use(r"<video\b", "warn", _STILL),
    "html-audio": _use(r"<audio\b", "warn", _STILL),
    "html-svg": _use(r"<svg\b", "warn", "Use a PNG."),
    "html-picture": _use(r"<picture\b", "info", "Give its img a src that stands alone."),
    "html-srcset": _use(r"\bsrcset=", "info", "Give the picture a src that stands alone."),
    "image-svg": _use(r"src=\"[^\"]*\.svg\b", "warn", "Save it as PNG."),
    "image-webp": _use(r"src=\"[^\"]*\.webp\b", "warn", "Save it as PNG or JPEG: Outlook shows no WebP."),
}


@lru_cache(maxsize=1)
def table() -> Mapping[str, Feature]:
    """The features that the rule looks for."""
    return msgspec.json.decode(_DATA.read_bytes(), type=_Table).features


class Support:
    """What a theme or a text uses works in the mail programs that people have.

    A ``warn`` breaks the mail where it does not work, an ``info`` only makes it plainer.
    """

    def find(self, page: Page) -> Iterator[Finding]:
        shown = _COMMENT.sub("", page.edition.html)
        for slug, use in _USES.items():
            if found := use.pattern.search(shown):
                feature = table()[slug]
                programs = feature.yes + feature.partly + len(feature.no)
                lacking = f", not in {', '.join(feature.no[:3])}" if feature.no else ""
                yield Finding(
                    rule="support",
                    level=use.level,
                    message=f"{feature.title} works in {feature.yes} of {programs} mail programs{lacking}.",
                    where=page.template(f"(?i){use.pattern.pattern}") or page.where(found[0]),
                    fix=use.fix,
                )
