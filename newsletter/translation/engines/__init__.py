"""Machine translators, one module each, behind one seam. Its contract suite is ``newsletter.testing.EngineContract``.

An engine is a plain class with the methods of ``Engine``. What it can do beyond that it shows by having the method:
``align`` tells which word comes from which, ``translate_tagged`` carries markup through by itself. Where it has
neither, markup is put back by looking for the translations of the marked words. An attribute ``chunk`` says how many
sentences it wants at once; what one call answered is kept, whatever becomes of the next.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from newsletter.model import Alignment, Translated


class Engine(Protocol):
    """What machine-translates."""

    def pairs(self) -> set[tuple[str, str]]:
        """The (source, target) pairs it translates, as BCP 47 tags."""

    def version(self, *, source: str, target: str) -> str:
        """What translates this pair, in a few words for people."""

    def fingerprint(self, *, source: str, target: str) -> str:
        """All that decides what it answers for this pair: its model's hash, its options. Empty: it may change."""

    def translate(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """One translation for each sentence, in order."""


@runtime_checkable
class Aligner(Protocol):
    """An engine that can say which words of a translation come from which words of the source."""

    def align(self, pairs: Sequence[tuple[str, str]], *, source: str, target: str) -> list[Alignment]:
        """One alignment for each (sentence, translation), whoever wrote the translation."""


@runtime_checkable
class Tagger(Protocol):
    """An engine that carries markup through by itself."""

    def translate_tagged(self, sentences: Sequence[str], *, source: str, target: str) -> list[Translated]:
        """As ``translate``, of XML fragments.

        ``<g id="1">`` stands around words, nested where markup is, and ``<x id="2"/>`` for what must stay as it is.
        The answer should have each of them once, which its reader verifies.
        """
