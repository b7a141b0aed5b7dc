"""Whether a certificate is revoked, by CRLs and OCSP answers."""
