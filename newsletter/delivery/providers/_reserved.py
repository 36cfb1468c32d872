"""Signs of a provider's own template language in a finished message, where it cannot be told to leave them alone."""

from newsletter.errors import RejectedError
from newsletter.model import Message


def guarded(message: Message, signs: tuple[str, ...], provider: str) -> str:
    """The message's HTML with ``signs`` such as ``{{`` written as references, which readers see as the same.

    A subject and a text have no second way to write them, so they are refused there: RejectedError.
    """
    html = message.html
    for sign in signs:
        if sign in message.subject or sign in message.text:
            where = "subject" if sign in message.subject else "text"
            raise RejectedError(
                f"the {where} contains {sign!r}, which {provider} would take for a field of its own.",
                where=message.key,
                hint="Write it in another way.",
            )
        if sign in html:
            html = html.replace(sign, "".join(f"&#{ord(character)};" for character in sign))
    return html
