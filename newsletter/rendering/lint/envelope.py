"""Rules about what a reader sees before opening the mail: the subject and the preheader."""

import re
import unicodedata
from collections.abc import Iterator

from newsletter.columns import width
from newsletter.rendering.lint import Finding
from newsletter.rendering.lint.page import Page

SUBJECT = 60  # columns that a desktop shows; a telephone shows some 35
PREHEADER = (30, 90)


class Subject:
    """The subject fits the line of an inbox: at most 60 columns, of which an East Asian sign takes two."""

    def find(self, page: Page) -> Iterator[Finding]:
        subject = _shown(page.edition.subject)
        wide = width(subject)
        where = page.where(page.issue.subject) or str(page.issue.folder / "issue.toml")
        if not subject:
            fix = "Write subject in issue.toml."
            yield Finding(rule="subject", level="fail", message="the subject is empty.", where=where, fix=fix)
        elif wide > SUBJECT:
            yield Finding(
                rule="subject",
                level="warn",
                message=f"the subject is {wide} columns wide; at most {SUBJECT} are shown.",
                where=where,
                fix="Shorten it, or begin with what matters most.",
            )
        if subject and subject.casefold() == _shown(page.edition.preheader).casefold():
            yield Finding(
                rule="subject",
                level="warn",
                message="the preheader repeats the subject.",
                where=where,
                fix="Let the preheader say what else is in the issue.",
            )


class Preheader:
    """The preheader, which follows the subject in an inbox, is 30 to 90 columns wide; else other text fills up."""

    def find(self, page: Page) -> Iterator[Finding]:
        text = _shown(page.edition.preheader)
        wide, (low, high) = width(text), PREHEADER
        if low <= wide <= high:
            return
        said = f"the preheader is {wide} columns wide" if text else "there is no preheader"
        then = f"at most {high} are shown" if wide > high else "mail programs fill up with the first words they find"
        yield Finding(
            rule="preheader",
            level="warn",
            message=f"{said}; {then}.",
            where=page.where(page.issue.preheader) or str(page.issue.folder / "issue.toml"),
            fix=f"Write preheader with {low} to {high} columns in issue.toml, or in the catalog.",
        )


def _shown(text: str) -> str:
    """``text`` without direction marks and other signs that take no room."""
    return re.sub(r"\s+", " ", "".join(char for char in text if unicodedata.category(char) != "Cf")).strip()
