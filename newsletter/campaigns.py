"""Plans and sends an issue: wires the members' list, the editions, the outbox and the provider for ``Newsletter``.

What a plan covers is worked out the same way when it is made and when it is sent, so that a change in between shows.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

from newsletter import fillings, plugins
from newsletter.audience import members
from newsletter.audience.members import MembersList
from newsletter.audience.problems import Kind, Problem, summary
from newsletter.audience.reach import Reach
from newsletter.config import FILE, Config
from newsletter.delivery import schedule, sender
from newsletter.delivery.envelope import Envelope
from newsletter.delivery.limits import Rates
from newsletter.delivery.outbox import Campaign, Outbox
from newsletter.delivery.plan import Plan, Terms
from newsletter.delivery.providers import Provider
from newsletter.delivery.sender import Report
from newsletter.errors import ConfigError, HeldError, NewsletterError
from newsletter.model import Choice, Edition, Issue, Subscriber
from newsletter.tomlfile import place

Editions = Mapping[str, Edition]

SHOWN_PROBLEMS = 100
"""Rows of the members' list that a plan names; it counts all of them."""

UNUSABLE = "their row of the members' list cannot be used"


def outbox(config: Config, *, mode: Literal["write", "read"] = "write") -> Outbox:
    """The newsletter's outbox, to be opened with ``with``."""
    return Outbox(config.outbox.url, config.folder, mode=mode)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a person asks of a plan: when it is due, in which zone, and whether only those who failed get it."""

    at: str | datetime | None = None
    timezone: str = ""
    only: Literal["", "failed"] = ""


def plan(config: Config, issue: Issue, editions: Editions, wish: Wish) -> Plan:
    """Freeze what would be sent to whom; see ``Newsletter.plan``."""
    refuse_flags(issue)
    due = _due(config, wish)
    _refuse_past(config, wish, due)
    terms = _terms(config, issue, editions, wish)
    refuse_unseen(config, editions)
    audience = _Audience(config=config, issue=issue, editions=editions)
    with outbox(config) as opened:
        made = opened.freeze(audience.choices(), editions, terms, due=due, heard=audience.heard)
    return replace(
        made,
        skipped={**made.skipped, **audience.unusable},
        problems=tuple(audience.problems),
        unreached=audience.reach.unreached(),
        warnings=_warnings(terms),
    )


def send(
    config: Config,
    approved: Plan | None,
    *,
    current: Callable[[str], tuple[Issue, Editions]],
    progress: Callable[[int, int], None] | None,
    late: bool = False,
) -> Report:
    """Send what is approved and due; ``current`` gives an issue and its editions as they are now.

    With ``late`` also what was due so long ago that its news may be none any more.

    A campaign that must not go out stops no other; the report names it. HeldError where it is ``approved`` itself, and
    then nothing is sent.
    """
    provider = plugins.build(config.provider)
    with outbox(config) as opened:
        if approved is not None:
            if not approved.approved_by:
                raise HeldError(
                    "the plan is not approved.", where=approved.issue, hint="Call plan.approve(by=…) first."
                )
            opened.approve(approved.campaign, approved.approved_by)
        due = [campaign for campaign in opened.campaigns() if campaign.state == "approved" and _is_due(campaign)]
        refused = _refused(config, opened, due, current=current, late=late)
        if approved is not None and approved.campaign in refused:
            raise refused[approved.campaign]
        for campaign in due:
            if campaign.plan.campaign not in refused:
                opened.start(campaign.plan.campaign)
        report = sender.send(
            opened,
            provider,
            lambda edition: fillings.filling(edition, provider),
            rates=_rates(config, provider),
            stale_after=timedelta(hours=config.outbox.stale_hours),
            progress=progress,
        )
    return replace(report, refused=tuple(map(str, refused.values())))


def refuse_flags(issue: Issue) -> None:
    """A HeldError while an item of the issue has a flag that nobody acknowledged."""
    for item in issue.items:
        flags = [flag for flag in item.flags if not flag.acknowledged]
        if flags:
            raise HeldError(
                f"{len(flags)} open flags, the first on line {flags[0].line} of the original: {flags[0].note}",
                where=issue.folder / item.file,
                hint=f"Correct the text, then: newsletter acknowledge {issue.id} {item.id} --by NAME",
            )


def refuse_unseen(config: Config, editions: Editions) -> None:
    """A ConfigError where the pictures can neither travel inside the mails nor be found on the web."""
    publication, provider = config.publication, plugins.build(config.provider)
    if provider.limits.pictures:
        return
    nowhere = not publication.base_url and any(edition.assets for edition in editions.values())
    if publication.pictures == "inline" or nowhere:
        raise ConfigError(
            f"the provider {provider.name} cannot carry pictures inside the mails.",
            where=place(config.folder / FILE, "newsletter", "pictures"),
            hint='Write pictures = "hosted" and a base_url, and upload there what newsletter build writes.',
        )


@dataclass(kw_only=True)
class _Audience:
    """The members' list, and what was wrong in it once it has been read to the end."""

    config: Config
    issue: Issue
    editions: Editions
    problems: list[str] = field(default_factory=list)
    lost: Counter[Kind] = field(default_factory=Counter)
    reach: Reach = field(default_factory=Reach)

    def choices(self) -> Iterator[Choice]:
        """Everybody with the language they get; read row by row, never held in memory."""
        held = [tag for tag in self.config.publication.languages if tag not in self.editions]
        lists = [
            MembersList(
                source=plugins.build(each.source), name=each.name, languages=each.languages, defaults=each.defaults
            )
            for each in self.config.audience
        ]
        for row in members.read(lists, ready=self.editions, held=held, default=self.issue.language):
            if isinstance(row, Problem):
                self._note(row)
            else:
                yield row

    def heard(self, choice: Choice, reason: str) -> None:
        """A contact of a member gets a mail, or not."""
        self.reach.heard(choice.subscriber.organisation, reason)

    @property
    def unusable(self) -> dict[str, int]:
        """How many rows could not be used, by what is wrong with them."""
        total = self.lost.total()
        return {f"{UNUSABLE} ({summary(self.lost)})": total} if total else {}

    def _note(self, problem: Problem) -> None:
        if not problem.kept:
            self.lost[problem.kind] += 1
            if problem.kind != "duplicate":
                self.reach.heard(problem.organisation, problem.reason)
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(str(problem))


def envelope(config: Config) -> Envelope:
    """What the mails of a newsletter carry besides their editions."""
    url = config.publication.unsubscribe_url
    return Envelope(sender=config.sender, reply_to=config.reply_to, unsubscribe_url=url)


def _terms(config: Config, issue: Issue, editions: Editions, wish: Wish) -> Terms:
    provider: Provider = plugins.build(config.provider)
    rates = _rates(config, provider)
    most = min(provider.limits.messages, rates.per_day or provider.limits.messages)
    return Terms(
        issue=issue.id,
        newsletter=config.publication.name,
        provider=provider.name,
        limits=replace(provider.limits, messages=most),
        per_second=rates.per_second,
        merges=fillings.merged(editions, provider),
        canary=config.outbox.canary,
        settings={
            "at": "" if wish.at is None else str(wish.at),
            "timezone": wish.timezone,
            "only": wish.only,
            **envelope(config).settings,
        },
    )


def _rates(config: Config, provider: Provider) -> Rates:
    """What the newsletter allows, and no more requests than the provider does."""
    own, its = config.outbox.requests_per_second, provider.limits.requests_per_second
    requests = min(own, its) if own and its else own or its
    return Rates(per_second=config.outbox.per_second, requests_per_second=requests, per_day=config.outbox.per_day)


def _warnings(terms: Terms) -> tuple[str, ...]:
    """What the provider does to the mails that readers would notice."""
    if "list-unsubscribe" in terms.limits.replaces | terms.limits.forbids:
        return (f"{terms.provider} writes its own List-Unsubscribe header instead of the newsletter's.",)
    return ()


def _due(config: Config, wish: Wish) -> Callable[[Subscriber], datetime]:
    """When a reader's mail is due; worked out once for every time zone."""
    now, own = datetime.now(UTC), config.publication.timezone

    @cache
    def moment(zone: str) -> datetime:
        return schedule.due(wish.at, wish.timezone, newsletter_zone=own, subscriber_zone=zone, now=lambda: now)

    return lambda reader: moment(reader.timezone)


def _refuse_past(config: Config, wish: Wish, due: Callable[[Subscriber], datetime]) -> None:
    """A HeldError where what was asked for is so long ago that it can only be a mistake."""
    moment = due(Subscriber(address=config.sender))
    if moment < datetime.now(UTC) - timedelta(hours=config.outbox.stale_hours):
        raise HeldError(
            f"{wish.at} is more than {config.outbox.stale_hours:g} hours ago.",
            where="at",
            hint="Name a time that is to come, or none for now.",
        )


def _is_due(campaign: Campaign) -> bool:
    return campaign.plan.due_at is not None and campaign.plan.due_at <= datetime.now(UTC)


def _refused(
    config: Config, opened: Outbox, due: list[Campaign], *, current: Callable[[str], tuple[Issue, Editions]], late: bool
) -> dict[str, HeldError]:
    """Which of the campaigns must not go out, by id, and why."""
    refused: dict[str, HeldError] = {}
    for campaign in due:
        try:
            if not late:
                _refuse_stale(config, campaign)
            _refuse_changed(config, opened, campaign, *current(campaign.plan.issue))
        except HeldError as error:
            refused[campaign.plan.campaign] = error
        except NewsletterError as error:
            refused[campaign.plan.campaign] = HeldError(
                f"this approved issue cannot be checked, so nothing of it was sent: {error}",
                where=campaign.plan.issue,
                hint=f"Correct that, or: newsletter cancel {campaign.plan.hash[:12]}",
            )
    return refused


def _refuse_stale(config: Config, campaign: Campaign) -> None:
    """A HeldError where nothing of it went out when it should have, and that is long ago."""
    hours = config.outbox.stale_hours
    due = campaign.plan.due_at
    if due is not None and due < datetime.now(UTC) - timedelta(hours=hours):
        raise HeldError(
            f"it was due at {due:%Y-%m-%d %H:%M} UTC, more than {hours:g} hours ago, so nothing of it was sent.",
            where=campaign.plan.issue,
            hint=f"If it is still news: newsletter send --late. Else: newsletter cancel {campaign.plan.hash[:12]}",
        )


def _refuse_changed(config: Config, opened: Outbox, campaign: Campaign, issue: Issue, editions: Editions) -> None:
    """Before the first mail of a campaign: is it still what was approved? If not, the approval is void."""
    refuse_flags(issue)
    settings = campaign.settings
    only: Literal["", "failed"] = "failed" if settings.get("only") == "failed" else ""
    terms = _terms(config, issue, editions, Wish(at=settings["at"] or None, timezone=settings["timezone"], only=only))
    audience = _Audience(config=config, issue=issue, editions=editions)
    if opened.fingerprint(audience.choices(), editions, terms) != campaign.plan.hash:
        opened.withdraw(campaign.plan.campaign)
        raise HeldError(
            "the issue, the members or the settings changed after the plan was approved; nothing of it was sent.",
            where=issue.id,
            hint=f"See what would go out now: newsletter plan {issue.id}",
        )
