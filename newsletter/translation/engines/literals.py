"""What no engine may touch: addresses, handles, hashtags and placeholders inside a sentence."""

import re

LITERAL = re.compile(
    r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]…’”]"  # a web address, without the punctuation that follows it
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # a mail address
    r"|(?<!\w)[@#]\w{2,}"  # a handle, a hashtag
    r"|\{\{?\w+\}?\}|%\(\w+\)[sd]|%[sd]\b"  # a placeholder
)
