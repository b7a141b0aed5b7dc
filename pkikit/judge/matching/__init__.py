"""Names: which presented name answers to a name that somebody looks for, by whose rules."""
