"""Kinds of members' lists, one module each, behind one seam (see newsletter.testing)."""
