"""The provider: its table in ``newsletter.toml`` makes one, and it takes the key."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from newsletter import plugins
from newsletter.delivery.providers import Probed
from newsletter.doctor import reaching
from newsletter.doctor.reaching import Answer, UnreachedError
from newsletter.doctor.verdicts import Verdict, note, ok, problem, warning
from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from newsletter.doctor import Surroundings

_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_LIMITED = (b"restricted_api_key", b"is not authorized to perform")
"""How Resend and Amazon answer a good key that may send and not ask such questions, as is wise."""

_UNCLEAR = ("mailgun",)
"""Who answers such a key as it does a wrong one."""


def look(around: "Surroundings") -> Iterator[Verdict]:
    """The options, the environment variable of the key, and an answer of the provider that costs nothing."""
    try:
        provider = plugins.build(around.config.provider)
    except ConfigError as error:
        yield problem(f"{error.where}: {error.what}", error.hint)
        return
    if around.stays:
        yield note("Mails are written into a folder on this computer; nobody gets them.")
        return
    if not isinstance(provider, Probed):
        yield note(f"Not checked: {around.service} cannot be asked anything without sending.")
        return
    try:
        answer = reaching.ask(around, provider.probe())
    except UnreachedError as error:
        make = problem if error.certain else warning
        yield make(f"{around.service} was not asked: {error.what}.", "Connect to the internet, or correct [provider].")
        return
    yield _judge(around, answer)


def _judge(around: "Surroundings", answer: Answer) -> Verdict:
    name, status = around.service, answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return ok(f"{name} takes the key.")
    if status in _REFUSED and any(words in answer.body for words in _LIMITED):
        return ok(f"{name} knows the key, which may do little besides sending, as is wise.")
    if status in _REFUSED:
        fix = f"Make a new key with {name} and set {_variables(around.config.provider.options)} to it."
        if name in _UNCLEAR:
            return warning(
                f"{name} lets the key ask nothing (it answered {status}): it may only send, or it is wrong.",
                f"If it is no sending key of the domain: {fix}",
            )
        return problem(f"{name} refuses the key (it answered {status}).", fix)
    if status == HTTPStatus.TOO_MANY_REQUESTS or answer.broken:
        return warning(f"{name} has no time or is in trouble (it answered {status}).", "Try again in some minutes.")
    return warning(
        f"{name} did not understand the question (it answered {status}), so the key was not tried.",
        "Correct base_url in [provider], if it is written there.",
    )


def _variables(options: Mapping[str, object]) -> str:
    """The environment variables that hold the provider's secrets."""
    names = [str(value["env"]) for value in options.values() if isinstance(value, Mapping) and "env" in value]
    return " and ".join(names) or "it in [provider]"
