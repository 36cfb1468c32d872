"""Argos packages on disk: installed from a file whole or not at all, fingerprinted, locked, removed."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import BusyError, TranslationError
from newsletter.translation import packages
from newsletter.translation.engines.argos import Argos
from newsletter.translation.packages import lockfile
from newsletter.translation.packages.lockfile import Locked

SAMPLE = Path("examples/river-cities/packages/translate-en_es-1_0.argosmodel")
Make = Callable[..., bytes]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for packages, not there yet."""
    return tmp_path / "packages"


@pytest.fixture
def file(tmp_path: Path, argosmodel: Make) -> Path:
    """A package to install."""
    path = tmp_path / "new.argosmodel"
    path.write_bytes(argosmodel())
    return path


def content(place: Path) -> list[str]:
    """What stands in the packages' folder, but for the file that keeps two processes apart."""
    return sorted(path.name for path in place.iterdir() if path.name != ".busy")


@pytest.mark.parametrize("tokenizer", packages.TOKENIZERS)
def test_a_package_is_installed_and_found(tmp_path: Path, place: Path, argosmodel: Make, tokenizer: str) -> None:
    """Argos' own language codes become BCP 47 tags; both kinds of tokenizers are known."""
    path = tmp_path / "a.argosmodel"
    path.write_bytes(argosmodel(**{tokenizer: b"the pieces"}))
    made = packages.install(path, place)
    (found,) = packages.installed(place)
    assert found == made
    assert (found.source, found.target, found.version) == ("en", "pt-BR", "1.9")
    assert found.tokenizer.read_bytes() == b"the pieces"
    assert found.size == sum(each.stat().st_size for each in found.path.rglob("*") if each.is_file())


def test_stray_folders_are_passed_over(tmp_path: Path) -> None:
    """A folder that is no package, or half of one, is not counted and breaks nothing."""
    (tmp_path / "stray").mkdir()
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "metadata.json").write_text("{broken")
    assert packages.installed(tmp_path) == []


@pytest.mark.parametrize("version", ["1.10", "1.9", "1.8"])
def test_the_new_package_of_a_pair_takes_the_place_of_the_old(
    tmp_path: Path, place: Path, file: Path, argosmodel: Make, version: str
) -> None:
    """Newer, the same again, or older on purpose: the last one installed is the one there is; other pairs stay."""
    other, again = tmp_path / "other.argosmodel", tmp_path / "again.argosmodel"
    other.write_bytes(argosmodel("en", "ko"))
    again.write_bytes(argosmodel(version=version))
    for each in (file, other, again):
        packages.install(each, place)
    assert {(found.target, found.version) for found in packages.installed(place)} == {("pt-BR", version), ("ko", "1.9")}
    assert len(content(place)) == 2


def test_a_broken_file_leaves_the_last_good_package(place: Path, file: Path) -> None:
    """What was installed is there, byte for byte, after an update that failed."""
    good = packages.install(file, place)
    before = {path: path.read_bytes() for path in good.path.rglob("*") if path.is_file()}
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(TranslationError, match="damaged or no package"):
        packages.install(file, place)
    assert packages.installed(place) == [good]
    assert {path: path.read_bytes() for path in good.path.rglob("*") if path.is_file()} == before


def test_a_crash_leaves_nothing_for_good(place: Path, file: Path) -> None:
    """What an interrupted installation or removal left is no package, and the next one clears it away."""
    for name in (".new-abc/package", ".old-abc/translate-en_pb-1_9"):
        (place / name / "model").mkdir(parents=True)
        (place / name / "model" / "model.bin").touch()
    assert packages.installed(place) == []
    packages.install(file, place)
    assert content(place) == ["translate-en_pb-1_9"]


@pytest.mark.parametrize(
    ("metadata", "without", "says"),
    [
        ("{", "", "lacks its metadata"),
        ("{}", "", "lacks its metadata"),
        ('{"from_code": "../x", "to_code": "es"}', "", "lacks its metadata"),
        ('{"from_code": "en", "to_code": 5}', "", "lacks its metadata"),
        ('{"from_code": "en", "to_code": "en"}', "", "lacks its metadata"),
        ('{"from_code": "en", "to_code": "es", "package_version": "1\\nmsgid"}', "", "lacks its metadata"),
        ('{"from_code": "en", "to_code": "es"}', "metadata.json", "lacks its metadata"),
        ('{"from_code": "en", "to_code": "es"}', "model/model.bin", "its model"),
        ('{"from_code": "en", "to_code": "es"}', "sentencepiece.model", "sentencepiece.model or bpe.model"),
    ],
)
def test_a_package_that_lacks_something_is_refused(
    tmp_path: Path, place: Path, metadata: str, without: str, says: str
) -> None:
    """One sentence with the file and what a package needs; the folder stays empty."""
    file = tmp_path / "bad.argosmodel"
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in {"metadata.json": metadata, "model/model.bin": "m", "sentencepiece.model": "s"}.items():
            if name != without:
                archive.writestr(f"root/{name}", data)
    with pytest.raises(TranslationError, match=says) as caught:
        packages.install(file, place)
    assert str(file) in str(caught.value)
    assert content(place) == []


@pytest.mark.parametrize(("name", "says"), [("none.argosmodel", "no such file"), (".", "cannot be read")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, place: Path, name: str, says: str) -> None:
    """The path is in the sentence."""
    with pytest.raises(TranslationError, match=says) as caught:
        packages.install(tmp_path / name, place)
    assert str(tmp_path) in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, file: Path) -> None:
    """A file stands where the packages' folder should be."""
    with pytest.raises(TranslationError, match="cannot be changed"):
        packages.install(file, file)


def test_two_processes_do_not_install_at_once(place: Path, file: Path) -> None:
    """The second one is told to try again; the first is not disturbed."""
    place.mkdir()
    with FileLock(place / ".busy"), pytest.raises(BusyError, match="another process"):
        packages.install(file, place)
    assert content(place) == []
    packages.install(file, place)


def test_a_package_is_removed(tmp_path: Path, place: Path, file: Path, argosmodel: Make) -> None:
    """All of the pair and nothing else; what is not there is said together with what is."""
    other = tmp_path / "other.argosmodel"
    other.write_bytes(argosmodel("pb", "en"))
    kept = packages.install(other, place)
    made = packages.install(file, place)
    old = place / "of another program"
    shutil.copytree(made.path, old)
    assert {package.path for package in packages.remove("en", "pt-BR", place)} == {made.path, old}
    assert packages.installed(place) == [kept]
    assert content(place) == [kept.path.name]
    with pytest.raises(TranslationError, match=r"from en to pt-BR is installed\. There is: pt-BR→en 1.9"):
        packages.remove("en", "pt-BR", place)


@pytest.mark.parametrize("name", ["model/model.bin", "model/vocabulary.json", "sentencepiece.model", "metadata.json"])
def test_the_hash_changes_with_what_decides_the_output(place: Path, file: Path, name: str) -> None:
    """Another model, vocabulary, tokenizer or metadata is another package; a README is not."""
    made = packages.install(file, place)
    before = made.sha256
    (made.path / "README.md").write_text("changed")
    assert made.sha256 == before
    with (made.path / name).open("a") as stream:
        stream.write(" ")
    assert made.sha256 != before


def test_the_hash_is_the_same_elsewhere_and_not_computed_twice(
    tmp_path: Path, place: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is of the content alone; and it is kept with the package, for the next process too."""
    first, second = packages.install(file, place), packages.install(file, tmp_path / "other")
    assert first.sha256 == second.sha256
    packages.fingerprints._hash.cache_clear()  # as in a new process
    monkeypatch.setattr(packages.fingerprints, "file_digest", None)
    assert first.sha256 == second.sha256
    (first.path / "fingerprint.json").write_text("{damaged")
    packages.fingerprints._hash.cache_clear()
    with pytest.raises(TypeError):  # the proof that the kept one was used before
        _ = first.sha256


def test_the_first_installation_is_written_down_and_the_next_must_agree(
    tmp_path: Path, place: Path, file: Path, argosmodel: Make
) -> None:
    """The same bytes again change nothing; other bytes of the same version are refused and nothing is installed."""
    lock = tmp_path / "packages.lock"
    made = packages.install(file, place, lock=lock)
    written = lock.read_bytes()
    (locked,) = lockfile.read(lock)
    assert (locked.code, locked.version, locked.size) == ("translate-en_pb", "1.9", file.stat().st_size)
    made = packages.install(file, place, lock=lock)
    file.write_bytes(argosmodel(**{"model/model.bin": b"another"}))
    with pytest.raises(
        TranslationError, match=r"not the translate-en_pb 1.9 that was first .*remove its entry"
    ) as said:
        packages.install(file, place, lock=lock)
    assert str(lock) in str(said.value)
    assert lock.read_bytes() == written
    assert packages.installed(place) == [made]
    file.write_bytes(argosmodel(version="1.10", **{"model/model.bin": b"another"}))
    packages.install(file, place, lock=lock)
    assert [each.version for each in lockfile.read(lock)] == ["1.10", "1.9"]


def test_an_address_gives_what_it_gave_whatever_the_file_says_of_itself(
    tmp_path: Path, place: Path, file: Path, argosmodel: Make
) -> None:
    """Another version in the metadata does not make other bytes from the same address acceptable."""
    lock, url = tmp_path / "packages.lock", "https://packages.example/en_pb"
    packages.install(file, place, lock=lock)
    packages.install(file, place, lock=lock, url=url)
    assert [each.url for each in lockfile.read(lock)] == [url]
    file.write_bytes(argosmodel(version="2.0"))
    with pytest.raises(TranslationError, match=r"https://packages\.example/en_pb is not the"):
        packages.install(file, place, lock=lock, url=url)


@pytest.mark.parametrize(
    "text", ["<<<<<<< ours\n", "[[package]]\ncode = 5\n", "[[packages]]\n", "\xff", '[[package]]\ncode = "a"\n']
)
def test_a_damaged_lock_stops_everything_and_is_kept(tmp_path: Path, place: Path, file: Path, text: str) -> None:
    """One sentence with the file; it is not overwritten, and nothing is installed."""
    lock = tmp_path / "packages.lock"
    lock.write_bytes(text.encode("latin-1"))
    with pytest.raises(TranslationError, match="lock of the language packages is damaged") as caught:
        packages.install(file, place, lock=lock)
    assert str(lock) in str(caught.value)
    assert lock.read_bytes() == text.encode("latin-1")
    assert content(place) == []


_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_LOCKED = st.builds(Locked, code=_TEXT, version=_TEXT, sha256=_TEXT, size=st.integers(0, 2**40), url=_TEXT)


@given(locked=st.lists(_LOCKED, unique_by=lambda each: each.key))
def test_the_lock_round_trips_and_has_one_form(locked: list[Locked], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever a package calls itself is read back; the order of installation leaves no trace."""
    path = tmp_path_factory.mktemp("lock") / "packages.lock"
    path.write_bytes(lockfile.encode(locked))
    assert {each.key: each for each in lockfile.read(path)} == {each.key: each for each in locked}
    assert lockfile.encode(reversed(locked)) == path.read_bytes()


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
    """It goes in parts, for a person to judge; its neighbours in the batch are translated all the same."""
    long, short = argos.translate(["river " * 400, "Short notices"], source="en", target="es")
    assert "too long" in long.doubt
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
