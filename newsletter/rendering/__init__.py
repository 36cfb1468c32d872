"""An issue in one language becomes an edition."""
