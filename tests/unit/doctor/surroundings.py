"""What the tests of the doctor share."""

from collections.abc import Callable, Iterable

from newsletter.doctor import Surroundings, Verdict

TOML = """\
[newsletter]
name = "River Letter"
languages = ["en"]
sender = "River Cities <news@river-cities.example>"

[provider]
use = "folder"
path = "outbox"
"""

Around = Callable[..., Surroundings]
"""Makes up what surrounds a newsletter: a zone, ``newsletter.toml``, the time."""


def said(verdicts: Iterable[Verdict]) -> list[tuple[str, str]]:
    """The level and the whole text of verdicts."""
    return [(verdict.level, f"{verdict.message} {verdict.fix}".strip()) for verdict in verdicts]
