"""What an import tells: facts with their origin, questions, contradictions, gaps; and the ledger that collects them."""
