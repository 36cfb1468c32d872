"""Cuts a block into sentences for the engines and knows how to put the answers back in place.

``sentencex`` does the cutting; its faults in abbreviations and numbered items are mended here and nowhere else.
"""

import re
from dataclasses import dataclass

import sentencex

# Abbreviations after which sentencex cuts although the sentence goes on. French: the non-breaking prefixes of Moses and
# what stands in addresses; Arabic and Nepali: titles.
_GOES_ON = {
    language: re.compile(rf"(?:^|[\s(«“])(?:{words})\.\s*$")
    for language, words in {
        "en": "[Aa]pprox|i\\.e|e\\.g",
        "fr": "MM?|Mmes?|Mlles?|Drs?|Mes?|Prs?|St|Ste|janv|févr|avr|juil|sept|oct|nov|déc"
        "|[Bb]ds?|[Bb]oul|[Aa]v|[Cc]f|[Ee]nv|[A-Z]\\.-[A-Z]|c\\.-à-d",
        "ar": "د|أ|أ\\.د",
        "ne": "डा|प्रा|श्री|नं|रु",
    }.items()
}
_NUMBERED = re.compile(r"^\s*(?:\d{1,3}|[IVXLC]{1,6}|[A-Za-z])[.)]\s*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """One sentence and the white space that followed it in the block."""

    text: str
    gap: str


def split(text: str, language: str) -> list[Sentence]:
    """The sentences of a block in order; joining ``text + gap`` of all gives the block, white space normalised.

    Line breaks inside a block mean nothing in Markdown, and an engine would take them for paragraph ends.
    """
    block = " ".join(text.split())
    goes_on = _GOES_ON.get(language.partition("-")[0])
    pieces: list[str] = []
    for piece in sentencex.segment(language.partition("-")[0], block):
        if pieces and (
            _NUMBERED.match(pieces[-1])
            or (goes_on and goes_on.search(pieces[-1]))
            or (piece[0] == "-" and not pieces[-1][-1].isspace())  # J.-P. Dupont, c.-à-d.
        ):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return [Sentence(text=piece.rstrip(), gap=piece[len(piece.rstrip()) :]) for piece in pieces]
