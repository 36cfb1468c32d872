"""From the attention between pieces to an alignment of words."""

from collections.abc import Sequence

import regex

from newsletter.model import Alignment
from newsletter.translation.engines.argos.tokens import Piece
from newsletter.translation.scripts import UNSPACED

Rows = Sequence[Sequence[float]]

# A word is a run of letters, marks and digits, joined by inner apostrophes, hyphens, points and commas; one character
# in scripts that put no space between words; and any other mark alone, so that markup need not swallow punctuation.
_RUN = rf"[[\p{{L}}\p{{M}}\p{{N}}_\u200c\u200d]--[{UNSPACED}]]+"
_WORD = regex.compile(rf"(?V1)[{UNSPACED}]\p{{M}}*|{_RUN}(?:[-'’.,·]{_RUN})*|\S")


def words(text: str) -> tuple[tuple[int, int], ...]:
    """The (start, end) of each word and punctuation mark."""
    return tuple(match.span() for match in _WORD.finditer(text))


def align(source: Sequence[Piece], target: Sequence[Piece], *, texts: tuple[str, str], rows: Rows) -> Alignment:
    """Add the attention between pieces up to words; ``rows`` has a row for each target piece.

    A row without evidence says all words alike, never nothing: every row adds up to one.
    """
    columns, lines = words(texts[0]), words(texts[1])
    from_pieces = [_shares(piece, columns) for piece in source]
    weights = [[0.0] * len(columns) for _line in lines]
    for piece, row in zip(target, rows, strict=False):
        for line, share in _shares(piece, lines).items():
            for mass, spread in zip(row, from_pieces, strict=False):
                for column, part in spread.items():
                    weights[line][column] += share * mass * part
    return Alignment(source=columns, target=lines, weights=tuple(_evened(row) for row in weights))


def _shares(piece: Piece, spans: Sequence[tuple[int, int]]) -> dict[int, float]:
    """Which words a piece belongs to, by its share of characters."""
    # A piece of a character that was written as several, such as the 1 of ½, may stand on no character of its own.
    start, end = (piece.start, piece.end) if piece.end > piece.start else (max(0, piece.start - 1), piece.start)
    common = {index: min(end, last) - max(start, first) for index, (first, last) in enumerate(spans)}
    found = {index: count for index, count in common.items() if count > 0}
    whole = sum(found.values())
    return {index: count / whole for index, count in found.items()}


def _evened(row: Sequence[float]) -> tuple[float, ...]:
    total = sum(row)
    return tuple(mass / total for mass in row) if total > 0 else tuple(1 / len(row) for _mass in row)
