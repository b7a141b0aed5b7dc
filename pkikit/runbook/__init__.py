"""The runbook of a plan: for people who do it, with every command, proof and way back."""
