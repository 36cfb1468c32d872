"""The bytes of a pasted text become clean lines that know where they stood.

What can be undone for certain is undone here: encodings, mojibake, ligatures, control characters. ftfy's options leave
quotation marks, full-width letters and ``&lt;`` alone, which its defaults would flatten or turn into live HTML.
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass

import ftfy

from newsletter.content.repair import Repair
from newsletter.errors import ContentError
from newsletter.model import Flag

_FIXES = ftfy.TextFixerConfig(
    uncurl_quotes=False, fix_character_width=False, unescape_html=False, fix_line_breaks=False, explain=False
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_COPY = "Open it, copy its text and save that as a .txt file."
_OTHER_KINDS = (
    (b"%PDF", "a PDF file", "Copy its text, or run: pdftotext FILE.pdf FILE.txt"),
    (b"PK\x03\x04", "a Word or other office document", _COPY),
    (b"\xd0\xcf\x11\xe0", "an old Word or other office document", _COPY),
    (b"{\\rtf", "a rich text document", _COPY),
    (b"\x89PNG", "a picture", "Type the text, or copy it from where the picture was made."),
    (b"\xff\xd8\xff", "a picture", "Type the text, or copy it from where the picture was made."),
    (b"GIF8", "a picture", "Type the text, or copy it from where the picture was made."),
    (b"RIFF", "a picture or a recording", "Type the text."),
    (b"<!doctype html", "the source of a web page", "Open it in a browser and copy the text from there."),
    (b"<html", "the source of a web page", "Open it in a browser and copy the text from there."),
)
_LOST = re.compile("[\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")  # private use: a font's own letters, such as ligatures
_PIECES = re.compile("[\x0b\x0c\u2028\u2029]")
_SEPARATORS = re.compile("[\x1c-\x1f\t]")  # ftfy would delete them and thereby join two words
_PARAGRAPH_ENDS = "\x0c\u2029"  # a form feed ends a page


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of the original without the blanks around it; ``apart`` where a page or a paragraph ends before it."""

    number: int
    text: str
    apart: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines:
    """The original's lines, what was done to them, and what is lost in them."""

    lines: tuple[Line, ...]
    repairs: tuple[Repair, ...]
    flags: tuple[Flag, ...]


def read(data: bytes, *, where: str) -> Lines:
    """The lines of a text in any of the usual encodings; ContentError where the bytes are no text at all."""
    _refuse(data, where)
    text, repairs = _decode(data)
    lines: list[Line] = []
    flags: list[Flag] = []
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        ends = [False, *(found[0] in _PARAGRAPH_ENDS for found in _PIECES.finditer(raw))]
        for piece, apart in zip(_PIECES.split(raw), ends, strict=True):
            spaced = _SEPARATORS.sub(" ", piece)
            fixed = ftfy.fix_text(spaced, _FIXES)
            if fixed != spaced:
                before, after = _difference(spaced, fixed)
                note = "damaged, invisible or doubly encoded characters"
                repairs.append(Repair(kind="characters", line=number, before=before, after=after, note=note))
            if lost := _LOST.search(fixed):
                spot = next(word for word in fixed.split(" ") if lost[0] in word)
                note = "A character was lost before the text came here."
                flags.append(Flag(kind="lost", line=number, text=spot, note=note))
            lines.append(Line(number=number, text=_tidy(fixed), apart=apart))
    if not any(char.isalnum() for line in lines for char in line.text):
        raise ContentError("there is no text in it.", where=where, hint="Paste the item's text into the file.")
    return Lines(lines=tuple(lines), repairs=tuple(repairs), flags=tuple(flags))


def _refuse(data: bytes, where: str) -> None:
    if not data:
        raise ContentError("the file is empty.", where=where, hint="Paste the item's text into it.")
    start = data[:1024].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for magic, kind, hint in _OTHER_KINDS:
        if start.startswith(magic.lower()) or (magic == b"%PDF" and b"%pdf-" in start):
            raise ContentError(f"this is {kind}, not a text.", where=where, hint=hint)
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and data.count(b"\0") * 10 > len(data):
        raise ContentError("this is no text.", where=where, hint=_COPY)


def _decode(data: bytes) -> tuple[str, list[Repair]]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, "replace"), []
    try:
        return data.decode(), []
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        note = "the text is not UTF-8, so it was read as Windows-1252; look at its accented letters"
        return data.decode("sloppy-windows-1252"), [Repair(kind="encoding", line=line, before="", after="", note=note)]


def _tidy(piece: str) -> str:
    visible = "".join(" " if unicodedata.category(char) == "Cc" else char for char in piece)
    return re.sub(" {2,}", " ", visible).strip()


def _difference(before: str, after: str) -> tuple[str, str]:
    """The words from the first to the last that differ."""
    old, new = before.split(" "), after.split(" ")
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return " ".join(old), " ".join(new)
