"""The menu of a peer's pages: which pages the product has, where, and which of them the lab simulates."""
