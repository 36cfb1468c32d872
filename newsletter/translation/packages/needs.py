"""What each language of a newsletter still needs before Argos can draft it, and what to do where it cannot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import langcodes

from newsletter.translation.packages import Package, order
from newsletter.translation.packages.index import Offer, offered

PIVOT = "en"
"""Argos packages lead from and to English; a pair without English goes through it, sentence by sentence."""

_CLOSE = 10  # CLDR's distance of variants of one language; neighbours such as Catalan and Spanish are 20 and more apart

State = Literal["source", "other", "installed", "offered", "missing", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """Where one language stands, and the next step.

    ``installed`` are the packages that draft it: one, or two through English, of which some may still be in
    ``install``, what to download. ``updates`` are newer versions of what is installed. ``close`` are variants that
    have packages and are never used in its place. ``unknown``: nobody could ask the index. ``other``: another
    engine drafts it.
    """

    language: str
    state: State
    installed: tuple[Package, ...] = ()
    install: tuple[Offer, ...] = ()
    updates: tuple[Offer, ...] = ()
    close: tuple[str, ...] = ()
    engine: str = "argos"

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return self.state in ("source", "other", "installed")

    def __str__(self) -> str:
        command = f"newsletter languages install {self.language}"
        match self.state:
            case "source":
                return "the source language"
            case "other":
                return f"drafted by {self.engine}"
            case "installed" if self.updates:
                return f"{_list(self.updates)} is newer: {command}"
            case "installed":
                return "through English" if len(self.installed) > 1 else ""
            case "offered":
                pivot = len(self.install) + len(self.installed) > 1
                return f"needs {_list(self.install)}{', through English' if pivot else ''}: {command}"
            case "unknown":
                return f"needs a package; whether there is one could not be found out now; try later: {command}"
        return self._lacking()

    def _lacking(self) -> str:
        """The alternatives where Argos has nothing."""
        near = f" It has {', '.join(self.close)}, which is another variant and not used for it." if self.close else ""
        return (
            f"Argos has no package for {self.language}.{near} Name another engine that knows it, such as deepl, "
            f"in [languages.{self.language}] of newsletter.toml (libretranslate has the same packages as Argos), "
            f"or translate po/{self.language.replace('-', '_')}.po of each issue by hand."
        )


def needs(
    source: str, languages: Iterable[str], *, installed: Sequence[Package], available: Sequence[Offer] | None
) -> list[Need]:
    """What each language needs to be drafted from ``source``; ``available`` is None where the index is not known.

    Only packages of exactly this language count: Portuguese is no Brazilian, traditional no simplified Chinese.
    """
    return [_need(source, language, installed, available) for language in languages]


def _need(source: str, language: str, installed: Sequence[Package], available: Sequence[Offer] | None) -> Need:
    if language == source:
        return Need(language=language, state="source")
    direct = ((source, language),)
    through = ((source, PIVOT), (PIVOT, language))
    ways = (direct,) if PIVOT in (source, language) else (direct, through)
    newest = {(package.source, package.target): package for package in installed}
    offers = available or ()
    for way in ways:
        if all(pair in newest for pair in way):
            return Need(
                language=language,
                state="installed",
                installed=tuple(newest[pair] for pair in way),
                updates=tuple(_updates([newest[pair] for pair in way], offers)),
            )
    for way in ways:
        missing = [offered(offers, *pair) for pair in way if pair not in newest]
        there = tuple(newest[pair] for pair in way if pair in newest)
        found = tuple(offer for offer in missing if offer is not None)
        if len(found) == len(missing):
            return Need(language=language, state="offered", installed=there, install=found)
    if available is None:
        return Need(language=language, state="unknown")
    return Need(language=language, state="missing", close=_close(language, offers, installed))


def _updates(packages: Iterable[Package], offers: Sequence[Offer]) -> Iterable[Offer]:
    for package in packages:
        offer = offered(offers, package.source, package.target)
        if offer is not None and order(offer.version) > order(package.version):
            yield offer


def _close(language: str, offers: Sequence[Offer], installed: Sequence[Package]) -> tuple[str, ...]:
    """The variants of the same language that there are packages for, the closest first."""
    targets = sorted({offer.target for offer in offers} | {package.target for package in installed})
    distances = {target: langcodes.tag_distance(language, target) for target in targets}
    return tuple(sorted((each for each in targets if distances[each] <= _CLOSE), key=distances.__getitem__))


def _list(offers: Iterable[Offer]) -> str:
    return " and ".join(f"{offer} ({offer.size / 1e6:.1f} MB)" if offer.size else str(offer) for offer in offers)
