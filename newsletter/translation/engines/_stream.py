"""Apertium's stream format: a sentence written for its pipeline, and the answer read back.

The pipeline marks words: ``*`` no dictionary has it, ``@`` the bilingual one has not, and ``#`` it is translated, but
the form that the grammar wants is missing, so that its basic form stands there.
"""

import functools
import itertools
import re
from dataclasses import dataclass, field
from html import unescape
from xml.sax.saxutils import escape

from newsletter.model import Translated
from newsletter.translation import literals

_SPECIAL = re.compile(r"[\\^$/\[\]{}<>@]")
_BLANK = re.compile(r"[*~#]+")  # marks of its own that cannot be escaped: it must not read them
_TAG = re.compile(r'<g id="(?P<open>[^"]*)">|(?P<close></g>)|(?P<void><x id="[^"]*"/>)')
_END = re.compile(r"[.!?…][\"'»”’)\]]*$")
_PIECE = re.compile(
    r"\[\[(?P<tags>[^\]]*)\]\]"  # a word-bound blank, or the end of one: [[/]]
    r"|\[(?P<blank>(?:\\.|[^\]\\])*)\]"
    r"|\\(?P<escaped>.)"
    r"|(?P<mark>[*@#])(?=\w)"
    r"|(?P<word>\w+)"
    r"|(?P<other>.)",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """One sentence in the stream format; ``text`` is empty where there is nothing to translate.

    ``tags`` are the ids of its markup, outermost first, and None where it is no markup at all. ``stopped`` says that
    it got a full stop. ``kept`` are the pieces that must come back untouched, by the words that stand for them.
    """

    text: str
    tags: tuple[str, ...] | None
    stopped: bool
    kept: dict[str, str] = field(default_factory=dict)


def plain(source: str) -> Sentence:
    """A sentence without markup."""
    kept = _Kept(source)
    return _sentence(kept.written(source), None, kept)


def tagged(source: str) -> Sentence:
    """An XML fragment with ``<g>`` around words and ``<x/>`` for what stays as it is."""
    kept = _Kept(source)
    text, place = "", 0
    opened: list[str] = []
    for tag in _TAG.finditer(source):
        text += _bound(kept.written(unescape(source[place : tag.start()])), opened)
        place = tag.end()
        if tag["open"] is not None:
            opened.append(tag["open"])
        elif tag["close"]:
            opened.pop()
        else:
            text += _bound(kept.word(tag["void"]), opened)
    text += _bound(kept.written(unescape(source[place:])), opened)
    return _sentence(text, tuple(tag["open"] for tag in _TAG.finditer(source) if tag["open"] is not None), kept)


def read(answer: str, sentence: Sentence) -> Translated:
    """The translation in an answer; doubted where a piece was lost or a common word is unknown."""
    writer = _Writer(sentence)
    unknown = []
    marked = False
    for piece in _PIECE.finditer(answer.removesuffix("[]")):
        if piece["tags"] is not None:
            writer.tags(piece["tags"])
        elif piece["mark"]:
            marked = piece["mark"] != "#"
            continue
        elif piece["word"] is not None and marked and piece["word"].islower():
            unknown.append(piece["word"])
            writer.write(piece["word"])
        else:
            writer.write(next(text for text in piece.groups()[1:] if text is not None))
        marked = False
    text = re.sub(r" +(?= |[.,](?:\s|$))", "", writer.done()).strip()
    if sentence.stopped:
        text = text.removesuffix(".").rstrip()
    return Translated(text=text, doubt=_doubt(sentence, writer.used, unknown))


def _doubt(sentence: Sentence, used: list[str], unknown: list[str]) -> str:
    if sorted(used) != sorted(sentence.kept):
        lost = next((sentence.kept[word] for word in sentence.kept if word not in used), "")
        return f"Apertium lost “{lost}”" if lost else "Apertium repeats what must stand once"
    if not unknown:
        return ""
    more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
    return f"the dictionary lacks “{unknown[0]}”{more}"


class _Kept:
    """Gives each piece that must not be touched a word that no dictionary has: Qzxa, Qzxb, …"""

    def __init__(self, source: str) -> None:
        self.pieces: dict[str, str] = {}
        self._words = (
            word
            for length in itertools.count(1)
            for letters in itertools.product("abcdfghjklmnprstvw", repeat=length)
            if (word := f"Qzx{''.join(letters)}") not in source
        )

    def word(self, piece: str) -> str:
        """The word that stands for a piece."""
        word = next(self._words)
        self.pieces[word] = piece
        return word

    def written(self, text: str) -> str:
        """Text in the stream format, addresses and placeholders replaced."""
        # The dictionaries have the straight apostrophe; the null character is the stream's own.
        text = " ".join(text.translate({0: " ", ord("’"): "'"}).splitlines())
        parts, place = [], 0
        for literal in literals.kept(text):
            parts += [_escaped(text[place : literal.start()]), self.word(literal[0])]
            place = literal.end()
        return functools.reduce(_apart, [*parts, _escaped(text[place:])])


class _Writer:
    """Puts an answer together: tags opened and closed where the words' blanks say, replaced pieces put back.

    What has no blank at all, spaces and words of the grammar's own, belongs to a tag where both neighbours do.
    """

    def __init__(self, sentence: Sentence) -> None:
        self.used: list[str] = []
        self._kept = sentence.kept
        self._order = sentence.tags
        self._text = ""
        self._between = ""
        self._open: list[str] = []
        self._named: set[str] = set()

    def tags(self, blank: str) -> None:
        """The tags of the words that follow; ``/`` ends them."""
        self._named = set() if blank == "/" else {name.strip().removeprefix("t:g:") for name in blank.split(";")}

    def write(self, text: str) -> None:
        """One word or sign."""
        if not self._named:
            self._between += self._written(text)
            return
        wanted = [tag for tag in self._order or () if tag in self._named]
        shared = 0
        while self._open[shared : shared + 1] == wanted[shared : shared + 1] != []:
            shared += 1
        self._text += "</g>" * (len(self._open) - shared) + self._between
        self._text += "".join(f'<g id="{tag}">' for tag in wanted[shared:]) + self._written(text)
        self._between, self._open = "", wanted

    def done(self) -> str:
        """The whole text."""
        return self._text + "</g>" * len(self._open) + self._between

    def _written(self, text: str) -> str:
        if text not in self._kept:
            return text if self._order is None else escape(text)
        self.used.append(text)
        piece = self._kept[text]
        return piece if self._order is None or _TAG.fullmatch(piece) else escape(piece)


def _sentence(text: str, tags: tuple[str, ...] | None, kept: _Kept) -> Sentence:
    """A sentence that ends, for the part-of-speech tagger; the full stop is taken away again."""
    if not text.strip():
        return Sentence(text="", tags=tags, stopped=False)
    stopped = not _END.search(text.removesuffix("[[/]]"))
    return Sentence(text=f"{text}.[]" if stopped else f"{text}[]", tags=tags, stopped=stopped, kept=kept.pieces)


def _escaped(text: str) -> str:
    return _BLANK.sub(r"[\g<0>]", _SPECIAL.sub(r"\\\g<0>", text))


def _apart(before: str, after: str) -> str:
    """Two pieces in a row, with an empty blank between words, which would be read as one."""
    return f"{before}[]{after}" if re.match(r"\w\w", before[-1:] + after[:1]) else before + after


def _bound(text: str, tags: list[str]) -> str:
    """Text whose words carry the tags around them, or none (``t:o``); blanks around it stay outside."""
    words = text.strip()
    if not words:
        return text
    names = "; ".join(f"t:g:{tag}" for tag in tags) or "t:o:0"
    start = text.index(words)
    return f"{text[:start]}[[{names}]]{words}[[/]]{text[start + len(words) :]}"
