"""An edition as mail programs take it apart: with the HTML parser of browsers, and none of the library's own."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsletter.model import Edition

# What a mail may hold: the theme's own elements, those that Markdown makes, and the compiler's for Outlook.
_ELEMENTS = frozenset(
    (
        *("html", "head", "title", "meta", "style", "body", "div", "table", "tbody", "thead", "tr", "td", "th"),
        *("p", "a", "span", "strong", "em", "s", "br", "hr", "img", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("ul", "ol", "li", "blockquote", "pre", "code"),
        *("noscript", "xml", "o:officedocumentsettings", "o:allowpng", "o:pixelsperinch"),
    )
)
_ADDRESSES = frozenset(("href", "src", "background", "action", "xlink:href", "formaction", "poster", "srcset", "data"))
_OPENS = re.compile(r"#|(?:https?|mailto|tel):")
_PROGRAM = re.compile(r"expression\s*\(|javascript:|-moz-binding|behavior\s*:|@import|url\s*\(", re.IGNORECASE)
_CONDITION = re.compile(r"<!--\[if[^\]]*\]>(?:<!-->)?|(?:<!--)?<!\[endif\]-->", re.IGNORECASE)
_STRIPPED = "".join(map(chr, range(0x21)))  # around an address (WHATWG URL, basic parser)
_UNSEEN = frozenset(("Cc", "Cf", "Cn", "Cs", "Zs", "Zl", "Zp"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the parts of an edition say, without white space and what else nobody sees.

    ``shown`` is the text and the words of pictures, ``linked`` the addresses of links, ``behind`` the addresses of
    pictures and the titles of links, which only some programs show; ``text`` is the text part.
    """

    shown: str
    linked: str
    behind: str
    text: str


def read(edition: Edition) -> Reading:
    """All that a reader can find in an edition."""
    body = LexborHTMLParser(edition.html).body
    texts = [node.text_content or "" for node in body.traverse(include_text=True) if node.tag == "-text"]
    attributes = [(name, value or "") for node in body.traverse() for name, value in node.attributes.items()]
    texts += [value for name, value in attributes if name == "alt"]
    return Reading(
        shown=visible(" ".join(texts)),
        linked=visible(" ".join(unquote(value) for name, value in attributes if name == "href")),
        behind=visible(" ".join(unquote(value) for name, value in attributes if name in ("src", "title"))),
        text=visible(f"{edition.text} {unquote(edition.text)}"),
    )


def visible(text: str) -> str:
    """The signs of a text that take room."""
    return "".join(char for char in text if "!" <= char <= "~" or unicodedata.category(char) not in _UNSEEN)


def faults(edition: Edition) -> Iterator[str]:
    """What runs, what leads astray, and what the template engine or the compiler obeyed, each with its kind first."""
    for source in (edition.html, _CONDITION.sub("", edition.html)):  # Outlook reads what stands in its conditions
        for node in LexborHTMLParser(source).root.traverse():
            yield from _node(node, edition.nonce)
    if any("62615533" in part for part in (edition.subject, edition.preheader, edition.html, edition.text)):
        yield "template: 7919*7907 was computed"
    if "<mj-" in edition.html:
        yield "template: MJML is left in the HTML"


def _node(node: LexborNode, nonce: str) -> Iterator[str]:
    tag = str(node.tag)
    if tag == "-comment":
        if re.search(r"w\d+x\d", node.comment_content or ""):
            yield f"comment: {node.comment_content}"
        return
    if tag not in _ELEMENTS:
        yield f"element: <{tag}>"
    for name, value in node.attributes.items():
        if name.startswith("on"):
            yield f"script: <{tag} {name}={value!r}>"
        elif name in _ADDRESSES and not _opens(value or "", nonce):
            yield f"address: <{tag} {name}={value!r}>"
        elif name == "style" and _PROGRAM.search(value or ""):
            yield f"style: <{tag} style={value!r}>"


def _opens(address: str, nonce: str) -> bool:
    """Whether an address opens a page or a mailbox, as a browser reads it."""
    read = re.sub(r"[\t\n\r]", "", address.strip(_STRIPPED)).lower()
    return _OPENS.match(read) is not None or address == f"Xq{nonce}recipient.unsubscribe_url{nonce}qX"
