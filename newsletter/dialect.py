"""The Markdown that items are written in: CommonMark, tables, strikethrough, and HTML tags that mean the same.

One definition for the stages that read it, so that what the importer escapes, what translators get as a segment and
what readers see are taken apart in the same way. HTML never passes: ``<b>``, ``<i>``, ``<s>``, ``<br>``, ``<a href>``
and ``<img>`` are read as the emphasis, break, link and picture that they are, without any other attribute; every other
tag stays the text it is, so that no word is lost and nothing is executed.
"""

import re
from collections.abc import Iterator
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

LINE_SEPARATORS = dict.fromkeys(map(ord, "\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")
"""For ``str.translate``: line ends to Python, YAML and polib, but to no editor and not to gettext."""

DEEPEST = 100
"""How deep blocks may stand in one another; what stands deeper, a parser leaves out without a word."""

_DEEPEST = 20  # tags in one another, as markdown-it has it for its own
_EMPHASES = {"b": ("strong", "**"), "strong": ("strong", "**"), "i": ("em", "*"), "em": ("em", "*")} | dict.fromkeys(
    ("s", "del", "strike"), ("s", "~~")
)
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>b|strong|i|em|s|del|strike|a|br|img)(?=[\s/>])"
    r"(?P<attributes>(?:\s++[^\s\"'<>/=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'<>`]++))?+)*+)\s*+/?>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>`]+))")


def parser() -> MarkdownIt:
    """A parser of its own, so that a stage may add rules to it."""
    options = {"html": False, "xhtmlOut": True, "maxNesting": DEEPEST}
    markdown = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    markdown.inline.ruler.before("html_inline", "tag", _tag)
    markdown.core.ruler.after("inline", "tags", _tags)
    return markdown


def _tag(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as markdown-it calls it
    """Takes a known tag out of the text; what it stands for is decided when all of the block's are known."""
    found = _TAG.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "<" else None
    if not found:
        return False
    if not silent:
        state.push("tag", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _tags(state: StateCore) -> None:
    blocks = [token for token in state.tokens if token.children]
    while blocks:
        block = blocks.pop()
        children = block.children or []
        if any(token.type == "tag" for token in children):
            block.children = children = list(_read(children, _pairs(children, state.md), state.md))
            while children and children[-1].type == "hardbreak":  # Markdown has none at the end of a block
                children.pop()
        blocks += [token for token in children if token.children]  # the words of pictures


def _pairs(tokens: list[Token], markdown: MarkdownIt) -> dict[int, int]:
    """The opening and closing tags that belong together, by their places: within one element, and no link in a link."""
    pairs: dict[int, int] = {}
    levels: list[list[tuple[str, int]]] = [[]]  # in each open element, the tags that wait for their end
    links, barrier = 0, -1  # of Markdown's own; an <a> before the barrier has a link behind it and cannot be one
    for place, token in enumerate(tokens):
        if token.nesting == 1:
            levels.append([])
        elif token.nesting == -1:
            levels.pop()
        if token.type in ("link_open", "link_close"):
            links, barrier = links + token.nesting, place
        name, closes = _named(token)
        if not name:
            continue
        waiting = levels[-1]
        if not closes:
            usable = name != "link" or (not links and _address(token, "href", markdown))
            if usable and len(waiting) < _DEEPEST:
                waiting.append((name, place))
        elif (start := _taken(waiting, name, barrier)) >= 0:
            pairs[start], pairs[place] = place, start
            barrier = place if name == "link" else barrier
    return pairs


def _named(token: Token) -> tuple[str, bool]:
    """What a tag stands for if it has an end, and whether it is that end; else an empty name."""
    found = _TAG.fullmatch(token.content) if token.type == "tag" else None
    name = found["name"].lower() if found else ""
    kind = _EMPHASES[name][0] if name in _EMPHASES else {"a": "link"}.get(name, "")
    return kind, bool(found and found["end"])


def _taken(waiting: list[tuple[str, int]], name: str, barrier: int) -> int:
    """The place of the last tag of a name, which goes with those that it was to hold; -1 where there is none."""
    for index in reversed(range(len(waiting))):
        kind, place = waiting[index]
        if kind == name and (name != "link" or place > barrier):
            del waiting[index:]
            return place
    return -1


def _read(tokens: list[Token], pairs: dict[int, int], markdown: MarkdownIt) -> Iterator[Token]:
    for place, token in enumerate(tokens):
        found = _TAG.fullmatch(token.content) if token.type == "tag" else None
        if not found:
            yield token
        elif place in pairs:
            yield _element(found, token, markdown, nesting=1 if pairs[place] > place else -1)
        else:
            yield _single(found, token, markdown)


def _element(found: re.Match[str], token: Token, markdown: MarkdownIt, *, nesting: int) -> Token:
    kind, mark = _EMPHASES.get(found["name"].lower(), ("link", ""))
    suffix = "open" if nesting == 1 else "close"
    element = Token(f"{kind}_{suffix}", "a" if kind == "link" else kind, nesting, level=token.level, markup=mark)  # type: ignore[arg-type]
    if kind == "link" and nesting == 1:
        element.attrSet("href", _address(token, "href", markdown))
        if title := _attributes(token).get("title"):
            element.attrSet("title", title)
    return element


def _single(found: re.Match[str], token: Token, markdown: MarkdownIt) -> Token:
    """A break, a picture, or the tag as text where it means nothing."""
    name, attributes = found["name"].lower(), _attributes(token)
    if name == "br" and not found["end"]:
        return Token("hardbreak", "br", 0, level=token.level)
    source = _address(token, "src", markdown) if name == "img" and not found["end"] else ""
    if not source:
        # Where HTML is on, to learn what other programs would obey, a tag is one.
        kind = "html_inline" if markdown.options["html"] else "text"
        return Token(kind, "", 0, content=token.content, level=token.level)
    words = " ".join(attributes.get("alt", "").split())
    image = Token("image", "img", 0, content=words, level=token.level)
    image.attrs = {"src": source, "alt": ""}
    if attributes.get("title"):
        image.attrSet("title", attributes["title"])
    image.children = [Token("text", "", 0, content=words)] if words else []
    return image


def _attributes(token: Token) -> dict[str, str]:
    """The attributes of a tag; of two with one name the first counts, as in browsers."""
    found = [
        (match[1].lower(), unescape(match[2] or match[3] or match[4] or ""))
        for match in _ATTRIBUTE.finditer(token.content)
    ]
    return dict(reversed(found))


def _address(token: Token, name: str, markdown: MarkdownIt) -> str:
    """The address in an attribute; empty where there is none, or one that Markdown would not link to either."""
    address = markdown.normalizeLink(_attributes(token).get(name, "").strip())
    return address if markdown.validateLink(address) else ""
