"""One Expressway: its state, what it stores and what its administrator changes."""
