"""Argos language packages on disk: where they are, which are installed, how one is installed or removed.

A package is unpacked beside its final place and renamed, so that the last good one stays until the new one is whole.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import file_digest
from importlib import import_module
from io import BufferedReader
from pathlib import Path
from types import ModuleType

import msgspec
from filelock import FileLock, Timeout

from newsletter.errors import BusyError, TranslationError
from newsletter.translation.packages import fingerprints, lockfile
from newsletter.translation.packages.lockfile import Locked
from newsletter.translation.packages.unpacking import unpack, unusable

# Argos has codes of its own where it tells scripts or territories apart; all others are ISO 639.
_TAGS = {"pb": "pt-BR", "zh": "zh-Hans", "zt": "zh-Hant", "tl": "fil"}
_CODES = {tag: code for code, tag in _TAGS.items()}

TOKENIZERS = ("sentencepiece.model", "bpe.model")
"""How a package may cut words into pieces; every package has one of these files."""

_ELSEWHERE = 'Correct that, or choose another folder: packages = "packages" in [translation] of newsletter.toml.'
_NEW, _OLD = ".new-", ".old-"  # folders of an installation or a removal that goes on, or that a crash left


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """One installed package; ``source`` and ``target`` are BCP 47 tags.

    ``unsure_below`` is the mean log-probability of a piece under which the package itself says that it guesses; None
    where it says nothing, as all known packages but the sample's do.
    """

    path: Path
    source: str
    target: str
    version: str
    target_prefix: str = ""
    unsure_below: float | None = None

    def __str__(self) -> str:
        return f"{self.source}→{self.target} {self.version}"

    @property
    def tokenizer(self) -> Path:
        """The file that cuts words into pieces: one of ``TOKENIZERS``."""
        return next(path for name in TOKENIZERS if (path := self.path / name).is_file())

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

    @property
    def sha256(self) -> str:
        """The hash of all that decides what it answers: its model, its tokenizer, its metadata."""
        model = sorted(path for path in (self.path / "model").rglob("*") if path.is_file())
        return fingerprints.of(self.path, [self.path / "metadata.json", self.tokenizer, *model])


class _Metadata(msgspec.Struct, frozen=True):
    """What we read of a package's ``metadata.json``."""

    from_code: str = ""
    to_code: str = ""
    package_version: str = ""
    target_prefix: str = ""
    unsure_below: float | None = None


def folder(chosen: Path | None) -> Path:
    """The folder of the packages: the chosen one, else the one Argos Translate uses for this user."""
    return chosen if chosen is not None else Path(settings().package_data_dir)


def settings() -> ModuleType:
    """Argos Translate's own settings, which name its folder and its index; the same on both of its distributions."""
    try:
        return import_module("argostranslate.settings")  # creates its folders in the home directory when imported
    except OSError as error:
        raise TranslationError(
            f"Argos Translate cannot use its folder ({error.strerror}: {error.filename}).",
            hint=_ELSEWHERE,
        ) from error


def tag(code: str) -> str:
    """The BCP 47 tag of an Argos language code."""
    return _TAGS.get(code, code)


def code(source: str, target: str) -> str:
    """What Argos calls the package of a pair of tags."""
    return f"translate-{_CODES.get(source, source)}_{_CODES.get(target, target)}"


def is_code(text: str) -> bool:
    """Whether a text can be an Argos language code at all; it becomes a part of file names."""
    return re.fullmatch(r"[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*", text) is not None


def folder_name(source: str, target: str, version: str) -> str:
    """What the folder of a package is called, whatever its version is."""
    return f"{code(source, target)}-{re.sub(r'[^0-9A-Za-z]+', '_', version)[:40]}"


def order(version: str) -> list[int]:
    """What sorts versions by their age."""
    return [int(part) for part in re.findall(r"\d+", version)]


def installed(chosen: Path | None) -> list[Package]:
    """The translation packages in the folder, the newest of each pair last; stray folders are passed over."""
    found = (_package(metadata.parent) for metadata in sorted(folder(chosen).glob("*/metadata.json")))
    return sorted((package for package in found if package), key=lambda package: order(package.version))


def install(
    file: Path, chosen: Path | None, *, lock: Path | None = None, url: str = "", pair: tuple[str, str] | None = None
) -> Package:
    """Install an ``.argosmodel`` file in place of what its pair had; a damaged or hostile file changes nothing.

    ``lock`` is the ``packages.lock`` that the file must agree with and that it is recorded in. ``url`` is where it
    came from, for the lock and for what an error names; ``pair`` what it was said to translate.
    """
    try:
        stream = file.open("rb")
    except FileNotFoundError:
        raise TranslationError("there is no such file.", where=file, hint="Check the path.") from None
    except OSError as error:
        raise TranslationError(f"the file cannot be read ({error.strerror}).", where=file, hint="Check it.") from error
    with stream, alone(chosen) as place, tempfile.TemporaryDirectory(dir=place, prefix=_NEW) as temporary:
        new = Path(temporary, "package")
        unpack(stream, new, where=url or file)
        package = _package(new)
        if package is None:
            raise unusable(url or file, f"it lacks its metadata, its model or its {' or '.join(TOKENIZERS)}")
        if pair not in (None, (package.source, package.target)):
            raise unusable(url or file, f"it holds {package.source}→{package.target}, which is not what was asked for")
        if lock is not None:
            locked = _locked(stream, package, url)
            lockfile.check(lock, locked)
            lockfile.record(lock, locked)
        before = [each for each in installed(place) if (each.source, each.target) == (package.source, package.target)]
        path = new.rename(_free(place, package))
        _discard(before, place)
    return replace(package, path=path)


def remove(source: str, target: str, chosen: Path | None) -> list[Package]:
    """Delete every package of a pair; its entry in the lock stays, for when it is installed again."""
    place = folder(chosen)
    found = [package for package in installed(place) if (package.source, package.target) == (source, target)]
    if not found:
        known = ", ".join(str(package) for package in installed(place)) or "none"
        raise TranslationError(
            f"no Argos package from {source} to {target} is installed.", where=place, hint=f"There is: {known}."
        )
    with alone(chosen):
        _discard(found, place)
    return found


@contextmanager
def alone(chosen: Path | None) -> Iterator[Path]:
    """The folder of the packages, made where it is new, for nobody else to change; may be entered again inside."""
    place = folder(chosen)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(place / ".busy", timeout=0, is_singleton=True):
            for left in (*place.glob(f"{_NEW}*"), *place.glob(f"{_OLD}*")):
                shutil.rmtree(left)
            yield place
    except Timeout:
        raise BusyError(
            "another process is installing or removing packages.", where=place, hint="Try again when it is done."
        ) from None
    except OSError as error:
        why = error.strerror or error
        raise TranslationError(f"the packages cannot be changed ({why}).", where=place, hint=_ELSEWHERE) from error


def _package(path: Path) -> Package | None:
    """The package in a folder, or None where there is none that translates."""
    try:
        metadata = msgspec.json.decode((path / "metadata.json").read_bytes(), type=_Metadata)
    except (OSError, msgspec.DecodeError):
        return None
    whole = (path / "model" / "model.bin").is_file() and any((path / name).is_file() for name in TOKENIZERS)
    pair = (metadata.from_code, metadata.to_code)
    # What the package says of itself is shown and written into catalogs: no line breaks in it.
    if not (whole and all(map(is_code, pair)) and len(set(pair)) == 2 and metadata.package_version.isprintable()):
        return None
    return Package(
        path=path,
        source=tag(metadata.from_code),
        target=tag(metadata.to_code),
        version=metadata.package_version,
        target_prefix=metadata.target_prefix,
        unsure_below=metadata.unsure_below,
    )


def _locked(stream: BufferedReader, package: Package, url: str) -> Locked:
    """The entry in the lock for an open file."""
    stream.seek(0)
    digest = file_digest(stream, "sha256").hexdigest()
    name = code(package.source, package.target)
    return Locked(code=name, version=package.version, sha256=digest, size=stream.tell(), url=url)


def _free(place: Path, package: Package) -> Path:
    """A folder that does not exist yet, so that a whole package appears there at once or not at all."""
    name = folder_name(package.source, package.target, package.version)
    candidates = (place / name, *(place / f"{name}-{number}" for number in range(2, 1000)))
    return next(path for path in candidates if not path.exists())


def _discard(found: list[Package], place: Path) -> None:
    """Delete packages; each is first renamed, so that nobody meets one half deleted."""
    for package in found:
        with tempfile.TemporaryDirectory(dir=place, prefix=_OLD) as temporary:
            package.path.rename(Path(temporary, package.path.name))
