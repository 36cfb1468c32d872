"""What tests of every stage share."""

import os
import shutil
from collections.abc import Callable

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)  # the first example of many loads what the others use
settings.load_profile("patient")


@pytest.fixture(scope="session")
def need() -> Callable[[str], str]:
    """Find a program that pip cannot bring; without it the test skips, or fails where CI promised to install it."""

    def find(program: str) -> str:
        path = shutil.which(program)
        if path is None:
            if os.environ.get("NEWSLETTER_REQUIRE_ALL") == "1":
                pytest.fail(f"{program} is not installed, and NEWSLETTER_REQUIRE_ALL=1 promises it")
            pytest.skip(f"{program} is not installed")
        return path

    return find
