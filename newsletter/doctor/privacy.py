"""Who else on this computer can read the members' data and the newsletter's secrets."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.doctor import databases
from newsletter.doctor.verdicts import Verdict, note, ok, warning

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings

ENVIRONMENT = ".env"


def look(around: "Surroundings") -> Iterator[Verdict]:
    """The members' list, the outbox, a folder of mails and ``.env``, as far as they are there."""
    if os.name != "posix":
        yield note(
            "Not checked: this system has rights of its own kind. Let only yourself read the newsletter's folder."
        )
        return
    config = around.config
    lists = [each.source.options.get("path") for each in config.audience]
    named = [*lists, config.provider.options.get("path"), ENVIRONMENT]
    paths = [*(config.folder / name for name in named if isinstance(name, str)), *databases.outbox(config)]
    open_to_all = [path for path in paths if path.exists() and exposed(path)]
    if open_to_all:
        names = ", ".join(path.name for path in open_to_all)
        yield warning(
            f"Everybody with an account on this computer can read {names}.",
            f"Keep the folder to yourself: chmod o-rwx {config.folder.resolve()}",
        )
    else:
        yield ok("Nobody else on this computer can read the members' data.")


def exposed(path: Path) -> bool:
    """Whether any user of this computer can read a file: it and every folder above it lets them."""
    path = path.resolve()
    if not path.stat().st_mode & stat.S_IROTH:
        return False
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)
