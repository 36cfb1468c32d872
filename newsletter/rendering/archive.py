"""An edition as a page on the web: the same letter, for nobody in particular."""

from typing import Any

from lxml import etree, html

from newsletter.model import Edition
from newsletter.rendering import fields

_Element = Any  # lxml's stubs cannot tell what an XPath finds


def page(edition: Edition) -> str:
    """The edition's HTML as a web page: its letter is the page's main part, and nothing of it is about a reader.

    What themes mark with the class ``personal`` is left out (why one receives the letter, how to leave it); any other
    merge field is empty. Outlook's conditional comments have no use here.
    """
    root: _Element = html.document_fromstring(fields.compile(edition).fill({}).html)
    for element in root.xpath("//*[contains(concat(' ', normalize-space(@class), ' '), ' personal ')]"):
        element.drop_tree()
    etree.strip_tags(root, etree.Comment)
    for letter in root.xpath("//*[@role='article']"):
        letter.set("role", "main")
        letter.attrib.pop("aria-roledescription", None)
    return str(html.tostring(root, encoding="unicode", doctype="<!doctype html>"))
