"""The Markdown that items are written in: CommonMark and tables, without raw HTML.

One definition for the stages that read it, so that what the importer escapes, what translators get as a segment and
what readers see are taken apart in the same way.
"""

from markdown_it import MarkdownIt


def parser() -> MarkdownIt:
    """A parser of its own, so that a stage may add rules to it."""
    return MarkdownIt("commonmark", {"html": False, "xhtmlOut": True}).enable("table")
