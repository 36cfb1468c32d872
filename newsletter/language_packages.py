"""Wires the Argos language packages to a newsletter: what its languages have, what they need, and where that is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from newsletter.config import FILE, Config
from newsletter.errors import TranslationError
from newsletter.translation import packages
from newsletter.translation.packages import Package, downloads, index, lockfile, needs
from newsletter.translation.packages.index import FRESH, Index
from newsletter.translation.packages.needs import PIVOT, Need

Progress = Callable[[str, int, int], None]
"""Called with (package, bytes done, bytes in all) while a package is downloaded."""


def offers(config: Config, *, fresh: timedelta = FRESH) -> Index:
    """The packages that can be downloaded; a list younger than ``fresh`` is not asked for again."""
    chosen = config.package_index
    if chosen and "://" not in chosen:
        chosen = str(config.folder / chosen)
    return index.available(_folder(config), index=chosen, fresh=fresh)


def needed(config: Config, offered: Index | None) -> list[Need]:
    """What each language of the newsletter has and lacks; ``offered`` is None where nobody can know what there is.

    What is to be downloaded has its size, as far as its server tells it at once.
    """
    found = []
    for need in _needs(config, offered):
        engine = config.engine_of(need.language).name
        other = engine != "argos" and need.state != "source"
        found.append(Need(language=need.language, state="other", engine=engine) if other else need)
    if offered is None or offered.note:  # nobody answers
        return found
    wanted = list(dict.fromkeys(offer for need in found for offer in (*need.install, *need.updates)))
    known = dict(zip(wanted, index.sized(wanted), strict=True))
    return [
        replace(
            need,
            install=tuple(known[offer] for offer in need.install),
            updates=tuple(known[offer] for offer in need.updates),
        )
        for need in found
    ]


def install(config: Config, language: str, *, progress: Progress | None = None) -> list[Package]:
    """Download and install what a language needs, or newer versions of what it has."""
    need = next((need for need in _needs(config, offers(config)) if need.language == language), None)
    if need is None:
        hint = f"There is: {', '.join(config.publication.languages)}; or name a file that ends in .argosmodel."
        raise TranslationError(f"the newsletter has no language {language!r}.", where=config.folder / FILE, hint=hint)
    if need.state == "missing":
        raise TranslationError(str(need))
    installed = []
    for offer in need.install or need.updates:

        def step(done: int, total: int, name: str = str(offer)) -> None:
            if progress:
                progress(name, done, total)

        installed.append(downloads.install(offer, _folder(config), lock=_lock(config), progress=step))
    return installed


def install_file(config: Config, file: Path) -> Package:
    """Install an ``.argosmodel`` file."""
    return packages.install(file, _folder(config), lock=_lock(config))


def remove(config: Config, language: str) -> Sequence[Package]:
    """Remove the package into a language: the one from the newsletter's own, else the one from English."""
    source, folder = config.publication.source, _folder(config)
    pairs = {(package.source, package.target) for package in packages.installed(folder)}
    through = (source, language) not in pairs and (PIVOT, language) in pairs
    return packages.remove(PIVOT if through else source, language, folder)


def _needs(config: Config, offered: Index | None) -> list[Need]:
    publication = config.publication
    return needs.needs(
        publication.source,
        publication.languages,
        installed=packages.installed(_folder(config)),
        available=offered.offers if offered else None,
    )


def _folder(config: Config) -> Path | None:
    """The newsletter's own folder of packages, or None for the user's."""
    chosen = config.engine_named("argos").options.get("packages")
    return config.folder / str(chosen) if chosen else None


def _lock(config: Config) -> Path:
    """The hashes of what is installed, to be kept under version control with the newsletter."""
    return config.folder / lockfile.FILE
