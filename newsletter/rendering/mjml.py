"""The one door to the MJML compiler: nothing else in the library calls it.

mjml-python 1.4.2 (mrml 6.0.1) corrupts attributes in many scripts, panics, overflows the stack and validates nothing.
``compile`` works around all of that: the compiler sees a ``skeleton`` in ASCII, and only after ``validation``, whose
errors name a line and a column.
"""

import re

import mjml

from newsletter.errors import RenderError
from newsletter.rendering import skeleton, spelling, validation

# What XML 1.0 forbids, DEL, the C1 controls (browsers read &#133; as windows-1252) and what the parser cannot encode.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_USUAL = bytes((*b"\t\n\r", *range(0x20, 0x7F)))


def strip(text: str) -> str:
    """``text`` without the control characters that abort the compiler and that no reader sees."""
    try:
        # What is unusual is soon told from the rest, and soon searched.
        unusual = text.encode().translate(None, _USUAL).decode()
    except UnicodeEncodeError:
        unusual = text
    return _CONTROL.sub("", text) if _CONTROL.search(unusual) else text


def compile(source: str, name: str) -> str:  # noqa: A001 - MJML's own word
    """The HTML of an MJML document; ``name`` is its template, for errors as in ``newsletter.mjml.j2:48:3``.

    Every fault is a RenderError. No web font is ever requested; ordinary comments are dropped, Outlook's are kept. What
    stands in an mj-text or the like comes out as it went in.
    """
    source = strip(source)
    document = skeleton.read(source)
    if not (document and validation.sound(document)):
        validation.check(spelling.characters(source), name, written=source)
        document = skeleton.read(spelling.plain(source))
    if not document:
        hint = "Let comments for Outlook hold no MJML."
        raise RenderError("the document cannot be taken apart.", where=name, hint=hint)
    try:
        html: str = mjml.mjml2html(document.source, fonts={}, disable_comments=True)
    except ValueError as error:
        raise RenderError(f"MJML: {error}.", where=name, hint="Correct it.") from None
    except BaseException as error:
        # A Rust panic is a BaseException of a module that cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise RenderError("the MJML compiler gave up on this template.", where=name, hint="Simplify it.") from None
    return document.filled(html)
