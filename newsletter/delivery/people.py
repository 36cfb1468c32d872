"""A person's key: a salted hash of the address, under which nobody is mailed twice or against their will.

The salt is the outbox's own and never leaves it. What remains of somebody who was erased is this key alone: it cannot
be turned back into an address, but a list that names the address again is recognised.
"""

import secrets
from collections.abc import Callable
from hashlib import blake2b

from sqlalchemy import Connection, select

from newsletter.delivery.schema import meta

SALT, SECRET = "salt", "secret"


def new_secrets() -> dict[str, str]:
    """The salt of a new outbox, and the secret that signs the links in its mails."""
    return {SALT: secrets.token_hex(32), SECRET: secrets.token_hex(32)}


def keys(connection: Connection) -> Callable[[str], str]:
    """Gives the key of an address, whatever its spelling."""
    salted = blake2b(key=bytes.fromhex(_meta(connection, SALT)), digest_size=16)

    def key(email: str) -> str:
        digest = salted.copy()  # quicker than to begin with the salt again
        digest.update(email.casefold().encode())
        return digest.hexdigest()

    return key


def signing_key(connection: Connection) -> bytes:
    """What the links in the mails are signed with."""
    return bytes.fromhex(_meta(connection, SECRET))


def _meta(connection: Connection, name: str) -> str:
    value: str = connection.scalars(select(meta.c.value).where(meta.c.key == name)).one()
    return value
