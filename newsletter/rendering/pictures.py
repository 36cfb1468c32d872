"""The pictures of an issue: read once, measured, and named by the address that the HTML uses."""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, unquote

from PIL import Image, UnidentifiedImageError

from newsletter.errors import ContentError
from newsletter.model import Asset

_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture as a template uses it; sizes are the file's own pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pictures:
    """The pictures in ``folder``, which ``base`` is the address of; ``assets`` are those asked for so far, in order."""

    folder: Path
    base: str
    _found: dict[str, tuple[Picture, Asset]] = field(default_factory=dict)

    @property
    def assets(self) -> tuple[Asset, ...]:
        return tuple(asset for _, asset in self._found.values())

    def find(self, src: str, *, where: str) -> Picture:
        """The picture ``src``, relative to the folder; a ContentError at ``where`` if no mail client could show it."""
        if src not in self._found:
            self._found[src] = self._read(unquote(src), where)
        return self._found[src][0]

    def _read(self, src: str, where: str) -> tuple[Picture, Asset]:
        path = self.folder / src
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise ContentError(
                f"the picture {src!r} lies outside the issue's folder.", where=where, hint="Copy it into the folder."
            )
        try:
            data = path.read_bytes()
        except OSError:
            raise ContentError(
                f"the picture {src!r} is missing.", where=where, hint=f"Put it at {path}, or correct its name."
            ) from None
        kind, width, height = _measured(data, src, where)
        url = f"{self.base}/{quote(path.relative_to(self.folder).as_posix())}"
        return Picture(url=url, width=width, height=height), Asset(url=url, type=_TYPES[kind], data=data)


def _measured(data: bytes, src: str, where: str) -> tuple[str, int, int]:
    """Format, width and height of a picture that was read to its last pixel, so that half a file is found out."""
    try:
        with Image.open(BytesIO(data)) as image:
            kind, (width, height) = image.format or "", image.size
            if kind in _TYPES:
                image.load()
                return kind, width, height
    except UnidentifiedImageError:
        pass  # said below, with what can be shown
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ContentError(f"the picture {src!r} is damaged ({error}).", where=where, hint="Save it again.") from None
    raise ContentError(
        f"the picture {src!r} is no PNG, JPEG or GIF, which is what every mail client shows.",
        where=where,
        hint="Save it as PNG or JPEG.",
    )
