"""Names: which presented name matches a reference name, and by whose rules."""
