"""Wires the rendering stage to a newsletter: what the review gate lets out becomes editions, checked and written."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from newsletter.config import Config
from newsletter.errors import HeldError
from newsletter.model import Edition
from newsletter.rendering import editions, fields, lint, pictures
from newsletter.rendering.lint import Finding
from newsletter.translation.gate import Gate


def edition(decision: Gate, config: Config) -> Edition:
    """The edition of what the review gate made of a language, whether or not it may be sent."""
    return editions.render(decision.issue, config)


def check(decision: Gate, config: Config) -> list[Finding]:
    """What mail programs and readers would stumble over in an edition."""
    return lint.check(edition(decision, config), issue=decision.issue, config=config)


def sendable(decisions: Mapping[str, Gate], config: Config) -> dict[str, Edition]:
    """The editions that the review gate lets out; a HeldError where one has a fault that must not go out."""
    made = {language: edition(decision, config) for language, decision in decisions.items() if decision.open}
    for language, each in made.items():
        found = lint.check(each, issue=decisions[language].issue, config=config)
        faults = [finding for finding in found if finding.level == "fail"]
        if faults:
            raise HeldError(
                f"the edition in {language} must not go out: {faults[0].message}",
                where=faults[0].where or each.issue,
                hint=f"{faults[0].fix} See all of it: newsletter check {each.issue}",
            )
    return made


def write(made: Iterable[Edition], folder: Path, config: Config) -> list[Path]:
    """Write editions into a folder that can be uploaded to ``base_url`` as it is; the files.

    HTML and text, with empty merge fields, stand in the issue's own folder, pictures where their addresses say.
    """
    files: dict[Path, bytes] = {}
    for edition in made:
        filled = fields.compile(edition).fill({})
        for suffix, text in (("html", filled.html), ("txt", filled.text)):
            files[folder / edition.issue / f"{edition.language}.{suffix}"] = text.encode("utf-8")
        for asset in edition.pictures:
            files[folder / pictures.path(asset, base=config.publication.base_url)] = asset.data
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return list(files)
