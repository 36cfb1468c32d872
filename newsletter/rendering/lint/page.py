"""An edition as the rules look at it: its elements, the text that is seen, and where each was written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polib
from lxml import html

from newsletter.config import Config
from newsletter.model import Edition, Issue, Item
from newsletter.rendering.theme import Theme

Element = Any  # lxml's stubs lack half of what an element has

_UNSEEN = frozenset(("head", "style", "script", "title", "template"))
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Page:
    """An edition, the issue it was rendered from, and the newsletter's configuration."""

    edition: Edition
    issue: Issue
    config: Config

    @cached_property
    def root(self) -> Element:
        """The HTML, parsed as a browser does; Outlook's conditional comments are comments."""
        return html.document_fromstring(self.edition.html)

    @cached_property
    def seen(self) -> tuple[Element, ...]:
        """The elements of the body that are not hidden, in their order."""
        return tuple(_seen(self.root.find("body")))

    @property
    def texts(self) -> Iterator[tuple[Element, str]]:
        """Each piece of text that is seen, with the element that it stands in; open merge fields are left out."""
        for element in self.seen:
            for text in (element.text, *(child.tail for child in element)):
                if text and (plain := self.plain(text)).strip():
                    yield element, plain

    def plain(self, text: str) -> str:
        """``text`` without the markers of its open merge fields."""
        nonce = self.edition.nonce
        return re.sub(f"Xq{nonce}[a-z_.]+{nonce}qX", "", text)

    def words(self, element: Element) -> str:
        """All text within an element, on one line."""
        return " ".join(self.plain("".join(element.itertext())).split())

    def where(self, *texts: str) -> str:
        """The file and line where the first of ``texts`` that can be found was written, or nothing."""
        for text in filter(None, (text.strip() for text in texts)):
            if text in self.issue.subject or text in self.issue.preheader or text in self.issue.intro:
                return self._written(self.issue.folder / "issue.toml", self.issue.language, text)
            for item in self.issue.items:
                if any(text in part for part in _parts(item)):
                    file = self.issue.folder / item.file if item.file else self.issue.folder
                    return self._written(file, item.language, text)
            if place := self.template(re.escape(text)):
                return place
        return ""

    def template(self, pattern: str) -> str:
        """The theme's file and line where ``pattern``, a regular expression, matches first, or nothing."""
        for path, source in self.templates.items():
            if found := re.search(pattern, source):
                return f"{path}:{source.count(chr(10), 0, found.start()) + 1}"
        return ""

    @cached_property
    def theme(self) -> Theme:
        """The theme that the edition was rendered with."""
        return Theme.load(self.config.theme.name, project=self.config.folder, language=self.edition.language)

    @cached_property
    def templates(self) -> dict[str, str]:
        """What stands in newsletter.toml, which may set the theme's colours, and in each file of the theme."""
        environment = self.theme.environment
        names = environment.list_templates()
        found = (environment.loader.get_source(environment, name) for name in names) if environment.loader else ()
        return _read(self.config.folder / "newsletter.toml") | {str(path): source for source, path, _ in found}

    def _written(self, file: Path, language: str, text: str) -> str:
        """A place in the item's own file, or in the catalog of the language that it is shown in."""
        if language == self.config.publication.source:
            return _line(file, text)
        catalog = self.issue.folder / "po" / f"{language}.po"
        for entry in polib.pofile(str(catalog)) if catalog.is_file() else ():
            if text in entry.msgstr:
                return f"{catalog}:{entry.linenum}"
        return str(file)


def _seen(body: Element | None) -> Iterator[Element]:
    stack = [] if body is None else [body]
    while stack:
        element = stack.pop()
        if isinstance(element.tag, str) and element.tag not in _UNSEEN and not _HIDDEN.search(element.get("style", "")):
            yield element
            stack.extend(reversed(element))


def _parts(item: Item) -> tuple[str, ...]:
    image = (item.image.src, item.image.alt, item.image.caption) if item.image else ()
    return (item.title, item.summary, item.body, item.place, item.section, item.url, *image)


def _line(file: Path, text: str) -> str:
    """The file, and the line on which ``text`` begins, where the file has it as it is."""
    written = _read(file).get(str(file), "")
    at = written.find(text)
    return f"{file}:{written.count(chr(10), 0, at) + 1}" if at >= 0 else str(file)


def _read(file: Path) -> dict[str, str]:
    """The file's name and what stands in it, if it can be read."""
    try:
        return {str(file): file.read_text(encoding="utf-8-sig")}
    except (OSError, UnicodeDecodeError):
        return {}
