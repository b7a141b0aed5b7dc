"""Logs and printed text, line by line: records, the phrases in them, the failures of each connection, and the fixes.

This package reads no files: `pkikit.files.logs` supplies the lines.
"""
