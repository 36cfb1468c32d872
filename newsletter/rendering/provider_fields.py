"""Merge fields for providers that join on their side: the edition in their syntax, and each reader's values.

Providers differ in whether they escape a value (facts of each API as of 2026), so none of them is trusted with it:
a field has one variable for each context it stands in, such as ``name_html`` and ``name_text``, and its value is
already written for that place.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from newsletter.errors import RenderError
from newsletter.model import Columns
from newsletter.rendering.fields import Compiled, Context, Filled


@dataclass(frozen=True, kw_only=True, slots=True)
class Syntax:
    """How a provider marks a field: around a variable's name, ``raw`` where it must not escape it a second time.

    ``reserved`` is what it takes for its own in any text; ``subject`` says whether it joins there too.
    """

    plain: tuple[str, str]
    raw: tuple[str, str]
    reserved: str
    subject: bool = True

    def tag(self, name: str, context: Context) -> str:
        """The variable ``name`` as it stands in the edition."""
        before, after = self.plain if context == "text" else self.raw
        return f"{before}{name}{after}"


_BRACES = ("{{", "}}")
_TRIPLE = ("{{{", "}}}")  # Handlebars and its like escape two braces in HTML, and leave three alone

SYNTAXES: Mapping[str, Syntax] = {
    "mailersend": Syntax(plain=("{{ ", " }}"), raw=("{{ ", " }}"), reserved="{{"),
    "mailgun": Syntax(plain=("%recipient.", "%"), raw=("%recipient.", "%"), reserved="%recipient"),
    "mailjet": Syntax(plain=("[[var:", "]]"), raw=("[[var:", "]]"), reserved="[[", subject=False),
    "mandrill": Syntax(plain=("*|", "|*"), raw=("*|", "|*"), reserved="*|"),
    "postmark": Syntax(plain=_BRACES, raw=_TRIPLE, reserved="{{"),
    "sendgrid": Syntax(plain=("-newsletter:", "-"), raw=("-newsletter:", "-"), reserved="-newsletter:"),
    "ses": Syntax(plain=_BRACES, raw=_BRACES, reserved="{{"),
    "sparkpost": Syntax(plain=_BRACES, raw=_TRIPLE, reserved="{{"),
    "unisender": Syntax(plain=_BRACES, raw=_BRACES, reserved="{{"),
}
"""By provider. Not here: those without fields in a text of ours (Brevo, Resend, Postmark's batch, Mailtrap)."""


def provider_fields(compiled: Compiled, provider: str) -> Filled:
    """The edition with the fields of ``provider``; a RenderError where its texts would be read as such fields.

    The caller then sends finished messages instead, which every provider takes.
    """
    syntax = SYNTAXES.get(provider)
    if not syntax:
        raise RenderError(
            f"{provider} has no merge fields in a text of ours.", where=provider, hint="Send it finished messages."
        )
    for where, part in (("subject", compiled.subject), ("HTML", compiled.html), ("text", compiled.text)):
        joined = "\0".join(part.pieces)  # no field begins in one piece and ends in another
        if syntax.reserved in joined:
            raise RenderError(
                f"the {where} contains {syntax.reserved!r}, which {provider} would take for a merge field of its own.",
                where=_around(joined, syntax.reserved),
                hint="Write it in another way, or send finished messages.",
            )
    if compiled.subject.holes and not syntax.subject:
        raise RenderError(
            f"{provider} fills no merge fields in subjects.", where="subject", hint="Leave the reader's name out of it."
        )
    tags = [[syntax.tag(name, slot[1])] for slot, name in zip(compiled.slots, _names(compiled), strict=True)]
    return Filled(*next(compiled.join(tags, 1)))


def variables(compiled: Compiled) -> Callable[[Columns, int], Iterable[Mapping[str, str]]]:
    """Makes the values of so many readers into those for the fields of ``provider_fields``, by the variables' names."""
    names = _names(compiled)

    def of(columns: Columns, count: int) -> Iterable[Mapping[str, str]]:
        readers: list[dict[str, str]] = [{} for _ in range(count)]
        for name, column in zip(names, compiled.written(columns, count), strict=True):
            for reader, value in zip(readers, column, strict=True):
                reader[name] = value
        return readers

    return of


def _names(compiled: Compiled) -> list[str]:
    return [f"{field.rpartition('.')[2]}_{context}" for field, context in compiled.slots]


def _around(text: str, found: str) -> str:
    start = text.index(found)
    return repr(text[max(0, start - 20) : start + 30].replace("\0", ""))
