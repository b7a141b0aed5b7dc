"""Logs and printed text, line by line: records, the phrases in them, the failures of each connection, and what to do.

Nothing here reads a file: `pkikit.files.logs` gives the lines.
"""
