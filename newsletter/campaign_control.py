"""What a person can do with what is planned or under way: look at it, stop it, let it go on, say what became of it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from newsletter.config import Config
from newsletter.delivery import spool
from newsletter.delivery.control import Resolution
from newsletter.delivery.outbox import Campaign, Outbox
from newsletter.delivery.plan import Plan
from newsletter.delivery.results import Undelivered
from newsletter.errors import BusyError
from newsletter.model import Issue


@dataclass(frozen=True, slots=True)
class Campaigns:
    """A newsletter's campaigns; a plan is named by itself or by the first characters of its hash.

    While a ``send`` is running, what stops or resumes a campaign is left as a note, which that run takes in before its
    next batch.
    """

    config: Config

    def all(self, issue: Issue | str | None = None) -> list[Campaign]:
        """The campaigns of an issue, or of every one, the newest first."""
        with self._outbox("read") as outbox:
            return outbox.campaigns(_id(issue))

    def pause(self, plan: str | Plan, *, by: str) -> Plan:
        """Send nothing more of it until it is resumed; HeldError where nothing of it is under way."""
        return self._do("pause", plan, by)

    def resume(self, plan: str | Plan) -> Plan:
        """Let a paused campaign go on, whoever paused it; the next ``send`` does."""
        return self._do("resume", plan, "")

    def cancel(self, plan: str | Plan) -> Plan:
        """Stop a plan: what of it was not sent stays unsent, and may be planned again.

        HeldError where everything of it was sent.
        """
        return self._do("cancel", plan, "")

    def uncertain(self, issue: Issue | str | None = None) -> list[Undelivered]:
        """Every message of which nobody can know whether it went out."""
        with self._outbox("read") as outbox:
            return outbox.uncertain(_id(issue))

    def failed(self, issue: Issue | str | None = None) -> list[Undelivered]:
        """Every message that the provider refused for good."""
        with self._outbox("read") as outbox:
            return outbox.failed(_id(issue))

    def resolve(self, issue: Issue | str, how: Resolution, *, by: str, emails: Collection[str] | None = None) -> int:
        """Say what became of uncertain messages, all of an issue or those to some addresses; how many.

        ``sent``: they arrived. ``again``: they go out once more with the next ``send``, perhaps a second time.
        ``drop``: they count as failed, and a new plan may send them.
        """
        with self._outbox("write") as outbox:
            return outbox.resolve(_id(issue) or "", how, emails=emails, by=by)

    def _do(self, step: Literal["pause", "resume", "cancel"], plan: str | Plan, by: str) -> Plan:
        name = plan if isinstance(plan, str) else plan.campaign
        try:
            with self._outbox("write") as outbox:
                if step == "pause":
                    return outbox.pause(name, by)
                return outbox.resume(name) if step == "resume" else outbox.cancel(name)
        except BusyError:
            with self._outbox("read") as outbox:
                found = outbox.named(name)
                spool.put(outbox.path, spool.Note(step=step, facts={"name": found.campaign, "by": by}))
            return found

    def _outbox(self, mode: Literal["read", "write"]) -> Outbox:
        return Outbox(self.config.outbox.url, self.config.folder, mode=mode)


def _id(issue: Issue | str | None) -> str | None:
    return issue.id if isinstance(issue, Issue) else issue
