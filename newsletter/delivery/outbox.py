"""The outbox: what is planned, approved and sent, in one database that outlives every crash.

::

    with Outbox("sqlite:///newsletter.db", folder) as outbox:      one writer at a time, else BusyError
        plan = outbox.freeze(choices, editions, terms, due=due)    a draft; replaces an older draft of the issue
        outbox.approve(plan.hash, by="Octavi")
    with Outbox("sqlite:///newsletter.db", folder, mode="read") as outbox:
        outbox.status("2017-11")
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, select, update

from newsletter.delivery import (
    batches,
    control,
    database,
    events,
    lease,
    people,
    plan,
    privacy,
    results,
    returning,
    spool,
)
from newsletter.delivery.schema import asset, campaign, edition_asset
from newsletter.errors import HeldError, OutboxError
from newsletter.model import Choice, Edition, Subscriber

State = Literal["draft", "approved", "running", "paused", "done", "cancelled"]
SHORTEST = 8  # characters of a hash that a person must type


def now() -> datetime:
    """The moment, in UTC; every function that needs one takes another clock as an argument."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """One sending of one issue: its plan (with the approver), its state, and what the plan was made with.

    ``reason`` says why it is paused.
    """

    plan: plan.Plan
    state: State
    settings: Mapping[str, str]
    approved_at: datetime | None
    reason: str


class Outbox:
    """The tables of one newsletter; open it with ``with``. ``mode="read"`` needs no lock and writes nothing."""

    def __init__(
        self, url: str, folder: Path, *, mode: Literal["write", "read"] = "write", clock: Callable[[], datetime] = now
    ) -> None:
        self.path = database.path_of(url, folder)
        self._mode = mode
        self._clock = clock
        self._engine: Engine | None = None
        self._lock: AbstractContextManager[Any] | None = None

    def __enter__(self) -> Self:
        if self._mode == "read":
            self._engine = database.reader(self.path)
            return self
        lock = database.lock(self.path)
        try:
            self._engine = database.writer(self.path)
        except BaseException:
            lock.release()
            raise
        self._lock = lock
        self.take_in()
        return self

    def __exit__(self, *_: object) -> None:
        if self._engine:
            self._engine.dispose()
            self._engine = None
        if self._lock:
            self._lock.__exit__(None, None, None)
            self._lock = None

    def transaction(self) -> AbstractContextManager[Connection]:
        """One transaction, committed as a whole or not at all."""
        if self._engine is None:
            raise OutboxError("the outbox is not open.", where=self.path, hint="Use it in a with statement.")
        return database.transaction(self._engine, self.path)

    def signing_key(self) -> bytes:
        """What the links in the mails are signed with."""
        with self.transaction() as connection:
            return people.signing_key(connection)

    def freeze(
        self,
        choices: Iterable[Choice],
        editions: Mapping[str, Edition],
        terms: plan.Terms,
        *,
        due: Callable[[Subscriber], datetime],
        heard: plan.Heard | None = None,
    ) -> plan.Plan:
        """Store a plan as a draft, in place of an older draft of the issue; ``heard`` learns what everybody gets.

        Who got the issue from an earlier campaign, or perhaps did, is skipped; who failed there is planned again.
        """
        with self.transaction() as connection:
            control.refuse_running(connection, terms.issue)
            connection.execute(delete(campaign).where(campaign.c.issue == terms.issue, campaign.c.state == "draft"))
            connection.execute(delete(asset).where(asset.c.hash.not_in(select(edition_asset.c.asset_hash))))
            return batches.freeze(connection, choices, editions, terms, due=due, heard=heard, now=self._clock())

    def fingerprint(self, choices: Iterable[Choice], editions: Mapping[str, Edition], terms: plan.Terms) -> str:
        """The hash that ``freeze`` would give now; compare it with an approved plan before its first batch goes out."""
        with self.transaction() as connection:
            return plan.fingerprint(connection, choices, editions, terms)

    def approve(self, name: str, by: str) -> plan.Plan:
        """Sign the draft with this campaign id or hash (or its first characters); the signer's name is kept.

        What is signed already stays as it was signed. An approved campaign of the same issue of which nothing went out
        is cancelled: the newer approval counts. HeldError where the issue was sent after the draft was made.
        """
        with self.transaction() as connection:
            row = _found(connection, name)
            signed = _plan(row).approve(by)
            if row.approved_by:
                return _plan(row)
            if not signed.messages:
                raise HeldError(
                    "the plan sends nothing to anybody.", where=row.issue, hint="Look at who is held and why."
                )
            control.refuse_running(connection, row.issue)
            control.refuse_overtaken(connection, row)
            for other in connection.scalars(control.of_issue(row.issue, "approved")).all():
                control.cancel(connection, other)
            values = {"state": "approved", "approved_by": signed.approved_by, "approved_at": self._clock()}
            connection.execute(update(campaign).where(campaign.c.id == row.id).values(**values))
            return signed

    def start(self, number: str) -> None:
        """Let an approved campaign go out; the caller has checked that it still is what was approved."""
        with self.transaction() as connection:
            released = {"state": lease.RUNNING, "released": self._clock()}
            connection.execute(update(campaign).where(_approved(number)).values(**released))

    def withdraw(self, number: str) -> None:
        """Take the approval of a campaign back, before anything of it went out: what it covers has changed."""
        with self.transaction() as connection:
            unsigned = {"state": "draft", "approved_by": "", "approved_at": None}
            connection.execute(update(campaign).where(_approved(number)).values(**unsigned))

    def cancel(self, name: str) -> plan.Plan:
        """Stop a campaign: what was not sent stays unsent, and a later plan may send it."""
        with self.transaction() as connection:
            row = _found(connection, name)
            if row.state == "done":
                raise HeldError("everything of this plan was sent.", where=row.issue, hint="Nothing is left to cancel.")
            control.cancel(connection, row.id)
            return _plan(row)

    def pause(self, name: str, by: str) -> plan.Plan:
        """Stop a campaign until somebody resumes it; what is under way is finished."""
        with self.transaction() as connection:
            row = _found(connection, name)
            control.pause(connection, row, f"paused by {by}")
            return _plan(row)

    def resume(self, name: str) -> plan.Plan:
        """Let a paused campaign go on."""
        with self.transaction() as connection:
            row = _found(connection, name)
            control.resume(connection, row, self._clock())
            return _plan(row)

    def resolve(self, issue: str, how: control.Resolution, *, emails: Collection[str] | None = None, by: str) -> int:
        """Say what became of messages that are uncertain, all of an issue or those to some addresses; how many."""
        with self.transaction() as connection:
            return control.resolve(connection, issue, how, emails=emails, by=by)

    def named(self, name: str) -> plan.Plan:
        """The plan with this campaign id or hash (or its first characters); HeldError where there is none."""
        with self.transaction() as connection:
            return _plan(_found(connection, name))

    def take_in(self) -> None:
        """Do what the notes say that were left for the writer; one that means nothing to us is put aside."""
        for paths, note in returning.grouped(spool.read(spool.waiting(self.path))):
            try:
                self.do(note)
            except (LookupError, msgspec.ValidationError):
                spool.put_aside(paths)
                continue
            except HeldError:  # it was cancelled, or is done: what was wanted is so already
                pass
            spool.remove(paths)

    def do(self, note: spool.Note) -> events.Recorded:
        """Do what a note says; LookupError where there is no such step."""
        if step := returning.STEPS.get(note.step):
            with self.transaction() as connection:
                return step(connection, note.facts, self._clock())
        name, by = str(note.facts["name"]), str(note.facts["by"])
        steer = {"pause": lambda: self.pause(name, by), "resume": lambda: self.resume(name)}
        (steer | {"cancel": lambda: self.cancel(name)})[note.step]()
        return events.Recorded()

    def campaigns(self, issue: str | None = None) -> list[Campaign]:
        """The campaigns of an issue, or all, the newest first."""
        query = select(campaign).order_by(campaign.c.created.desc())
        if issue is not None:
            query = query.where(campaign.c.issue == issue)
        with self.transaction() as connection:
            return [
                Campaign(
                    plan=_plan(row),
                    state=row.state,
                    settings=msgspec.json.decode(row.settings, type=dict[str, str]),
                    approved_at=row.approved_at,
                    reason=row.reason,
                )
                for row in connection.execute(query)
            ]

    def status(self, issue: str) -> dict[str, results.Counts]:
        """For every language how many messages are where; drafts do not count."""
        with self.transaction() as connection:
            return results.counts(connection, issue)

    def uncertain(self, issue: str | None = None) -> list[results.Undelivered]:
        """Every message of which nobody knows whether it went out; only the provider's own log can tell."""
        with self.transaction() as connection:
            return results.named(connection, "uncertain", issue)

    def failed(self, issue: str | None = None) -> list[results.Undelivered]:
        """Every message that was refused for good."""
        with self.transaction() as connection:
            return results.named(connection, "failed", issue)

    def erase(self, email: str) -> privacy.Erased:
        """Forget a person, and never mail them again; HeldError while a mail to them is in doubt."""
        with self.transaction() as connection:
            erased = privacy.erase(connection, email, now=self._clock())
        if self._engine:
            database.empty_log(self._engine)
        return erased

    def frozen(self, number: int) -> batches.Frozen:
        """An edition as it was planned, by its number in the database."""
        with self.transaction() as connection:
            return batches.load(connection, number)


def _approved(number: str) -> ColumnElement[bool]:
    return (campaign.c.id == number) & (campaign.c.state == "approved")


def _found(connection: Connection, name: str) -> Row[Any]:
    """The campaign with this id or hash, or the only one whose hash begins like that."""
    start = name.strip().casefold()
    match = (campaign.c.id == start) | campaign.c.hash.startswith(start, autoescape=True)
    live = connection.execute(
        select(campaign).where(match, campaign.c.state != "cancelled").order_by(campaign.c.created.desc())
    ).all()
    if len(start) < SHORTEST or not live or len({row.hash for row in live}) > 1:
        raise HeldError(f"there is no plan {name!r}.", hint=f"Plan again, and give {SHORTEST} characters of its hash.")
    return live[0]


def _plan(row: Row[Any]) -> plan.Plan:
    stored = msgspec.json.decode(row.summary, type=plan.Plan)
    return stored.approve(row.approved_by) if row.approved_by else stored
