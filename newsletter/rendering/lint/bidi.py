"""The rule about left-to-right runs in text that runs from right to left."""

import re
from collections.abc import Iterator

from newsletter.rendering.lint import Finding
from newsletter.rendering.lint.page import Element, Page

# Signs of no direction that belong to the Latin word or number beside them, but move to its other side (UAX 9).
_EDGE = re.compile(r"[A-Za-z0-9][+#]+(?![\w+#])|(?<![\w.,:/)-])[.@#+~/][A-Za-z]\w+|[A-Za-z0-9]/(?=\s|$)")
# Groups of digits, as in a telephone number, come in the opposite order.
_GROUPS = re.compile(r"\+\d[\d ().-]*[ .-][\d ().-]*\d|(?<![\d\w])\d{2,4}(?:[ -]\d{2,4}){2,}(?!\d)")
# A whole sentence in Latin letters: its full stop moves to the front.
_SENTENCE = re.compile(r"[A-Za-z][^\u0590-\u08ff]*\s[^\u0590-\u08ff]*[A-Za-z0-9][.!?:]")
_RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdfd\ufe70-\ufefc]")
_ISOLATED = re.compile("[\u2066-\u2068][^\u2069]*\u2069|[\u200e\u202a][^\u200e\u202c]*[\u200e\u202c]")
_BLOCKS = frozenset("p li td th div h1 h2 h3 h4 h5 h6 blockquote figcaption".split())  # noqa: SIM905


class Isolation:
    """A run such as ``C++``, a telephone number or an English sentence is isolated, or its signs and groups move.

    ``+34 93 342`` reads ``342 93 34+`` in an Arabic line without isolation.
    """

    def find(self, page: Page) -> Iterator[Finding]:
        for element, text in page.texts:
            if _direction(element) != "rtl":
                continue
            shown = _ISOLATED.sub(" ", text)
            found = _EDGE.search(shown) or _GROUPS.search(shown)
            if not found and element.tag in _BLOCKS and len(element) == 0 and not _RTL.search(shown):
                found = _SENTENCE.fullmatch(shown.strip())
            if found:
                run = found[0].strip()
                yield Finding(
                    rule="isolation",
                    level="warn",
                    message=f"{run[:40]!r} changes its order within right-to-left text.",
                    where=page.where(run),
                    fix="Put it between U+2066 and U+2069, or write it as `code` or as a link.",
                )


def _direction(element: Element) -> str:
    """The direction that an element's text has: what it says itself, or the nearest around it."""
    for one in (element, *element.iterancestors()):
        if direction := one.get("dir"):
            return str(direction)
    return "ltr"
