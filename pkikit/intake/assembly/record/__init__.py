"""What an import tells: facts with their origin, questions, contradictions, what is missing; and the ledger that collects them."""
