"""How each script is set in mail clients: fonts, line heights, and what its readers take for emphasis."""

from dataclasses import dataclass

_LATIN = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"


@dataclass(frozen=True, kw_only=True, slots=True)
class Typography:
    """How a script is set: ``fonts`` is a CSS stack, line heights are factors, ``grow`` is added to sizes in pixels.

    ``emphatic`` says whether the script has capitals and letter-spacing to emphasise with; ``breaks`` is the CSS
    ``word-break``: Korean breaks at spaces.
    """

    fonts: str = _LATIN
    line: float = 1.6
    heading: float = 1.3
    grow: int = 0
    emphatic: bool = False
    breaks: str = "break-word"

    @property
    def wrap(self) -> str:
        """CSS for a block whose words break elsewhere than MJML lets them: its cells are all ``break-word``.

        Only ``anywhere`` keeps a long word from widening a table; older clients know nothing but the other.
        """
        own = f"word-break:{self.breaks};overflow-wrap:break-word;overflow-wrap:anywhere;"
        return "" if self.breaks == "break-word" else own


def of(script: str, language: str = "") -> Typography:
    """The typography of an ISO 15924 script; Urdu and Kashmiri write theirs, Arabic, in the Nastaliq style."""
    style = "Aran" if script == "Arab" and language in _NASTALIQ else script
    return _TYPOGRAPHY.get(style, Typography())


def _tall(*fonts: str, line: float = 1.7, heading: float = 1.45, grow: int = 1) -> Typography:
    """A script with marks above and below its letters, in the fonts of Windows, Apple and Android."""
    return Typography(fonts=f"{','.join(fonts)},sans-serif", line=line, heading=heading, grow=grow)


_NASTALIQ = frozenset(("ur", "ks"))

# Measured in Chromium with each script at 600 and 375 px down to Hant; the others follow their nearest relation there.
# The font names are those of Windows, Apple and Android.
_TYPOGRAPHY = {
    "Latn": Typography(line=1.55, heading=1.25, emphatic=True),
    "Cyrl": Typography(line=1.55, heading=1.25, emphatic=True),
    "Grek": Typography(line=1.55, heading=1.25, emphatic=True),
    "Arab": _tall("'Segoe UI'", "Tahoma", "'Geeza Pro'", "'Noto Sans Arabic'", "Arial", line=1.8, heading=1.5),
    "Aran": Typography(
        fonts="'Noto Nastaliq Urdu','Urdu Typesetting','Geeza Pro',Tahoma,serif", line=2.2, heading=2.1, grow=1
    ),
    "Hebr": Typography(fonts="'Segoe UI','Arial Hebrew','Noto Sans Hebrew',Arial,sans-serif", heading=1.35),
    "Deva": _tall("'Nirmala UI'", "'Kohinoor Devanagari'", "'Noto Sans Devanagari'", "Mangal"),
    "Kore": Typography(
        fonts="'Apple SD Gothic Neo','Malgun Gothic','Noto Sans KR','Noto Sans CJK KR',sans-serif",
        heading=1.4,
        breaks="keep-all",
    ),
    "Jpan": _tall(
        "'Hiragino Sans'", "'Yu Gothic'", "Meiryo", "'Noto Sans JP'", "'Noto Sans CJK JP'", heading=1.4, grow=0
    ),
    "Hans": _tall("'PingFang SC'", "'Microsoft YaHei'", "'Noto Sans SC'", "'Noto Sans CJK SC'", heading=1.4, grow=0),
    "Hant": _tall("'PingFang TC'", "'Microsoft JhengHei'", "'Noto Sans TC'", "'Noto Sans CJK TC'", heading=1.4, grow=0),
    "Armn": Typography(fonts="Sylfaen,Mshtakan,'Noto Sans Armenian',Arial,sans-serif"),
    "Beng": _tall("'Nirmala UI'", "'Kohinoor Bangla'", "'Noto Sans Bengali'", "Vrinda"),
    "Ethi": _tall("Nyala", "Kefa", "'Noto Sans Ethiopic'", "Ebrima"),
    "Geor": Typography(fonts="Sylfaen,'Helvetica Neue','Noto Sans Georgian',Arial,sans-serif"),
    "Gujr": _tall("'Nirmala UI'", "'Kohinoor Gujarati'", "'Noto Sans Gujarati'", "Shruti"),
    "Guru": _tall("'Nirmala UI'", "'Mukta Mahee'", "'Noto Sans Gurmukhi'", "Raavi"),
    "Khmr": _tall("'Leelawadee UI'", "'Khmer Sangam MN'", "'Noto Sans Khmer'", line=1.9, heading=1.6),
    "Knda": _tall("'Nirmala UI'", "'Noto Sans Kannada'", "'Kannada Sangam MN'", "Tunga"),
    "Laoo": _tall("'Leelawadee UI'", "'Lao Sangam MN'", "'Noto Sans Lao'"),
    "Mlym": _tall("'Nirmala UI'", "'Malayalam Sangam MN'", "'Noto Sans Malayalam'", "Kartika"),
    "Mymr": _tall("'Myanmar Text'", "'Myanmar Sangam MN'", "'Noto Sans Myanmar'", line=1.9, heading=1.6),
    "Orya": _tall("'Nirmala UI'", "'Noto Sans Oriya'", "'Oriya Sangam MN'", "Kalinga"),
    "Sinh": _tall("'Nirmala UI'", "'Sinhala Sangam MN'", "'Noto Sans Sinhala'", "'Iskoola Pota'"),
    "Taml": _tall("'Nirmala UI'", "'Tamil Sangam MN'", "'Noto Sans Tamil'", "Latha"),
    "Telu": _tall("'Nirmala UI'", "'Kohinoor Telugu'", "'Noto Sans Telugu'", "Gautami"),
    "Thai": _tall("'Leelawadee UI'", "Thonburi", "'Noto Sans Thai'", "Tahoma"),
    "Tibt": _tall("'Microsoft Himalaya'", "Kailasa", "'Noto Serif Tibetan'", line=1.9, heading=1.6),
}
