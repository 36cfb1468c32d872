"""Reads a list of tags such as ``v=DKIM1; k=rsa; p=…``: the form of DKIM's and of DMARC's records (RFC 6376 §3.2)."""

import re

_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.DOTALL)


def read(text: str) -> dict[str, str]:
    """The tags in their order, their names as written; {} where the text is no such list or has a tag twice."""
    found: dict[str, str] = {}
    parts = text.split(";")
    if parts and not parts[-1].strip():
        parts.pop()
    for part in parts:
        tag = _TAG.fullmatch(part)
        if tag is None or tag[1] in found:
            return {}
        found[tag[1]] = tag[2]
    return found
