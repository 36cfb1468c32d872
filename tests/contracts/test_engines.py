"""Every engine holds the contract of newsletter.testing."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from services import DeepLServer, serve

from newsletter.plugins import Secret
from newsletter.testing import EngineContract
from newsletter.translation import packages
from newsletter.translation.engines.apertium import Apertium
from newsletter.translation.engines.argos import Argos
from newsletter.translation.engines.deepl import DeepL
from newsletter.translation.engines.libretranslate import LibreTranslate
from newsletter.translation.engines.pseudo import Pseudo

PACKAGE = Path(__file__).parents[1] / "samples" / "argos" / "tiny-guided-en_es.argosmodel"
SERVER = Path(__file__).with_name("libretranslate_server.py")
SECONDS = 60  # until LibreTranslate answers; it takes two


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    packages.install(PACKAGE, folder)
    return folder


class TestArgos(EngineContract):
    """Argos, with a small real package."""

    engine: Argos

    @pytest.fixture(autouse=True)
    def _build(self, installed: Path) -> None:
        self.engine = Argos(packages=installed)

    def make(self) -> Argos:
        return self.engine

    def test_a_smaller_beam_is_an_option(self, installed: Path) -> None:
        """Decoding greedily gives answers too."""
        (answer,) = Argos(packages=installed, beam=1).translate(["The police are asking."], source="en", target="es")
        assert answer.text


@pytest.fixture(scope="module")
def libretranslate(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real LibreTranslate server on the loopback, from the environment that NEWSLETTER_LIBRETRANSLATE names."""
    program = os.environ.get("NEWSLETTER_LIBRETRANSLATE", "")
    if not Path(program).is_file():
        why = "NEWSLETTER_LIBRETRANSLATE does not name the program libretranslate of an environment of its own"
        if os.environ.get("NEWSLETTER_REQUIRE_ALL") == "1":
            pytest.fail(why)
        pytest.skip(why)
    home = tmp_path_factory.mktemp("libretranslate")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [Path(program).with_name("python"), SERVER, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--disable-web-ui", "--disable-files-translation", "--char-limit", "500", "--batch-limit", "20"]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=home, env=_surroundings(installed, home), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield _awaited(f"http://127.0.0.1:{port}", server, home / "log")
        finally:
            server.terminate()
            server.wait()


def _surroundings(installed: Path, home: Path) -> dict[str, str]:
    """A home of its own, and two packages: with fewer, it asks the package index for more."""
    folder = home / "packages"
    shutil.copytree(installed, folder)
    (package,) = packages.installed(folder)
    back = shutil.copytree(package.path, folder / "back") / "metadata.json"
    metadata = json.loads(back.read_bytes())
    back.write_text(json.dumps(metadata | {"from_code": "es", "to_code": "en"}))
    folders = {name: str(home) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR")}
    nowhere = "http://127.0.0.1:9/"  # the port that discards: should it ask all the same, it asks nobody
    return folders | {"PATH": os.environ["PATH"], "ARGOS_PACKAGES_DIR": str(folder), "ARGOS_PACKAGE_INDEX": nowhere}


def _awaited(url: str, server: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + SECONDS
    while server.poll() is None and time.monotonic() < end:
        try:
            if httpx.get(f"{url}/health", trust_env=False).is_success:
                return url
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"LibreTranslate did not start:\n{log.read_text(errors='replace')[-2000:]}")


class TestLibreTranslate(EngineContract):
    """A real LibreTranslate server with the small package, and limits that a batch meets."""

    url: str

    @pytest.fixture(autouse=True)
    def _serve(self, libretranslate: str) -> None:
        self.url = libretranslate

    def make(self) -> LibreTranslate:
        return LibreTranslate(url=self.url)

    def test_it_translates(self, installed: Path) -> None:
        """The answers are the package's own: the same as Argos gives with it."""
        sentence = "The police are asking."
        (wanted,) = Argos(packages=installed).translate([sentence], source="en", target="es")
        (answer,) = self.translate(sentence)
        assert answer.text.rstrip(".") == wanted.text.rstrip(".")

    def test_a_sentence_beyond_the_limit_is_doubted_alone(self) -> None:
        """The server refuses the whole batch; all others of it are translated."""
        short, long, other = self.translate("The river is high.", "word " * 200, "The river is high.")
        assert short == other
        assert short.text
        assert "too long" in long.doubt


class TestDeepL(EngineContract):
    """DeepL, played by a server that knows its rules."""

    url: str

    @pytest.fixture(autouse=True)
    def _serve(self) -> Iterator[None]:
        with serve(DeepLServer()) as self.url:
            yield

    def make(self) -> DeepL:
        return DeepL(key=Secret(DeepLServer.key), url=self.url)


class TestApertium(EngineContract):
    """Apertium with Debian's English and Spanish."""

    @pytest.fixture(autouse=True)
    def _need(self, need: Callable[[str], str]) -> None:
        need("apertium")

    def make(self) -> Apertium:
        return Apertium()


class TestApertiumCatalan(TestApertium):
    """Apertium with Debian's English and Catalan."""

    pair = ("en", "ca")


class TestPseudo(EngineContract):
    """The pretended translation."""

    def make(self) -> Pseudo:
        return Pseudo()


class TestPseudoFromRightToLeft(TestPseudo):
    """The pretended translation into a right-to-left language."""

    pair = ("en", "fa")
