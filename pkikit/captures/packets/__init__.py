"""From the bytes of a capture to the bytes that each side of a TCP connection sent."""
