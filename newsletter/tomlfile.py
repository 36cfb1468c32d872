"""A TOML file that knows on which line each key stands, so that every error about it can say so."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from newsletter.errors import ConfigError

_HINTS = {
    "review": 'Write "required", "label" or "off".',
    "item_fallback": 'Write "next", "omit" or "hold".',
    "pictures": 'Write "auto", "inline" or "hosted".',
    "languages": 'Write a list, as in ["en", "es"].',
    "fallback": 'Write a list, as in ["es", "fr"].',
    "dkim": 'Write a list, as in ["s1", "s2"].',
    "per_second": "Write a number, such as 50.",
    "utm": 'Write a table, as in { source = "newsletter", medium = "email" }.',
}
_KINDS = {
    "str": "a text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TomlFile:
    """One file: its ``tables`` as TOML has them, its ``lines`` as people count them, from 1."""

    path: Path
    lines: tuple[str, ...]
    tables: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> "TomlFile":
        """The file at ``path``; a ConfigError where it cannot be read or is no TOML."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"the file cannot be read ({error}).", where=path, hint="Save it as UTF-8 text."
            ) from error
        try:
            return cls(path=path, lines=tuple(text.split("\n")), tables=tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            where = f"{path}:{line[1]}" if line else path
            raise ConfigError(f"this is not TOML: {error}.", where=where, hint="Correct that line.") from None

    def table(self, name: str) -> dict[str, Any]:
        """A table by its name; empty where the file has none."""
        table = self.tables.get(name, {})
        if not isinstance(table, dict):
            raise self.error(f"[{name}] must be a table.", name, hint=f"Write [{name}] on a line of its own.")
        return table

    def convert(self, value: Any, kind: Any, table: str, key: str = "") -> Any:
        """A value of ``table`` as a ``kind`` that msgspec knows; the error names the key and what would do."""
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            what, _, path = str(error).partition(" - at `$")
            field = key or re.split(r"[.\[`]", path.lstrip("."))[0]
            hint = _HINTS.get(field, "Correct the value.")
            expected = re.fullmatch(r"Expected `(\w+)(?: \| null)?`, got `\w+`", what)
            if unknown := re.search(r"unknown field `(.+?)`", what):
                field, hint = unknown[1], f"The keys are: {', '.join(kind.__struct_fields__)}."
                what = f"there is no key {field!r} in [{table}]."
            elif missing := re.search(r"missing required field `(.+?)`", what):
                what, hint = f"{missing[1]} is missing in [{table}].", f"Add {missing[1]} = … to it."
            elif expected and expected[1] in _KINDS:
                what = f"{field} in [{table}] must be {_KINDS[expected[1]]}."
            else:
                what = f"{what}, at {field} in [{table}]."
            raise self.error(what, table, field, hint=hint) from None

    def error(self, what: str, table: str, key: str = "", *, hint: str) -> ConfigError:
        """An error about a key, or about a whole table."""
        return ConfigError(what, where=f"{self.path}:{self.line(table, key)}", hint=hint)

    def line(self, table: str, key: str = "") -> int:
        """The line of a key, else of its table (a table of its own or a key of the one around it), else the first."""
        start = next((n for n, line in enumerate(self.lines, 1) if line.strip() == f"[{table}]"), 0)
        if not start and "." in table:
            return self.line(*table.rsplit(".", 1))
        for number, line in enumerate(self.lines[start:], start + 1):
            if not key or line.lstrip().startswith("["):
                break
            if re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
                return number
        return max(start, 1)


def place(path: Path, table: str, key: str) -> str:
    """Where a key stands, such as ``newsletter.toml:31``, for who finds out later that it does not fit."""
    return f"{path}:{TomlFile.read(path).line(table, key)}" if path.is_file() else str(path)
