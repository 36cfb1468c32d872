"""Runs LibreTranslate in its own environment, with what it would download taken out of its way.

Its sentence splitter downloads a model at the first sentence; ours come split, so one that splits nothing does as well.
"""

from argostranslate.sbd import MiniSBDSentencizer
from libretranslate.main import main

MiniSBDSentencizer.split_sentences = lambda _self, text: [text]
main()
