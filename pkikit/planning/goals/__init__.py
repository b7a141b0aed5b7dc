"""Goals: from today's machines and `renew:e1` to tomorrow's. `given_ca` reads what a person writes, `apply` does the rest."""
