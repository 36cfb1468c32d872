"""Reads every members' list of a newsletter in one pass: one mail a person, each in a language, with the reason.

Who stands on two lists, or twice on one, is written to once: the first row with the mailbox wins, and each later one
is a problem that names it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from newsletter.audience import languages
from newsletter.audience.defaults import filler
from newsletter.audience.mailboxes import Again, Mailboxes
from newsletter.audience.problems import Problem
from newsletter.audience.sources import Source
from newsletter.model import Choice, Subscriber


@dataclass(frozen=True, kw_only=True, slots=True)
class MembersList:
    """One list: its ``name``, which the first one may lack, and what its members get where they say nothing.

    ``languages`` are usual on it; ``defaults`` fill empty or missing cells of its members, by their headings.
    """

    source: Source
    name: str = ""
    languages: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)


def read(
    lists: Sequence[MembersList], *, ready: Collection[str], held: Collection[str], default: str
) -> Iterator[Choice | Problem]:
    """Everybody with the language they get (see ``languages.chooser``), and each row that is wrong, list after list."""
    mailboxes = Mailboxes()
    for members in lists:
        choose = languages.chooser(ready=ready, held=held, default=default, usual=members.languages)
        where = f"[{'.'.join(filter(None, ('audience', members.name)))}] defaults"
        fill = filler(members.defaults, where=where) if members.defaults else None
        for row in mailboxes.once(members.source.rows()):
            if isinstance(row, Subscriber):
                yield choose(fill(row) if fill else row)
            elif isinstance(row, Problem):
                yield replace(row, list=members.name) if members.name else row
            else:
                yield _duplicate(row, members, lists[row.list])


def _duplicate(again: Again, members: MembersList, first: MembersList) -> Problem:
    row = again.subscriber
    of = f" of {first.name or 'the first list'}" if first is not members else ""
    name, email = row.address.name, row.address.email
    return Problem(
        kind="duplicate",
        line=row.line,
        reason=f"duplicate of {first.source.unit} {again.line}{of}",
        text=f"{name} <{email}>" if name else email,
        organisation=row.organisation,
        unit=members.source.unit,
        list=members.name,
    )
