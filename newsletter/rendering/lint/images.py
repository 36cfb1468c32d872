"""Rules about pictures, which many readers do not see at first, and some never."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from newsletter.config import FILE
from newsletter.rendering.lint import Finding
from newsletter.rendering.lint.page import Element, Page
from newsletter.tomlfile import place

_MADE = re.compile(r"(?<=\w)\.[1-9]\d{1,3}\.(?:png|jpg|gif)\Z")  # what was made smaller is called river.png.1200.jpg
_FILE_NAME = re.compile(r"[\w-]+\.(?:png|jpe?g|gif|webp|svg)|(?:IMG|DSC|image|photo)[_-]?\d+", re.IGNORECASE)


class Alternative:
    """Every picture says in words what it shows: Outlook hides pictures at first, and screen readers read words."""

    def find(self, page: Page) -> Iterator[Finding]:
        for image in _images(page):
            alt = image.get("alt")
            link = next((e for e in image.iterancestors("a") if e.get("href")), None)
            described = (alt or "").strip()
            fix = "Say what the picture shows: alt in the item's front matter, or ![here](file.png)."
            if alt is None:
                grave, what = True, "a picture has no alt"
            elif not described and link is not None and not page.words(link):
                grave, what = True, "a picture that is a link has no words"
            elif not described:
                grave, what = False, "a picture is described by nothing"
            elif _FILE_NAME.fullmatch(described):
                grave, what = False, f"a picture is described by its file name {described!r}"
            else:
                continue
            src = image.get("src", "")
            yield Finding(
                rule="alt",
                level="fail" if grave else "warn",
                message=f"{what}: {_name(src)}.",
                where=page.where(*_written(src, page.issue.id)),
                fix=fix,
            )


class Measured:
    """Every picture has a width and a height: Outlook reads nothing else, and without them the page jumps."""

    def find(self, page: Page) -> Iterator[Finding]:
        for image in _images(page):
            lacking = [side for side in ("width", "height") if not image.get(side)]
            if "width" in lacking or (lacking and image.get("height") is None):
                src = image.get("src", "")
                yield Finding(
                    rule="image-size",
                    level="warn",
                    message=f"a picture has no {' and no '.join(lacking)}: {_name(src)}.",
                    where=page.where(src, _name(src)),
                    fix="Put the file into the issue's folder, where it is measured.",
                )


class Hosted:
    """Pictures that do not travel inside the mail must be on the web before it goes out; that is not looked up."""

    def find(self, page: Page) -> Iterator[Finding]:
        if page.edition.hosted:
            yield Finding(
                rule="hosted",
                level="info",
                message=f"the pictures are not in the mail but at {page.config.publication.base_url}.",
                where=place(page.config.folder / FILE, "newsletter", "pictures"),
                fix="Upload there what newsletter build writes, before you send.",
            )


def _images(page: Page) -> list[Element]:
    return [element for element in page.seen if element.tag == "img"]


def _written(src: str, issue: str) -> tuple[str, ...]:
    """How a text may name a picture: in the issue's folder, or on the web."""
    path = _MADE.sub("", unquote(urlsplit(src).path).partition(f"/{issue}/")[2])
    return (f"![]({path}", path, src, _name(src)) if path else (f"![]({src}", src, _name(src))


def _name(src: str) -> str:
    return unquote(PurePosixPath(urlsplit(src).path).name) or src
