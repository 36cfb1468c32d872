"""An SMTP server: where it is, what its answers mean (RFC 5321 §4.2), and what follows where it is of no use now."""

import re
import smtplib
import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Literal

from newsletter.errors import DeliveryError, OutcomeUnknown, RefusedError, TemporaryError
from newsletter.plugins import Secret

Security = Literal["starttls", "tls", "none"]

_SAID = 300  # characters of a server's words
_NOT_LET_IN = (503, 530, 535, 538)  # said of a reader's address, but about us (RFC 4954 §6)
_NO_RELAY = re.compile(
    r"relay(ing)?( access)? (denied|not (permitted|allowed)|prohibited)|(unable|not (permitted|allowed)) to relay",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer: its code, -1 where it has none, and its words in one line."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()

    @property
    def good(self) -> bool:
        """Done."""
        return 200 <= self.code < 300

    @property
    def waits(self) -> bool:
        """Not done now; the same may be tried again."""
        return 400 <= self.code < 500

    @property
    def failed(self) -> bool:
        """Not done, and never will be."""
        return 500 <= self.code < 600

    @property
    def about_us(self) -> bool:
        """Whether the server refused a reader's address only because it passes on no mail of ours."""
        return self.code in _NOT_LET_IN or (self.failed and _NO_RELAY.search(self.text) is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """Where mails are handed over, and how: ``timeout`` is in seconds for each answer, ``tls`` says what is trusted."""

    host: str
    port: int
    security: Security
    timeout: float
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    user: str = ""
    password: Secret | None = None
    ehlo: str = ""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def connect(self, patience: float) -> smtplib.SMTP:
        """A connection on which the server has said that it is ready."""
        name = self.ehlo or None
        if self.security != "tls":
            return smtplib.SMTP(self.host, self.port, local_hostname=name, timeout=patience)
        return smtplib.SMTP_SSL(self.host, self.port, local_hostname=name, timeout=patience, context=self.tls)

    def reply(self, code: int, text: bytes | str) -> Reply:
        """What the server said; never the password, which some servers repeat."""
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        if self.password:
            password = self.password.reveal()
            for secret in (coded(plain(self.user, password)), coded(password), password):
                said = said.replace(secret, "…")
        return Reply(code=code, text=" ".join(said.split())[:_SAID])

    def refusal(self, what: str, reply: Reply) -> DeliveryError:
        """What is said of us, and not of a reader."""
        if reply.waits:
            return TemporaryError(f"{self} does not take {what} now ({reply}).", where="smtp")
        return self.refused(f"it does not take {what} ({reply})", "Check the account, the sender and [provider].")

    def refused(self, why: str, hint: str) -> RefusedError:
        """Somebody has to act."""
        return RefusedError(f"{self} is of no use: {why}.", where="smtp", hint=hint)

    def broken(self, error: Exception) -> TemporaryError:
        """Before the end of a mail."""
        return TemporaryError(f"the connection to {self} broke ({error}).", where="smtp")

    def senseless(self, reply: Reply) -> TemporaryError:
        """An answer that is none, before the end of a mail."""
        return TemporaryError(f"the answer of {self} makes no sense ({reply}).", where="smtp")

    def unknown(self, why: object) -> OutcomeUnknown:
        """After the end of a mail."""
        return OutcomeUnknown(f"{self} did not say what became of a mail ({why}).", where="smtp")

    def explained(self, error: OSError) -> DeliveryError:
        """Why there is no connection."""
        if isinstance(error, ssl.SSLCertVerificationError):
            hint = "Correct host, or name the file with your own authority's certificate in SSL_CERT_FILE."
            return self.refused(f"its certificate is not trusted ({error.verify_message})", hint)
        if isinstance(error, smtplib.SMTPResponseException):
            return self.refusal("a connection", self.reply(error.smtp_code, error.smtp_error))
        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            hint = "Correct port and security in [provider]."
            return self.refused(f"it does not speak TLS as we do ({error.reason})", hint)
        return TemporaryError(f"{self} cannot be reached ({error}).", where="smtp")


def plain(user: str, password: str) -> str:
    """What AUTH PLAIN says (RFC 4616)."""
    return f"\0{user}\0{password}"


def coded(text: str) -> str:
    """As it stands in a command."""
    return b64encode(text.encode()).decode()
