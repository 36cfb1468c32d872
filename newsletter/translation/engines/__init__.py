"""Machine translators, one module each, behind one seam (see newsletter.testing)."""
