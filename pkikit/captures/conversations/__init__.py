"""From the bytes of two sides to what their TLS handshake shows."""
