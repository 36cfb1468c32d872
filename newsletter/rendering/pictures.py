"""The pictures of an issue: read once, made fit for mail, and named by the address that the HTML uses."""

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from newsletter.errors import ContentError
from newsletter.model import Asset
from newsletter.rendering import pixels
from newsletter.rendering.pixels import WIDEST, Prepared, UnusableError

_TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif"}
_MADE = re.compile(r"(?P<file>.+)\.(?P<pixels>[1-9]\d{1,3})\.(?:png|jpg|gif)")


def inside(html: str, pictures: Iterable[Asset]) -> str:
    """A page that carries its pictures itself, for a browser that may fetch nothing."""
    for asset in pictures:
        data = b64encode(asset.data).decode()
        html = html.replace(f'"{escape(asset.url)}"', f'"data:{asset.type};base64,{data}"')
    return html


def path(asset: Asset, *, base: str) -> PurePosixPath:
    """Where a picture lies in a folder that is uploaded to ``base``."""
    return PurePosixPath(unquote(asset.url.removeprefix(base.rstrip("/")).lstrip("/")))


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture as a template uses it, with the pixels that it has; ``at`` is the same for a narrower place."""

    url: str
    width: int
    height: int
    _src: str = field(default="", repr=False)
    _where: str = field(default="", repr=False)
    _pictures: "Pictures | None" = field(default=None, repr=False, compare=False)

    def at(self, width: int) -> "Picture":
        """With two pixels for each of the ``width`` pixels it is shown at, so that small pictures are small files."""
        if self._pictures is None or 2 * width >= self.width:
            return self
        return self._pictures.find(self._src, where=self._where, widest=2 * width)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pictures:
    """The pictures in ``folder``, which ``base`` is the address of; ``assets`` are those asked for so far, in order.

    A picture that is sent as it is keeps its name; one that was made from it is called ``river.png.1200.jpg``.
    """

    folder: Path
    base: str
    _found: dict[tuple[str, int], Picture] = field(default_factory=dict)
    _assets: dict[str, Asset] = field(default_factory=dict)

    @property
    def assets(self) -> tuple[Asset, ...]:
        return tuple(self._assets.values())

    def find(self, src: str, *, where: str, widest: int = WIDEST) -> Picture:
        """The picture ``src``, relative to the folder, at most ``widest`` pixels wide.

        A ContentError at ``where`` if no mail client could show it. The name of a picture that was made finds it again.
        """
        if (src, widest) not in self._found:
            path = self._path(unquote(src), where)
            made = _MADE.fullmatch(path.name)
            if made and not path.exists() and path.with_name(made["file"]).is_file():
                path, widest = path.with_name(made["file"]), min(int(made["pixels"]), widest)
            self._found[src, widest] = self._made(path, src, where, widest)
        return self._found[src, widest]

    def _path(self, src: str, where: str) -> Path:
        """Where the picture lies, by one name only: its address must lead to it from wherever the folder is put."""
        try:
            return self.folder / (self.folder / src).resolve().relative_to(self.folder.resolve())
        except (OSError, ValueError):  # outside; or no name at all, such as one with a NUL
            raise ContentError(
                f"the picture {src!r} lies outside its folder.", where=where, hint=f"Copy it into {self.folder}."
            ) from None

    def _made(self, path: Path, src: str, where: str, widest: int) -> Picture:
        try:
            data = path.read_bytes()
        except OSError:
            hint = f"Put it into {self.folder}, or correct its name."
            raise ContentError(f"the picture {unquote(src)[:100]!r} is missing.", where=where, hint=hint) from None
        try:
            ready = pixels.prepare(data, widest)
        except UnusableError as error:
            raise ContentError(f"the picture {unquote(src)!r} {error}.", where=where, hint=error.hint) from None
        asset = Asset(url=self._url(path, ready, widest), type=_TYPES[ready.kind], data=ready.data)
        self._assets.setdefault(asset.url, asset)
        return Picture(url=asset.url, width=ready.width, height=ready.height, _src=src, _where=where, _pictures=self)

    def _url(self, path: Path, ready: Prepared, widest: int) -> str:
        name = quote(path.relative_to(self.folder).as_posix())
        return f"{self.base}/{name}" if ready.untouched else f"{self.base}/{name}.{widest}.{ready.kind}"
