"""How certificates come to be: our own CA, and (the shell) ACME."""
