"""Publish a multilingual newsletter: translate, review, render, send.

from newsletter import Newsletter

letter = Newsletter.open("metropolis")
issue = letter.issue("2017-11")
"""
