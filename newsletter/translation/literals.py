"""What every language writes the same: addresses, handles, placeholders.

One definition for all who look for them: the markup that takes them out before an engine, the engines that keep them
themselves, the checks that compare them, the corrections that leave them alone.
"""

import regex

# Letters that an address may have. Where no space stands between words, or a particle follows at once, as in Korean,
# what follows in the script of the text is no part of the address.
_LETTERS = r"\p{Latin}\p{Greek}\p{Cyrillic}"
_SIGN = rf"[!#-&+-;=?-Z\\^_a-~{_LETTERS}]"  # all of ASCII that may stand in one, but brackets, quotes and asterisks
_IN_BRACKETS = rf"\({_SIGN}*+\)"

LITERAL = (
    rf"(?<![A-Za-z0-9])(?:https?://|www\.)(?:{_SIGN}|{_IN_BRACKETS})*"
    rf"(?:[0-9/#=&~+%{_LETTERS}-]|{_IN_BRACKETS})"  # the punctuation that follows an address is no part of it
    rf"|(?<![0-9._+{_LETTERS}-])[0-9._+{_LETTERS}-]++@[0-9{_LETTERS}-]+(?:\.[0-9{_LETTERS}-]+)+"
    r"|(?<![\w@.])@[A-Za-z0-9_]{2,}"  # handles
    r"|\{\{[^{}]*+\}\}|\{[\w.]*\}|%(?:\(\w+\)[A-Za-z]|[sd](?![A-Za-z]))"  # placeholders
)
"""A pattern, of the ``regex`` package, for what no translation changes."""

HASHTAG = rf"(?<![\w&#])#(?=[0-9_]*[{_LETTERS}])[0-9_{_LETTERS}]{{2,}}"
"""A pattern for what an engine must not change, but a person may: ``#cities`` has followers of its own."""

find = regex.compile(LITERAL).finditer
sub = regex.compile(LITERAL).sub
hashtags = regex.compile(HASHTAG).finditer
kept = regex.compile(f"{LITERAL}|{HASHTAG}").finditer
