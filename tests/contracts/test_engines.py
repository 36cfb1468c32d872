"""Every engine holds the contract of newsletter.testing."""

from pathlib import Path

import pytest

from newsletter.testing import EngineContract
from newsletter.translation import packages
from newsletter.translation.engines.argos import Argos

PACKAGE = Path(__file__).parents[1] / "samples" / "argos" / "tiny-guided-en_es.argosmodel"


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
