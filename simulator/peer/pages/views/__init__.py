"""The pages for people, one module per group of pages."""
