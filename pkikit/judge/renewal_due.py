"""Decide when to renew a certificate, and when to retry a renewal that failed. Pure: the caller passes every instant.

Sources: X12.5 guide, 'Using ACME on Expressway-E' (automatic renewal when a third of the life is left); RFC 9773 (ARI).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pkikit.model.renewal import RenewalInfo

_FIRST_RETRY, _LONGEST_RETRY = timedelta(hours=1), timedelta(hours=24)
_SPREAD = 1 << 32


def renew_at(certificate: x509.Certificate, info: RenewalInfo | None = None) -> datetime:
    """Return when to renew: within the CA's window, else when a third of the life is left.

    The certificate decides where in the window: always the same instant for one certificate, and instants that spread over
    many certificates (RFC 9773 §4.2).
    """
    if info is not None and info.start < info.end:
        share: float = int.from_bytes(certificate.fingerprint(hashes.SHA256())[:4], "big") / _SPREAD
        return info.start + (info.end - info.start) * share
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return certificate.not_valid_after_utc - life / 3


def retry_at(failures: int, last: datetime, retry_after: timedelta | None = None) -> datetime:
    """Return when to retry after `failures` in a row: one hour, doubling up to a day; never before the CA allows it."""
    pause = min(_FIRST_RETRY * (1 << min(max(failures, 1) - 1, 10)), _LONGEST_RETRY)
    return last + max(pause, retry_after or timedelta(0))
