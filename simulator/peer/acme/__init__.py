"""The ACME service of an Expressway-E cluster."""
