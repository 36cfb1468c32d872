"""``Newsletter``: the facade of the library, and the only place that wires the stages together."""

import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from newsletter import campaigns, issues, language_packages, letters, resources, trials
from newsletter import config as configuration
from newsletter.campaign_control import Campaigns
from newsletter.config import Config
from newsletter.delivery.plan import Plan
from newsletter.delivery.results import Counts
from newsletter.delivery.sender import Report
from newsletter.doctor import Verdict, examine
from newsletter.errors import ConfigError
from newsletter.issues import Imported
from newsletter.mailbox import Mailbox
from newsletter.model import Edition, Flag, Issue
from newsletter.rendering.lint import Finding
from newsletter.reports import ByLanguage
from newsletter.translation import gate, review
from newsletter.translation.catalogs import Catalog
from newsletter.translation.drafting import Drafted
from newsletter.translation.gate import Gate
from newsletter.translation.memory import tmx
from newsletter.translation.packages import Package
from newsletter.translation.packages.index import Index
from newsletter.translation.packages.needs import Need
from newsletter.translation.review import LanguageReview
from newsletter.translations import Signed, Translations
from newsletter.trials import Trial

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done, all) as long work goes on."""


class Newsletter:
    """One newsletter: the folder with ``newsletter.toml`` and everything that can be done with it."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @classmethod
    def open(cls, folder: str | Path = ".") -> "Newsletter":
        """The newsletter in ``folder``; a ConfigError says what is wrong with its ``newsletter.toml``."""
        return cls(configuration.load(Path(folder)))

    @classmethod
    def create(cls, folder: str | Path, *, example: str = "starter") -> "Newsletter":
        """Make a working newsletter in an empty or new folder from one of the bundled examples."""
        target = Path(folder)
        try:
            empty = not target.exists() or not any(target.iterdir())
        except NotADirectoryError:
            empty = False
        if not empty:
            raise ConfigError("the folder is not empty.", where=target, hint="Name a new folder; nothing was written.")
        try:
            shutil.copytree(resources.folder("examples") / example, target, dirs_exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"the folder cannot be written ({error}).", where=target, hint="Choose another."
            ) from error
        return cls.open(target)

    def doctor(self) -> list[Verdict]:
        """What around the newsletter may fail it: its domain, its provider, its web addresses and this computer."""
        return examine(self.config)

    # Content

    def issues(self) -> list[str]:
        """The ids of the newsletter's issues, the newest last."""
        return issues.ids(self.config)

    def issue(self, id: str | None = None) -> Issue:  # noqa: A002 - the word people use
        """One issue in its source language; without an id, the newest. ContentError where there is none."""
        return issues.load(self.config, id)

    def import_item(self, file: str | Path, *, issue: str | None = None) -> Imported:
        """Turn pasted text into an item of an issue; the issue is made where it is new, named for the item's month.

        ContentError where the file cannot be read or holds no item.
        """
        return issues.import_item(self.config, Path(file), issue=issue)

    def acknowledge(self, issue: Issue, item: str, *, by: str, flag: int | None = None) -> tuple[Flag, ...]:
        """Accept one or all open flags of an item, in somebody's name; the flags that were open.

        ContentError where there is no such item or flag.
        """
        return issues.acknowledge(issue, item, by=by, flag=flag)

    # Translation

    @cached_property
    def translations(self) -> Translations:
        """The catalogs, engines, memory and glossary."""
        return Translations(self.config)

    def translate(
        self,
        issue: Issue,
        *,
        languages: Iterable[str] | None = None,
        items: Collection[str] | None = None,
        engine: str = "",
        again: bool = False,
        progress: Progress | None = None,
    ) -> ByLanguage[Drafted]:
        """Bring the catalogs up to date and draft what is missing; each language is saved as soon as it is done.

        ``items`` limits that to some items (``issue`` stands for its subject, preheader and intro), ``engine`` names
        another one than ``newsletter.toml`` does, and ``again`` also redrafts what nobody has touched yet. A segment
        without a safe draft is named in ``held``; TranslationError where an engine or a PO file cannot be used.
        """
        found = self.translations.translate(
            issue, self._targets(languages), items=items, engine=engine, again=again, progress=progress
        )
        return ByLanguage((drafted.language, drafted) for drafted in found)

    def forecast(
        self,
        issue: Issue,
        *,
        languages: Iterable[str] | None = None,
        items: Collection[str] | None = None,
        again: bool = False,
    ) -> ByLanguage[Drafted]:
        """What ``translate`` would find to do; no engine is asked and no catalog written."""
        found = self.translations.forecast(issue, self._targets(languages), items=items, again=again)
        return ByLanguage((drafted.language, drafted) for drafted in found)

    def review(self, issue: Issue, *, languages: Iterable[str] | None = None) -> ByLanguage[LanguageReview]:
        """How far each language is, and what the review gate makes of it."""
        catalogs = self._catalogs(issue)
        return ByLanguage(
            (language, review.of(catalogs[language], gate.compose(issue, catalogs, language, config=self.config)))
            for language in self._targets(languages)
        )

    def approve_translations(
        self,
        issue: Issue,
        *,
        by: str,
        languages: Iterable[str] | None = None,
        items: Collection[str] | None = None,
        as_is: bool = False,
    ) -> ByLanguage[Signed]:
        """Sign the reviewed translations, until either text changes.

        ``as_is`` also accepts drafts and stale translations, unchanged: whoever ``by`` names has read them.
        HeldError where nobody is named.
        """
        found = self.translations.approve(issue, self._targets(languages), by=by, items=items, as_is=as_is)
        return ByLanguage((signed.language, signed) for signed in found)

    def export_memory(self, file: Path, *, languages: Iterable[str] | None = None) -> int:
        """Write what people accepted in all issues to a TMX file; how many translations it has.

        TranslationError where the file cannot be written.
        """
        return self.translations.export(file, self._targets(languages))

    def import_memory(self, file: Path) -> tmx.Imported:
        """Learn the translations in a TMX file; TranslationError where it is none."""
        return self.translations.learn_from(file)

    # Language packages

    def languages(self, offered: Index | None = None) -> list[Need]:
        """What each language has, and what it lacks to be drafted; with ``offered``, also where to get that."""
        return language_packages.needed(self.config, offered)

    def offers(self) -> Index:
        """The language packages that can be downloaded; asks the network at most once a day.

        TranslationError where it was never asked and cannot be reached now.
        """
        return language_packages.offers(self.config)

    def install_language(self, language: str, *, progress: Progress | None = None) -> list[Package]:
        """Download and install what one of the newsletter's languages needs, or newer versions; [] if nothing.

        TranslationError where there is no such package, or it is not the one of the lock file.
        """
        return language_packages.install(self.config, language, progress=progress)

    def install_package(self, file: str | Path) -> Package:
        """Install an ``.argosmodel`` file for this newsletter; TranslationError where it is damaged or another's."""
        return language_packages.install_file(self.config, Path(file))

    def remove_language(self, language: str) -> Sequence[Package]:
        """Remove the packages that translate straight into a language; TranslationError where there is none."""
        return language_packages.remove(self.config, language)

    # Rendering

    def render(self, issue: Issue, *, languages: Iterable[str] | None = None) -> dict[str, Edition]:
        """The editions that the review gate lets out, by language."""
        gates = self.gates(issue, languages)
        return {language: self.edition(decision) for language, decision in gates.items() if decision.open}

    def preview(self, issue: Issue, language: str) -> Edition:
        """One edition as it would look now, whatever the review gate says."""
        return self.edition(self.gates(issue, [language])[language])

    def edition(self, decision: Gate) -> Edition:
        """The edition of what the review gate made of a language, whether or not it may be sent."""
        return letters.edition(decision, self.config)

    def gates(self, issue: Issue, languages: Iterable[str] | None = None) -> dict[str, Gate]:
        """What the review gate makes of each language, the source language first."""
        languages = None if languages is None else tuple(languages)
        catalogs = self._catalogs(issue)
        source = [issue.language] if languages is None or issue.language in languages else []
        return {
            language: gate.compose(issue, catalogs, language, config=self.config)
            for language in (*source, *self._targets(languages))
        }

    def build(self, issue: Issue, output: Path) -> list[Path]:
        """Write the HTML, the text and the pictures of every edition that may be sent; its merge fields are empty.

        ``output`` is laid out as below ``base_url``, so that it can be uploaded there as it is.
        """
        return letters.write(self.render(issue).values(), output, self.config)

    def check(self, issue: Issue, *, languages: Iterable[str] | None = None) -> ByLanguage[list[Finding]]:
        """What mail programs and readers would stumble over in each edition, the gravest first."""
        decisions = self.gates(issue, languages)
        return ByLanguage((language, letters.check(decision, self.config)) for language, decision in decisions.items())

    # Delivery

    def plan(
        self, issue: Issue, *, at: str | datetime | None = None, timezone: str = "", only: Literal["", "failed"] = ""
    ) -> Plan:
        """Freeze what would be sent to whom, and count it; nothing goes out before somebody approves the plan.

        Who got the issue already is left out; who did not, because it failed, because their language was held or
        because they were not on the list, is in. With ``only="failed"`` nobody but those whose mail failed gets it.

        ``at`` is a local time such as ``2017-11-13 09:00`` in ``timezone``: the newsletter's, an IANA name, or
        ``subscriber`` for each reader's own. Without it the mails are due now. HeldError while an item has a flag
        that nobody acknowledged, an edition has a fault that ``check`` calls a failure, or ``at`` is long past.
        """
        wish = campaigns.Wish(at=at, timezone=timezone, only=only)
        return campaigns.plan(self.config, issue, letters.sendable(self.gates(issue), self.config), wish)

    def approve(self, plan: str | Plan, *, by: str) -> Plan:
        """Sign a plan, given by itself or by the first characters of its hash; HeldError where it sends nothing."""
        with campaigns.outbox(self.config) as outbox:
            signed = outbox.approve(plan if isinstance(plan, str) else plan.campaign, by)
        return signed if isinstance(plan, str) else plan.approve(by)

    def send(self, plan: Plan | None = None, *, late: bool = False, progress: Progress | None = None) -> Report:
        """Send what is approved and due: this approved plan and whatever else is; safe to call again and again.

        HeldError where the plan was not approved, or the issue, the members or the settings changed since, and then
        nothing is sent; whatever else must not go out is named in the report's ``refused``, and the rest is sent.
        ``late`` also begins what was due more than ``stale_hours`` ago. BusyError where another send is running.
        """

        def current(id: str) -> tuple[Issue, Mapping[str, Edition]]:  # noqa: A002 - the word people use
            issue = self.issue(id)
            return issue, self.render(issue)

        step = (lambda done, total: progress("sending", done, total)) if progress else None
        return campaigns.send(self.config, plan, current=current, progress=step, late=late)

    def send_due(self) -> Report:
        """What a scheduled job calls: everything that is approved and due."""
        return self.send()

    @cached_property
    def campaigns(self) -> Campaigns:
        """What is planned and under way, to be stopped, resumed or resolved."""
        return Campaigns(self.config)

    @cached_property
    def mailbox(self) -> Mailbox:
        """What comes back: events, who left, and who must not be mailed."""
        return Mailbox(self.config)

    def try_out(self, issue: Issue, people: Sequence[str]) -> list[Trial]:
        """Send every edition, as it would look now, to a few people who look at it; nothing is counted."""
        editions = {language: self.edition(gate) for language, gate in self.gates(issue).items()}
        campaigns.refuse_unseen(self.config, editions)
        return trials.send(self.config, editions, people, envelope=campaigns.envelope(self.config))

    def status(self, issue: Issue | str) -> ByLanguage[Counts]:
        """For every language of an issue how many messages are where."""
        with campaigns.outbox(self.config, mode="read") as outbox:
            return ByLanguage(outbox.status(issue if isinstance(issue, str) else issue.id))

    def _targets(self, languages: Iterable[str] | None) -> list[str]:
        known = self.config.publication.languages
        languages = known if languages is None else tuple(languages)
        for language in languages:
            if language not in known:
                where, hint = self.config.folder / configuration.FILE, f"There is: {', '.join(known)}."
                raise ConfigError(f"the newsletter has no language {language!r}.", where=where, hint=hint)
        return [language for language in languages if language != self.config.publication.source]

    def _catalogs(self, issue: Issue) -> dict[str, Catalog]:
        return {language: self.translations.catalog(issue, language) for language in self._targets(None)}
