"""``newsletter.toml`` becomes a ``Config``: typed, complete, with the file and the line in every error.

Secrets never stand in the file (see ``plugins.Secret``); the tables that choose a plug-in pass what they do not know
themselves to the plug-in, whose constructor is the schema.
"""

from pathlib import Path

from newsletter.config.reader import Reader
from newsletter.config.tables import Config, Members, Policy, Publication, Review, Utm
from newsletter.errors import ConfigError
from newsletter.tomlfile import TomlFile

__all__ = ["FILE", "Config", "Members", "Policy", "Publication", "Review", "Utm", "load"]

FILE = "newsletter.toml"


def load(folder: Path) -> Config:
    """Read ``newsletter.toml`` in ``folder``; every problem is a ConfigError with the line to correct."""
    path = folder / FILE
    if not path.exists():
        raise ConfigError(
            "there is no newsletter here.", where=path, hint="Go to its folder, or make one with: newsletter init"
        )
    return Reader(TomlFile.read(path)).config()
