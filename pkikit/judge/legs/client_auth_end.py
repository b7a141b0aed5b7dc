"""When a certificate in use loses clientAuth, read from the certificate itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.judge.checks.certificate_checks import allows
from pkikit.judge.legs.sunset import ClientAuthEnd
from pkikit.model.certificates.facts import extension, format_time
from pkikit.model.tables.public_cas import RENEWALS_LOSE_IT

# Policies that the CA/Browser Forum reserves for publicly trusted certificates: domain, organisation, individual, extended.
_PUBLIC_POLICIES = frozenset({"2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3", "2.23.140.1.1"})


def is_public(certificate: x509.Certificate) -> bool:
    """True when the certificate shows that a public CA signed it: an SCT of certificate transparency, or a public policy.

    A public certificate may show neither, so False does not prove a private CA.
    """
    if extension(certificate, x509.PrecertificateSignedCertificateTimestamps) is not None:
        return True
    policies = extension(certificate, x509.CertificatePolicies) or ()
    return any(policy.policy_identifier.dotted_string in _PUBLIC_POLICIES for policy in policies)


def client_auth_end(certificate: x509.Certificate, at: datetime) -> ClientAuthEnd:
    """Return when a certificate in use, or the one that replaces it, has no clientAuth; and why.

    Args:
        certificate: the certificate in use.
        at: the time.

    Returns:
        (the time, or None if that is not to be expected, the reason).
    """
    if not allows(certificate, ExtendedKeyUsageOID.CLIENT_AUTH):
        return at, "the certificate in use has no clientAuth"
    ends = certificate.not_valid_after_utc
    ended = " It has ended: renew it first." if ends < at else ""
    if not is_public(certificate):
        return None, (
            "the certificate has clientAuth and no sign of a public CA (no certificate transparency, no public policy): a "
            f"private CA goes on issuing it. If a public CA signed it, the next renewal loses clientAuth.{ended}"
        )
    if ends < RENEWALS_LOSE_IT:
        return RENEWALS_LOSE_IT, (
            f"the certificate has clientAuth and is renewed at {format_time(ends)}; what a public CA issues from "
            f"{RENEWALS_LOSE_IT:%Y-%m-%d} on has none{ended}"
        )
    return (
        ends,
        f"the certificate has clientAuth until it ends at {format_time(ends)}; a public CA renews it without{ended}",
    )


def client_auth_ends(certificates: Mapping[str, x509.Certificate], at: datetime) -> dict[str, ClientAuthEnd]:
    """Return when each certificate in use loses clientAuth, and why.

    Args:
        certificates: the certificates in use, by FQDN.
        at: the time.

    Returns:
        The answer of `client_auth_end` for each, by FQDN.
    """
    return {fqdn: client_auth_end(certificate, at) for fqdn, certificate in certificates.items()}
