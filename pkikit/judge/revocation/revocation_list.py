"""Judge one CRL: does it cover a certificate, can OpenSSL use it, who signed it, and which entry is about whom?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cryptography import x509
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from pkikit.model.certificates.canonical_name import canonical
from pkikit.model.certificates.facts import critical_oids, extension, odd_extensions, oid_name, serial_number
from pkikit.model.certificates.oddities import unreadable_parts
from pkikit.reading.signatures import NOT_SIGNED
from pkikit.reading.unreadable import UNREADABLE

# Critical extensions that OpenSSL accepts in a CRL (crl_cb in x_crl.c), and in an entry of one (crl_set_issuers).
_UNDERSTOOD = {
    ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.DELTA_CRL_INDICATOR,
}
_UNDERSTOOD_IN_ENTRY = {CRLEntryExtensionOID.CERTIFICATE_ISSUER}
# BOOLEAN TRUE before an OCTET STRING: every critical extension contains it, and a serial number hardly ever does.
_CRITICAL = re.compile(rb"\x01\x01\xff[\x04\x24]")


def unusable_because(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> str:
    """Return why a CRL of the right issuer says too little about a certificate, or an empty string (RFC 5280 §5.2.5)."""
    unreadable = unreadable_part(crl)
    if unreadable:
        return f"its {unreadable} cannot be read"
    if extension(crl, x509.DeltaCRLIndicator) is not None:
        return "a delta CRL contains only what changed"
    unknown = unknown_critical(crl)
    if unknown:
        return unknown
    scope = extension(crl, x509.IssuingDistributionPoint)
    if scope is None:
        return ""
    constraints = extension(certificate, x509.BasicConstraints)
    is_ca = constraints is not None and constraints.ca
    if scope.indirect_crl:
        return "an indirect CRL speaks for other issuers"
    if scope.only_some_reasons or scope.only_contains_attribute_certs:
        return "it contains only some reasons or only attribute certificates"
    if scope.only_contains_ca_certs and not is_ca:
        return "it contains only CA certificates"
    if scope.only_contains_user_certs and is_ca:
        return "it contains only end-entity certificates"
    if scope.full_name or scope.relative_name:
        points = extension(certificate, x509.CRLDistributionPoints)
        named = {n for p in points or () for n in _point_names(p.full_name, p.relative_name, certificate.issuer)}
        if not named & set(_point_names(scope.full_name, scope.relative_name, crl.issuer)):
            return "it is for another distribution point"
    return ""


def unreadable_part(crl: x509.CertificateRevocationList) -> str:
    """Return the part of a CRL that OpenSSL cannot read, so that it refuses the CRL; empty without one."""
    lost = unreadable_parts(crl)
    refused = (oid_name(x509.ObjectIdentifier(e.oid)) for e in odd_extensions(crl) if e.refused)
    return lost[0] if lost else next((f"extension {name}" for name in refused), "")


def unknown_critical(crl: x509.CertificateRevocationList) -> str:
    """Return the critical extension of a CRL or an entry that OpenSSL does not understand; empty without one."""
    critical = [x509.ObjectIdentifier(oid) for oid in critical_oids(crl)]
    for oid in critical:
        if oid not in _UNDERSTOOD:
            return f"its critical extension {oid.dotted_string} is not understood"
    # Read the entries only if the bytes have more TRUEs than the CRL's own extensions: CRLs can be large.
    if len(_CRITICAL.findall(crl.tbs_certlist_bytes)) > len(critical):
        for entry in crl:
            serial = f"{entry.serial_number:x}"
            try:
                within = [e.oid for e in entry.extensions if e.critical]
            except UNREADABLE:
                return f"an extension of its entry {serial} cannot be read"
            beyond = [oid.dotted_string for oid in within if oid not in _UNDERSTOOD_IN_ENTRY]
            if beyond:
                return f"the critical extension {beyond[0]} of its entry {serial} is not understood"
    return ""


def _point_names(
    full: Sequence[x509.GeneralName] | None, relative: x509.RelativeDistinguishedName | None, issuer: x509.Name
) -> list[object]:
    """Return the complete names of a distribution point; directory names in the form for comparison."""
    names = list(full or ())
    if relative is not None:
        names.append(x509.DirectoryName(x509.Name([*issuer.rdns, relative])))
    return [canonical(n.value) if isinstance(n, x509.DirectoryName) else n for n in names]


def entry_of(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> x509.RevokedCertificate | None:
    """Return the entry about a certificate. Invalid serial numbers (zero, negative) need a search one by one."""
    serial = serial_number(certificate)
    if serial > 0:
        return crl.get_revoked_certificate_by_serial_number(serial)
    return next((entry for entry in crl if entry.serial_number == serial), None)


def signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """True when the issuer's key signed the CRL, and may sign CRLs."""
    usage = extension(issuer, x509.KeyUsage)
    if usage is not None and not usage.crl_sign:
        return False
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except NOT_SIGNED:
        return False
