"""Rules about what screen readers go by: the language, the direction and the headings."""

from collections.abc import Iterator

from newsletter.rendering.lint import Finding
from newsletter.rendering.lint.page import Page


class Language:
    """``lang`` and ``dir`` stand on the page and on an element within its body, for many clients drop the page's own.

    Without them a screen reader pronounces the words as another language's, and lines run the wrong way.
    """

    def find(self, page: Page) -> Iterator[Finding]:
        wanted = (page.edition.language, page.edition.direction)
        body = page.root.find("body")
        wrapper = next((e for e in body.iterchildren("div") if e.get("lang")), None) if body is not None else None
        for element, name in ((page.root, "<html>"), (wrapper, "the wrapper in <body>")):
            has = (None, None) if element is None else (element.get("lang"), element.get("dir"))
            if has != wanted:
                yield Finding(
                    rule="language",
                    level="fail",
                    message=f"{name} says lang={has[0]!r} dir={has[1]!r} instead of {wanted[0]!r} and {wanted[1]!r}.",
                    where=page.template("<mjml"),
                    fix='Write <mjml lang="{{ language.tag }}" dir="{{ language.direction }}">.',
                )


class Headings:
    """One h1, and no level left out: people with a screen reader go from heading to heading."""

    def find(self, page: Page) -> Iterator[Finding]:
        headings = [e for e in page.seen if e.tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
        count = sum(heading.tag == "h1" for heading in headings)
        if count != 1:
            yield Finding(
                rule="headings",
                level="fail",
                message=f"there are {count} main headings (h1) instead of one.",
                where=page.template("<h1"),
                fix="Make the newsletter's name the only h1.",
            )
        last = 0
        for heading in headings:
            level = int(heading.tag[1])
            if level > last + 1:
                text = page.words(heading)
                yield Finding(
                    rule="headings",
                    level="warn",
                    message=f"the heading {text[:40]!r} is of level {level} after {last or 'none'}.",
                    where=page.where(text),
                    fix="Leave no level out; in an item's text begin with ##.",
                )
            last = level
