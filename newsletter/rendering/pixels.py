"""A picture's bytes become bytes that every mail client shows: small enough, upright, in sRGB, without metadata.

Mails are 600 px wide, and screens have up to two pixels for one: nothing wider than 1200 pixels is ever sent. The same
bytes in give the same bytes out, and each picture is prepared once, in however many languages it appears.
"""

import struct
import warnings
import zlib
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

WIDEST = 1200
_READ = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")
_MOST_BYTES, _MOST_PIXELS = 40_000_000, 60_000_000
_MOVING = 1_500_000  # bytes up to which an animation is sent as it is
_SMALL = 40_000  # bytes of a file in which there is nothing to gain
_GAIN = 0.8  # the size, against the original's, from which a new file is worth the loss
_QUALITY = 82
# What a decoder may raise on bytes that are no picture, besides its own words for it.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
)
# What a file may say besides its pixels and still be sent as it is; all else could tell where somebody lives.
_HARMLESS = frozenset(
    (
        *("jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "gamma", "srgb", "aspect", "adobe"),
        *("adobe_transform", "progressive", "progression", "interlace", "transparency", "background", "version"),
    )
)


class UnusableError(Exception):
    """Why a picture cannot be sent, in words that follow its name, and what to do about it."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.hint = hint


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """Bytes to send with their pixels; ``kind`` is png, jpg or gif, ``untouched`` says that they are the file's own."""

    data: bytes
    kind: str
    width: int
    height: int
    untouched: bool


_prepared: dict[tuple[bytes, int], Prepared] = {}
_KEPT = 200


def prepare(data: bytes, widest: int = WIDEST) -> Prepared:
    """The picture in ``data`` for ``widest`` pixels, or itself where it is hardly larger as a file.

    An UnusableError where there is none.
    """
    key = (blake2b(data, digest_size=16).digest(), widest)
    if key not in _prepared:
        made = _prepare(data, widest)
        while len(_prepared) >= _KEPT:
            _prepared.pop(next(iter(_prepared)), None)
        _prepared[key] = made
    return _prepared[key]


def _prepare(data: bytes, widest: int) -> Prepared:
    _refuse(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own limit; ours follows, before a pixel is read
            image = Image.open(BytesIO(data), formats=_READ)
            if image.width * image.height > _MOST_PIXELS:
                raise _too_large(image.width, image.height)
            with image:
                return _sendable(image, data, widest)
    except UnidentifiedImageError:
        raise UnusableError(
            "is no PNG, JPEG or GIF, which is what every mail client shows", "Save it as PNG or JPEG."
        ) from None
    except Image.DecompressionBombError:
        raise _too_large() from None
    except _DAMAGE as error:
        raise UnusableError(f"is damaged ({error})", "Save it again.") from None


def _refuse(data: bytes) -> None:
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        raise UnusableError(
            "is an SVG, which most mail clients do not show", f"Export it as PNG, {WIDEST} pixels wide."
        )
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        raise UnusableError("is an HEIC photo, which hardly any mail client shows", "Export it as JPEG.")
    if len(data) > _MOST_BYTES:
        raise UnusableError(
            f"has {len(data) // 1_000_000} MB, at most {_MOST_BYTES // 1_000_000} are read", "Export a smaller one."
        )


def _too_large(width: int = 0, height: int = 0) -> UnusableError:
    size = f"has {width} × {height} pixels" if width else "has far too many pixels"
    return UnusableError(
        f"{size}, at most {_MOST_PIXELS // 1_000_000} million are read", f"Export it {WIDEST} pixels wide."
    )


def _sendable(image: Image.Image, data: bytes, widest: int) -> Prepared:
    """The file itself where it is fit for mail, else a new one of its first frame."""
    own = {"PNG": "png", "JPEG": "jpg", "MPO": "jpg", "GIF": "gif"}.get(image.format or "", "")
    width, height = image.size
    image.load()
    moves = getattr(image, "n_frames", 1) > 1 and own in ("png", "gif")
    if moves and len(data) <= _MOVING and width <= WIDEST and not image.getexif():
        return Prepared(data=data, kind=own, width=width, height=height, untouched=True)
    plain = bool(own) and image.format != "MPO" and image.mode in ("1", "L", "LA", "P", "RGB", "RGBA")
    clean = plain and not moves and not (set(image.info) - _HARMLESS) and not image.getexif()
    if clean and width <= widest and len(data) <= _SMALL:
        return Prepared(data=data, kind=own, width=width, height=height, untouched=True)
    upright = _coloured(ImageOps.exif_transpose(image))
    drawn = own in ("png", "gif") and upright.convert("RGB").getcolors(256) is not None
    if upright.width > widest:
        size = (widest, max(1, round(upright.height * widest / upright.width)))
        upright = upright.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    kind, written = _written(upright, own, drawn=drawn)
    if clean and width <= WIDEST and len(written) > _GAIN * len(data):
        return Prepared(data=data, kind=own, width=width, height=height, untouched=True)
    return Prepared(data=written, kind=kind, width=upright.width, height=upright.height, untouched=False)


def _coloured(image: Image.Image) -> Image.Image:
    """The picture in sRGB with eight bits a channel, with transparency if it has any."""
    if image.mode.startswith("I"):  # sixteen bits of grey
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    profile = image.info.get("icc_profile")
    see_through = image.has_transparency_data
    alpha = image.convert("RGBA").getchannel("A") if see_through else None
    if image.mode not in ("RGB", "CMYK", "L"):
        image = image.convert("L" if image.mode in ("1", "LA", "F") else "RGB")
    if profile:
        image = _in_srgb(image, profile)
    image = image.convert("RGB")
    if alpha and alpha.getextrema() != (255, 255):
        image.putalpha(alpha)
    return image


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        changed = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image  # a profile of another kind of colours: the numbers are the best there is
    return changed or image


def _written(image: Image.Image, own: str, *, drawn: bool) -> tuple[str, bytes]:
    """As JPEG where it was one; else as PNG, unless it is a photograph, which a PNG makes several times as large."""
    png = b"" if own == "jpg" else _png(image, drawn=drawn)
    if image.mode == "RGBA" or drawn or (png and len(png) <= _SMALL):
        return "png", png or _png(image, drawn=drawn)
    jpg = _jpeg(image)
    return ("png", png) if png and len(png) <= 2 * len(jpg) else ("jpg", jpg)


def _png(image: Image.Image, *, drawn: bool) -> bytes:
    """With a palette where that loses nothing, or nothing but shades between the few colours of a drawing."""
    palette = image.quantize(256, dither=Image.Dither.NONE) if image.mode == "RGB" else image
    exact = drawn or (palette is not image and palette.convert("RGB").tobytes() == image.tobytes())
    return _saved(palette if exact else image, "PNG", optimize=True)


def _jpeg(image: Image.Image) -> bytes:
    return _saved(image, "JPEG", quality=_QUALITY, optimize=True, progressive=True)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    image.info = {}  # no metadata: it may say where somebody lives
    target = BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()
