"""The design tokens: what ``[theme]`` may say, in ``newsletter.toml`` and in a theme's own ``theme.toml`` alike.

What a table does not say is empty here: the theme decides it, or it is derived (see ``rendering/look.py``).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
from PIL import ImageColor

from newsletter.tomlfile import TomlFile

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_FONTS = re.compile(r"[\w .,'-]+")
_SCRIPT = re.compile(r"[A-Z][a-z]{3}")
_WEB = re.compile(r"https?://[^/\s]+\S*|mailto:\S+@\S+")

# Key -> the least and the greatest number of pixels that still makes a readable mail.
_PIXELS = {"size": (13, 22), "spacing": (12, 48), "radius": (0, 32), "logo_width": (24, 536)}


class _Tokens(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of tokens; an unknown key is an error."""


class Colours(_Tokens, frozen=True):
    """``[theme.colours]`` and ``[theme.dark]``: six-digit colours.

    ``page`` lies behind the letter, ``card`` behind its texts, ``tint`` behind asides and ``warm`` behind warnings.
    ``ink``, ``muted`` and ``accent`` are texts on the first three; ``accent_ink`` is text on ``accent``, and
    ``warm_ink`` on ``warm``. ``rule`` is for lines.
    """

    page: str = ""
    card: str = ""
    ink: str = ""
    muted: str = ""
    accent: str = ""
    accent_ink: str = ""
    rule: str = ""
    tint: str = ""
    warm: str = ""
    warm_ink: str = ""


class Sponsor(_Tokens, frozen=True):
    """``[theme.sponsor]``: who supports the newsletter, and their address on the web."""

    name: str
    url: str = ""


class Theme(_Tokens, frozen=True):
    """``[theme]``: the look; a folder ``templates/`` beside ``newsletter.toml`` overrides single files of it.

    ``logo`` and ``header`` are pictures, relative to the newsletter's folder; ``size`` (of the text), ``spacing`` and
    ``radius`` are pixels; ``contents`` asks for a table of contents and ``sections`` for items under the heading of
    their section. ``fonts`` gives a font stack to a script such as ``Latn``; ``links`` are names with addresses.
    """

    name: str = "default"
    logo: str = ""
    logo_width: int | None = None
    header: str = ""
    header_alt: str = ""
    size: int | None = None
    spacing: int | None = None
    radius: int | None = None
    contents: bool | None = None
    sections: bool | None = None
    fonts: Mapping[str, str] = {}
    links: Mapping[str, str] = {}
    sponsor: Sponsor | None = None
    colours: Colours = Colours()
    dark: Colours = Colours()


TABLES: Mapping[str, type[_Tokens]] = {"colours": Colours, "dark": Colours, "sponsor": Sponsor}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What is wrong with a ``key`` of ``table``, and the next step."""

    table: str
    key: str
    what: str
    hint: str


def read(file: TomlFile) -> Theme:
    """The tokens in ``file``; a nested table is converted by itself first, so that its own keys are named."""
    table = file.table("theme")
    for name, kind in TABLES.items():
        if name in table:
            file.convert(table[name], kind, f"theme.{name}")
    theme: Theme = file.convert(table, Theme, "theme")
    for fault in faults(theme):
        raise file.error(fault.what, fault.table, fault.key, hint=fault.hint)
    return theme


def faults(theme: Theme) -> Iterator[Fault]:
    """Every token that no mail client could use."""
    for table, colours in (("theme.colours", theme.colours), ("theme.dark", theme.dark)):
        for key in colours.__struct_fields__:
            colour = getattr(colours, key)
            if colour and not _HEX.fullmatch(colour):
                yield Fault(table=table, key=key, what=f"{colour!r} is no six-digit colour.", hint=_six_digits(colour))
    for key, (least, most) in _PIXELS.items():
        pixels = getattr(theme, key)
        if pixels is not None and not least <= pixels <= most:
            hint = f"Write a number from {least} to {most}."
            yield Fault(table="theme", key=key, what=f"{key} = {pixels} is no readable number of pixels.", hint=hint)
    yield from _names(theme)


def _names(theme: Theme) -> Iterator[Fault]:
    for script, stack in theme.fonts.items():
        if not _SCRIPT.fullmatch(script):
            hint = "Use an ISO 15924 code: Latn, Arab, Kore, Deva, …"
            yield Fault(table="theme.fonts", key=script, what=f"{script!r} is no script.", hint=hint)
        elif not _FONTS.fullmatch(stack):
            hint = "Write names with commas between them, as in \"Georgia, 'Times New Roman', serif\"."
            yield Fault(table="theme.fonts", key=script, what=f"{stack!r} is no list of fonts.", hint=hint)
    links = [("theme.links", key, url) for key, url in theme.links.items()]
    if theme.sponsor and theme.sponsor.url:
        links.append(("theme.sponsor", "url", theme.sponsor.url))
    for table, key, url in links:
        if not _WEB.fullmatch(url):
            yield Fault(table=table, key=key, what=f"{url!r} is no web address.", hint="Begin it with https://.")


def _six_digits(colour: str) -> str:
    """The next step for somebody who wrote a colour in another way, such as ``red`` or ``#eee``."""
    try:
        red, green, blue = ImageColor.getrgb(colour)[:3]
    except ValueError:
        return "Write it as #0a6080."
    return f"Write it as #{red:02x}{green:02x}{blue:02x}."
