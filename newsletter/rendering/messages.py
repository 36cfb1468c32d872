"""The newsletter's own words (buttons, labels, footers) in each language, read straight from ``locales/*.po``."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

import polib
from langcodes import tag_distance

from newsletter import resources
from newsletter.errors import RenderError

_SAME = 10  # langcodes: regions are nearer than 10, scripts and other languages are not


def translations(language: str) -> NullTranslations:
    """The messages of a BCP 47 tag, each from the nearest catalog that has it; at last the English msgids."""
    chain = NullTranslations()
    for name in reversed(_nearest(language)):
        catalog = _catalog(name)
        if catalog is not None:
            catalog.add_fallback(chain)
            chain = catalog
    return chain


def known(language: str) -> frozenset[tuple[str, str]]:
    """What is translated into a language, as (context, msgid); what is fuzzy or empty is not."""
    files = (polib.pofile(str(_file(name)), encoding="utf-8") for name in _nearest(language))
    return frozenset((entry.msgctxt or "", entry.msgid) for file in files for entry in file.translated_entries())


def path(language: str) -> Path:
    """The catalog of a BCP 47 tag, which need not be there: ``locales/pt_BR/LC_MESSAGES/messages.po``."""
    return _file(next(iter(_nearest(language)), language.replace("-", "_")))


def _nearest(language: str) -> list[str]:
    """The names of the catalogs in this language, nearest first: ``pt-BR`` reads ``pt_BR``, then ``pt``.

    CLDR's distances decide: a dialect or a region may help out (``pt-PT`` with ``pt_BR``), another script may not
    (``zh-TW`` reads ``zh_Hant``, never ``zh``), nor another language.
    """
    places = resources.folder("locales").glob("*/LC_MESSAGES/messages.po")
    names = [place.parent.parent.name for place in places]
    far = {name: tag_distance(language, name.replace("_", "-")) for name in names}
    own = language.replace("-", "_")
    return sorted((name for name in names if far[name] < _SAME), key=lambda name: (name != own, far[name], name))


@cache
def _compiled(name: str) -> bytes | None:
    """A catalog in gettext's binary form, without its fuzzy entries; None where the language has none."""
    place = _file(name)
    if not place.is_file():
        return None
    try:
        # polib's own to_binary() leaves out what is fuzzy, empty or obsolete.
        return bytes(polib.pofile(str(place), encoding="utf-8").to_binary())
    except (OSError, UnicodeDecodeError) as error:
        raise RenderError(
            f"the messages cannot be read ({error}).", where=place, hint="Correct it; msgfmt -c shows the line."
        ) from None


def _catalog(name: str) -> GNUTranslations | None:
    data = _compiled(name)
    return None if data is None else GNUTranslations(BytesIO(data))


def _file(name: str) -> Path:
    return resources.folder("locales") / name / "LC_MESSAGES" / "messages.po"
