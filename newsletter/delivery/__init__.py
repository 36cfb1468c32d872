"""Editions and subscribers become sent mail."""
