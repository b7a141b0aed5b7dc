"""Ten years of rules from outside, as data: what public CAs may issue, what browsers trust, which algorithms end, and when.

The facts are in `rules/*.yaml`, each with its source or marked as a guess. Nothing here knows a deployment or a certificate.
"""
