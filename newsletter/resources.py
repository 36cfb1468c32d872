"""Finds the folders that lie outside the package in a checkout and inside it in a wheel.

``templates/``, ``locales/`` and ``examples/`` stand at the top of the repository, where designers and translators
look for them. The wheel carries them inside the package (hatch's ``force-include``); an editable install does not.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder ``name`` (``templates``, ``locales`` or ``examples``), wherever this installation keeps it."""
    for place in (_PACKAGE / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"the installation lacks its folder {name!r}; install the package again")
