"""What every language writes the same: addresses, handles, placeholders.

One definition for all who look for them: the markup that takes them out before an engine, the engines that keep them
themselves, the checks that compare them, the corrections that leave them alone, the memory that puts new ones in. The
standard module reads these patterns as well as the ``regex`` package does.
"""

import regex

# Letters that an address may have: Latin, Greek, Cyrillic. Where no space stands between words, or a particle follows
# at once, as in Korean, what follows in the script of the text is no part of the address.
_LETTERS = "A-Za-zÀ-ÖØ-öø-ʯͰ-ϿЀ-ԯḀ-῿"
_SIGN = rf"[!#-&+-;=?-Z\\^_a-~{_LETTERS}]"  # all of ASCII that may stand in one, but brackets, quotes and asterisks
_IN_BRACKETS = rf"\({_SIGN}*+\)"

ADDRESS = (
    rf"(?<![A-Za-z0-9])(?:https?://|www\.)(?:{_SIGN}|{_IN_BRACKETS})*"
    rf"(?:[0-9/#=&~+%{_LETTERS}-]|{_IN_BRACKETS})"  # the punctuation that follows an address is no part of it
)
MAIL = rf"(?<![0-9._+{_LETTERS}-])[0-9._+{_LETTERS}-]++@[0-9{_LETTERS}-]+(?:\.[0-9{_LETTERS}-]+)+"
HANDLE = r"(?<![\w@.])@[A-Za-z0-9_]{2,}"
PLACEHOLDER = r"\{\{[^{}]*+\}\}|\{[\w.]*\}|%(?:\(\w+\)[A-Za-z]|[sd](?![A-Za-z]))"

LITERAL = f"{ADDRESS}|{MAIL}|{HANDLE}|{PLACEHOLDER}"
"""What no translation changes."""

HASHTAG = rf"(?<![\w&#])#(?=[0-9_]*[{_LETTERS}])[0-9_{_LETTERS}]{{2,}}"
"""What an engine must not change, but a person may: ``#cities`` has followers of its own."""

find = regex.compile(LITERAL).finditer
sub = regex.compile(LITERAL).sub
hashtags = regex.compile(HASHTAG).finditer
kept = regex.compile(f"{LITERAL}|{HASHTAG}").finditer
