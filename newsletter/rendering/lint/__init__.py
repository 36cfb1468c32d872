"""What mail programs and readers need of an edition: small classes, one rule each.

``fail`` is what must not go out: a mail that Gmail cuts off, that nobody can unsubscribe from, with an open field.
``warn`` is what a person should look at, ``info`` is good to know. Every finding says what to do about it, and where
the text was written: the item's file and line, the catalog's, or the theme's template.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

from newsletter.config import Config
from newsletter.model import Edition, Issue
from newsletter.rendering.lint.page import Page

Level = Literal["fail", "warn", "info"]

_ORDER: tuple[Level, ...] = ("fail", "warn", "info")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What is wrong with an edition; ``where`` is a file and line as far as it is known, ``fix`` the next step."""

    rule: str
    level: Level
    message: str
    fix: str
    where: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.level}: {self.message} {self.fix} [{self.rule}]"


class Rule(Protocol):
    """One rule; its docstring gives the reason."""

    def find(self, page: Page) -> Iterator[Finding]:
        """What is wrong with the edition."""


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """The rules every edition goes through."""
    from newsletter.rendering.lint import bidi, clients, contrast, envelope, images, links, size, structure, words

    return (
        size.Size(),
        size.Styles(),
        structure.Language(),
        structure.Headings(),
        images.Alternative(),
        images.Measured(),
        images.Hosted(),
        links.Text(),
        links.Encrypted(),
        links.Unsubscribe(),
        words.PostalAddress(),
        words.Unresolved(),
        words.Tags(),
        words.Untranslated(),
        envelope.Subject(),
        envelope.Preheader(),
        contrast.Contrast(),
        bidi.Isolation(),
        clients.Support(),
    )


def check(edition: Edition, *, issue: Issue, config: Config) -> list[Finding]:
    """All findings of all rules, the gravest first; ``issue`` is what the edition was rendered from."""
    page = Page(edition=edition, issue=issue, config=config)
    found = dict.fromkeys(finding for rule in all_rules() for finding in rule.find(page))
    return sorted(found, key=lambda finding: _ORDER.index(finding.level))
