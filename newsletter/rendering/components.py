"""The MJML components that a theme may use: which may stand in which, their attributes and what those may say.

The compiler validates nothing: an unknown tag passes through raw and an unknown attribute vanishes. The table follows
the MJML 4 documentation, without what mrml 6 does differently (``BANNED`` says what and why).
"""

import re
from collections.abc import Mapping

BANNED: Mapping[str, str] = {
    "mj-hero": "its height differs between compilers; use mj-section with background-url",
    "mj-carousel": "it lacks its arrows; use mj-image",
    "mj-include": "its errors have no place; use Jinja's include",
    "mj-html-attributes": "the compiler refuses it; write the attributes where they belong",
    "mj-font": "each reader's mail program would ask a third party for it; name fonts that readers have",
}

# HTML elements that mail programs drop, and for which filters drop the mail.
UNSAFE: Mapping[str, str] = {
    "script": "no mail program runs it",
    "iframe": "no mail program shows it",
    "frame": "no mail program shows it",
    "object": "no mail program shows it",
    "embed": "no mail program shows it",
    "applet": "no mail program shows it",
    "base": "it would change every address of the mail",
    "link": "each reader's mail program would ask a server for it; put styles into mj-style",
}

_HEAD = "mj-attributes mj-breakpoint mj-preview mj-raw mj-style mj-title"
_CONTENT = "mj-accordion mj-button mj-divider mj-image mj-navbar mj-raw mj-social mj-spacer mj-table mj-text"

# Component -> the components that may stand in it. Those not named here hold HTML (or nothing).
CHILDREN: Mapping[str, frozenset[str]] = {
    name: frozenset(inside.split())
    for name, inside in {
        "mjml": "mj-head mj-body",
        "mj-head": _HEAD,
        "mj-body": "mj-raw mj-section mj-wrapper",
        "mj-wrapper": "mj-raw mj-section",
        "mj-section": "mj-column mj-group mj-raw",
        "mj-group": "mj-column mj-raw",
        "mj-column": _CONTENT,
        "mj-accordion": "mj-accordion-element",
        "mj-accordion-element": "mj-accordion-text mj-accordion-title",
        "mj-navbar": "mj-navbar-link",
        "mj-social": "mj-social-element",
        "mj-attributes": (
            "mj-accordion mj-accordion-element mj-accordion-text mj-accordion-title mj-all mj-body mj-button mj-class"
            " mj-column mj-divider mj-group mj-image mj-navbar mj-navbar-link mj-section mj-social mj-social-element"
            " mj-spacer mj-table mj-text mj-wrapper"
        ),
    }.items()
}

# Those that hold nothing at all; the compiler stops at what stands in them without saying where.
EMPTY = frozenset(("mj-all", "mj-breakpoint", "mj-class", "mj-divider", "mj-image", "mj-spacer"))

# Those that hold no elements, but words or CSS.
WORDS = frozenset(("mj-preview", "mj-style", "mj-title"))

# Those whose content the compiler passes on.
CONTENT = WORDS | {
    "mj-accordion-text",
    "mj-accordion-title",
    "mj-button",
    "mj-navbar-link",
    "mj-raw",
    "mj-social-element",
    "mj-table",
    "mj-text",
}

# HTML elements in which nothing ever stands.
VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)

_PADDING = "padding padding-top padding-bottom padding-left padding-right"
_BORDER = "border border-top border-bottom border-left border-right"
_INNER = "inner-border inner-border-top inner-border-bottom inner-border-left inner-border-right inner-border-radius"
_FONT = "font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
_BACKGROUND = (
    "background-color background-url background-repeat background-size background-position background-position-x"
    " background-position-y"
)
_ICON = "icon-align icon-wrapped-url icon-wrapped-alt icon-unwrapped-url icon-unwrapped-alt icon-position"
_BOX = f"{_BACKGROUND} {_BORDER} {_PADDING} border-radius direction full-width text-align text-padding"

# Component -> its attributes; the compiler stops at further ones of those that have none. ``css-class`` and
# ``mj-class`` belong to all that are seen, but for mj-raw.
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "mjml": frozenset(("lang", "dir", "owa", "version")),
    "mj-breakpoint": frozenset(("width",)),
    **dict.fromkeys(("mj-attributes", "mj-head", "mj-raw", *WORDS), frozenset[str]()),
} | {
    name: frozenset(attributes.split()) | {"css-class", "mj-class"}
    for name, attributes in {
        "mj-class": "name",
        "mj-body": "background-color width",
        "mj-wrapper": _BOX,
        "mj-section": _BOX,
        "mj-group": "background-color direction vertical-align width",
        "mj-column": f"{_BORDER} {_INNER} {_PADDING} background-color border-radius direction"
        " inner-background-color vertical-align width",
        "mj-text": f"{_FONT} {_PADDING} align color container-background-color height vertical-align",
        "mj-button": f"{_FONT} {_BORDER} {_PADDING} align background-color border-radius color"
        " container-background-color height href inner-padding name rel target text-align title vertical-align width",
        "mj-image": f"{_BORDER} {_PADDING} align alt border-radius container-background-color fluid-on-mobile"
        " font-size height href max-height name rel sizes src srcset target title usemap vertical-align width",
        "mj-divider": f"{_PADDING} align border-color border-style border-width container-background-color width",
        "mj-spacer": f"{_PADDING} container-background-color height",
        "mj-table": f"{_PADDING} align border cellpadding cellspacing color container-background-color font-family"
        " font-size font-weight line-height role table-layout vertical-align width",
        "mj-accordion": f"{_PADDING} {_ICON} border container-background-color font-family icon-height icon-width",
        "mj-accordion-element": f"{_ICON} background-color border font-family icon-height icon-width",
        "mj-accordion-title": f"{_PADDING} background-color color font-family font-size font-weight line-height",
        "mj-accordion-text": f"{_PADDING} background-color color font-family font-size font-weight letter-spacing"
        " line-height",
        "mj-navbar": f"{_PADDING} align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size"
        " ico-line-height ico-open ico-padding ico-padding-bottom ico-padding-left ico-padding-right ico-padding-top"
        " ico-text-decoration ico-text-transform",
        "mj-navbar-link": f"{_FONT} {_PADDING} color href name rel target",
        "mj-social": f"{_FONT} {_PADDING} align border-radius color container-background-color icon-height"
        " icon-padding icon-size inner-padding mode table-layout text-padding vertical-align",
        "mj-social-element": f"{_FONT} {_PADDING} align alt background-color border-radius color href icon-height"
        " icon-padding icon-position icon-size name rel sizes src srcset target text-padding title vertical-align",
    }.items()
}

_COLOURS = (
    "background-color",
    "border-color",
    "color",
    "container-background-color",
    "ico-color",
    "inner-background-color",
)
_COLOUR = (re.compile(r"#[0-9A-Fa-f]{6}|transparent|none|inherit|"), "six hexadecimal digits, such as #0a6080")
_PIXELS = (re.compile(r"(?:\d+(?:\.\d+)?px|0|)"), "pixels, such as 16px")
_SPACE = (re.compile(r"(?:\d+(?:\.\d+)?px|0)(?: +(?:\d+(?:\.\d+)?px|0)){0,3}|"), "pixels, such as 16px or 12px 24px")
_WIDTH = (re.compile(r"\d+(?:\.\d+)?(?:px|%)|auto|"), "pixels or a percentage, such as 300px or 50%")

# What an attribute may say, and how to write it. A colour of three digits is read by browsers, but not by every client;
# a percentage as padding makes another width in Outlook; a wrong word or unit is passed on and then ignored.
VALUES: Mapping[str, tuple[re.Pattern[str], str]] = {
    **dict.fromkeys(_COLOURS, _COLOUR),
    **dict.fromkeys(("font-size", "ico-font-size", "icon-size", "icon-height"), _PIXELS),
    **dict.fromkeys((*_PADDING.split(), "inner-padding", "text-padding", "icon-padding", "border-radius"), _SPACE),
    "width": _WIDTH,
    "height": _WIDTH,
    "align": (re.compile("left|right|center|justify"), "left, right, center or justify"),
    "text-align": (re.compile("left|right|center|justify"), "left, right, center or justify"),
    "direction": (re.compile("ltr|rtl"), "ltr or rtl"),
    "dir": (re.compile("ltr|rtl"), "ltr or rtl"),
    "vertical-align": (re.compile("top|middle|bottom"), "top, middle or bottom"),
}
