"""The check of everything that people read: `python -m tests.support.prose [FILES]`. docs/style.md explains it."""
