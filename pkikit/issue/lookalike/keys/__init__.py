"""Keys of the same kind and size as others, and signatures by any algorithm."""
