"""What a power cut must not undo."""

import os
from pathlib import Path


def sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut; Windows cannot, and does it by itself."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
