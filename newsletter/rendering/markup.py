"""Markdown becomes HTML that mail clients show: well-formed, styled on each element, without scripts.

CommonMark with tables. No HTML of the text ever passes through: the few tags that mean what Markdown means are read as
that (see ``dialect``), all others stay text. The styles are the theme's: a mapping from an element's name to CSS, such
as ``{"p": "margin:0 0 16px;", "blockquote p": "margin:0;"}``. The paragraph below a quote that is emphasised as a whole
says whose words they are; its name is ``cite``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from markdown_it.token import Token
from markupsafe import Markup

from newsletter import dialect
from newsletter.errors import ContentError
from newsletter.rendering import plaintext
from newsletter.rendering.localise import Localisation
from newsletter.rendering.mjml import strip
from newsletter.rendering.pictures import Pictures
from newsletter.rendering.tracking import Tracking

_PARSER = dialect.parser()
_SAFE = frozenset(("http", "https", "mailto", "tel"))
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_WEB = re.compile(r"https?://[^/?#\s\[\]]+(?:[/?#]|\Z)", re.IGNORECASE)
_OVERRIDES = re.compile("[\u202a-\u202e]")  # they would turn the words around them as well


@dataclass(frozen=True, kw_only=True, slots=True)
class Prose:
    """One Markdown text of an issue; true in a template where there is anything to read.

    ``where`` is the text's file for errors, ``line`` the one in it that the text begins on, where that is known;
    ``pictures`` finds what its images name, ``tracking`` says what links to the newsletter's own sites tell them.
    """

    source: str
    localisation: Localisation
    base_url: str
    pictures: Pictures
    where: str
    line: int = 0
    tracking: Tracking | None = None

    def __bool__(self) -> bool:
        return bool(self.source.strip())

    def html(self, styles: Mapping[str, str], width: int = 552) -> Markup:
        """The text as HTML; pictures are shown at most ``width`` pixels wide."""
        tokens = self._tokens()
        _attributed(tokens)
        if self.localisation.direction == "rtl":
            for token in tokens:
                token.children = _isolated(token.children or [])
        holders = [""]  # the elements that a block stands in
        for token in _every(tokens):
            if token.nesting == -1 and token.block:
                holders.pop()
            self._dress(token, holders[-1], styles, width)
            if token.nesting == 1 and token.block:
                holders.append(_name(token))
        rendered = _PARSER.renderer.render(tokens, _PARSER.options, {})
        return Markup(rendered)  # noqa: S704 - HTML is off in the parser and every attribute is escaped by its renderer

    @property
    def text(self) -> str:
        """The text for the mail's text part, wrapped at 72 columns."""
        return plaintext.render(self._tokens(), self.localisation)

    def _at(self, token: Token, part: str = "") -> str:
        """Where ``part`` of a token, or the block it is in, stands: the file, and the line if that is known."""
        if not self.line:
            return self.where
        first, end = token.map or (0, 0)
        written = {part, unquote(part)} - {""}
        lines = enumerate(self.source.split("\n")[first:end])
        within = next((number for number, text in lines if any(each in text for each in written)), 0)
        return f"{self.where}:{self.line + first + within}"

    def _tokens(self) -> list[Token]:
        tokens = _PARSER.parse(strip(self.source))
        for token in tokens:
            if token.level >= dialect.DEEPEST - 1:
                raise ContentError(
                    f"quotes and lists stand more than {dialect.DEEPEST - 2} deep in one another.",
                    where=self._at(token),
                    hint="Write them side by side.",
                )
            for child in _every(token.children or ()):
                child.map = token.map  # for errors
        for token in _every(tokens):
            token.content = _unturned(token.content)
            if title := token.attrGet("title"):
                token.attrSet("title", _unturned(str(title)))
            if token.type == "link_open":
                href = str(token.attrGet("href"))
                token.attrSet("href", address(href, self.base_url, where=self._at(token, href)))
        return tokens

    def _dress(self, token: Token, holder: str, styles: Mapping[str, str], width: int) -> None:
        """Put the style on an element that stands in a ``holder``, and what else mail clients need there."""
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, max(3, int(token.tag[1]) + 1))}"  # h1 is the newsletter, h2 the item
        if token.type == "link_open" and self.tracking:
            token.attrSet("href", self.tracking.link(str(token.attrGet("href"))))
        if token.type == "image":
            self._place(token, styles, width)
        elif token.nesting >= 0 and token.tag:
            align = token.attrGet("style") or ""  # of a table's cell
            name = _name(token)
            style = styles.get(f"{holder} {name}", styles.get(name, ""))
            if style or align:
                token.attrSet("style", f"{style}{align}")
        if token.type in ("fence", "code_block", "code_inline"):
            token.attrSet("dir", "ltr")

    def _place(self, token: Token, styles: Mapping[str, str], width: int) -> None:
        src = str(token.attrGet("src"))
        if not _WEB.match(src):
            if _SCHEME.match(src):  # such as data: or C:
                raise ContentError(
                    f"the picture {unquote(src)[:60]!r} is neither a file of the issue nor on the web.",
                    where=self._at(token, src),
                    hint="Copy the file into the issue's folder, and write its name here.",
                )
            picture = self.pictures.find(src, where=self._at(token, src)).at(width)
            shown = min(picture.width, width)
            token.attrSet("src", picture.url)
            token.attrSet("width", str(shown))
            token.attrSet("height", str(round(picture.height * shown / picture.width)))
        token.attrSet("style", f"max-width:100%;height:auto;{styles.get('img', '')}")


def address(url: str, base_url: str, *, where: str) -> str:
    """A link as an absolute address; one that a mail cannot open is a ContentError."""
    if not url.strip():
        raise ContentError("a link has no address.", where=where, hint="Write one, or make it plain text.")
    try:
        absolute = urljoin(f"{base_url.rstrip('/')}/", url) if base_url else url
        scheme = urlsplit(absolute).scheme
    except ValueError:  # such as half an IPv6 address
        absolute, scheme = url, ""
    if not scheme:
        raise ContentError(
            f"the link {url[:100]!r} has no full address.",
            where=where,
            hint="Write it in full, or set base_url in [newsletter].",
        )
    if scheme.lower() not in _SAFE:
        hint = "Link to an https: or mailto: address."
        raise ContentError(f"the link {url[:100]!r} opens nothing in a mail.", where=where, hint=hint)
    return absolute


def _unturned(text: str) -> str:
    """Text without what would turn the words after it around, or would stop the compiler."""
    return _OVERRIDES.sub("", strip(text))


def _isolated(tokens: Sequence[Token]) -> list[Token]:
    """Inline tokens in which an address shown as such keeps its order within right-to-left text."""
    result: list[Token] = []
    for token in tokens:
        if token.type == "link_close" and token.info == "auto":
            result.append(Token("html_inline", "", 0, content="</span>"))
        result.append(token)
        if token.type == "link_open" and token.info == "auto":
            # On a span: Outlook does not honour dir on a link.
            result.append(Token("html_inline", "", 0, content='<span dir="ltr">'))
    return result


def _attributed(tokens: Sequence[Token]) -> None:
    """Name the paragraphs of quotes that say whose words they are: not the first one, and in emphasis altogether."""
    holders: list[str] = []
    for before, opening, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if before.nesting == 1:
            holders.append(before.type)
        elif before.nesting == -1:
            holders.pop()
        later = holders[-1:] == ["blockquote_open"] and before.type != "blockquote_open"
        if later and opening.type == "paragraph_open" and _emphasis(inline.children or []):
            opening.meta["name"] = "cite"


def _emphasis(tokens: Sequence[Token]) -> bool:
    """Whether all of a text is in one emphasis."""
    ends = [token.type for token in tokens if token.level == 0]
    return ends == ["em_open", "em_close"]


def _name(token: Token) -> str:
    """What a theme calls an element."""
    return "pre" if token.type in ("fence", "code_block") else str(token.meta.get("name", token.tag))


def _every(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        if token.children:
            yield from _every(token.children)
