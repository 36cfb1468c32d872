"""Inline Markdown as a reviewer reads it: links and emphasis look like it, and every character of it can be seen.

Nothing of the text is trusted: it is escaped piece by piece, a picture is not loaded, and what joins up to anything
but the text itself is shown as plain characters instead.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from markdown_it.token import Token
from markupsafe import Markup, escape

from newsletter import dialect

_SAFE = frozenset(("http", "https", "mailto"))
_ELEMENTS = {"strong_open": "strong", "em_open": "em", "s_open": "s"}

_PARSER = dialect.parser().disable("text_join")  # it would hide that a character was escaped


def show(text: str) -> Markup:
    """The text as HTML; without its tags, it is the text again, character by character."""
    shown, plain = [], []
    for html, characters in _pieces(_tokens(text)):
        shown.append(html)
        plain.append(characters)
    return Markup("").join(shown) if "".join(plain) == text else escape(text)


def _tokens(text: str) -> list[Token]:
    (inline,) = _PARSER.parseInline(text)
    return inline.children or []


def _pieces(tokens: list[Token]) -> Iterator[tuple[Markup, str]]:
    """(HTML, the characters it shows) for each token."""
    links: list[Token] = []
    for token in tokens:
        if token.type in _ELEMENTS:
            yield _opened(_ELEMENTS[token.type]) + _mark(token.markup), token.markup
        elif token.type in ("strong_close", "em_close", "s_close"):
            yield _mark(token.markup) + _closed(_ELEMENTS[token.type.replace("close", "open")]), token.markup
        elif token.type == "link_open":
            links.append(token)
            mark = "<" if token.info == "auto" else "["
            yield _mark(mark) + _link(str(token.attrGet("href"))), mark
        elif token.type == "link_close":
            yield _end(links.pop())
        else:
            yield _leaf(token)


def _leaf(token: Token) -> tuple[Markup, str]:
    if token.type == "code_inline":
        code = Markup('<code dir="ltr">{}</code>').format(token.content)
        return _mark(token.markup) + code + _mark(token.markup), f"{token.markup}{token.content}{token.markup}"
    if token.type == "image":
        src = str(token.attrGet("src"))
        html = _mark("![") + escape(token.content) + _mark("](") + _address(src) + _mark(")")
        return html, f"![{token.content}]({src})"
    text = {"softbreak": "\n", "hardbreak": "\\\n", "text_special": token.markup}.get(token.type, token.content)
    return escape(text), text


def _end(link: Token) -> tuple[Markup, str]:
    if link.info == "auto":
        return _closed("a") + _mark(">"), ">"
    href, title = str(link.attrGet("href")), link.attrGet("title")
    named = f' "{title}"' if title else ""
    return _closed("a") + _mark("](") + _address(href) + _mark(f"{named})"), f"]({href}{named})"


def _link(href: str) -> Markup:
    """The link itself where it leads to a page or a mailbox, so that a reviewer can try it."""
    try:
        safe = urlsplit(href).scheme.lower() in _SAFE
    except ValueError:  # such as half an IPv6 address
        safe = False
    return Markup('<a href="{}" rel="noreferrer">').format(href) if safe else Markup("<a>")


def _address(href: str) -> Markup:
    return Markup('<bdi class="address" dir="ltr">{}</bdi>').format(href)


def _mark(characters: str) -> Markup:
    return Markup('<span class="mark">{}</span>').format(characters)


def _opened(element: str) -> Markup:
    return Markup(f"<{element}>")  # noqa: S704 - one of ours


def _closed(element: str) -> Markup:
    return Markup(f"</{element}>")  # noqa: S704 - one of ours
