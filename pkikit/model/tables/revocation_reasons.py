"""The reasons for a revocation that a subscriber may give: names and numbers (RFC 5280 §5.3.1), for commands and pages."""

from __future__ import annotations

REASONS = {"unspecified": 0, "keyCompromise": 1, "affiliationChanged": 3, "superseded": 4, "cessationOfOperation": 5}
