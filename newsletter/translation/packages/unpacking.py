"""Language packages are zip files from the net: nothing in one may reach outside its folder or fill the disk.

Every name and every size is checked before the first byte is written, and what is written is checked against what was
declared, because a hostile archive lies about both.
"""

import errno
import os
import re
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from newsletter.errors import TranslationError

GREATEST = 2**30
"""Bytes that a package may have, packed or unpacked; the largest known ones stay under 300 MB."""

MOST = 10_000
"""Files that a package may hold; known ones hold fewer than a hundred."""

LONGEST = 255
"""Characters of a name with its folders; known ones stay under 100, and some file systems take no more."""

# Read in bounded steps by the standard library; its other methods unpack a whole block at once, however large.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_KINDS = (0, stat.S_IFREG, stat.S_IFDIR)
_ENCRYPTED = 0x1

# What Windows would take for a drive, a stream, a device or another name.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def unpack(stream: BinaryIO, into: Path, *, where: object) -> None:
    """Unpack the one folder that the archive holds as the folder ``into``; ``where`` is what an error names."""
    try:
        if _most_entries(stream) > MOST:
            raise unusable(where, f"it holds more than {MOST} files")
        with zipfile.ZipFile(stream) as archive:
            for path, member in _checked(archive.infolist(), where).items():
                _write(archive, member, into.joinpath(*path.parts[1:]))
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError) as error:
        raise unusable(where, "it is damaged or no package") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a full disk and the like, which are not the archive's fault
            raise
        raise unusable(where, "it is damaged or no package") from error  # it points to before its beginning


def unusable(where: object, why: str) -> TranslationError:
    """The error for a file that cannot be installed."""
    return TranslationError(f"this is no usable Argos package: {why}.", where=where, hint="Download it again.")


def _most_entries(stream: BinaryIO) -> int:
    """How many entries the archive can have; the library puts all into memory before it lets anybody count."""
    mark, found, rest = b"PK\x01\x02", 0, b""  # what each begins with; elsewhere it stands by chance, once in 4 GB
    while data := stream.read(2**20):
        found += (rest + data).count(mark)
        rest = data[1 - len(mark) :]
    stream.seek(0)
    return found


def _checked(members: Sequence[zipfile.ZipInfo], where: object) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The files to write, by their path in the archive."""
    if sum(member.file_size for member in members) > GREATEST:
        raise unusable(where, "it would unpack to more than 1 GiB")
    for member in members:
        if why := _objection(member):
            raise unusable(where, f"{why} ({member.orig_filename[:LONGEST]!r})")
    paths = {PurePosixPath(member.orig_filename): member for member in members}
    files = {path: member for path, member in paths.items() if not member.is_dir()}
    if len({path.parts[0] for path in paths}) != 1 or any(len(path.parts) == 1 for path in files):
        raise unusable(where, "it does not hold exactly one folder")
    # A file system may take two names for one, by case or by accents; and a file is no folder.
    names = [_folded(path) for path in files]
    folders = {_folded(parent) for path in files for parent in path.parents}
    if len(paths) < len(members) or len(set(names)) < len(names) or not folders.isdisjoint(names):
        raise unusable(where, "it holds the same name twice")
    return files


def _objection(member: zipfile.ZipInfo) -> str:
    """Why nothing of an archive with this member may be written; empty where it is as it should be."""
    name = member.orig_filename  # as it stands in the archive; ``filename`` was already altered by the library
    parts = name.removesuffix("/").split("/")
    if len(name) > LONGEST:
        return f"it holds a name of {len(name)} characters"
    if _FORBIDDEN.search(name) or any(part in ("", ".", "..") or part[-1] in ". " for part in parts):
        return "it would write outside its folder"
    if any(_DEVICE.fullmatch(part) for part in parts):
        return "it would write outside its folder"
    if stat.S_IFMT(member.external_attr >> 16) not in _KINDS:
        return "it holds a link or a device"
    if member.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if member.compress_type not in _METHODS:
        return "it is packed in a way that Argos packages are not"
    return ""


def _folded(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Write one file to the disk, down to the metal: the package is renamed into place right after."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # The library hands out no more than the declared size, and fails when the checksum is another one then.
    with archive.open(member) as source, target.open("xb") as file:
        shutil.copyfileobj(source, file, 2**20)
        size = file.tell()
        file.flush()
        os.fsync(file.fileno())
    if size != member.file_size:
        raise zipfile.BadZipFile("shorter than declared")
