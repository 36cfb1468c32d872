"""The look of a theme: its design tokens, complete, readable, and with their counterparts in dark mode.

Tokens come from three places, the later one wins: the default theme, the theme itself, ``[theme]`` of
``newsletter.toml``. Dark colours are derived from the light ones unless ``[theme.dark]`` names them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import msgspec

from newsletter import tokens
from newsletter.config import FILE
from newsletter.errors import ConfigError
from newsletter.rendering import colours
from newsletter.tokens import Colours, Sponsor, Theme
from newsletter.tomlfile import TomlFile, place

RATIO = 4.5  # WCAG 2.2, 1.4.3

# Text -> what it stands on. The table is the same in the dark, except that buttons and bands keep their colours.
_PAIRS = {
    "ink": ("page", "card", "tint"),
    "muted": ("page", "card", "tint"),
    "accent": ("page", "card", "tint"),
    "warm_ink": ("warm",),
    "accent_ink": ("accent",),
}

# What a colour becomes in the dark: whose hue it takes, its lightness and its greatest chroma (OKLCH). Paper is white
# by day and has no hue to keep, so surfaces take the ink's.
_DARK = {
    "page": ("ink", 0.19, 0.02),
    "card": ("ink", 0.25, 0.025),
    "tint": ("ink", 0.31, 0.03),
    "rule": ("ink", 0.39, 0.03),
    "warm": ("warm", 0.31, 0.05),
    "ink": ("ink", 0.94, 0.012),
    "muted": ("muted", 0.76, 0.03),
    "accent": ("accent", 0.80, 0.12),
    "warm_ink": ("warm_ink", 0.90, 0.09),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Palette:
    """The colours of a theme by day or in the dark, all given; see ``tokens.Colours``."""

    page: str
    card: str
    ink: str
    muted: str
    accent: str
    accent_ink: str
    rule: str
    tint: str
    warm: str
    warm_ink: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What templates call ``look``; sizes are pixels, ``logo`` and ``header`` paths in the newsletter's folder."""

    light: Palette
    dark: Palette
    size: int
    spacing: int
    radius: int
    contents: bool
    sections: bool
    logo: str
    logo_width: int
    header: str
    header_alt: str
    fonts: Mapping[str, str]
    links: Mapping[str, str]
    sponsor: Sponsor | None


def load(files: tuple[Path, ...], theme: Theme, *, folder: Path) -> Look:
    """The look of ``theme`` over the ``theme.toml`` files of the themes below it, the most general one first.

    A ConfigError names the line of a text colour that cannot be read on its ground, and one that can.
    """
    layers = [_read(path, path.stat().st_mtime_ns) for path in files] + [theme]
    merged = layers[0]
    for layer in layers[1:]:
        merged = _over(merged, layer)
    light = _light(merged.colours)
    dark = _dark(light, merged.dark)
    owners = (*files, folder / FILE)
    for table, palette in (("colours", light), ("dark", dark)):
        given = [(path, getattr(layer, table)) for path, layer in zip(owners, layers, strict=True)]
        _check(palette, f"theme.{table}", given[::-1])
    shared = {name: getattr(merged, name) for name in _SHARED}
    return Look(light=light, dark=dark, logo_width=merged.logo_width or 0, **shared)


_SHARED = tuple(field.name for field in fields(Look) if field.name not in ("light", "dark", "logo_width"))


@lru_cache(maxsize=32)
def _read(path: Path, changed: int) -> Theme:  # noqa: ARG001 - a changed file is read anew
    return tokens.read(TomlFile.read(path))


def _over(below: Theme, above: Theme) -> Theme:
    """``above``, and what it does not say as ``below`` says it."""
    said = {name: value for name in above.__struct_fields__ if (value := getattr(above, name)) not in (None, "", {})}
    for table in ("colours", "dark"):
        under, over = getattr(below, table), getattr(above, table)
        own = {name: value for name in over.__struct_fields__ if (value := getattr(over, name))}
        said[table] = msgspec.structs.replace(under, **own)
    return msgspec.structs.replace(below, **said)


def _light(given: Colours) -> Palette:
    """The colours by day; what stands on ``accent`` is white or black unless it is named, whichever reads better."""
    named = msgspec.structs.asdict(given)
    if not named["accent_ink"]:
        named["accent_ink"] = max("#ffffff", "#000000", key=lambda ink: colours.contrast(ink, named["accent"]))
    return Palette(**named)


def _dark(light: Palette, given: Colours) -> Palette:
    """The colours in the dark, texts as light as they must be to be read."""
    named = {
        name: getattr(given, name) or colours.with_lightness(getattr(light, source), level, most=chroma)
        for name, (source, level, chroma) in _DARK.items()
    }
    if light.page == light.card and not given.page:
        named["page"] = named["card"]
    for text, grounds in _PAIRS.items():
        if text in _DARK and not getattr(given, text):
            named[text] = colours.readable(named[text], *(named[ground] for ground in grounds)) or named[text]
    return Palette(**named, accent_ink=given.accent_ink or light.accent_ink)


def _check(palette: Palette, table: str, given: list[tuple[Path, Colours]]) -> None:
    for text, ground, ratio in _unreadable(palette, table):
        ink, paper = getattr(palette, text), getattr(palette, ground)
        path, key = next(
            ((path, key) for path, layer in given for key in (text, ground) if getattr(layer, key)),
            (given[0][0], text),
        )
        better = colours.readable(ink, *(getattr(palette, name) for name in _PAIRS[text]), ratio=RATIO + 0.05)
        hint = f'Write {text} = "{better}" in [{table}].' if better else f"Make {ground} much lighter or darker."
        raise ConfigError(
            f"{text} ({ink}) on {ground} ({paper}) has a contrast of {ratio:.1f}; readers need {RATIO}.",
            where=place(path, table, key),
            hint=hint,
        )


def _unreadable(palette: Palette, table: str) -> Iterator[tuple[str, str, float]]:
    for text, grounds in _PAIRS.items():
        if text == "accent_ink" and table == "theme.dark":
            continue
        for ground in grounds:
            ratio = colours.contrast(getattr(palette, text), getattr(palette, ground))
            if ratio < RATIO:
                yield text, ground, ratio
