"""Rules about links: what they say, how they travel, and the one that must not be missing."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.rendering import fields
from newsletter.rendering.lint import Finding
from newsletter.rendering.lint.page import Element, Page

# What says nothing outside its sentence, in the newsletter's languages.
_EMPTY_WORDS = frozenset(
    word
    for words in (
        "click here|here|click|this link|link|this page|tap here",  # English
        "haga clic aquí|haz clic aquí|pulse aquí|pinche aquí|clic aquí|aquí|este enlace|enlace|esta página",  # Spanish
        "cliquez ici|cliquer ici|cliquez|ici|ce lien|lien|cette page",  # French
        "feu clic aquí|fes clic aquí|cliqueu aquí|clica aquí|premeu aquí|aquest enllaç|enllaç|ací",  # Catalan
        "clique aqui|clique|aqui|este link|esta página|neste link",  # Portuguese
        "اضغط هنا|انقر هنا|إضغط هنا|هنا|هذا الرابط|الرابط|رابط",  # Arabic
        "اینجا کلیک کنید|اینجا را کلیک کنید|کلیک کنید|اینجا|این پیوند|پیوند|این لینک|لینک",  # Persian
        "여기를 클릭하세요|여기를 클릭|여기 클릭|여기를 누르세요|여기|클릭|이 링크|링크",  # Korean
        "यहाँ क्लिक गर्नुहोस्|यहाँ थिच्नुहोस्|यहाँ क्लिक|यहाँ|यहां|यो लिङ्क|यो लिंक|लिङ्क|लिंक",  # Nepali
    )
    for word in words.split("|")
)
_EDGES = re.compile(r"^[\W_]+|(?<!\w)[\W_]+$|[\s.,:;!?…»”\"'←→>]+$")


class Text:
    """A link says where it leads: screen readers list links without the sentences around them (WCAG 2.4.4)."""

    def find(self, page: Page) -> Iterator[Finding]:
        for link in _links(page):
            text = page.words(link)
            name = text or link.get("aria-label", "") or " ".join(e.get("alt", "") for e in link.iter("img")).strip()
            href = page.plain(link.get("href"))
            if not name:
                yield Finding(
                    rule="link-text",
                    level="fail",
                    message=f"a link to {href} has no words.",
                    where=page.where(*_written(page, href)),
                    fix="Give it words, or its picture an alt.",
                )
            elif _EDGES.sub("", text.casefold()) in _EMPTY_WORDS:
                yield Finding(
                    rule="link-text",
                    level="warn",
                    message=f"the link {text!r} does not say where it leads.",
                    where=page.where(f"[{text}]", text),
                    fix="Make the words of the sentence that name the page the link.",
                )


class Encrypted:
    """Links and pictures are https: browsers warn of the others, and networks can read and change them."""

    def find(self, page: Page) -> Iterator[Finding]:
        addresses = [(link.get("href"), "link") for link in _links(page)]
        addresses += [(element.get("src", ""), "picture") for element in page.seen if element.tag == "img"]
        for address, what in dict.fromkeys(addresses):
            if address.lower().startswith("http:"):
                yield Finding(
                    rule="https",
                    level="fail" if what == "picture" else "warn",
                    message=f"the {what} {address} is not encrypted.",
                    where=page.where(*_written(page, address)),
                    fix="Write https://, after trying that it opens.",
                )


class Unsubscribe:
    """Every mail has a way out in its HTML and in its text: the law, and what Gmail and Yahoo demand."""

    def find(self, page: Page) -> Iterator[Finding]:
        marker = fields.marker("recipient.unsubscribe_url", page.edition.nonce)
        linked = any(marker in link.get("href") for link in _links(page))
        for ok, part, name in ((linked, "HTML", r"mjml\.j2"), (marker in page.edition.text, "text part", r"txt\.j2")):
            if not ok:
                files = (path for path in page.templates if re.search(name, path))
                yield Finding(
                    rule="unsubscribe",
                    level="fail",
                    message=f"the {part} has no link to unsubscribe.",
                    where=next((path for path in files if "footer" in path or "txt" in path), ""),
                    fix="Link to {{ recipient.unsubscribe_url }} in the footer.",
                )


def _links(page: Page) -> list[Element]:
    return [element for element in page.seen if element.tag == "a" and element.get("href")]


def _written(page: Page, address: str) -> tuple[str, ...]:
    """How an author may have written an absolute address."""
    base = page.config.publication.base_url.rstrip("/")
    rest = address.removeprefix(base).lstrip("/") if base and address.startswith(base) else ""
    path = urlsplit(address)
    return (address, address.removesuffix("/"), rest, f"{path.netloc}{path.path}".rstrip("/"))
