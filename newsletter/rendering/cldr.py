"""CLDR's data through Babel, safe from its shared cache.

Babel 2.18 writes what it found through an alias into data that locales share: after Japanese, Hebrew months came out as
``11月`` (python-babel/babel#1234). Here every locale has data of its own, read past that cache, so that neither the
order of the languages nor anybody else's use of Babel changes what readers see.
"""

import copy
import threading
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_locale_identifier
from langcodes import Language

_pristine: dict[str, Any] = {}  # never looked into: only copies are
_lock = threading.Lock()


def nearest(language: Language, territory: str | None) -> Locale | None:
    """The most precise locale that CLDR has for a language in a territory; None where it has none."""
    parts = (language.language or "und", territory, language.script)
    for found in (parts, (parts[0], None, parts[2]), (parts[0],)):
        try:
            return own(str(Locale.parse(get_locale_identifier(found))))
        except (UnknownLocaleError, ValueError):
            continue
    return None


def own(identifier: str) -> Locale:
    """The locale that Babel calls so, such as ``en_GB``."""
    with _lock:  # two threads must not get halves of the same locale
        return _read(identifier)


@cache
def _read(identifier: str) -> Locale:
    locale = Locale.parse(identifier)
    with localedata._cache_lock:  # Babel's own readers wait meanwhile
        shared, localedata._cache = localedata._cache, _pristine
        try:
            data: Any = localedata.load(identifier)
        finally:
            localedata._cache = shared
    locale._Locale__data = localedata.LocaleDataDict(copy.deepcopy(data))  # type: ignore[attr-defined]
    return locale
