"""Inline Markdown through translation: taken out before the engine, put back after it, and verified."""
