"""Dumps of configuration and status: the grammar of their lines and of their XML, and the keys that are kept."""
