"""What is known about a certificate, and a certificate with its key and chain."""
