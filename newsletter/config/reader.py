"""Reads ``newsletter.toml`` table by table; every problem is a ConfigError with the line to correct."""

import re
from collections.abc import Mapping
from email.headerregistry import Address as MailAddress
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale, UnknownLocaleError

from newsletter import tokens
from newsletter.config.tables import (
    Config,
    Doctor,
    ItemFallback,
    Members,
    Outbox,
    Policy,
    Publication,
    Review,
    Utm,
)
from newsletter.model import Address
from newsletter.plugins import Family, Plugin, names
from newsletter.tomlfile import TomlFile


class Reader:
    """Makes a Config of one file."""

    def __init__(self, file: TomlFile) -> None:
        self._file = file

    def config(self) -> Config:
        known = ("newsletter", "translation", "languages", "audience", "provider", "outbox", "doctor", "theme")
        for table in self._file.tables:
            if table not in known:
                raise self._file.error(f"unknown table [{table}].", table, hint=f"The tables are: {', '.join(known)}.")
        folder = self._file.path.parent
        publication = self._publication()
        translation = dict(self._file.table("translation"))
        engines = {name: translation.pop(name) for name in names("engines") if isinstance(translation.get(name), dict)}
        default = self._file.convert(translation.get("engine", "argos"), str, "translation", "engine")
        return Config(
            folder=folder,
            publication=publication,
            sender=self._address(publication.sender, "sender"),
            reply_to=self._address(publication.reply_to, "reply_to") if publication.reply_to else None,
            review=self._file.convert(translation.pop("review", "required"), Review, "translation", "review"),
            item_fallback=self._file.convert(
                translation.pop("item_fallback", "next"), ItemFallback, "translation", "item_fallback"
            ),
            policies=self._policies(publication.languages),
            memory=folder / self._file.convert(translation.pop("memory", "memory.db"), str, "translation", "memory"),
            package_index=self._file.convert(translation.pop("package_index", ""), str, "translation", "package_index"),
            engine=self._plugin(
                "engines", "translation", "engine", "argos", translation | dict(engines.get(default, {}))
            ),
            engines=engines,
            audience=self._audience(),
            provider=self._plugin("providers", "provider", "use", "folder", self._file.table("provider")),
            outbox=self._file.convert(self._file.table("outbox"), Outbox, "outbox"),
            doctor=self._file.convert(self._file.table("doctor"), Doctor, "doctor"),
            theme=tokens.read(self._file),
        )

    def _audience(self) -> tuple[Members, ...]:
        """The members' lists in the order of the file: a table in ``[audience]`` that names its source is one more."""
        table = self._file.table("audience")
        more = {name: value for name, value in table.items() if isinstance(value, dict) and "source" in value}
        for name in table.keys() - more.keys():
            self._refuse_sourceless(name, table[name])
        own = {name: value for name, value in table.items() if name not in more}
        first = [self._members("", own)] if own or not more else []
        return (*first, *(self._members(name, options) for name, options in more.items()))

    def _refuse_sourceless(self, name: str, value: object) -> None:
        """A ConfigError for a table with a heading of its own and the options of a list, but no source."""
        table = f"audience.{name}"
        if not isinstance(value, dict) or not {"path", "url", "query"} & value.keys():
            return
        if f"[{table}]" in (line.strip() for line in self._file.lines):
            hint = f"Write source = … in it, one of: {', '.join(names('sources'))}."
            raise self._file.error(f"[{table}] is a members' list without a source.", table, hint=hint)

    def _members(self, name: str, options: Mapping[str, Any]) -> Members:
        table = f"audience.{name}" if name else "audience"
        rest = {key: value for key, value in options.items() if key not in ("languages", "defaults")}
        languages = self._file.convert(options.get("languages", ()), tuple[str, ...], table, "languages")
        for tag in languages:
            self._language(tag, table, "languages")
        return Members(
            source=self._plugin("sources", table, "source", "csv", rest),
            name=name,
            languages=languages,
            defaults=self._file.convert(options.get("defaults", {}), dict[str, str], table, "defaults"),
        )

    def _publication(self) -> Publication:
        utm = self._file.table("newsletter").get("utm")
        if isinstance(utm, dict):  # by itself first, so that its own keys are named
            self._file.convert(utm, Utm, "newsletter.utm")
        publication: Publication = self._file.convert(self._file.table("newsletter"), Publication, "newsletter")
        for tag in (publication.source, *publication.languages):
            self._language(tag, "newsletter", "source" if tag == publication.source else "languages")
        if len(set(publication.languages)) < len(publication.languages):
            raise self._file.error(
                "a language stands twice.", "newsletter", "languages", hint="Name each language once."
            )
        if not _is_zone(publication.timezone):
            raise self._file.error(
                f"unknown time zone {publication.timezone!r}.",
                "newsletter",
                "timezone",
                hint="Use an IANA name such as Europe/Madrid.",
            )
        self._addresses(publication)
        if publication.source not in publication.languages:
            publication = msgspec.structs.replace(publication, languages=(publication.source, *publication.languages))
        return publication

    def _addresses(self, publication: Publication) -> None:
        address = publication.base_url
        if address and not re.match(r"https?://[^/\s]+", address):
            raise self._file.error(
                f"{address!r} is no web address.", "newsletter", "base_url", hint="Begin it with https://."
            )
        leaving = publication.unsubscribe_url
        if leaving and not re.fullmatch(r"https://[!-~]{1,90}", leaving):
            raise self._file.error(
                f"{leaving!r} cannot take back subscriptions.",
                "newsletter",
                "unsubscribe_url",
                hint="Write a short address in ASCII that begins with https://; mail programs ask no other.",
            )
        if publication.pictures == "hosted" and not address.startswith("https://"):
            what = 'pictures = "hosted" needs a base_url that begins with https://, where mail programs find them.'
            hint = 'Write base_url = "https://…", the address that the built pictures are uploaded to.'
            raise self._file.error(what, "newsletter", "pictures", hint=hint)

    def _policies(self, languages: tuple[str, ...]) -> dict[str, Policy]:
        policies = {}
        for tag, table in self._file.table("languages").items():
            if tag not in languages:
                raise self._file.error(
                    f"[languages.{tag}] is not one of the newsletter's languages.",
                    f"languages.{tag}",
                    hint="Add it to languages in [newsletter], or remove the table.",
                )
            policy: Policy = self._file.convert(table, Policy, f"languages.{tag}")
            for other in policy.fallback:
                self._language(other, f"languages.{tag}", "fallback")
                if other not in languages:
                    raise self._file.error(
                        f"{other!r} is not one of the newsletter's languages.",
                        f"languages.{tag}",
                        "fallback",
                        hint="Fall back to languages that the newsletter has.",
                    )
            policies[tag] = policy
        return policies

    def _language(self, tag: str, table: str, key: str) -> None:
        try:
            usual = str(Locale.parse(tag, sep="-")).replace("_", "-")
        except (ValueError, UnknownLocaleError):
            usual = ""
        if usual and usual != tag and usual.lower() == tag.lower():
            raise self._file.error(f"{tag!r} is written {usual!r}.", table, key, hint="Correct the letters' case.")
        if not usual:
            raise self._file.error(
                f"unknown language {tag!r}.", table, key, hint="Use a BCP 47 tag such as en, pt-BR or zh-Hant."
            )

    def _address(self, text: str, key: str) -> Address:
        name, email = parseaddr(text)
        try:
            MailAddress(addr_spec=email or text)
        except (ValueError, IndexError):
            raise self._file.error(
                f"{text!r} is no mail address.", "newsletter", key, hint="Write it as: Name <news@city.example>"
            ) from None
        return Address(email=email, name=name)

    def _plugin(self, family: Family, table: str, key: str, default: str, options: Mapping[str, Any]) -> Plugin:
        rest = {name: value for name, value in options.items() if name != key}
        name = self._file.convert(options.get(key, default), str, table, key)
        where = f"{self._file.path}:{self._file.line(table)}, table [{table}]"
        return Plugin(family=family, name=name, options=rest, where=where, folder=self._file.path.parent)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name; a folder of names
        return False
    return True
