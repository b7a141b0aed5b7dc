"""The command line of a peer: the product's `xCommand` names, as far as certificates go."""
