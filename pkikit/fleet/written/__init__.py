"""The answer about a fleet as JSON, page, metrics and sentences."""
