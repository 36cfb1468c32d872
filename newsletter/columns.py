"""How wide a text is in columns of a fixed-width font, as in a terminal, a plain mail or the list of an inbox."""

import unicodedata

_NONE = frozenset(("Mn", "Me", "Cf", "Cc"))


def width(text: str) -> int:
    """2 for each wide character of East Asia (UAX 11), 0 for what combines with another or is not seen, else 1."""
    return sum(_columns(char) for char in unicodedata.normalize("NFC", text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in _NONE:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
