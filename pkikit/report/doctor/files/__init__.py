"""The answer about a file with certificates, requests, keys, CRLs or OCSP answers."""
