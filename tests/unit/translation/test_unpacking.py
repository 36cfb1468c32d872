"""Hostile and damaged archives: refused before they reach outside their folder or fill the disk."""

import errno
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import TranslationError
from newsletter.translation import packages
from newsletter.translation.packages import unpacking

Make = Callable[..., bytes]


def archive(*names: str, data: bytes = b"x", mode: int = 0, method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip file with these names exactly as they are given."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", method) as made:
        for name in names:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name
            info.external_attr = mode << 16
            made.writestr(info, data, compress_type=method)
    return stream.getvalue()


def refused(data: bytes, tmp_path: Path) -> str:
    """Why an archive is refused, after making sure that nothing of it was left anywhere."""
    file = tmp_path / "inner" / "bad.argosmodel"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    with pytest.raises(TranslationError) as caught:
        packages.install(file, tmp_path / "inner" / "packages")
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.name != ".busy"}
    assert left == {"inner", "inner/bad.argosmodel", "inner/packages"}
    assert str(file) in str(caught.value)
    return caught.value.what


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["../evil"], "outside its folder"),
        (["en_pb/../../evil"], "outside its folder"),
        (["/evil"], "outside its folder"),
        (["C:\\evil"], "outside its folder"),
        (["C:/evil"], "outside its folder"),
        (["en_pb\\evil"], "outside its folder"),
        (["en_pb/model.bin:stream"], "outside its folder"),
        (["en_pb/./evil"], "outside its folder"),
        (["en_pb//evil"], "outside its folder"),
        (["en_pb/evil. "], "outside its folder"),
        (["en_pb/NUL.txt"], "outside its folder"),
        (["en_pb/evil\n"], "outside its folder"),
        (["//server/share/evil"], "outside its folder"),
        (["en_pb/" + "d/" * 30_000], "name of 60006 characters"),
        (["en_pb/" + "a" * 300], "name of 306 characters"),
        (["a/metadata.json", "b/metadata.json"], "exactly one folder"),
        (["metadata.json"], "exactly one folder"),
        ([], "exactly one folder"),
        (["en_pb/a", "en_pb/A"], "same name twice"),
        (["en_pb/é", "en_pb/e\u0301"], "same name twice"),
        (["en_pb/model", "en_pb/model/model.bin"], "same name twice"),
        (["en_pb/Model/model.bin", "en_pb/model"], "same name twice"),
    ],
)
def test_a_name_that_is_no_honest_one_is_refused(tmp_path: Path, names: list[str], says: str) -> None:
    """Zip slip in every spelling of every system, and names that a file system takes for one."""
    assert says in refused(archive(*names), tmp_path)


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    """A second entry must not replace the first, which somebody may have looked at."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = archive("en_pb/a", "en_pb/a")
    assert "same name twice" in refused(data, tmp_path)


@pytest.mark.parametrize(("kind", "mode"), [("link", 0o120777), ("device", 0o020666), ("pipe", 0o010666)])
def test_links_and_devices_are_refused(tmp_path: Path, kind: str, mode: int) -> None:
    """A symbolic link out of the folder is the other half of many a zip slip."""
    assert "link or a device" in refused(archive("en_pb/model", data=b"/etc", mode=mode), tmp_path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(tmp_path: Path, method: int) -> None:
    """The standard library unpacks these in steps without a bound."""
    assert "packed in a way" in refused(archive("en_pb/model", method=method), tmp_path)


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    """The flag alone is enough."""
    data = bytearray(archive("en_pb/model"))
    directory = data.rindex(b"PK\x01\x02")
    struct.pack_into("<H", data, directory + 8, 1)
    assert "encrypted" in refused(bytes(data), tmp_path)


def test_a_bomb_is_refused_by_what_it_declares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sum of the sizes counts; nothing is unpacked to find out."""
    monkeypatch.setattr(unpacking, "GREATEST", 3 * 2**20)
    monkeypatch.setattr(unpacking, "_write", None)  # calling it would be an error
    data = archive(*(f"en_pb/{n}" for n in range(4)), data=bytes(2**20), method=zipfile.ZIP_DEFLATED)
    assert len(data) < 2**16
    assert "more than 1 GiB" in refused(data, tmp_path)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty files fill a disk too."""
    monkeypatch.setattr(unpacking, "MOST", 3)
    assert "more than 3 files" in refused(archive(*(f"en_pb/{n}" for n in range(4))), tmp_path)


def test_entries_are_counted_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of millions of them would fill the memory; one of 10,000 stands in, across the limits of a read."""
    data = archive(*(f"en_pb/vocabulary-{n}" for n in range(unpacking.MOST + 1)))
    assert len(data) > 2**20
    monkeypatch.setattr(zipfile, "ZipFile", None)  # calling it would be an error
    assert "more than 10000 files" in refused(data, tmp_path)


@pytest.mark.parametrize("declared", [10, 2**21], ids=["less", "more"])
def test_a_bomb_that_lies_about_its_size_is_stopped(tmp_path: Path, argosmodel: Make, declared: int) -> None:
    """No more is written than was declared, and what is written must have that size and its checksum."""
    actual = bytes(2**20)
    stream = BytesIO(argosmodel())
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr("en_pb/model/bomb", actual)
    data = bytearray(stream.getvalue())
    local, directory = data.index(b"en_pb/model/bomb") - 30, data.rindex(b"en_pb/model/bomb") - 46
    assert struct.unpack_from("<I", data, directory + 24) == (len(actual),)
    struct.pack_into("<I", data, local + 22, declared)
    struct.pack_into("<I", data, directory + 24, declared)
    assert "damaged" in refused(bytes(data), tmp_path)


def test_every_truncation_is_refused(tmp_path: Path, argosmodel: Make) -> None:
    """Half a download is no package, wherever it ends."""
    data = argosmodel()
    for end in range(0, len(data), 17):
        assert "damaged or no package" in refused(data[:end], tmp_path)


_PART = st.sampled_from(["..", ".", "", "a", "en_pb", "C:", "CON", "evil.", "~", "é", "\0x", "model"]) | st.text(
    max_size=4
)
_NAME = st.builds("".join, st.lists(st.tuples(st.sampled_from(["/", "\\", ""]), _PART).map("".join), max_size=5))


@given(names=st.lists(_NAME, min_size=1, max_size=4, unique=True), root=st.sampled_from(["", "en_pb/"]))
@example(names=["../../evil"], root="en_pb/")
def test_nothing_is_ever_written_outside(names: list[str], root: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the names are: refused with an error of ours, or all of it lies in the one folder it was meant for."""
    try:
        data = archive(*(root + name for name in names))
    except (UnicodeEncodeError, UserWarning):  # no archive can hold such a name
        return
    outside = tmp_path_factory.mktemp("outside")
    into = outside / "a" / "b" / "c"
    into.parent.mkdir(parents=True)
    try:
        unpacking.unpack(BytesIO(data), into, where="x")
    except TranslationError as error:
        assert error.hint  # noqa: PT017 - most archives must be refused, but not all
    everything = set(outside.rglob("*")) - {into.parent.parent, into.parent}
    assert all(path == into or into in path.parents for path in everything)


def test_an_archive_that_points_to_before_its_beginning_is_damaged(tmp_path: Path, argosmodel: Make) -> None:
    """The operating system refuses to go there, and that is no fault of the disk."""
    data = bytearray(argosmodel())
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<I", data, end + 16, len(data) + 2**16)  # where the directory of the archive is said to begin
    assert "damaged" in refused(bytes(data), tmp_path)
    file = tmp_path / "inner" / "bad.argosmodel"
    with file.open("rb") as stream, pytest.raises(TranslationError) as caught:
        unpacking.unpack(stream, tmp_path / "into", where=file)
    assert isinstance(caught.value.__cause__, OSError)  # the proof that it was asked to


def test_a_full_disk_is_not_the_packages_fault(
    tmp_path: Path, argosmodel: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the folder and the reason, and nothing half is left."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(unpacking, "_write", full)
    file, place = tmp_path / "a.argosmodel", tmp_path / "packages"
    file.write_bytes(argosmodel())
    with pytest.raises(TranslationError, match=r"cannot be changed \(No space left on device\)") as caught:
        packages.install(file, place)
    assert str(place) in str(caught.value)
    assert [path.name for path in place.iterdir()] == [".busy"]


@given(data=st.data())
def test_every_damage_is_found(data: st.DataObject, argosmodel: Make, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Random bytes changed anywhere: an error of ours, or files with the checksums they had."""
    intact = argosmodel()
    damaged = bytearray(intact)
    for place in data.draw(st.lists(st.integers(0, len(intact) - 1), min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    into = tmp_path_factory.mktemp("into") / "package"
    file = into.with_name("damaged.argosmodel")
    file.write_bytes(damaged)
    try:
        with file.open("rb") as stream:
            unpacking.unpack(stream, into, where="x")
    except TranslationError:
        return
    assert {path.read_bytes() for path in into.rglob("*") if path.is_file()} <= {
        zipfile.ZipFile(BytesIO(intact)).read(name) for name in zipfile.ZipFile(BytesIO(intact)).namelist()
    }
