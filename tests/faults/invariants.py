"""What must hold after every fault, message by message: the outbox against the provider's ledger.

I1  nobody is mailed twice
I2  every message ends, and none is lost
I3  what the outbox says is what the ledger says
I4  the next run finishes the work, and says so
I5  the rate is kept
"""

from collections import Counter
from pathlib import Path

from plans import URL
from resend_server import ResendServer
from sqlalchemy import select

from newsletter.delivery.outbox import Outbox
from newsletter.delivery.schema import batch, campaign, message

ENDED = ("sent", "failed", "uncertain", "suppressed", "cancelled")
UNSENT = ("failed", "suppressed", "cancelled", "pending")
"""States of messages that another plan, or the next run, sends."""


def violations(folder: Path, server: ResendServer, *, ended: bool = True) -> list[str]:
    """What is wrong, each in a sentence; with ``ended`` also what is not done yet.

    ``uncertain`` is right whether it was delivered or not.
    """
    found = [f"I1: {reader} got it {times} times" for reader, times in server.ledger.items() if times > 1]
    found += [f"I1: {key} was accepted {times} times" for key, times in server.delivered.items() if times > 1]
    with Outbox(URL, folder, mode="read") as outbox, outbox.transaction() as connection:
        columns = (message.c.idem, message.c.email, message.c.state, message.c.batch_id, batch.c.state.label("of"))
        rows = connection.execute(select(*columns).select_from(message.join(batch)).order_by(message.c.id)).all()
        batches = connection.execute(select(batch.c.id, batch.c.state, batch.c.n, batch.c.suppressed)).all()
        running = connection.scalars(select(campaign.c.state).where(campaign.c.state.in_(("running", "paused")))).all()
    for row in rows:
        delivered = row.idem in server.delivered
        # While a request may be repeated, its messages are pending although they were delivered.
        waits = row.of in ("pending", "claimed", "inflight")
        if ended and row.state not in ENDED:
            found.append(f"I2: {row.email} is still {row.state}")
        if row.state == "sent" and not delivered:
            found.append(f"I3: {row.email} counts as sent, but was not delivered")
        if row.state in UNSENT and delivered and not waits:
            found.append(f"I3: {row.email} counts as {row.state}, but was delivered")
    if lost := set(server.delivered) - {row.idem for row in rows}:
        found.append(f"I2: {len(lost)} messages were delivered of which the outbox does not know")
    held = Counter(row.batch_id for row in rows)
    for row in batches:
        if held[row.id] != row.n + row.suppressed:
            found.append(
                f"I2: batch {row.id} ({row.state}) counts {row.n + row.suppressed} messages, not {held[row.id]}"
            )
    if ended and running:
        found.append(f"I4: a campaign is still {running[0]}")
    return found


def too_fast(server: ResendServer, per_second: float) -> list[str]:
    """Where more came than the rate allows: by two in a hundred, and one batch, as the first goes at once.

    A request may be held up on its way for a quarter of a second, so that others come close behind it.
    """
    most = max(server.sizes)
    arrivals = list(zip(server.times, server.sizes, strict=True))
    found = []
    for first in range(len(arrivals)):
        came = 0
        for moment, size in arrivals[first:]:
            came += size
            allowed = (moment - arrivals[first][0] + 0.25) * per_second * 1.02 + 2 * most
            if came > allowed:
                found.append(f"I5: {came} mails in {moment - arrivals[first][0]:.2f} s, and {allowed:.0f} are allowed")
                break
    return found


def too_early(server: ResendServer, seconds: float, *, after: int = 0) -> list[str]:
    """Requests that came sooner than so many seconds after the one with this number."""
    told = server.times[after]
    soon = [moment - told for moment in server.times[after + 1 :] if moment - told < seconds]
    return [f"a request came {moment:.2f} s after the provider asked for {seconds:g}" for moment in soon]
