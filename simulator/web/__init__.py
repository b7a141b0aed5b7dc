"""The HTTP server that every web face of the lab uses: listening, limits, TLS contexts, input."""
