"""Every error the library raises on purpose, named for what happens next.

::

    NewsletterError                 exit code 1: a problem was found
    +-- ConfigError                 2   newsletter.toml, an option or a plug-in is wrong
    +-- ContentError                1   an issue, an item or a pasted text needs a person
    +-- TranslationError            1   no package, a damaged catalog, an engine that failed
    +-- RenderError                 1   a template or the mail it makes is broken
    +-- AudienceError               1   the members' list cannot be read
    +-- HeldError                   1   sending is refused until somebody reviewed or acknowledged
    +-- OutboxError                 2   the database is missing, damaged or newer than the library
    +-- BusyError                   75  another process is at it; try again
    +-- ForgedError                 1   a webhook, or a link of a mail, is not from who it says: nothing was done
    +-- DeliveryError               1   what a provider answered
        +-- TemporaryError          75  surely not accepted: the same batch goes again later
        +-- RejectedError           1   this message is refused for good
        +-- RefusedError            2   no message can be sent (key, account): the campaign pauses
        +-- OutcomeUnknown          75  perhaps accepted: never sent again without proof
"""


class NewsletterError(Exception):
    """One sentence for the person who can act on it: what is wrong, where, and what to do next.

    ``where`` names the file and line, the key or the provider; ``hint`` is the next step.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: object = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = str(where)
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f" {self.hint}" if self.hint else "")


class ConfigError(NewsletterError):
    """``newsletter.toml``, an option or a plug-in is wrong; nothing was done."""

    exit_code = 2


class ContentError(NewsletterError):
    """An issue, an item or a pasted text cannot be used as it is."""


class TranslationError(NewsletterError):
    """No language package, a damaged catalog, or an engine that failed."""


class RenderError(NewsletterError):
    """A template, or what it made, is not a mail that can be sent."""


class AudienceError(NewsletterError):
    """The members' list cannot be read."""


class HeldError(NewsletterError):
    """Sending is refused until somebody reviewed, acknowledged or approved something."""


class OutboxError(NewsletterError):
    """The outbox database is missing, damaged, read-only or newer than this library."""

    exit_code = 2


class BusyError(NewsletterError):
    """Another process is at it (the outbox, the packages); nothing was done, and the same command may be run again."""

    exit_code = 75


class ForgedError(NewsletterError):
    """A webhook's signature, or that of a link in a mail, is missing, wrong or too old; a web server answers 401."""


class DeliveryError(NewsletterError):
    """What went wrong between us and a provider; its subclasses say what happens to the batch."""


class TemporaryError(DeliveryError):
    """Surely not accepted: the same batch goes again, not before ``retry_after`` seconds."""

    exit_code = 75

    def __init__(self, what: str, *, where: object = "", hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(what, where=where, hint=hint)
        self.retry_after = retry_after


class RejectedError(DeliveryError):
    """This request is refused for good; sending it again would change nothing."""


class RefusedError(DeliveryError):
    """The provider takes nothing from us now (key, account, domain): the campaign pauses."""

    exit_code = 2


class OutcomeUnknown(DeliveryError):  # noqa: N818 - a fact about the world, not a mistake
    """Perhaps accepted: without an idempotency key the batch is ``uncertain`` and never sent again by itself."""

    exit_code = 75
