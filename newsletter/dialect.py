"""The Markdown that items are written in: CommonMark and tables, without raw HTML.

One definition for the stages that read it, so that what the importer escapes, what translators get as a segment and
what readers see are taken apart in the same way.
"""

from markdown_it import MarkdownIt

LINE_SEPARATORS = dict.fromkeys(map(ord, "\v\f\x1c\x1d\x1e\x85\u2028\u2029"), " ")
"""For ``str.translate``: line ends to Python, YAML and polib, but to no editor and not to gettext."""


def parser() -> MarkdownIt:
    """A parser of its own, so that a stage may add rules to it."""
    return MarkdownIt("commonmark", {"html": False, "xhtmlOut": True}).enable("table")
