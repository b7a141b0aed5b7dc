"""The zones of the dumps, and what they are in a deployment file."""
