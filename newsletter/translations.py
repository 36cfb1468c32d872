"""Wires the translation stage to a newsletter: its catalogs, engines, memory and glossary."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from newsletter import plugins
from newsletter.config import Config
from newsletter.errors import ContentError, HeldError
from newsletter.model import WHOLE_ISSUE, Issue, Segment
from newsletter.translation import drafting, segments, template
from newsletter.translation.catalogs import ACCEPTED, Catalog, State
from newsletter.translation.drafting import PIVOT, Aids, Drafted
from newsletter.translation.engines import Engine
from newsletter.translation.glossary import Glossary
from newsletter.translation.memory import Memory, Reviewed, tmx
from newsletter.translation.memory.cache import EngineCache

Progress = Callable[[str, int, int], None]
"""Called with (language, sentences done, sentences needed)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """What an approval did in one language: how many translations it covers, and how many still wait, by state.

    ``accepted`` are those of them that were drafts or stale, and were taken as they are.
    """

    language: str
    approved: int
    accepted: int
    left: Mapping[State, int]

    def __str__(self) -> str:
        waiting = "".join(f", {number} {state}" for state, number in self.left.items())
        return f"{self.approved} approved{waiting}"


class Translations:
    """The catalogs of a newsletter's issues, and everything that helps to fill them."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._engines: dict[str, Engine] = {}

    @cached_property
    def memory(self) -> Memory:
        """What people accepted in all issues."""
        return Memory(self._config.memory)

    @cached_property
    def glossary(self) -> Glossary:
        """The newsletter's terms and names."""
        return Glossary.load(self._config.folder)

    def engine(self, language: str, *, name: str = "") -> Engine:
        """The machine translator named, or the one that ``newsletter.toml`` names for a language."""
        plugin = self._config.engine_named(name) if name else self._config.engine_of(language)
        if plugin.name not in self._engines:
            self._engines[plugin.name] = plugins.build(plugin)
        return self._engines[plugin.name]

    def catalog(self, issue: Issue, language: str) -> Catalog:
        """The catalog of one language, brought up to date with the source in memory."""
        catalog = self._open(self.path(issue, language), language, project=self._project(issue))
        catalog.sync(self._noted(segment, language) for segment in segments.split(issue))
        return catalog

    def path(self, issue: Issue, language: str) -> Path:
        """Where the catalog of a language lies; gettext writes its tags with an underscore."""
        return issue.folder / "po" / f"{language.replace('-', '_')}.po"

    def translate(
        self,
        issue: Issue,
        languages: Iterable[str],
        *,
        items: Collection[str] | None = None,
        engine: str = "",
        again: bool = False,
        progress: Progress | None = None,
    ) -> Iterator[Drafted]:
        """Bring each catalog up to date and fill it; each is saved before the next begins.

        ``again`` throws away the drafts that nobody touched, to have them written anew.
        """
        self._check(issue, items)
        self._learn()
        cache = EngineCache(self._config.memory)
        aids = Aids(memory=self.memory, cache=cache, glossary=self.glossary)
        english = self._english(issue)
        template.write(issue.folder / "po" / f"{issue.id}.pot", segments.split(issue), project=self._project(issue))
        for language in languages:
            catalog = self.catalog(issue, language)

            def step(done: int, total: int, language: str = language) -> None:
                if progress:
                    progress(language, done, total)

            result = drafting.fill(
                catalog,
                self.engine(language, name=engine),
                source=issue.language,
                aids=aids,
                items=items,
                again=again,
                english=english if language != PIVOT else None,
                progress=step,
            )
            catalog.save()
            yield replace(result, trouble=cache.trouble)

    def forecast(
        self, issue: Issue, languages: Iterable[str], *, items: Collection[str] | None = None, again: bool = False
    ) -> Iterator[Drafted]:
        """What ``translate`` would find to do, without asking an engine or writing a catalog."""
        self._check(issue, items)
        self._learn()
        for language in languages:
            catalog = self.catalog(issue, language)
            if again:
                catalog.discard(items)
            yield drafting.forecast(catalog, source=issue.language, memory=self.memory, items=items)

    def approve(
        self,
        issue: Issue,
        languages: Iterable[str],
        *,
        by: str,
        items: Collection[str] | None = None,
        as_is: bool = False,
    ) -> Iterator[Signed]:
        """Sign what is reviewed; ``as_is`` accepts drafts and stale translations first, unchanged, in the same name."""
        if not by.strip():
            raise HeldError("an approval needs a name.", hint="Say who approves the translations.")
        self._check(issue, items)
        for language in languages:
            catalog = self.catalog(issue, language)
            wanted = [entry for entry in catalog if items is None or entry.item in items]
            waiting = [entry for entry in wanted if as_is and entry.state in {State.DRAFT, State.STALE}]
            for entry in waiting:
                catalog.accept(entry.context, entry.source)
            signed = [entry for entry in wanted if entry.state in ACCEPTED] + waiting
            for entry in signed:
                catalog.approve(entry.context, entry.source, by=by)
            catalog.save()
            states = [entry.state for entry in catalog if items is None or entry.item in items]
            left = {state: states.count(state) for state in State if state not in ACCEPTED and state in states}
            yield Signed(language=language, approved=len(signed), accepted=len(waiting), left=left)

    def export(self, file: Path, languages: Iterable[str]) -> int:
        """Write the memory of these languages to a TMX file; how many translations."""
        self._learn()
        return tmx.write(self.memory, file, source=self._config.publication.source, languages=list(languages))

    def learn_from(self, file: Path) -> tmx.Imported:
        """Put the translations of a TMX file into the memory."""
        publication = self._config.publication
        return tmx.read(self.memory, file, source=publication.source, languages=publication.languages)

    def _project(self, issue: Issue) -> str:
        return f"{self._config.publication.name} {issue.id}"

    def _noted(self, segment: Segment, language: str) -> Segment:
        notes = (segment.note, self.glossary.note(segment.text, language))
        return replace(segment, note="\n".join(note for note in notes if note))

    def _open(self, path: Path, language: str, *, project: str) -> Catalog:
        return Catalog(path, language=language, project=project, state=_state(path))

    def _english(self, issue: Issue) -> Catalog | None:
        if issue.language == PIVOT or PIVOT not in self._config.publication.languages:
            return None
        return self.catalog(issue, PIVOT)

    def _learn(self) -> None:
        publication = self._config.publication
        targets = [language for language in publication.languages if language != publication.source]
        self.memory.refresh(
            self._config.folder / "issues", source=publication.source, languages=targets, reviewed=self._reviewed
        )

    def _reviewed(self, path: Path, language: str) -> Iterator[Reviewed]:
        catalog = self._open(path, language, project="")
        for entry in (*catalog.gone(), *catalog):
            yield Reviewed(
                context=entry.context,
                source=entry.source,
                target=entry.target if entry.state in ACCEPTED else "",
                approved=entry.state is State.APPROVED,
                author=entry.by,
                date=catalog.revised,
            )

    def _check(self, issue: Issue, items: Collection[str] | None) -> None:
        known = [WHOLE_ISSUE, *(item.id for item in issue.items)]
        for item in items or ():
            if item not in known:
                hint = f"There is: {', '.join(known)}."
                raise ContentError(f"there is no item {item!r}.", where=issue.folder, hint=hint)


def _state(catalog: Path) -> Path:
    return catalog.parent.parent / "state" / f"{catalog.stem}.json"
