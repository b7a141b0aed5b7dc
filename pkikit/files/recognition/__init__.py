"""What kind of file bytes are, by their first bytes and lines."""
