"""Files and pasted text become an issue."""
