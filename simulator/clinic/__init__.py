"""The troubleshooting cases: their format, a live case, the score."""
