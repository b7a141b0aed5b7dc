"""Tickets that are changes: nothing is broken yet. The player orders the steps, and every state is judged."""
