"""What may befall the outbox's file while a sender uses it: the disk is full, or another program has it."""

import contextlib
import os
import resource
import sqlite3
import subprocess
from pathlib import Path
from typing import Protocol

from senders import Process

BALLAST = 8192  # bytes at once


class Trouble(Protocol):
    """It ``begins`` and ``ends``; a sender that cannot go on then ends with the exit code ``code``."""

    code: int

    def begin(self, sender: Process | None) -> None:
        """From now on nothing can be written."""

    def end(self, sender: Process | None) -> None:
        """From now on it can."""


class FullDisk:
    """A small disk that something else fills."""

    code = 2

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def begin(self, sender: Process | None) -> None:
        with self._ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * BALLAST):
                """Until nothing fits any more."""
        assert os.statvfs(self._ballast).f_bavail == 0, "the disk is not full"

    def end(self, sender: Process | None) -> None:
        self._ballast.unlink()


class LargestFile:
    """A bound to the size of the files that the sender writes, for those who may not mount a disk."""

    code = 2

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, sender: Process | None) -> None:
        assert sender
        _, most = resource.prlimit(sender.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(sender.pid, resource.RLIMIT_FSIZE, (4096, most))  # less than one page in the log

    def end(self, sender: Process | None) -> None:
        assert sender
        _, most = resource.prlimit(sender.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(sender.pid, resource.RLIMIT_FSIZE, (most, most))


class Locked:
    """Another program that writes, and takes its time."""

    code = 75

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "newsletter.db", isolation_level=None, check_same_thread=False)

    def begin(self, sender: Process | None) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def end(self, sender: Process | None) -> None:
        self._connection.execute("ROLLBACK")


def mount(folder: Path, *, megabytes: int) -> str:
    """Mount an empty disk in memory at a folder; why that is not possible, if it is not."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.stderr.strip()


def unmount(folder: Path) -> None:
    """Take it away, whoever still looks at it."""
    subprocess.run(["umount", "-l", str(folder)], check=True)


def protect(folder: Path) -> None:
    """Let nobody write to a mounted disk, root included."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


def release(folder: Path) -> None:
    """Let everybody write to it again."""
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
