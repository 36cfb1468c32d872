"""What a members' list says for those on it whose own cell is empty, or who have no such column."""

from collections.abc import Callable, Mapping

import msgspec

from newsletter.audience import addresses, territories
from newsletter.audience.sources._table import column, is_zone
from newsletter.errors import AudienceError, ConfigError
from newsletter.model import Subscriber


def filler(defaults: Mapping[str, str], *, where: str) -> Callable[[Subscriber], Subscriber]:
    """What fills a subscriber's empty cells; ``defaults`` are values by heading, of our columns or of fields.

    ``where`` is the table they stand in. A ConfigError: a value that nobody could use, or for a column that everybody
    must have of their own.
    """
    ours = {column(heading): value for heading, value in defaults.items() if column(heading)}
    fields = {heading: value for heading, value in defaults.items() if column(heading) in ("", "country")}
    _check(ours, where=where)
    territory = territories.code(ours.get("country", ""))

    def fill(member: Subscriber) -> Subscriber:
        empty = {heading: value for heading, value in fields.items() if not member.fields.get(heading)}
        name = member.address.name or ours.get("name", "")
        return msgspec.structs.replace(
            member,
            address=msgspec.structs.replace(member.address, name=name),
            timezone=member.timezone or ours.get("timezone", ""),
            territory=member.territory or territory,
            organisation=member.organisation or ours.get("organisation", ""),
            fields={**member.fields, **empty},
        )

    return fill


def _check(ours: Mapping[str, str], *, where: str) -> None:
    for each, hint in (("email", "Remove it."), ("languages", 'Write languages = ["…"] beside defaults.')):
        if each in ours:
            raise ConfigError(f"{each} is no column with a default.", where=where, hint=hint)
    if not is_zone(ours.get("timezone", "")):
        what = f"unknown time zone {ours['timezone']!r}."
        raise ConfigError(what, where=where, hint="Use an IANA name such as Europe/Madrid.")
    if ours.get("country") and not territories.code(ours["country"]):
        raise ConfigError(f"unknown country {ours['country']!r}.", where=where, hint="Write its code, such as ES.")
    try:
        addresses.parse("name@city.example", ours.get("name", ""))
    except AudienceError as error:
        raise ConfigError(error.what, where=where, hint=error.hint) from None
