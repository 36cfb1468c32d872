"""Which scripts put no spaces between words, so that their words are compared sign by sign."""

UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""For the inside of a character class of the ``regex`` package."""
