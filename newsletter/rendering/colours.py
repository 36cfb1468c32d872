"""Colours as people see them: contrast as WCAG measures it, lightness as OKLCH does.

A colour is a string of six hexadecimal digits, ``#0a6080``. OKLCH (Björn Ottosson, 2020) separates lightness from hue,
so that a colour can be made lighter or darker and remain the same colour.
"""

from math import atan2, cos, hypot, sin

# Linear sRGB -> the responses of the eye's cones -> lightness and two axes of hue, and back.
_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_AXES = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_AXES_BACK = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_CONES_BACK = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)

_Triple = tuple[float, float, float]


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances, from 1 to 21 (WCAG 2.2, 1.4.3: text needs 4.5)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lightness(colour: str) -> float:
    """How light a colour looks, from 0 to 1."""
    return _oklch(colour)[0]


def with_lightness(colour: str, lightness: float, *, most: float = 1.0) -> str:
    """The same hue at another lightness; ``most`` bounds its chroma, which shrinks until screens can show it."""
    _, chroma, hue = _oklch(colour)
    chroma = min(chroma, most)
    while True:
        axes = (min(max(lightness, 0.0), 1.0), chroma * cos(hue), chroma * sin(hue))
        cones = _times(_AXES_BACK, axes)
        linear = _times(_CONES_BACK, (cones[0] ** 3, cones[1] ** 3, cones[2] ** 3))
        if chroma < 0.001 or all(-0.0005 <= part <= 1.0005 for part in linear):
            return "#" + "".join(f"{round(_encoded(part) * 255):02x}" for part in linear)
        chroma *= 0.95


def readable(colour: str, *grounds: str, ratio: float = 4.5) -> str | None:
    """``colour``, made only so much lighter or darker that it is readable on every ground; None where none can be."""
    if all(contrast(colour, ground) >= ratio for ground in grounds):
        return colour
    start = lightness(colour)
    for step in range(1, 101):
        for moved in (start - step / 100, start + step / 100):
            if 0 <= moved <= 1:
                found = with_lightness(colour, moved)
                if all(contrast(found, ground) >= ratio for ground in grounds):
                    return found
    return None


def _oklch(colour: str) -> _Triple:
    """Lightness, chroma and hue (in radians)."""
    cones = _times(_CONES, _linear(colour))
    light, first, second = _times(_AXES, (cones[0] ** (1 / 3), cones[1] ** (1 / 3), cones[2] ** (1 / 3)))
    return light, hypot(first, second), atan2(second, first)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> _Triple:
    red, green, blue = (_decoded(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return red, green, blue


def _decoded(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _encoded(part: float) -> float:
    part = min(max(part, 0.0), 1.0)
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


def _times(rows: tuple[_Triple, _Triple, _Triple], column: _Triple) -> _Triple:
    first, second, third = (sum(a * b for a, b in zip(row, column, strict=True)) for row in rows)
    return first, second, third
