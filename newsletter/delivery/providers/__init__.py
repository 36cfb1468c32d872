"""Mail providers, one module each, behind one seam (see newsletter.testing)."""
