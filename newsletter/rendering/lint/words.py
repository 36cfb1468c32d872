"""Rules about words that must be there, and about such as must not."""

import re
from collections.abc import Iterator

from newsletter.rendering import messages
from newsletter.rendering.lint import Finding
from newsletter.rendering.lint.page import Element, Page

# Fields of template languages and of providers that nobody filled.
_FIELDS = re.compile(
    r"\{\{.*?\}\}|\{\{|\}\}|\{%.*?%\}|\{#.*?#\}|\*\|[A-Z_:]+\|\*|%%[\w.]+%%|%recipient[\w.]*%|\$\{[A-Za-z_]\w*\}|<%=?.*?%>"
)
# Tags and references of HTML as people paste them; what is no name of HTML, such as <name>, may be meant.
_TAGS = re.compile(
    r"</?(?:a|abbr|article|b|big|blockquote|body|br|button|center|code|dd|div|dl|dt|em|figure|font|footer|form|h[1-6]"
    r"|head|header|hr|html|i|iframe|img|input|ins|li|link|main|mark|meta|nav|ol|p|picture|pre|q|script|section|small|span"
    r"|strong|style|sub|sup|svg|table|tbody|td|th|thead|tr|u|ul|video|mj-[a-z-]+)(?:\s[^<>]*)?/?>"
    r"|<!--|-->|&(?:amp|lt|gt|quot|nbsp|shy|[mn]dash|hellip|[lr][sd]quo|eacute|#x?[0-9a-f]{2,6});",
    re.IGNORECASE,
)
_CODE = frozenset(("code", "pre", "kbd", "samp"))
_GETTEXT = ("gettext", "_", "ngettext", "pgettext", "npgettext")


class PostalAddress:
    """The sender's postal address stands in the mail: the law in the United States (CAN-SPAM), Canada and elsewhere."""

    def find(self, page: Page) -> Iterator[Finding]:
        address = page.config.publication.postal_address
        if not address:
            yield Finding(
                rule="postal-address",
                level="fail",
                message="the newsletter has no postal address.",
                where=str(page.config.folder / "newsletter.toml"),
                fix='Add postal_address = "…" to [newsletter].',
            )
            return
        words = "".join(address.split())
        shown = {"HTML": "".join("".join(text for _, text in page.texts).split())}
        shown["text part"] = "".join(page.edition.text.split())
        for part, text in shown.items():
            if words not in text:
                yield Finding(
                    rule="postal-address",
                    level="fail",
                    message=f"the postal address does not stand in the {part}.",
                    where=next((path for path in page.templates if "footer" in path), ""),
                    fix="Print {{ newsletter.postal_address }} in the footer.",
                )


class Unresolved:
    """No field of a template language is left open, such as ``{{ name }}`` in a pasted text; code may show one."""

    def find(self, page: Page) -> Iterator[Finding]:
        edition = page.edition
        found = {match[0]: "the subject" for match in _FIELDS.finditer(page.plain(edition.subject))}
        found |= {match[0]: "the preheader" for match in _FIELDS.finditer(page.plain(edition.preheader))}
        for element, text in page.texts:
            if not _is_code(element):
                found |= {match[0]: "the text" for match in _FIELDS.finditer(text)}
        for element in page.seen:
            for attribute in ("href", "src", "alt", "title"):
                value = page.plain(element.get(attribute, ""))
                found |= {match[0]: f"an address ({attribute})" for match in _FIELDS.finditer(value)}
        for field, place in found.items():
            yield Finding(
                rule="unresolved",
                level="fail",
                message=f"{field!r} stands unfilled in {place}.",
                where=page.where(field),
                fix="Remove it; only templates print fields. In a text, show one as `code`.",
            )


class Tags:
    """No HTML is shown as it is written: a text is Markdown, in which most tags are words. Code may show some."""

    def find(self, page: Page) -> Iterator[Finding]:
        texts = [page.edition.subject, *(text for element, text in page.texts if not _is_code(element))]
        for found in dict.fromkeys(match[0] for text in texts for match in _TAGS.finditer(text)):
            yield Finding(
                rule="tags",
                level="warn",
                message=f"readers see {found[:60]!r} as it is written.",
                where=page.where(found),
                fix="Remove it: texts are Markdown, as in **bold** or [words](address). Show code as `code`.",
            )


class Untranslated:
    """Every word of the theme is translated into the edition's language; what is not shows in English."""

    def find(self, page: Page) -> Iterator[Finding]:
        language = page.edition.language
        if language.partition("-")[0] == "en":
            return
        known = messages.known(language)
        extract = page.theme.environment.extract_translations  # type: ignore[attr-defined]
        templates = {path: source for path, source in page.templates.items() if path.endswith(".j2")}
        for path, source in templates.items():
            for line, function, said in extract(source, _GETTEXT):
                texts = [said] if isinstance(said, str) else [text for text in said or () if text]
                context = texts.pop(0) if function in ("pgettext", "npgettext") and len(texts) > 1 else ""
                if texts and (context, texts[0]) not in known:
                    yield Finding(
                        rule="untranslated",
                        level="warn",
                        message=f"the theme's {texts[0]!r} is not translated into {language}.",
                        where=f"{path}:{line}",
                        fix=f"Translate it in {messages.path(language)}, and clear its fuzzy mark.",
                    )


def _is_code(element: Element) -> bool:
    return element.tag in _CODE or any(one.tag in _CODE for one in element.iterancestors())
