"""What shows that an answer cannot be right, from the answer and the text alone; the checks of drafts come later."""

import re

from newsletter.translation.engines.argos.model import Answer

# Three times the same words, or four times the same letters; digits and dots may repeat.
_LOOP = re.compile(
    r"(?<!\w)(?P<words>[^\W\d_].{0,80}?[\s.,;:!?()،؛۔、，।])(?P=words){2}|(?P<letters>[^\W\d_].{0,40}?)(?P=letters){3}"
)

LONG = 20
"""Pieces of a source from which a short answer is no answer."""


def fault(text: str, answer: Answer) -> str:
    """Why the answer cannot be a translation of the text, in words for the reviewer; empty where nothing shows."""
    if answer.endless and not answer.target:
        return f"the sentence is too long for the package ({len(answer.source)} pieces)"
    if not answer.text:
        return "the package answered nothing"
    loop = _LOOP.search(answer.text + " ")
    if loop and not _LOOP.search(text + " "):
        return f"the package repeats itself (“{(loop['words'] or loop['letters']).strip()}”)"
    if answer.endless:
        return "the package found no end"
    if len(answer.source) >= LONG and len(answer.target) < len(answer.source) / 5:
        return "the package left out most of the sentence"
    if _copied(text, answer.text):
        return "the package left the sentence as it was"
    return ""


def _copied(text: str, answer: str) -> bool:
    """Whether the answer is the text; names may well be, so words that begin with a capital do not count."""
    if text.casefold().rstrip(".") != answer.casefold().rstrip("."):
        return False
    words = re.findall(r"[^\W\d_]+", text)
    return sum(len(word) for word in words if not word[0].isupper()) >= 10
