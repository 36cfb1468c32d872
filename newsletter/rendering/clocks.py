"""Times of day, and the zones they are in, as a language calls them."""

import datetime
import re
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.core import get_global
from babel.dates import format_time, get_timezone_gmt, get_timezone_name

from newsletter.errors import RenderError
from newsletter.rendering import numerals

# What CLDR calls a zone that has a newer name; Babel looks only under the newer one.
_CLDR_IDS = {
    "Africa/Asmara": "Africa/Asmera",
    "America/Argentina/Buenos_Aires": "America/Buenos_Aires",
    "America/Argentina/Catamarca": "America/Catamarca",
    "America/Argentina/Cordoba": "America/Cordoba",
    "America/Argentina/Jujuy": "America/Jujuy",
    "America/Argentina/Mendoza": "America/Mendoza",
    "America/Atikokan": "America/Coral_Harbour",
    "America/Indiana/Indianapolis": "America/Indianapolis",
    "America/Kentucky/Louisville": "America/Louisville",
    "America/Nuuk": "America/Godthab",
    "Asia/Ho_Chi_Minh": "Asia/Saigon",
    "Asia/Kathmandu": "Asia/Katmandu",
    "Asia/Kolkata": "Asia/Calcutta",
    "Asia/Yangon": "Asia/Rangoon",
    "Atlantic/Faroe": "Atlantic/Faeroe",
    "Europe/Kyiv": "Europe/Kiev",
    "Pacific/Chuuk": "Pacific/Truk",
    "Pacific/Pohnpei": "Pacific/Ponape",
}
_CONTINENTS = re.compile(
    r"(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/(.+/)?(?P<city>[^/]+)\Z"
)
_COMMAS = {"Arab": "، ", "Hans": "，", "Hant": "，", "Jpan": "、"}


def written(moment: datetime.datetime, zone: str, *, locale: Locale, script: str, system: str) -> str:
    """The time of day in ``zone`` with the zone's city and its distance from Greenwich: ``14:30 (Seoul, GMT+9)``.

    A moment without a zone is already in that one. A RenderError names a zone that nobody knows.
    """
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RenderError(f"the time zone {zone!r} is unknown.", hint="Use a name such as Europe/Madrid.") from None
    local = moment.replace(tzinfo=place) if moment.tzinfo is None else moment.astimezone(place)
    clock = format_time(local, _pattern(locale), tzinfo=place, locale=locale)
    offset = distance(local, locale, system=system)
    name = city(zone, locale, script) or _name(local, locale)
    utc = _current(zone) == "Etc/UTC"
    label = "UTC" if utc else _COMMAS.get(script, ", ").join(part for part in (name, offset) if part)
    return str(locale.zone_formats["fallback"] % {"0": label, "1": numerals.native(clock, system)})


@lru_cache(maxsize=1024)
def city(zone: str, locale: Locale, script: str) -> str:
    """The city a zone is named for; empty where the language has no name for it in its script."""
    current = _current(zone)
    for name in (zone, current, _CLDR_IDS.get(current, "")):
        if known := locale.time_zones.get(name, {}).get("city"):
            head, comma, article = str(known).partition(", ")  # Catalan sorts "Caire, el"
            return f"{article} {head}" if comma else head
    found = _CONTINENTS.match(zone) or _CONTINENTS.match(current)
    return found["city"].replace("_", " ") if found and script == "Latn" else ""


def distance(moment: datetime.datetime, locale: Locale, *, system: str) -> str:
    """How far a moment's zone is from Greenwich then: ``GMT+5:45``; only ``GMT`` or ``UTC`` where it is not."""
    minutes = round((moment.utcoffset() or datetime.timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    shown = numerals.native(f"{hours}:{rest:02}" if rest else f"{hours}", system) if minutes else ""
    mark = numerals.sign(minutes, locale, system=system) if minutes else ""
    return str(locale.zone_formats["gmt"] % f"{mark}{shown}").strip()


def _current(zone: str) -> str:
    """The present name of a zone: ``US/Eastern`` is America/New_York."""
    return str(get_global("zone_aliases").get(zone, zone))


def _name(moment: datetime.datetime, locale: Locale) -> str:
    """CLDR's own name of a zone, empty where it knows none and would only repeat the distance."""
    name = str(get_timezone_name(moment, locale=locale))
    return "" if name == get_timezone_gmt(moment, locale=locale) else name


def _pattern(locale: Locale) -> str:
    """The locale's short time; morning and afternoon in full, as ICU has them: Babel writes ``PM 2:30`` in Korean."""
    pattern = str(locale.time_formats["short"].pattern)
    wide = locale.day_periods.get("format", {}).get("wide", {})
    return re.sub(r"(?<!a)a(?!a)", "aaaa", pattern) if wide.get("am") else pattern
