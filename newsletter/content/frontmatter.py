"""The YAML between the `---` lines of an item: read with the line of every mistake, written for people to edit.

Every value is read as text, so that ``title: No`` and ``title: 2026`` stay what was typed.
"""

import datetime
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import yaml

from newsletter import dialect
from newsletter.errors import ContentError
from newsletter.model import Item

_EOL = r"(?:\r\n|\n|\r)"
_OPENING = re.compile(rf"\ufeff?---[ \t]*{_EOL}")
_CLOSING = re.compile(rf"(?<=[\r\n])---[ \t]*(?:{_EOL}|\Z)")
_BLANK_LINES = re.compile(rf"(?:[ \t]*{_EOL})*")
_UNSAFE = re.compile("[\r\n\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufeff]")
_HALF = re.compile("[\ud800-\udfff]")
_QUOTE_IT = 'Put the text after the key in double quotes, as in title: "Forum: the results".'
_TEXTS = (".title", ".summary", ".place", ".section", ".alt", ".caption")
_KINDS = {
    "str": ("a line of text", "Put it in double quotes if it begins with a sign such as [ or {."),
    "int": ("a number", "Write it in digits."),
    "array": ("a list", "Begin each of its entries with a hyphen."),
    "object": ("keys with values", ""),
    "bool": ("true or false", "Write lead: true, or remove the key."),
}


Clock = Annotated[str, msgspec.Meta(pattern=r"^([01]?\d|2[0-3]):[0-5]\d$")]
"""A time of day to the minute."""


class Picture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``image:``"""

    src: str
    alt: str
    caption: str = ""


class Doubt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of ``flags:``"""

    line: int
    kind: str
    text: str = ""
    note: str = ""
    acknowledged: str = ""


class Fields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of an item, in the order they are written."""

    title: str
    summary: str = ""
    date: datetime.date | None = None
    until: datetime.date | None = None
    time: Clock = ""
    place: str = ""
    section: str = ""
    url: str = ""
    lead: bool = False
    image: Picture | None = None
    flags: tuple[Doubt, ...] = ()


_KEYS = frozenset(name for keys in (Fields, Picture, Doubt) for name in keys.__struct_fields__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """An item's file, taken apart: ``yaml`` starts at ``offset`` of ``text``, ``body`` on ``line`` of the file.

    ``lines`` is where each key stands, under the path msgspec has for it (``$.image.src``).
    """

    path: Path
    text: str
    offset: int
    node: yaml.Node | None
    fields: Fields
    lines: Mapping[str, int]
    body: str
    line: int


def decode(data: bytes, path: Path) -> str:
    """The file's text; ContentError names the line where it stops being UTF-8."""
    try:
        return data.decode().translate(dialect.LINE_SEPARATORS)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        _fail("the file is not UTF-8.", path, line, "Save it again with the encoding UTF-8.", error)


def parse(text: str, path: Path) -> Document:
    """Take apart the text of an item's file; every mistake is a ContentError with its line."""
    opening = _OPENING.match(text)
    if not opening:
        _fail("the file does not begin with a --- line.", path, 1, "Put title: between two --- lines at the top.")
    closing = _CLOSING.search(text, opening.end())
    if not closing:
        _fail("the --- line that ends the front matter is missing.", path, 1, "Add it before the text begins.")
    node = _compose(text[opening.end() : closing.start()], path)
    lines: dict[str, int] = {"$": 1}
    values = {} if node is None else _plain(node, "$", lines, path)
    start = _BLANK_LINES.match(text, closing.end())
    begin = start.end() if start else closing.end()
    return Document(
        path=path,
        text=text,
        offset=opening.end(),
        node=node,
        fields=_convert(values, lines, path),
        lines=lines,
        body=re.sub(_EOL, "\n", text[begin:]).rstrip("\n \t"),
        line=len(re.findall(_EOL, text[:begin])) + 1,
    )


def write(item: Item, reason: str = "") -> str:
    """The file's text for ``item``: title first, empty keys left out, the ``reason`` for the date as a comment."""
    lines = ["---"]
    for key in Fields.__struct_fields__:
        value = getattr(item, key)
        if not value:
            continue
        if key == "image":
            texts = {name: getattr(value, name) for name in Picture.__struct_fields__}
            shown = (f"  {name}: {scalar(text)}" for name, text in texts.items() if text or name != "caption")
            lines += ["image:", *shown]
        elif key == "flags":
            lines.append("flags:")
            for flag in value:
                keys = (f"{name}: {scalar(str(getattr(flag, name)))}" for name in Doubt.__struct_fields__[1:])
                lines += [f"  - line: {flag.line}", *(f"    {line}" for line in keys)]
        elif key in ("until", "time", "lead"):
            lines.append(f"{key}: {_plainly(value)}")
        elif key == "date":
            comment = " ".join(_CONTROL.sub(" ", reason).split())
            lines.append(f"date: {value}" + (f"  # {comment}" if comment else ""))
        else:
            lines.append(f"{key}: {scalar(value)}")
    body = f"\n{item.body}\n" if item.body else ""
    return "\n".join([*lines, "---", body])


def _plainly(value: object) -> str:
    """A day, a time to the minute, or true."""
    if isinstance(value, datetime.time):
        return f"{value:%H:%M}"
    return str(value).lower()


def quoted(text: str) -> str:
    """``text`` as a basic string of TOML, which is JSON's but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def scalar(text: str) -> str:
    """``text`` as YAML on one line, in quotes only where it needs them."""
    style = '"' if _UNSAFE.search(text) else None
    written: str = yaml.safe_dump(text, allow_unicode=True, width=math.inf, default_style=style)
    return written.removesuffix("...\n").removesuffix("\n")


def _compose(text: str, path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 2 if mark else 1
        problem = str(error.problem)
        hint = _QUOTE_IT if "mapping values" in problem else f"Correct that line. {_QUOTE_IT}"
        hint = "Begin the line with spaces." if "'\\t'" in problem else hint
        _fail(f"the front matter cannot be read ({error.problem or error.context}).", path, line, hint, error)
    except yaml.reader.ReaderError as error:
        line = len(re.findall(_EOL, text[: error.position])) + 2
        _fail("the front matter has a control character.", path, line, "Type that line again.", error)
    except RecursionError as error:
        _fail("the front matter is nested too deeply.", path, 1, "Write only the keys an item has.", error)


def _plain(node: yaml.Node, path: str, lines: dict[str, int], file: Path) -> Any:
    """The node's value with text for all scalars, without the empty ones; notes in ``lines`` where each key stands."""
    _refuse_losses(node, path, file)
    if isinstance(node, yaml.ScalarNode):
        return _whole(node, file)
    if isinstance(node, yaml.SequenceNode):
        for number, child in enumerate(node.value):
            lines[f"{path}[{number}]"] = child.start_mark.line + 2
        return [_plain(child, f"{path}[{number}]", lines, file) for number, child in enumerate(node.value)]
    values: dict[str, Any] = {}
    for key, child in node.value:
        _refuse_losses(key, path, file)
        line = key.start_mark.line + 2
        name = _whole(key, file) if isinstance(key, yaml.ScalarNode) else "…"
        inside = f"{path}.{name}"
        if inside in lines:
            _fail(f"the key {name!r} stands there twice.", file, line, "Remove one of them.")
        lines[inside] = line
        value = _plain(child, inside, lines, file)
        if child.value or name not in _KEYS:  # an empty key is as good as none, but a word with a colon is lost
            values[name] = value
    return values


def _whole(node: yaml.ScalarNode, file: Path) -> str:
    """A scalar's text; signs such as 🎉 that JSON escapes as two halves are put together, which YAML does not do."""
    text: str = node.value
    if not _HALF.search(text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        what = "there is half a character, written as \\ud800 to \\udfff."
        _fail(what, file, node.start_mark.line + 2, "Type the character itself.", error)


def _refuse_losses(node: yaml.Node, path: str, file: Path) -> None:
    """Refuse what YAML drops without a word: ``&this`` or ``!this`` before a text, and `` # this`` after it."""
    start, end, line = node.start_mark, node.end_mark, node.start_mark.line + 2
    if str(start.buffer)[start.pointer] in "&!":
        _fail("YAML would drop the word that begins with & or !.", file, line, _QUOTE_IT)
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    if plain and path.endswith(_TEXTS) and re.match("[ \t]*#", str(end.buffer)[end.pointer :]):
        _fail("YAML takes what follows the # for a comment and would drop it.", file, line, _QUOTE_IT)


def _convert(values: Any, lines: Mapping[str, int], file: Path) -> Fields:
    try:
        return msgspec.convert(values, Fields, strict=False)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `")
        path = path.removesuffix("`") or "$"
        key = path.removeprefix("$").removeprefix(".") or "the front matter"
        keys = Picture if path == "$.image" else Doubt if path.startswith("$.flags[") else Fields
        known = f"The keys are: {', '.join(keys.__struct_fields__)}."
        if unknown := re.search(r"unknown field `(.+?)`", what):
            path, what, hint = f"{path}.{unknown[1]}", f"there is no key {unknown[1]!r}.", known
        elif missing := re.search(r"missing required field `(.+?)`", what):
            path = f"{path}.{missing[1]}" if f"{path}.{missing[1]}" in lines else path
            what, hint = f"{missing[1]} is missing.", _missing(missing[1])
        elif path in ("$.date", "$.until"):
            what, hint = f"{values[key]!r} is no date.", "Write it as 2026-11-20."
        elif path == "$.time":
            what, hint = f"{values['time']!r} is no time.", "Write it as 18:30."
        else:
            expected = re.search(r"`(\w+)", what)
            kind, hint = _KINDS.get(expected[1] if expected else "", ("something else", known))
            what, hint = f"{key} must be {kind}.", hint or known
        _fail(what, file, lines.get(path, 1), hint, error)


def _missing(key: str) -> str:
    if key == "alt":
        return "Say in a few words what the picture shows, for those who do not see it, as in alt: A stone bridge."
    return f'Add {key}: "…"; a text that begins with a sign such as # needs the quotes.'


def _fail(what: str, path: Path, line: int, hint: str, cause: Exception | None = None) -> NoReturn:
    raise ContentError(what, where=f"{path}:{line}", hint=hint) from cause
