"""Pictures: fit for every mail client, as small as they are shown, prepared once, or refused in a clear sentence."""

import struct
import time
import zlib
from io import BytesIO
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms, ImageDraw, PngImagePlugin

from newsletter.errors import ContentError
from newsletter.model import Asset
from newsletter.rendering import pixels
from newsletter.rendering.pictures import Pictures, inside, path


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    target = BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def photograph(width: int, height: int) -> Image.Image:
    """Smooth colours with noise, as a camera sees them; the left upper corner is red."""
    noise = Image.effect_noise((width, height), 20)
    image = Image.merge("RGB", (noise, Image.linear_gradient("L").resize((width, height)), noise))
    ImageDraw.Draw(image).rectangle((0, 0, width // 3, height // 3), fill="#ff0000")
    return image


def test_a_large_photograph_is_made_small():
    """Twice the 600 pixels of a mail are enough; the proportions stay, and the bytes shrink."""
    data = saved(photograph(3000, 2000), "JPEG", quality=95)
    ready = pixels.prepare(data)
    assert (ready.kind, ready.width, ready.height, ready.untouched) == ("jpg", 1200, 800, False)
    assert opened(ready.data).size == (1200, 800)
    assert len(ready.data) < len(data) / 4


def test_a_fit_picture_is_left_alone():
    """What is small enough and says nothing else is sent byte for byte: every new encoding costs quality."""
    for data in (saved(Image.new("RGB", (1200, 600)), "PNG"), saved(photograph(600, 400), "JPEG", quality=75)):
        assert pixels.prepare(data).data == data
        assert pixels.prepare(data).untouched


def test_a_turned_photograph_stands_upright_and_tells_nothing():
    """The camera's note on its orientation is obeyed, then dropped with the place and the time."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8825] = 6, "Camera of Ana", {1: "N", 2: (41.0, 23.0, 0.0)}
    data = saved(photograph(900, 600), "JPEG", exif=exif, comment="at home")
    ready = pixels.prepare(data)
    image = opened(ready.data)
    assert (ready.width, ready.height) == image.size == (600, 900)
    assert not image.getexif()
    assert b"Ana" not in ready.data
    assert b"at home" not in ready.data
    red, green, _blue = image.convert("RGB").getpixel((500, 50))
    assert red > 200 > 60 > green


def test_notes_in_a_png_are_dropped():
    """A small file with text in it is written anew, with the same pixels."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Ana")
    source = Image.new("RGB", (40, 40), "#123456")
    ready = pixels.prepare(saved(source, "PNG", pnginfo=notes))
    assert b"Ana" not in ready.data
    assert not ImageChops.difference(opened(ready.data).convert("RGB"), source).getbbox()


def swapped() -> bytes:
    """A colour profile in which red is blue and blue is red: sRGB's own, with those two entries exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def test_colours_become_srgb():
    """A picture in other colours, or for print, looks right to those who know sRGB alone."""
    ready = pixels.prepare(saved(Image.new("RGB", (50, 50), "#ff0000"), "PNG", icc_profile=swapped()))
    image = opened(ready.data)
    assert "icc_profile" not in image.info
    red, _green, blue = image.convert("RGB").getpixel((9, 9))
    assert red < 10
    assert blue > 245
    print_ = opened(pixels.prepare(saved(Image.new("CMYK", (50, 50), (255, 0, 0, 0)), "JPEG")).data)
    assert print_.mode == "RGB"
    red, _green, blue = print_.getpixel((9, 9))
    assert red < 60 < 200 < blue


def test_a_broken_profile_is_ignored():
    """The numbers are the best there is."""
    ready = pixels.prepare(saved(Image.new("RGB", (50, 50), "#0a6080"), "PNG", icc_profile=b"none"))
    assert opened(ready.data).convert("RGB").getpixel((9, 9)) == (10, 96, 128)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_stays(mode):
    """Also where the picture is made smaller."""
    source = Image.new("RGBA", (2400, 1200), (10, 96, 128, 0))
    ImageDraw.Draw(source).ellipse((600, 100, 1800, 1100), fill=(200, 30, 30, 255))
    ready = pixels.prepare(saved(source.convert(mode) if mode != "P" else source.quantize(64), "PNG"))
    image = opened(ready.data).convert("RGBA")
    assert (ready.kind, image.size) == ("png", (1200, 600))
    assert image.getpixel((5, 5))[3] == 0
    assert image.getpixel((600, 300))[3] == 255


@pytest.mark.parametrize("mode", ["1", "L", "I;16", "P", "RGB", "RGBA", "LA"])
def test_every_kind_of_png_can_be_sent(mode):
    """Also those with sixteen bits of grey, which mail clients show as noise or not at all."""
    source = Image.new("I;16", (1600, 80), 40000) if mode == "I;16" else photograph(1600, 80).convert(mode)
    image = opened(pixels.prepare(saved(source, "PNG")).data)
    assert image.size == (1200, 60)
    assert image.mode in ("P", "L", "RGB", "RGBA")
    if mode == "I;16":
        assert abs(image.convert("L").getpixel((600, 30)) - 156) <= 2


def test_a_photograph_in_a_png_becomes_a_jpeg_and_a_drawing_does_not():
    """A diagram with letters keeps its edges; a photograph as PNG is several times as large for nothing."""
    diagram = Image.new("RGB", (1600, 900), "#ffffff")
    draw = ImageDraw.Draw(diagram)
    for place in range(0, 1600, 40):
        draw.line((place, 0, 1600 - place, 900), fill="#0a6080", width=3)
    assert pixels.prepare(saved(diagram, "PNG")).kind == "png"
    photo = saved(photograph(1600, 900), "PNG")
    ready = pixels.prepare(photo)
    assert ready.kind == "jpg"
    assert len(ready.data) < len(photo) / 4


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "BMP", "TIFF"])
def test_what_few_clients_show_is_converted(kind):
    """Outlook shows no WebP; a reader of the newsletter need not know that."""
    ready = pixels.prepare(saved(photograph(900, 600), kind))
    assert ready.kind == "jpg"
    assert opened(ready.data).size == (900, 600)


def film(frames: int, size: tuple[int, int]) -> bytes:
    pictures = [photograph(*size).quantize(128) for _ in range(frames)]
    return saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=80, loop=0)


def test_an_animation_moves_unless_it_is_too_large():
    """A small one is sent as it is; of one that would fill a mailbox or a screen, readers see the first frame."""
    small = film(3, (200, 100))
    assert pixels.prepare(small).data == small
    large = film(14, (700, 400))
    assert len(large) > 1_500_000
    ready = pixels.prepare(large)
    assert len(ready.data) < 500_000
    assert getattr(opened(ready.data), "n_frames", 1) == 1
    wide = pixels.prepare(film(2, (1300, 20)))
    assert (wide.width, getattr(opened(wide.data), "n_frames", 1)) == (1200, 1)


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_an_animation_of_another_kind(kind):
    """An animated PNG moves, or stands still where nobody knows of such; WebP, which Outlook lacks, stands still."""
    frames = [photograph(200, 100) for _ in range(3)]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=80)
    ready = pixels.prepare(data)
    assert (ready.kind, ready.untouched) == ("png", kind == "PNG")
    assert opened(ready.data).size == (200, 100)


def test_an_animation_tells_nothing():
    """One that says where it was made is sent without that, and without its movement."""
    exif = Image.Exif()
    exif[0x010F], exif[0x8825] = "Camera of Ana", {1: "N", 2: (41.0, 23.0, 0.0)}
    frames = [photograph(60, 40) for _ in range(3)]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], exif=exif)
    assert b"Ana" in data
    assert b"Ana" not in pixels.prepare(data).data


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "why", "hint"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG", "PNG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->\n<SVG/>", "is an SVG", "PNG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC", "JPEG"),
        (b"no picture", "no PNG, JPEG or GIF", "PNG or JPEG"),
        (b"", "no PNG, JPEG or GIF", "PNG or JPEG"),
        (b"%PDF-1.4", "no PNG, JPEG or GIF", "PNG or JPEG"),
        (bomb(9000, 9000), "9000 × 9000 pixels", "1200 pixels wide"),
        (bomb(60000, 60000), "far too many pixels", "1200 pixels wide"),
        (bomb(100, 100), "is damaged", "again"),
        (saved(photograph(300, 300), "JPEG")[:5000], "is damaged", "again"),
        (saved(photograph(300, 300), "PNG")[:5000], "is damaged", "again"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words(tmp_path, data, why, hint):
    """At once, without using up the memory, with the file, the line and the next step."""
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(ContentError, match=why) as caught:
        Pictures(folder=tmp_path, base="").find("a.png", where="01-forum.md:7")
    assert caught.value.where == "01-forum.md:7"
    assert hint in caught.value.hint


def test_a_file_beyond_all_measure_is_not_even_read(monkeypatch):
    """A film that somebody called a picture."""
    monkeypatch.setattr(pixels, "_MOST_BYTES", 1_000)
    with pytest.raises(pixels.UnusableError, match="MB"):
        pixels.prepare(bytes(2_000))


SAMPLES = [
    saved(photograph(60, 40), "PNG"),
    saved(photograph(60, 40), "JPEG"),
    saved(photograph(60, 40), "WEBP"),
    saved(photograph(60, 40), "TIFF"),
    film(3, (60, 40)),
    saved(photograph(60, 40), "PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
]


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_damaged_files_are_sent_well_or_refused(data):
    """Whatever bytes are wrong in a file: a picture that can be opened, or a sentence, and never a crash."""
    sample = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 8))):
        sample[data.draw(st.integers(0, len(sample) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(sample)) | st.just(len(sample)))
    try:
        ready = pixels.prepare(bytes(sample[:cut]))
    except pixels.UnusableError:
        return
    assert ready.width <= 1200
    assert ready.untouched or opened(ready.data).size == (ready.width, ready.height)


def test_nine_languages_cost_one_preparation(tmp_path):
    """The same bytes are worked on once in a process, and come out the same."""
    (tmp_path / "a.jpg").write_bytes(saved(photograph(3000, 2000), "JPEG", quality=96))

    def seconds() -> float:
        start = time.perf_counter()
        Pictures(folder=tmp_path, base="").find("a.jpg", where="")
        return time.perf_counter() - start

    first = seconds()
    assert sum(seconds() for _ in range(8)) < first
    data = (tmp_path / "a.jpg").read_bytes()
    again = pixels.prepare(data).data
    pixels._prepared.clear()
    assert pixels.prepare(data).data == again


def test_the_memory_of_prepared_pictures_is_bounded(monkeypatch):
    """The oldest goes first."""
    monkeypatch.setattr(pixels, "_KEPT", 3)
    pixels._prepared.clear()
    for shade in range(6):
        pixels.prepare(saved(Image.new("L", (4, 4), shade), "PNG"))
    assert len(pixels._prepared) == 3


def test_a_narrow_place_gets_a_small_file(tmp_path):
    """Two pixels for each shown; each size has its own name, and that name finds it again."""
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a b.jpg").write_bytes(saved(photograph(2000, 1000), "JPEG"))
    pictures = Pictures(folder=tmp_path, base="https://rivers.example/2026-11")
    wide = pictures.find("images/a%20b.jpg", where="")
    narrow = wide.at(200)
    assert wide.url == "https://rivers.example/2026-11/images/a%20b.jpg.1200.jpg"
    assert (narrow.url, narrow.width) == ("https://rivers.example/2026-11/images/a%20b.jpg.400.jpg", 400)
    assert wide.at(600) is wide
    assert [asset.url for asset in pictures.assets] == [wide.url, narrow.url]
    again = Pictures(folder=tmp_path, base="https://rivers.example/2026-11")
    again.find("images/a%20b.jpg.400.jpg", where="")
    assert again.assets == pictures.assets[1:]


def test_a_drawing_of_few_bytes_stays_sharp(tmp_path):
    """For a narrow place too, where a new file would hardly be smaller."""
    (tmp_path / "a.png").write_bytes(saved(Image.effect_noise((500, 250), 90).convert("1"), "PNG"))
    pictures = Pictures(folder=tmp_path, base="")
    assert pictures.find("a.png", where="").at(203).url == "/a.png"
    assert len(pictures.assets) == 1


def test_a_picture_has_one_name(tmp_path: Path):
    """However its path is written, its address is the same, and leads into the folder that is uploaded."""
    folder = tmp_path / "2026-11"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "a b.png").write_bytes(saved(Image.new("L", (4, 4)), "PNG"))
    pictures = Pictures(folder=folder, base="https://rivers.example/letter/2026-11")
    for src in ("images/a%20b.png", "./images//a b.png", "images/../images/a b.png", "../2026-11/images/a b.png"):
        pictures.find(src, where="")
    (asset,) = pictures.assets
    assert asset.url == "https://rivers.example/letter/2026-11/images/a%20b.png"
    assert path(asset, base="https://rivers.example/letter/") == PurePosixPath("2026-11/images/a b.png")


def test_a_page_carries_its_pictures_itself():
    """Each address becomes the picture that lies there, also where one address begins with another."""
    assets = [Asset(url=f"/a&b.png{end}", type="image/png", data=end.encode()) for end in ("", ".400.jpg")]
    page = '<img src="/a&amp;b.png"><img src="/a&amp;b.png.400.jpg"><a href="https://x.example/a&amp;b.png">'
    shown = '<img src="data:image/png;base64,"><img src="data:image/png;base64,LjQwMC5qcGc="><a href="https://x.example'
    assert inside(page, assets) == f'{shown}/a&amp;b.png">'


@pytest.mark.parametrize("src", ["../a.png", "/etc/passwd", "a\0.png", "x" * 300, "%2e%2e/a.png", "a.png/../../b"])
def test_no_path_leads_out_of_the_issue(tmp_path: Path, src: str):
    """Not with dots, not from the root, not encoded; and a name that no disk takes is no crash."""
    folder = tmp_path / "issue"
    folder.mkdir()
    (tmp_path / "a.png").write_bytes(saved(Image.new("L", (4, 4)), "PNG"))
    with pytest.raises(ContentError, match=r"outside|missing"):
        Pictures(folder=folder, base="").find(src, where="x.md")
