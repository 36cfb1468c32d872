"""The official MJML compiler, which our editions are compared with; used by a test and by a benchmark."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".node" / "node_modules"
"""Where ``npm install --prefix .node mjml@5`` puts it; NEWSLETTER_NODE_MODULES names another folder."""


def modules() -> Path:
    """The folder that npm installed into; it need not be there."""
    return Path(os.environ.get("NEWSLETTER_NODE_MODULES") or FOLDER)


def installed() -> bool:
    """Whether the compiler is there."""
    return (modules() / "mjml" / "package.json").is_file()


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """What it made of a document; ``seconds`` is the time in the process that was already warm."""

    html: str
    errors: tuple[str, ...]
    seconds: float


class Npm:
    """One Node process that compiles document after document; ``close`` ends it."""

    def __init__(self, node: str) -> None:
        script = Path(__file__).with_name("npm_mjml.cjs")
        environment = {**os.environ, "NEWSLETTER_NODE_MODULES": str(modules())}
        self._process = subprocess.Popen(
            [node, str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
        )

    def compile(self, source: str) -> Compiled:
        """The HTML of an MJML document."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(source) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Compiled(html=answer["html"], errors=tuple(answer["errors"]), seconds=answer["seconds"])

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
