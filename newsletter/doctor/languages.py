"""What the newsletter's languages are drafted with, and the time zones of its readers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from newsletter import language_packages, plugins
from newsletter.doctor.verdicts import Verdict, note, ok, problem, warning
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings

_NEWEST_ZONE = "Europe/Kyiv"  # named so in 2022; who lacks it has old rules


def engines(around: "Surroundings") -> Iterator[Verdict]:
    """The engines can be made, and their languages have packages; one without is translated by people."""
    config = around.config
    chosen = {plugin.name: plugin for plugin in map(config.engine_of, config.publication.languages)}
    for plugin in chosen.values():
        try:
            plugins.build(plugin)
        except ConfigError as error:
            yield problem(f"{error.where}: {error.what}", error.hint)
    needs = language_packages.needed(config, None)
    if lacking := [need.language for need in needs if not need.ready]:
        yield note(
            f"Nothing drafts {', '.join(lacking)}, so people translate everything.",
            "See what there is: newsletter languages",
        )
    else:
        yield ok("Every language has what drafts it.")


def time_zones(_around: "Surroundings") -> Iterator[Verdict]:
    """The rules of the world's time zones are there, and of this decade."""
    try:
        ZoneInfo(_NEWEST_ZONE)
    except (ZoneInfoNotFoundError, OSError):
        yield warning("The rules of the time zones are missing or old.", "pip install --upgrade tzdata")
    else:
        yield ok(f"{len(available_timezones())} time zones are known.")
