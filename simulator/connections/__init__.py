"""The running parties of a lab: the ports they listen on, the legs they dial, and the network between them."""
