"""``newsletter.toml`` becomes a ``Config``: typed, complete, with the file and the line in every error.

Secrets never stand in the file (see ``plugins.Secret``); the tables that choose a plug-in pass what they do not know
themselves to the plug-in, whose constructor is the schema.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.headerregistry import Address as MailAddress
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale, UnknownLocaleError

from newsletter.errors import ConfigError
from newsletter.model import Address
from newsletter.plugins import Family, Plugin, names
from newsletter.tokens import TABLES, Theme, faults

FILE = "newsletter.toml"

_HINTS = {
    "review": 'Write "required", "label" or "off".',
    "item_fallback": 'Write "next", "omit" or "hold".',
    "languages": 'Write a list, as in ["en", "es"].',
    "fallback": 'Write a list, as in ["es", "fr"].',
    "per_second": "Write a number, such as 50.",
    "utm": 'Write a table, as in { source = "newsletter", medium = "email" }.',
}

Review = Literal["required", "label", "off"]
ItemFallback = Literal["next", "omit", "hold"]


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
    """``[newsletter]``: what the newsletter is and who sends it."""

    name: str
    sender: str
    languages: tuple[str, ...]
    source: str = "en"
    reply_to: str = ""
    postal_address: str = ""
    base_url: str = ""
    timezone: str = "UTC"
    utm: Utm | None = None


class Policy(_Table, frozen=True):
    """``[languages.xx]``: what differs for one language; ``None`` means as in ``[translation]``."""

    fallback: tuple[str, ...] = ()
    engine: str = ""
    review: Review | None = None
    item_fallback: ItemFallback | None = None
    territory: str = ""


class Outbox(_Table, frozen=True):
    """``[outbox]``: the database of what was planned and sent, and the greatest rate in messages a second."""

    url: str = "sqlite:///newsletter.db"
    per_second: float = 50


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
    audience: Plugin
    provider: Plugin
    outbox: Outbox
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


def load(folder: Path) -> Config:
    """Read ``newsletter.toml`` in ``folder``; every problem is a ConfigError with the line to correct."""
    path = folder / FILE
    if not path.exists():
        raise ConfigError(
            "there is no newsletter here.", where=path, hint="Go to its folder, or make one with: newsletter init"
        )
    return _open(path).config()


def load_theme(path: Path) -> Theme:
    """Read a theme's own ``theme.toml``: the table ``[theme]``, as ``newsletter.toml`` has it."""
    return _open(path).theme()


def place(path: Path, table: str, key: str) -> str:
    """Where a key stands, such as ``newsletter.toml:31``, for who finds out later that it does not fit."""
    return f"{path}:{_open(path).line(table, key)}" if path.is_file() else str(path)


def _open(path: Path) -> "_Reader":
    try:
        return _Reader(path, path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the file cannot be read ({error}).", where=path, hint="Save it as UTF-8 text.") from error


class _Reader:
    """Reads one file and knows on which line each key stands."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()
        try:
            self._tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            where = f"{path}:{line[1]}" if line else path
            raise ConfigError(f"this is not TOML: {error}.", where=where, hint="Correct that line.") from None

    def config(self) -> Config:
        known = ("newsletter", "translation", "languages", "audience", "provider", "outbox", "theme")
        for table in self._tables:
            if table not in known:
                raise self._error(f"unknown table [{table}].", table, hint=f"The tables are: {', '.join(known)}.")
        folder = self._path.parent
        publication = self._publication()
        translation = dict(self._table("translation"))
        engines = {name: translation.pop(name) for name in names("engines") if isinstance(translation.get(name), dict)}
        default = self._convert(translation.get("engine", "argos"), str, "translation", "engine")
        return Config(
            folder=folder,
            publication=publication,
            sender=self._address(publication.sender, "sender"),
            reply_to=self._address(publication.reply_to, "reply_to") if publication.reply_to else None,
            review=self._convert(translation.pop("review", "required"), Review, "translation", "review"),
            item_fallback=self._convert(
                translation.pop("item_fallback", "next"), ItemFallback, "translation", "item_fallback"
            ),
            policies=self._policies(publication.languages),
            memory=folder / self._convert(translation.pop("memory", "memory.db"), str, "translation", "memory"),
            package_index=self._convert(translation.pop("package_index", ""), str, "translation", "package_index"),
            engine=self._plugin(
                "engines", "translation", "engine", "argos", translation | dict(engines.get(default, {}))
            ),
            engines=engines,
            audience=self._plugin("sources", "audience", "source", "csv", self._table("audience")),
            provider=self._plugin("providers", "provider", "use", "folder", self._table("provider")),
            outbox=self._convert(self._table("outbox"), Outbox, "outbox"),
            theme=self.theme(),
        )

    def theme(self) -> Theme:
        """The design tokens; a nested table is converted by itself first, so that its own keys are named."""
        for name, kind in TABLES.items():
            if name in self._table("theme"):
                self._convert(self._table("theme")[name], kind, f"theme.{name}")
        theme: Theme = self._convert(self._table("theme"), Theme, "theme")
        for fault in faults(theme):
            raise self._error(fault.what, fault.table, fault.key, hint=fault.hint)
        return theme

    def _publication(self) -> Publication:
        utm = self._table("newsletter").get("utm")
        if isinstance(utm, dict):  # by itself first, so that its own keys are named
            self._convert(utm, Utm, "newsletter.utm")
        publication: Publication = self._convert(self._table("newsletter"), Publication, "newsletter")
        for tag in (publication.source, *publication.languages):
            self._language(tag, "newsletter", "source" if tag == publication.source else "languages")
        if len(set(publication.languages)) < len(publication.languages):
            raise self._error("a language stands twice.", "newsletter", "languages", hint="Name each language once.")
        if not _is_zone(publication.timezone):
            raise self._error(
                f"unknown time zone {publication.timezone!r}.",
                "newsletter",
                "timezone",
                hint="Use an IANA name such as Europe/Madrid.",
            )
        if publication.base_url and not re.match(r"https?://[^/\s]+", publication.base_url):
            raise self._error(
                f"{publication.base_url!r} is no web address.", "newsletter", "base_url", hint="Begin it with https://."
            )
        if publication.source not in publication.languages:
            publication = msgspec.structs.replace(publication, languages=(publication.source, *publication.languages))
        return publication

    def _policies(self, languages: tuple[str, ...]) -> dict[str, Policy]:
        policies = {}
        for tag, table in self._table("languages").items():
            if tag not in languages:
                raise self._error(
                    f"[languages.{tag}] is not one of the newsletter's languages.",
                    f"languages.{tag}",
                    hint="Add it to languages in [newsletter], or remove the table.",
                )
            policy: Policy = self._convert(table, Policy, f"languages.{tag}")
            for other in policy.fallback:
                self._language(other, f"languages.{tag}", "fallback")
                if other not in languages:
                    raise self._error(
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
            raise self._error(f"{tag!r} is written {usual!r}.", table, key, hint="Correct the letters' case.")
        if not usual:
            raise self._error(
                f"unknown language {tag!r}.", table, key, hint="Use a BCP 47 tag such as en, pt-BR or zh-Hant."
            )

    def _address(self, text: str, key: str) -> Address:
        name, email = parseaddr(text)
        try:
            MailAddress(addr_spec=email or text)
        except (ValueError, IndexError):
            raise self._error(
                f"{text!r} is no mail address.", "newsletter", key, hint="Write it as: Name <news@city.example>"
            ) from None
        return Address(email=email, name=name)

    def _plugin(self, family: Family, table: str, key: str, default: str, options: Mapping[str, Any]) -> Plugin:
        rest = {name: value for name, value in options.items() if name != key}
        name = self._convert(options.get(key, default), str, table, key)
        where = f"{self._path}:{self.line(table)}, table [{table}]"
        return Plugin(family=family, name=name, options=rest, where=where, folder=self._path.parent)

    def _table(self, name: str) -> dict[str, Any]:
        table = self._tables.get(name, {})
        if not isinstance(table, dict):
            raise self._error(f"[{name}] must be a table.", name, hint=f"Write [{name}] on a line of its own.")
        return table

    def _convert(self, value: Any, kind: Any, table: str, key: str = "") -> Any:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            what, _, path = str(error).partition(" - at `$")
            field = key or re.split(r"[.\[`]", path.lstrip("."))[0]
            hint = _HINTS.get(field, "Correct the value.")
            if unknown := re.search(r"unknown field `(.+?)`", what):
                field, hint = unknown[1], f"The keys are: {', '.join(kind.__struct_fields__)}."
            elif missing := re.search(r"missing required field `(.+?)`", what):
                hint = f"Add {missing[1]} = … to [{table}]."
            raise self._error(f"{what}, at {field} in [{table}].", table, field, hint=hint) from None

    def _error(self, what: str, table: str, key: str = "", *, hint: str) -> ConfigError:
        return ConfigError(what, where=f"{self._path}:{self.line(table, key)}", hint=hint)

    def line(self, table: str, key: str = "") -> int:
        """The line of a key, else of its table (a table of its own or a key of the one around it), else the first."""
        start = next((n for n, line in enumerate(self._lines, 1) if line.strip() == f"[{table}]"), 0)
        if not start and "." in table:
            return self.line(*table.rsplit(".", 1))
        for number, line in enumerate(self._lines[start:], start + 1):
            if not key or line.lstrip().startswith("["):
                break
            if re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
                return number
        return max(start, 1)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name; a folder of names
        return False
    return True
