"""What stands in ``newsletter.toml``: a type for each of its tables, and all of it as one ``Config``."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from newsletter.model import Address
from newsletter.plugins import Plugin
from newsletter.tokens import Theme

Review = Literal["required", "label", "off"]
ItemFallback = Literal["next", "omit", "hold"]
Pictures = Literal["auto", "inline", "hosted"]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file; an unknown key is an error."""


class Utm(_Table, frozen=True):
    """``utm`` in ``[newsletter]``: what links to the newsletter's own sites tell their statistics.

    ``hosts`` are sites besides that of ``base_url``, with their subdomains; ``"*"`` means every site.
    """

    source: str
    medium: str = "email"
    hosts: tuple[str, ...] = ()


class Publication(_Table, frozen=True):
    """``[newsletter]``: what the newsletter is and who sends it.

    ``pictures`` travel inside the mails (``inline``), lie at ``base_url`` (``hosted``), or lie there only where the
    provider cannot carry them (``auto``).
    """

    name: str
    sender: str
    languages: tuple[str, ...]
    source: str = "en"
    reply_to: str = ""
    postal_address: str = ""
    base_url: str = ""
    unsubscribe_url: str = ""
    timezone: str = "UTC"
    pictures: Pictures = "auto"
    utm: Utm | None = None


class Policy(_Table, frozen=True):
    """``[languages.xx]``: what differs for one language; ``None`` means as in ``[translation]``."""

    fallback: tuple[str, ...] = ()
    engine: str = ""
    review: Review | None = None
    item_fallback: ItemFallback | None = None
    territory: str = ""


class Outbox(_Table, frozen=True):
    """``[outbox]``: the database of what was planned and sent, and how it goes out.

    ``per_second`` is the greatest rate in messages a second, ``requests_per_second`` and ``per_day`` (messages in a UTC
    day) what the provider's account allows, where that is less; 0 is no bound. ``canary`` messages of each wave go
    ahead of the others, which stay if too many of them are refused. What was due more than ``stale_hours`` ago, and was
    not tried since, is not sent without a person.
    """

    url: str = "sqlite:///newsletter.db"
    per_second: float = 50
    requests_per_second: float = 0
    per_day: int = 0
    canary: int = 50
    stale_hours: float = 24


class Doctor(_Table, frozen=True):
    """``[doctor]``: what ``newsletter doctor`` cannot find out by itself.

    ``dkim`` names the provider's DKIM keys: what stands before ``._domainkey``, or a whole name at another domain.
    """

    dkim: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Members:
    """``[audience]``, or one of several lists, ``[audience.NAME]``: where it comes from, and what goes for all on it.

    ``languages`` are usual among its members, ``defaults`` fill columns that are missing or empty.
    """

    source: Plugin
    name: str = ""
    languages: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """A newsletter's whole configuration, checked; ``folder`` is where ``newsletter.toml`` stands."""

    folder: Path
    publication: Publication
    sender: Address
    reply_to: Address | None
    review: Review
    item_fallback: ItemFallback
    policies: Mapping[str, Policy]
    engine: Plugin
    engines: Mapping[str, Mapping[str, Any]]
    memory: Path
    package_index: str
    audience: tuple[Members, ...]
    provider: Plugin
    outbox: Outbox
    doctor: Doctor
    theme: Theme

    def review_of(self, language: str) -> Review:
        """Whether drafts may go out in ``language``."""
        return self.policies.get(language, Policy()).review or self.review

    def engine_of(self, language: str) -> Plugin:
        """What machine-translates into ``language``."""
        return self.engine_named(self.policies.get(language, Policy()).engine)

    def engine_named(self, name: str) -> Plugin:
        """An engine by its name, with its options from ``[translation.NAME]``; without a name, the usual one."""
        if not name or name == self.engine.name:
            return self.engine
        where = self.engine.where.replace("[translation]", f"[translation.{name}]")
        return replace(self.engine, name=name, options=self.engines.get(name, {}), where=where)

    def item_fallback_of(self, language: str) -> ItemFallback:
        """What becomes of an item that is not translated into ``language``."""
        return self.policies.get(language, Policy()).item_fallback or self.item_fallback

    def fallbacks_of(self, language: str) -> tuple[str, ...]:
        """The languages an item falls back to, in order; the source language always ends the list."""
        chain = (*self.policies.get(language, Policy()).fallback, self.publication.source)
        return tuple(dict.fromkeys(tag for tag in chain if tag != language))
