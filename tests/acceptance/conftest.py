"""The command line as a user runs it, in an empty folder: as a process of its own, or quicker inside the tests' own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.cli import main

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """Run ``newsletter`` as a process in an empty folder with an empty home; it must exit with ``code``."""
    home = tmp_path / "home"
    home.mkdir()

    def newsletter(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            [sys.executable, "-m", "newsletter", *map(str, arguments)],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return _checked(ran, code)

    return newsletter


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The same inside this process, as starting one takes a second."""
    monkeypatch.chdir(tmp_path)

    def newsletter(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(list(map(str, arguments)))
        out, err = capsys.readouterr()
        number = left.value.code if isinstance(left.value.code, int) else 0
        return _checked(subprocess.CompletedProcess(arguments, number, out, err), code)

    return newsletter


@pytest.fixture
def letter(run: Run, tmp_path: Path) -> Path:
    """A fresh newsletter whose English can be sent at once."""
    run("init", "letter")
    return tmp_path / "letter"


def _checked(ran: subprocess.CompletedProcess[str], code: int) -> subprocess.CompletedProcess[str]:
    assert ran.returncode == code, f"exit {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran
