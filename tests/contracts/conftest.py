"""What the contracts need of this machine."""

import pytest


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The services are on this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
