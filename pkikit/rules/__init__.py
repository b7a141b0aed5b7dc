"""The rules, as values: one module for each kind of subject, each with a `RULES` tuple; `catalogue` puts them together."""
