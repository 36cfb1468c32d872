"""Members' lists become subscribers."""
