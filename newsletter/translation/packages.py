"""Argos language packages on disk: where they are, which are installed, how one is installed from a file."""

import shutil
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import msgspec

from newsletter.errors import TranslationError

# Argos has codes of its own where it tells scripts or territories apart; all others are ISO 639.
_TAGS = {"pb": "pt-BR", "zh": "zh-Hans", "zt": "zh-Hant", "tl": "fil"}

GREATEST = 2**30
"""Bytes that a package may unpack to; the largest known ones stay under 300 MB."""


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


class _Metadata(msgspec.Struct, frozen=True):
    """What we read of a package's ``metadata.json``."""

    from_code: str = ""
    to_code: str = ""
    package_version: str = ""
    target_prefix: str = ""
    unsure_below: float | None = None


def folder(chosen: Path | None) -> Path:
    """The folder of the packages: the chosen one, else the one Argos Translate uses for this user."""
    if chosen is not None:
        return chosen
    try:
        from argostranslate import settings  # creates its folders in the home directory when imported
    except OSError as error:
        raise TranslationError(
            f"Argos Translate cannot use its folder ({error.strerror}: {error.filename}).",
            hint='Set packages = "packages" in [translation] of newsletter.toml.',
        ) from error
    return Path(settings.package_data_dir)


def installed(chosen: Path | None) -> list[Package]:
    """The translation packages in the folder, the newest of each pair last; stray folders are passed over."""
    found = []
    for metadata in sorted(folder(chosen).glob("*/metadata.json")):
        package = _package(metadata.parent)
        if package is not None:
            found.append(package)
    return sorted(found, key=lambda package: [int(part) for part in package.version.split(".") if part.isdigit()])


def install(file: Path, chosen: Path | None) -> Package:
    """Unpack an ``.argosmodel`` file into the folder; a damaged or hostile file changes nothing."""
    place = folder(chosen)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(file) as archive, tempfile.TemporaryDirectory(dir=place, prefix=".new-") as temporary:
            root = _checked_root(archive, file)
            archive.extractall(temporary)  # names were checked
            package = _package(Path(temporary, root))
            if package is None or not (package.path / "sentencepiece.model").is_file():
                raise _broken(file, "it lacks its metadata, its model or its sentencepiece.model")
            target = place / root
            shutil.rmtree(target, ignore_errors=True)
            shutil.move(package.path, target)
    except FileNotFoundError:
        raise TranslationError("there is no such file.", where=file, hint="Check the path.") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise _broken(file, "it is damaged or no package") from error
    except OSError as error:
        raise TranslationError(f"the package cannot be written ({error.strerror}).", where=place) from error
    return replace(package, path=target)


def _package(path: Path) -> Package | None:
    """The package in a folder, or None where there is none that translates."""
    try:
        metadata = msgspec.json.decode((path / "metadata.json").read_bytes(), type=_Metadata)
    except (OSError, msgspec.DecodeError):
        return None
    if not (metadata.from_code and metadata.to_code and (path / "model" / "model.bin").is_file()):
        return None
    return Package(
        path=path,
        source=_TAGS.get(metadata.from_code, metadata.from_code),
        target=_TAGS.get(metadata.to_code, metadata.to_code),
        version=metadata.package_version,
        target_prefix=metadata.target_prefix,
        unsure_below=metadata.unsure_below,
    )


def _checked_root(archive: zipfile.ZipFile, file: Path) -> str:
    """The one folder everything in the archive lies in."""
    roots = set()
    for info in archive.infolist():
        parts = PurePosixPath(info.filename.replace("\\", "/")).parts
        if not parts or ".." in parts or parts[0] == "/" or ":" in parts[0]:
            raise _broken(file, f"it would write outside its folder ({info.filename!r})")
        roots.add(parts[0])
    if len(roots) != 1:
        raise _broken(file, "it does not hold exactly one folder")
    if sum(info.file_size for info in archive.infolist()) > GREATEST:
        raise _broken(file, "it would unpack to more than 1 GiB")
    return str(roots.pop())


def _broken(file: Path, why: str) -> TranslationError:
    return TranslationError(f"this is no usable Argos package: {why}.", where=file, hint="Download it again.")
