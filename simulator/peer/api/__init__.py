"""The REST API of a peer: the product's documented calls, and the lab's own calls."""
