"""Files inside files: archives and compressed data, read as streams within limits, never unpacked to disk."""
