"""What comes back: how many events of each kind, and who must not be mailed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from newsletter.display.terminal import say, several, table, warn

if TYPE_CHECKING:
    from newsletter.delivery.events import Recorded
    from newsletter.delivery.suppressions import Suppression


def events(kinds: Mapping[str, int], recorded: "Recorded | None") -> None:
    """How many events of each kind are new, and what they came to."""
    if kinds:
        table(("event", "new"), list(kinds.items()))
    else:
        say("Nothing new.")
    if recorded is None:
        return
    if recorded.suppressed:
        warn(f"{several(recorded.suppressed, 'reader')} not mailed any more; see: newsletter suppressions")
    if recorded.resolved:
        say(f"{several(recorded.resolved, 'uncertain mail')} went out, as these show.")
    if recorded.unknown:
        say(f"{several(recorded.unknown, 'event')} of mails that are none of this newsletter's.")


def suppressions(found: Sequence["Suppression"]) -> None:
    """Who must not be mailed, why, since when and who said so."""
    if not found:
        say("Nobody is suppressed.")
        return
    rows = [(each.email or "(erased)", each.reason, f"{each.at:%Y-%m-%d %H:%M}", each.source) for each in found]
    table(("address", "reason", "since (UTC)", "source"), rows)
