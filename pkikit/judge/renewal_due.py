"""Decide when to renew a certificate, and when the automatic service may try. Pure: the caller passes every instant.

Sources: X14.0.1 certificate guide, 'Using ACME on Expressway-E' (the stored request is submitted again after two thirds of
the life, at two random times a day); RFC 9773 (ARI).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pkikit.model.renewal import RenewalInfo

_SECONDS = 24 * 60 * 60  # of a day
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


def opportunities(day: date, seed: str) -> tuple[datetime, datetime]:
    """Return the two instants of a day at which the automatic service may submit a request.

    The product chooses them at random, so that nobody can predict when port 80 is open. Here the seed and the day decide, so
    that a journey through time is the same in every run (ours).

    Args:
        day: the day, in UTC.
        seed: what tells one machine, or one certificate, from another.

    Returns:
        Two different instants, the earlier one first.
    """
    drawn = sha256(f"{seed} {day}".encode()).digest()
    one = int.from_bytes(drawn[:8], "big") % _SECONDS
    other = (one + 1 + int.from_bytes(drawn[8:16], "big") % (_SECONDS - 1)) % _SECONDS
    midnight = datetime.combine(day, time(), UTC)
    return midnight + timedelta(seconds=min(one, other)), midnight + timedelta(seconds=max(one, other))


def next_opportunity(after: datetime, seed: str) -> datetime:
    """Return the first opportunity at an instant or after it.

    Args:
        after: the instant.
        seed: as for `opportunities`.

    Returns:
        The instant of the opportunity.
    """
    day = after.astimezone(UTC).date()
    found = [at for days in (0, 1) for at in opportunities(day + timedelta(days=days), seed)]
    return next(at for at in found if at >= after)
