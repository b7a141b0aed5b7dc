"""Commands that issue certificates."""
