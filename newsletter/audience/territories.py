"""Countries: how lists write them, and the languages that CLDR calls official there."""

from collections.abc import Mapping
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages


@lru_cache(maxsize=4096)
def code(country: str) -> str:
    """The ISO 3166 code of a country written as ``ES``, ``esp`` or ``Spain``; empty where it is none."""
    wanted = country.strip().casefold()
    if not wanted:
        return ""
    found = _codes().get(wanted, "")
    if not found and (aliases := get_global("territory_aliases").get(wanted.upper())):
        found = aliases[0] if len(aliases) == 1 else ""
    return found


@lru_cache(maxsize=512)
def languages(territory: str) -> tuple[str, ...]:
    """The official languages of a country as BCP 47 tags, the one with most speakers first; none if none is known."""
    return tuple(tag.replace("_", "-") for tag in get_official_languages(territory, de_facto=True))


def name(territory: str) -> str:
    """The English name of a country by its code."""
    return str(Locale("en").territories.get(territory, territory))


@lru_cache(maxsize=1)
def _codes() -> Mapping[str, str]:
    """Codes and English names, in lower case; what CLDR has besides are continents and other groups, with numbers."""
    names = {code: name for code, name in Locale("en").territories.items() if code.isalpha()}
    return {name.casefold(): code for code, name in names.items()} | {code.casefold(): code for code in names}
