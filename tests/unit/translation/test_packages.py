"""Argos packages: installed from a file or refused, never half."""

import json
import zipfile
from pathlib import Path

import pytest

from newsletter.errors import TranslationError
from newsletter.translation import packages
from newsletter.translation.engines.argos import Argos

SAMPLE = Path("examples/river-cities/packages/translate-en_es-1_0.argosmodel")
METADATA = {"from_code": "en", "to_code": "pb", "package_version": "1.9"}


def package(path: Path, names: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return path


def complete(root: str = "en_pb") -> dict[str, bytes]:
    return {
        f"{root}/metadata.json": json.dumps(METADATA).encode(),
        f"{root}/model/model.bin": b"model",
        f"{root}/sentencepiece.model": b"pieces",
    }


def test_a_package_is_installed_and_found(tmp_path: Path) -> None:
    """Argos' own language codes become BCP 47 tags."""
    made = packages.install(package(tmp_path / "a.argosmodel", complete()), tmp_path / "packages")
    (found,) = packages.installed(tmp_path / "packages")
    assert found == made
    assert (found.source, found.target, found.version) == ("en", "pt-BR", "1.9")


def test_stray_folders_are_passed_over(tmp_path: Path) -> None:
    """A folder that is no package, or half of one, is not counted and breaks nothing."""
    (tmp_path / "stray").mkdir()
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "metadata.json").write_text("{broken")
    assert packages.installed(tmp_path) == []


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"../evil": b"x", **complete()}, "outside its folder"),
        ({"/evil": b"x"}, "outside its folder"),
        ({"C:\\evil": b"x"}, "outside its folder"),
        ({**complete("a"), **complete("b")}, "exactly one folder"),
        ({"en_pb/metadata.json": b"{}"}, "lacks its metadata"),
        ({name: data for name, data in complete().items() if "model.bin" not in name}, "lacks its metadata"),
    ],
)
def test_a_hostile_or_broken_package_changes_nothing(tmp_path: Path, names: dict[str, bytes], says: str) -> None:
    """Refused in one sentence with the file; the packages folder stays empty."""
    file = package(tmp_path / "bad.argosmodel", names)
    with pytest.raises(TranslationError, match=says) as caught:
        packages.install(file, tmp_path / "packages")
    assert str(file) in str(caught.value)
    assert list((tmp_path / "packages").iterdir()) == []
    assert not (tmp_path / "evil").exists()


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    """Half a download is no package."""
    file = package(tmp_path / "half.argosmodel", complete())
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(TranslationError, match="damaged or no package"):
        packages.install(file, tmp_path / "packages")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path is in the sentence."""
    with pytest.raises(TranslationError, match="no such file"):
        packages.install(tmp_path / "none.argosmodel", tmp_path / "packages")


@pytest.fixture(scope="module")
def argos(tmp_path_factory: pytest.TempPathFactory) -> Argos:
    folder = tmp_path_factory.mktemp("packages")
    packages.install(SAMPLE, folder)
    return Argos(packages=folder)


def test_argos_knows_what_it_does_not_know(argos: Argos) -> None:
    """The small sample package doubts every sentence outside its corpus instead of inventing one silently."""
    strange = [
        "NEWS",
        "Quantum chromodynamics explains the strong interaction between quarks.",
        "The Seoul Human Resources Development Center organized its forum.",
    ]
    assert all(translated.doubt for translated in argos.translate(strange, source="en", target="es"))


def test_a_sentence_too_long_for_the_model_is_a_doubt(argos: Argos) -> None:
    """The package can count to 300 pieces; its neighbours in the batch are translated all the same."""
    long, short = argos.translate(["river " * 400, "Short notices"], source="en", target="es")
    assert (long.text, "too long" in long.doubt) == ("", True)
    assert (short.text, short.doubt) == ("Avisos breves", "")


def test_argos_keeps_order_and_number(argos: Argos) -> None:
    """One answer a sentence, the same alone and in a batch."""
    texts = ["The library is open.", "Thank you.", "The river is high."]
    together = argos.translate(texts, source="en", target="es")
    alone = [argos.translate([text], source="en", target="es")[0] for text in texts]
    assert [each.text for each in together] == [each.text for each in alone]
    assert argos.translate([], source="en", target="es") == []


def test_argos_names_a_missing_pair(argos: Argos) -> None:
    """The sentence says how to install what is missing."""
    with pytest.raises(TranslationError, match="newsletter languages install"):
        argos.translate(["Hello"], source="en", target="ko")
