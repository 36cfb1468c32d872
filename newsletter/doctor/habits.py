"""What providers usually ask for in the DNS of a sender's domain, so that it can be looked for without being told.

Every provider shows its own on the page about the domain, and that counts: nothing is wrong because it differs from
these, so checks only draw notes from what they do not find.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """``include`` is what SPF names for the provider, ``selectors`` the names its DKIM keys stand under."""

    include: str = ""
    selectors: tuple[str, ...] = ()


HABITS: Mapping[str, Habits] = {
    "brevo": Habits(include="spf.brevo.com", selectors=("brevo1", "brevo2", "mail")),
    "mailersend": Habits(include="_spf.mailersend.net", selectors=("mlsend", "mlsend2")),
    "mailgun": Habits(include="mailgun.org"),
    "mailjet": Habits(include="spf.mailjet.com", selectors=("mailjet",)),
    "mailtrap": Habits(selectors=("rwmt1", "rwmt2")),
    "postmark": Habits(include="spf.mtasv.net"),
    "resend": Habits(selectors=("resend",)),  # its SPF stands at a subdomain of its own
    "sendgrid": Habits(include="sendgrid.net", selectors=("s1", "s2")),
    "ses": Habits(include="amazonses.com"),
    "sparkpost": Habits(include="sparkpostmail.com"),
}
