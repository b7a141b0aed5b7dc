"""Orders of steps: which exist, which is preferred, why none exists. It knows keys, clauses and an oracle, no certificates."""
