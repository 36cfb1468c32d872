"""As much of CSS as colours need: rules, their selectors, and what an element has in the end.

Of selectors it knows elements, classes, ids and attributes, as descendants and as children; others match nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Element = Any  # lxml's stubs lack half of what an element has

Scheme = Literal["light", "dark"]

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_COMPOUND = re.compile(r"(\*|[A-Za-z][\w-]*)?((?:[.#][\w-]+|\[[\w-]+\])*)")
_PART = re.compile(r"([.#\[])([\w-]+)")
_TEST = {
    ".": "contains(concat(' ', normalize-space(@class), ' '), ' {} ')",
    "#": "@id = '{}'",
    "[": "@{}",
}

Declarations = Mapping[str, str]
"""Property to value; an important one keeps its ``!important``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule of a style sheet: ``xpath`` finds its elements, ``weight`` is its selector's specificity."""

    media: str
    xpath: str
    weight: tuple[int, int]
    declarations: Declarations


def declarations(text: str) -> Declarations:
    """The declarations of a ``style`` attribute or of a rule."""
    pairs = (part.partition(":") for part in re.split(r";(?![^()]*\))", text))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if value.strip()}


def rules(css: str) -> Iterator[Rule]:
    """The rules of a style sheet, those in ``@media`` too."""
    for prelude, body in _blocks(_COMMENT.sub("", css)):
        if prelude.startswith("@media"):
            for inner, text in _blocks(body):
                yield from _of(inner, text, media=prelude)
        elif not prelude.startswith("@"):
            yield from _of(prelude, body, media="")


def cascade(root: Element, scheme: Scheme) -> dict[Element, dict[str, str]]:
    """What each element says itself, by its own style and by the rules that hold in a colour scheme."""
    css = "\n".join(element.text or "" for element in root.iter("style"))
    chosen = sorted((rule for rule in rules(css) if _holds(rule.media, scheme)), key=lambda rule: rule.weight)
    result: dict[Element, dict[str, str]] = {}
    for rule in chosen:
        for element in root.xpath(rule.xpath):
            _add(result.setdefault(element, {}), rule.declarations)
    for element in root.iter("*"):
        if style := element.get("style"):
            _add(result.setdefault(element, {}), declarations(style))
    return result


def _add(to: dict[str, str], more: Declarations) -> None:
    for name, value in more.items():
        if "!important" in value or "!important" not in to.get(name, ""):
            to[name] = value


def _holds(media: str, scheme: Scheme) -> bool:
    """Whether a rule holds on a wide screen; those for narrow ones set no colours."""
    return not media or (scheme == "dark" and re.search(r"prefers-color-scheme\s*:\s*dark", media) is not None)


def _of(selectors: str, text: str, *, media: str) -> Iterator[Rule]:
    for selector in selectors.split(","):
        if found := _xpath(selector.strip()):
            xpath, weight = found
            yield Rule(media=media, xpath=xpath, weight=weight, declarations=declarations(text))


def _xpath(selector: str) -> tuple[str, tuple[int, int]] | None:
    path, axis, classes, names = "", "//", 0, 0
    for part in selector.replace(">", " > ").split():
        if part == ">":
            axis = "/"
            continue
        found = _COMPOUND.fullmatch(part)
        if not found:
            return None
        tests = [_TEST[sign].format(name) for sign, name in _PART.findall(found[2])]
        path += axis + (found[1] or "*") + "".join(f"[{test}]" for test in tests)
        axis, classes, names = "//", classes + len(tests), names + bool(found[1])
    return (path, (classes, names)) if path else None


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """Each ``prelude { body }`` of the outermost level."""
    depth, start, prelude = 0, 0, ""
    for match in re.finditer(r"[{}]", css):
        if match[0] == "{":
            if depth == 0:
                prelude, start = css[start : match.start()].rpartition(";")[2].strip(), match.end()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                yield prelude, css[start : match.start()]
                start = match.end()
