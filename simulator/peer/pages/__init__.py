"""The web pages and the REST API of one peer."""
