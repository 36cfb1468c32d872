"""What people do to a campaign under way: stop it, let it go on, and say what became of what nobody knows.

Every function is one step inside one transaction of the outbox.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, func, select, update

from newsletter.delivery import lease, people
from newsletter.delivery.schema import attempt, batch, campaign, message
from newsletter.errors import HeldError

Resolution = Literal["sent", "again", "drop"]


def of_issue(issue: str, *states: str) -> Select[Any]:
    """The ids of an issue's campaigns in some states."""
    return select(campaign.c.id).where(campaign.c.issue == issue, campaign.c.state.in_(states))


def refuse_running(connection: Connection, issue: str) -> None:
    """One campaign of an issue after the other: nobody can tell how far one gets."""
    if connection.scalars(of_issue(issue, lease.RUNNING, "paused")).first():
        raise HeldError(
            "an approved campaign of this issue is not finished.",
            where=issue,
            hint="Send the rest of it first (newsletter send), or cancel it, then plan again.",
        )


def refuse_overtaken(connection: Connection, draft: Row[Any]) -> None:
    """Who got the issue since the draft was made stands in it still, and would get it twice."""
    requests = select(attempt.c.id).select_from(attempt.join(batch).join(campaign))
    since = requests.where(campaign.c.issue == draft.issue, attempt.c.started >= draft.created)
    if connection.scalars(since.limit(1)).first():
        raise HeldError(
            "the issue was sent after this plan was made.", where=draft.issue, hint="Plan again, and approve that."
        )


def pause(connection: Connection, row: Row[Any], reason: str) -> None:
    """No other batch goes out until somebody resumes it; HeldError where nothing is left to stop."""
    if row.state not in (lease.RUNNING, "paused"):
        raise HeldError(
            f"this campaign is {row.state}, so there is nothing to pause.",
            where=row.issue,
            hint="A plan that is not approved, or whose time has not come, is stopped with: newsletter cancel",
        )
    values = {"state": "paused", "paused_by": "person", "reason": reason}
    connection.execute(update(campaign).where(campaign.c.id == row.id).values(**values))


def resume(connection: Connection, row: Row[Any], now: datetime) -> None:
    """Let a paused campaign go on; the rejections so far no longer count against it."""
    if row.state != "paused":
        raise HeldError(f"this campaign is {row.state}, not paused.", where=row.issue, hint="There is nothing to do.")
    failed = select(func.coalesce(func.sum(batch.c.failed), 0)).where(batch.c.campaign_id == row.id).scalar_subquery()
    values = {"state": lease.RUNNING, "paused_by": "", "reason": "", "tolerated": failed, "released": now}
    connection.execute(update(campaign).where(campaign.c.id == row.id).values(**values))
    late = (batch.c.campaign_id == row.id) & batch.c.state.in_(lease.UNFINISHED)
    connection.execute(update(batch).where(late).values(next_try=None))


def cancel(connection: Connection, number: str) -> None:
    """Stop what surely did not go out; the caller holds the lock, so what is under way was cut off."""
    mine, fresh = batch.c.campaign_id == number, batch.c.doubt_since.is_(None)
    for which, state in (
        (mine & fresh & batch.c.state.in_(("pending", "claimed")), "cancelled"),
        (mine & batch.c.state.in_(lease.UNFINISHED), "uncertain"),
    ):
        inside = message.c.batch_id.in_(select(batch.c.id).where(which))
        connection.execute(update(message).where(inside, message.c.state == "pending").values(state=state))
        connection.execute(update(batch).where(which).values(state=state))
    lease.prove(connection, connection.scalars(select(batch.c.id).where(mine, batch.c.state == "uncertain")).all())
    connection.execute(update(campaign).where(campaign.c.id == number).values(state="cancelled"))


def resolve(connection: Connection, issue: str, how: Resolution, *, emails: Collection[str] | None, by: str) -> int:
    """Say of messages that are uncertain that they were ``sent``, go out ``again`` or are given up; how many.

    ``again`` may mail somebody twice: only a person can want that.
    """
    known = people.keys(connection)
    query = (
        select(message.c.batch_id, message.c.idem, message.c.campaign_id)
        .select_from(message.join(campaign))
        .where(campaign.c.issue == issue, message.c.state == "uncertain")
        .order_by(message.c.batch_id, message.c.id)
    )
    if emails is not None:
        query = query.where(message.c.recipient_key.in_([known(email) for email in emails]))
    rows: list[Any] = list(connection.execute(query))
    for number, members in groupby(rows, key=lambda row: int(row.batch_id)):
        _resolve(connection, number, list(members), how, by)
    return len(rows)


def _resolve(connection: Connection, number: int, members: Sequence[Any], how: Resolution, by: str) -> None:
    state = {"sent": "sent", "again": "pending", "drop": "failed"}[how]
    values = {"state": state, "failed": len(members) if how == "drop" else 0, "reason": f"resolved by {by}: {how}"}
    moved = lease.move(connection, number, [row.idem for row in members], values)
    if how == "again":
        done = (campaign.c.id == members[0].campaign_id) & (campaign.c.state == "done")
        connection.execute(update(campaign).where(done).values(state=lease.RUNNING))
    else:
        said = {"state": state, "error": f"given up by {by}" if how == "drop" else ""}
        connection.execute(update(message).where(message.c.batch_id == moved).values(**said))
