"""What Markdown would drop without a word: cells beyond the columns, addresses that no link uses, words at a fence.

CommonMark and its tables say that all of these are left out. Whoever typed them wanted them read, so an item that has
one is refused. The language of a code block, which is one word, and the title of a link are no text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import escapedSplit, table
from markdown_it.token import Token

from newsletter import dialect

_LANGUAGE = re.compile(r"[\w+#.-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """What nobody would see, on a ``line`` of the text from 0, and the next step."""

    line: int
    what: str
    hint: str


def find(source: str) -> Iterator[Loss]:
    """The words of a Markdown text that no reader would see."""
    environment: dict[str, Any] = {"losses": []}
    tokens = _parser().parse(source, environment)
    yield from environment["losses"]
    yield from _addresses(environment, source.split("\n"), used=set(_used(tokens)))
    for token in tokens:
        words = token.info.strip()
        if token.type == "fence" and not _LANGUAGE.fullmatch(words):
            yield Loss(
                line=token.map[0] if token.map else 0,
                what=f"nobody would see {words[:60]!r}: Markdown takes it for the language of a block of code.",
                hint=f"Put it on the next line; or put a backslash before {token.markup[:3]}, if no code is meant.",
            )


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = dialect.parser()
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    return parser


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - as markdown-it calls it
    """The parser's own rule, which then notes the rows with more cells than the table has columns."""
    before = len(state.tokens)
    if not table(state, start, end, silent):
        return False
    made = state.tokens[before:]
    columns = sum(token.type == "th_open" for token in made)
    for token in made:
        if token.type != "tr_open" or not token.map:
            continue
        line = token.map[0]
        cells = escapedSplit(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip())
        cells = cells[not cells[0] : len(cells) - (not cells[-1])]  # without those outside the outer strokes
        if any(cell.strip() for cell in cells[columns:]):
            what = f"nobody would see {cells[columns].strip()[:60]!r}: the table has fewer columns than this row cells."
            hint = "Give its first two rows a cell more; a stroke that is text is written \\|."
            state.env["losses"].append(Loss(line=line, what=what, hint=hint))
    return True


def _addresses(environment: Mapping[str, Any], lines: Sequence[str], *, used: Set[str]) -> Iterator[Loss]:
    """The lines such as ``[words]: address`` that give no link its address."""
    unused = [found for found in environment.get("references", {}).values() if found["href"] not in used]
    for found in (*unused, *environment.get("duplicate_refs", ())):
        line = found["map"][0]
        yield Loss(
            line=line,
            what=f"nobody would see {lines[line].strip()[:60]!r}: Markdown takes it for the address of a link, which"
            f" {'is nowhere' if found in unused else 'has one already'}.",
            hint="Put a backslash before its bracket to show it, or remove it.",
        )


def _used(tokens: Sequence[Token]) -> Iterator[str]:
    """The addresses of links and pictures."""
    for token in tokens:
        if address := token.attrGet("href") or token.attrGet("src"):
            yield str(address)
        yield from _used(token.children or ())
