"""The one door for engines, members' lists and providers: built-in and third-party ones alike.

A plug-in is a class, found by its entry-point name or as ``package.module:Class``. Its constructor's keyword arguments
are its options in ``newsletter.toml``; their annotations are the schema: a ``Path`` is relative to the newsletter's
folder, a ``Secret`` must be written ``{ env = "NAME" }``, a ``Secret | str`` may be; a ``Folder`` is no option, but the
newsletter's folder itself.
"""

import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal, NewType, get_type_hints

import msgspec

from newsletter.errors import ConfigError

Family = Literal["engines", "sources", "providers"]

Folder = NewType("Folder", Path)
"""The newsletter's folder, for a plug-in whose options name files in another way than by a ``Path``."""


class Secret:
    """A value that never shows: not in a ``repr``, not in a log, not in an error. ``reveal`` is the only way in."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the line that puts it on the wire."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plugin:
    """A choice made in ``newsletter.toml``: which member of a family, with which options; ``where`` names the table."""

    family: Family
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    where: str = "newsletter.toml"
    folder: Path = Path()


def names(family: Family) -> list[str]:
    """The names of all installed members of a family, sorted."""
    return sorted({point.name for point in entry_points(group=f"newsletter.{family}")})


def find(plugin: Plugin) -> type[Any]:
    """The class behind a plug-in's name; a ConfigError lists the known names."""
    if ":" in plugin.name:
        return _imported(plugin)
    for point in entry_points(group=f"newsletter.{plugin.family}", name=plugin.name):
        loaded: type[Any] = point.load()
        return loaded
    known = ", ".join(names(plugin.family))
    raise ConfigError(
        f"there is no {plugin.name!r} among the {plugin.family}.",
        where=plugin.where,
        hint=f"Use one of: {known}, or package.module:Class.",
    )


def build(plugin: Plugin) -> Any:
    """The plug-in's object, its options checked against its constructor."""
    cls = find(plugin)
    hints = get_type_hints(cls.__init__)
    parameters = {name: p for name, p in inspect.signature(cls).parameters.items() if p.kind is p.KEYWORD_ONLY}
    folders = {name: plugin.folder for name in parameters if hints.get(name) is Folder}
    parameters = {name: p for name, p in parameters.items() if name not in folders}
    for key in plugin.options:
        if key not in parameters:
            known = ", ".join(sorted(parameters)) or "none"
            raise ConfigError(
                f"{plugin.name!r} has no option {key!r}.", where=plugin.where, hint=f"Its options are: {known}."
            )
    for key, parameter in parameters.items():
        if parameter.default is parameter.empty and key not in plugin.options:
            raise ConfigError(f"{plugin.name!r} needs the option {key!r}.", where=plugin.where, hint="Add it.")
    values = {key: _value(plugin, key, value, hints.get(key, Any)) for key, value in plugin.options.items()}
    return cls(**values, **folders)


def _imported(plugin: Plugin) -> type[Any]:
    module, _, name = plugin.name.partition(":")
    try:
        loaded: type[Any] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{plugin.name!r} cannot be imported ({error}).",
            where=plugin.where,
            hint="Install the package it comes from, or correct the name.",
        ) from error
    return loaded


def _value(plugin: Plugin, key: str, value: Any, kind: Any) -> Any:
    where = f"{plugin.where}, key {key!r}"
    if kind is Secret or kind == Secret | None:
        return _secret(value, where)
    if kind == Secret | str:
        if isinstance(value, Mapping):
            return _secret(value, where)
        kind = str
    is_path = kind is Path or kind == Path | None
    try:
        converted = msgspec.convert(value, str if is_path else kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{str(error).removesuffix(' - at `$`')}.", where=where, hint="Correct the value.") from None
    return plugin.folder / converted if is_path else converted


def _secret(value: Any, where: str) -> Secret:
    if not (isinstance(value, Mapping) and set(value) == {"env"} and isinstance(value["env"], str)):
        raise ConfigError(
            "a secret does not belong into the file.", where=where, hint='Write { env = "NAME" } and set that variable.'
        )
    name = value["env"]
    if not os.environ.get(name):
        raise ConfigError(
            f"the environment variable {name} is not set.", where=where, hint=f"Set {name} and try again."
        )
    return Secret(os.environ[name])
