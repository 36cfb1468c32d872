"""Rules about bytes: Gmail cuts a mail off, and drops styles that are too long."""

import re
from base64 import b64encode
from collections.abc import Iterator
from quopri import encodestring

from newsletter.rendering.lint import Finding
from newsletter.rendering.lint.page import Page

WARN, FAIL = 80_000, 100_000  # Gmail cuts near 102 KB; the provider's link tracking needs the rest
STYLES = 16_000

_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def encoded(text: str) -> tuple[int, str]:
    """The bytes of ``text`` on the wire, and its transfer encoding: the shorter of quoted-printable and base64."""
    data = re.sub(r"\r\n?|\n", "\n", text).encode("utf-8")
    quoted = encodestring(data)
    plain = len(quoted) + quoted.count(b"\n")
    whole = len(b64encode(data.replace(b"\n", b"\r\n")))
    length = whole + max(whole - 1, 0) // 76 * 2
    return (plain, "quoted-printable") if plain <= length else (length, "base64")


class Size:
    """Gmail shows the first 102 KB of a mail as sent, and behind a link the rest, with its unsubscribe link."""

    def find(self, page: Page) -> Iterator[Finding]:
        size, encoding = encoded(page.edition.html)
        said = f"the HTML is {size / 1000:.1f} KB as sent ({encoding}, {len(page.issue.items)} items)"
        fix = "Shorten or leave out items; link to the rest."
        if size > FAIL:
            yield Finding(rule="size", level="fail", message=f"{said}: Gmail cuts it off.", fix=fix)
        elif size > WARN:
            yield Finding(rule="size", level="warn", message=f"{said}: Gmail cuts off near 102 KB.", fix=fix)
        else:
            yield Finding(rule="size", level="info", message=f"{said}.", fix=f"There is room up to {WARN // 1000} KB.")


class Styles:
    """Gmail drops all styles from the 16th KB on, and the whole block where an @-rule stands in another."""

    def find(self, page: Page) -> Iterator[Finding]:
        blocks = _STYLE.findall(_COMMENT.sub("", page.edition.html))
        size = sum(len(block.encode()) for block in blocks)
        if size > STYLES:
            yield Finding(
                rule="styles",
                level="fail",
                message=f"the styles are {size / 1000:.1f} KB; Gmail drops what is beyond {STYLES // 1000}.",
                where=page.template("<mj-style"),
                fix="Write styles on the elements, and shorten mj-style.",
            )
        for block in blocks:
            if found := _nested(block):
                yield Finding(
                    rule="styles",
                    level="fail",
                    message=f"{found} stands in another @-rule; Gmail then drops the whole block.",
                    where=page.template(re.escape(found)),
                    fix="Write it on its own.",
                )


def _nested(css: str) -> str:
    """The first @-rule within another one."""
    inside: list[bool] = []
    for prelude, end in re.findall(r"([^{};]*)\{|(\})", css):
        if end:
            del inside[-1:]
            continue
        name = prelude.strip()
        if name.startswith("@") and any(inside):
            return str(name.split()[0])
        inside.append(name.startswith("@"))
    return ""
