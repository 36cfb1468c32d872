"""What the command line shows, by what it is about; see ``terminal`` for how."""

from newsletter.display.returning import events, suppressions
from newsletter.display.sending import campaigns, plan, report, status, trials
from newsletter.display.terminal import (
    again,
    command,
    fail,
    json,
    plain,
    progress_bar,
    say,
    several,
    table,
    title,
    warn,
)
from newsletter.display.translating import (
    drafted,
    fallbacks,
    findings,
    held,
    imported,
    languages,
    restored,
    reviews,
    signed,
)

__all__ = [
    "again",
    "campaigns",
    "command",
    "drafted",
    "events",
    "fail",
    "fallbacks",
    "findings",
    "held",
    "imported",
    "json",
    "languages",
    "plain",
    "plan",
    "progress_bar",
    "report",
    "restored",
    "reviews",
    "say",
    "several",
    "signed",
    "status",
    "suppressions",
    "table",
    "title",
    "trials",
    "warn",
]
