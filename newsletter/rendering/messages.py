"""The newsletter's own words (buttons, labels, footers) in each language, read straight from ``locales/*.po``."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO

import polib

from newsletter import resources
from newsletter.errors import RenderError


def translations(language: str) -> NullTranslations:
    """The messages of a BCP 47 tag: ``pt-BR`` looks in ``pt_BR``, then ``pt``, and ends with the English msgids."""
    parts = language.split("-")
    chain: NullTranslations = NullTranslations()
    for length in range(1, len(parts) + 1):
        catalog = _catalog("_".join(parts[:length]))
        if catalog is not None:
            catalog.add_fallback(chain)
            chain = catalog
    return chain


@cache
def _compiled(name: str) -> bytes | None:
    """A catalog in gettext's binary form, without its fuzzy entries; None where the language has none."""
    path = resources.folder("locales") / name / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return None
    try:
        # polib's own to_binary() leaves out what is fuzzy, empty or obsolete.
        return bytes(polib.pofile(str(path), encoding="utf-8").to_binary())
    except (OSError, UnicodeDecodeError) as error:
        raise RenderError(
            f"the messages cannot be read ({error}).", where=path, hint="Correct it; msgfmt -c shows the line."
        ) from None


def _catalog(name: str) -> GNUTranslations | None:
    data = _compiled(name)
    return None if data is None else GNUTranslations(BytesIO(data))
