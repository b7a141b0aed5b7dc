"""What certificates should be: legs, SAN layouts, requests. Pure."""
