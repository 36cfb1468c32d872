"""The rule about contrast, computed as WCAG 2.2 does, in light and in dark."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from newsletter.rendering.lint import Finding
from newsletter.rendering.lint.page import Element, Page
from newsletter.rendering.lint.styles import Scheme, cascade

ENOUGH, ENOUGH_LARGE = 4.5, 3.0  # WCAG 2.2, 1.4.3
_LARGE, _LARGE_BOLD = 24.0, 18.66  # pixels: 18 and 14 points
_LINK = "#0000ee"  # what browsers make of a link without a colour

_HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", re.IGNORECASE)
_RGB = re.compile(r"rgb\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)\s*\)", re.IGNORECASE)
_SIZES = {"h1": 32.0, "h2": 24.0, "h3": 18.7, "h4": 16.0, "h5": 13.3, "h6": 10.7}
_NAMED = {"white": "#ffffff", "black": "#000000"}

_SCHEMES: tuple[Scheme, ...] = ("light", "dark")

_Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """How the text of an element looks; ``size`` is in pixels."""

    colour: _Colour = (0, 0, 0)
    ground: _Colour = (255, 255, 255)
    size: float = 16.0
    bold: bool = False


class Contrast:
    """Text stands out from its ground by 4.5 to 1, large text by 3 to 1: else many cannot read it, least in the sun.

    Below 3 to 1 hardly anybody reads it with ease, and the edition fails.
    """

    def find(self, page: Page) -> Iterator[Finding]:
        for scheme in _SCHEMES:
            looks = _looks(page, scheme)
            told: set[tuple[_Colour, _Colour]] = set()
            for element, text in page.texts:
                look = looks[element]
                found, pair = ratio(look.colour, look.ground), (look.colour, look.ground)
                large = look.size >= (_LARGE_BOLD if look.bold else _LARGE)
                enough = ENOUGH_LARGE if large else ENOUGH
                if found >= enough or pair in told or not re.search(r"\w", text):
                    continue
                told.add(pair)
                colours = f"{_hex(look.colour)} on {_hex(look.ground)}"
                yield Finding(
                    rule="contrast",
                    level="fail" if found < ENOUGH_LARGE else "warn",
                    message=f"{text.strip()[:40]!r} has a contrast of {found:.1f} to 1 in {scheme} ({colours}).",
                    where=page.template(rf"(?i){_hex(look.colour)}") or page.where(text),
                    fix=f"Choose colours with {enough} to 1.",
                )


def ratio(one: _Colour, other: _Colour) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: _Colour) -> float:
    parts = [value / 255 for value in colour]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _looks(page: Page, scheme: Scheme) -> dict[Element, _Look]:
    said = cascade(page.root, scheme)
    looks: dict[Element, _Look] = {}
    for element in page.root.iter("*"):
        parent = looks.get(element.getparent(), _Look())
        looks[element] = _look(element, said.get(element, {}), parent)
    return looks


def _look(element: Element, style: dict[str, str], parent: _Look) -> _Look:
    own = _colour(style.get("color", "")) or (_colour(_LINK) if element.tag == "a" and "color" not in style else None)
    ground = _colour(style.get("background-color", "")) or _colour(style.get("background", ""))
    ground = ground or _colour(element.get("bgcolor", ""))
    weight = style.get("font-weight", "bold" if element.tag in (*_SIZES, "b", "strong", "th") else "")
    bold = weight.startswith(("bold", "7", "8", "9")) if weight and weight != "inherit" else parent.bold
    size = _size(style.get("font-size", ""), parent.size) or _SIZES.get(element.tag, parent.size)
    return replace(parent, colour=own or parent.colour, ground=ground or parent.ground, size=size, bold=bold)


def _size(text: str, parent: float) -> float:
    found = re.match(r"([\d.]+)\s*(px|em|%|pt)", text)
    if not found:
        return 0.0
    return float(found[1]) * {"px": 1.0, "em": parent, "%": parent / 100, "pt": 4 / 3}[found[2]]


def _colour(text: str) -> _Colour | None:
    text = _NAMED.get(text.removesuffix("!important").strip().lower(), text)
    if found := _HEX.search(text):
        digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.search(text):
        return int(found[1]), int(found[2]), int(found[3])
    return None


def _hex(colour: _Colour) -> str:
    return "#" + "".join(f"{value:02x}" for value in colour)
