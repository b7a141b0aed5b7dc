"""The parties of a lab at work: what each listens on and dials, and the network between them."""
