"""An issue and its catalogs become the issue in another language."""
