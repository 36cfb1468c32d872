"""Takes an issue apart into translatable blocks and puts the translated blocks back.

A block is what CommonMark calls one: a paragraph, a heading, a list item, a quoted paragraph. Its text is the inline
Markdown inside it, so that links and emphasis stay with the words they belong to.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import regex
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdformat.renderer import MDRenderer, RenderContext, RenderTreeNode

from newsletter import dialect
from newsletter.model import WHOLE_ISSUE, Issue, Item, Segment
from newsletter.translation.markup import inline, markdown

_LETTER = regex.compile(r"\p{L}")
_LINE_END = regex.compile(r"(?:(?<!\\)\\)?\s*\n\s*")
_CLOSING = regex.compile(r"(?<=^|\s)#+$")  # at the end of a heading it would be no text
_ESCAPED = r"\\\g<0>"
_UNDERLINES = {"h1": "===", "h2": "---"}  # the headings that can have several lines

Translations = Mapping[tuple[str, str], str]
"""(context, source text) -> translated text."""

_ROLES = {
    "heading_open": "heading",
    "th_open": "cell",
    "td_open": "cell",
    "list_item_open": "li",
    "blockquote_open": "quote",
}
"""Containers of a block, the one that decides its role first."""

NOTES = {
    "subject": "the subject line: at most 60 columns wide",
    "preheader": "the line that mail programs show after the subject: 40 to 90 characters",
    "section": "a short label above the title",
    "alt": "describes the picture to those who do not see it",
}


PLAIN = frozenset({"subject", "preheader", "title", "section", "place", "alt", "caption"})
"""Roles whose text is shown as it is; all others are inline Markdown."""


def split(issue: Issue) -> list[Segment]:
    """Every translatable block of an issue, in reading order; the same text in the same role comes once."""
    seen: dict[tuple[str, str], Segment] = {}
    found = (*_issue_segments(issue), *(part for item in issue.items for part in item_segments(item)))
    for segment in found:
        if _LETTER.search(segment.text):  # a year or an emoji is the same in every language
            seen.setdefault((segment.context, segment.text), segment)
    return list(seen.values())


def item_segments(item: Item) -> Iterator[Segment]:
    """The blocks of one item: its title and other fields, then its body."""
    alt, caption = (item.image.alt, item.image.caption) if item.image else ("", "")
    fields = {
        "title": item.title,
        "summary": item.summary,
        "section": item.section,
        "place": item.place,
        "alt": alt,
        "caption": caption,
    }
    for role, text in fields.items():
        if text.strip():
            yield Segment(item=item.id, role=role, text=text, file=item.file, line=1, note=NOTES.get(role, ""))
    for role, text, line in _blocks(item.body):
        yield Segment(item=item.id, role=role, text=text, file=item.file, line=item.line + line)


def join(issue: Issue, translations: Translations, language: str) -> Issue:
    """The issue's own fields in another language; its items are left to ``join_item``."""

    def of(role: str, text: str) -> str:
        return translations.get((f"{WHOLE_ISSUE}|{role}", text), text)

    intro = _replace_blocks(issue.intro, lambda _role, text: of("intro", text))
    return replace(
        issue,
        language=language,
        subject=of("subject", issue.subject),
        preheader=of("preheader", issue.preheader),
        intro=intro,
    )


def join_item(item: Item, translations: Translations, language: str) -> Item:
    """The item in another language; a block without a translation stays as it is."""

    def of(role: str, text: str) -> str:
        return translations.get((f"{item.id}|{role}", text), text)

    image = item.image
    if image:
        image = replace(image, alt=of("alt", image.alt), caption=of("caption", image.caption))
    return replace(
        item,
        language=language,
        title=of("title", item.title),
        summary=of("summary", item.summary),
        section=of("section", item.section),
        place=of("place", item.place),
        image=image,
        body=_replace_blocks(item.body, of),
    )


def _issue_segments(issue: Issue) -> Iterator[Segment]:
    for role, text in (("subject", issue.subject), ("preheader", issue.preheader)):
        if text.strip():
            yield Segment(item=WHOLE_ISSUE, role=role, text=text, file="issue.toml", line=1, note=NOTES[role])
    for _role, text, _line in _blocks(issue.intro):
        yield Segment(item=WHOLE_ISSUE, role="intro", text=text, file="issue.toml", line=1)


def _blocks(body: str) -> Iterator[tuple[str, str, int]]:
    """(role, inline Markdown, line from 0) of every block with text."""
    environment: dict[str, Any] = {}
    for token, role, text in _texts(dialect.parser().parse(body, environment), environment):
        if text.strip():
            yield role, text, token.map[0] if token.map else 0


def _texts(tokens: list[Token], environment: Mapping[str, Any]) -> Iterator[tuple[Token, str, str]]:
    """Each inline token with its role and its text, in which a link has its address with it, wherever it stands."""
    references = environment.get("references")
    for token, role in _roles(tokens):
        yield token, role, _resolved(token.content, references) if references else token.content


def _resolved(text: str, references: Mapping[str, Any]) -> str:
    found = inline.parse(text, references=references)
    if found == inline.parse(text):
        return text
    resolved, dropped = markdown.write(found)
    return text if dropped else resolved


def _roles(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    """Each inline token with its role, which the containers around it decide."""
    around: list[str] = []
    for token in tokens:
        if token.nesting == 1:
            around.append(token.type)
        elif token.nesting == -1:
            around.pop()
        elif token.type == "inline":
            yield token, _role(around)


def _role(around: list[str]) -> str:
    for container, role in _ROLES.items():
        if container in around:
            return role
    return "body"


def _replace_blocks(body: str, translate: Callable[[str, str], str]) -> str:
    """The Markdown with every block's text replaced; untouched, byte for byte, where nothing is replaced."""
    changed = False

    def swap(state: StateCore) -> None:
        nonlocal changed
        for token, role, text in _texts(state.tokens, state.env):
            translated = translate(role, text)
            if translated != text:
                changed = True
                token.content = translated

    parser = dialect.parser()
    # Between the block and the inline rules, so that a translation cannot break the block structure.
    parser.core.ruler.after("block", "translate", swap)
    environment: dict[str, Any] = {}
    tokens = parser.parse(body, environment)
    if not changed:
        return body
    options = {**parser.options, "parser_extension": [_Blocks], "mdformat": {}}
    written = str(MDRenderer().render(tokens, options, environment))
    return written + "".join(_definition(*one) for one in environment.get("references", {}).items())


def _definition(label: str, reference: Mapping[str, str]) -> str:
    """Where the address of a link stands that could not be written with its words."""
    return f"\n[{label}]: {markdown.address(reference['href'], reference.get('title', ''))}\n"


class _Blocks:
    """Writes the blocks that mdformat would change.

    Inline Markdown stays as it was written: mdformat loses quotation marks in titles, brackets in alternative texts and
    line breaks in headings. Tables it leaves to extensions; a stroke inside a cell keeps its backslash.
    """

    @staticmethod
    def _paragraph(node: RenderTreeNode, _context: RenderContext) -> str:
        return markdown.paragraph(node.children[0].content)

    @staticmethod
    def _heading(node: RenderTreeNode, _context: RenderContext) -> str:
        text = node.children[0].content.strip()
        if "\n" in text and node.tag in _UNDERLINES:
            return f"{markdown.paragraph(text)}\n{_UNDERLINES[node.tag]}"
        return f"{'#' * int(node.tag[1])} {_CLOSING.sub(_ESCAPED, _on_one_line(text))}"

    @staticmethod
    def _table(node: RenderTreeNode, _context: RenderContext) -> str:
        rows = [row for part in node.children for row in part.children]
        lines = ["| " + " | ".join(_Blocks._cell(cell) for cell in row.children) + " |" for row in rows]
        rule = "| " + " | ".join(_Blocks._rule(cell) for cell in rows[0].children) + " |"
        return "\n".join([lines[0], rule, *lines[1:]])

    @staticmethod
    def _cell(cell: RenderTreeNode) -> str:
        return " ".join(_on_one_line(child.content) for child in cell.children).replace("|", "\\|")

    @staticmethod
    def _rule(cell: RenderTreeNode) -> str:
        align = str(cell.attrs.get("style", "")).rpartition(":")[2]
        return {"left": ":--", "right": "--:", "center": ":-:"}.get(align, "---")

    RENDERERS: ClassVar[dict[str, Callable[[RenderTreeNode, RenderContext], str]]] = {
        "paragraph": _paragraph,
        "heading": _heading,
        "table": _table,
    }
    POSTPROCESSORS: ClassVar[dict[str, object]] = {}


def _on_one_line(text: str) -> str:
    """Inline Markdown where no line may end: its line breaks are spaces."""
    return _LINE_END.sub(" ", text.strip())
