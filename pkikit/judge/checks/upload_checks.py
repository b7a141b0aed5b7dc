"""Checks of a server certificate at its upload, beyond those of certificate_checks (X8.10 and later)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.judge.checks.certificate_checks import MAX_SHOWN, allows, format_ekus
from pkikit.judge.checks.check import TRUSTED_CA_LIST, Check
from pkikit.judge.paths.trust import Anchor, build_path
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.canonical_name import common_name, format_name
from pkikit.model.certificates.facts import has_extension, presented_names, serial_number, title
from pkikit.model.findings import Evidence
from pkikit.model.leg import Purpose
from pkikit.model.parties import Role
from pkikit.model.tables.features import SERVER_ONLY_SWITCH, UPLOAD_NEEDS_CLIENT_AUTH
from pkikit.rules.certificate_rules import CHAIN_INCOMPLETE, EKU_ABSENT, SERIAL_INVALID, TEMPORARY_CERTIFICATE
from pkikit.rules.name_rules import (
    COMMON_NAME_MISSING,
    COMMON_NAME_UNEXPECTED,
    INTERNAL_DOMAIN,
    SRV_NAME_ONLY,
    SRV_NAME_UNUSABLE,
    XMPP_ADDRESS_FORM,
)
from pkikit.values.names import printable
from pkikit.values.other_names import COLLAB_EDGE, SRV_NAME, XMPP_ADDRESS, OtherName
from pkikit.values.public_names import why_internal


def common_name_missing(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the certificate has no common name."""
    if not common_name(certificate.subject).strip():
        seen = format_name(certificate.subject)
        says = f"The certificate has no common name (its subject is {seen})."
        yield Evidence(
            label="common name", expected="an FQDN", seen=f"none (subject {seen})", where="subject", says=says
        )


def common_name_unexpected(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the common name is not the one that the layout gives the peer."""
    if use.layout is None:
        return
    seen = common_name(certificate.subject)
    if seen and seen.lower().rstrip(".") != use.layout.common_name:
        says = f"The common name is {printable(seen)}; for this peer it should be {use.layout.common_name}."
        yield Evidence(
            label="common name", expected=use.layout.common_name, seen=printable(seen), where="subject", says=says
        )


def internal_domain(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each name in a certificate of Expressway-E that is not public."""
    if use.role is not Role.EXPRESSWAY_E:
        return
    for name in presented_names(certificate).identities:
        why = why_internal(name)
        if why:
            says = f"{name} is not a public name: it is {why}."
            yield Evidence(
                label="name", expected="a public name", seen=f"{name}: {why}", where="subjectAltName", says=says
            )


def xmpp_address(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each XMPPAddress in the SAN."""
    for name in _others(certificate, XMPP_ADDRESS):
        yield Evidence(label="name", expected="a dNSName", seen=str(name), where="subjectAltName")


def _others(certificate: x509.Certificate, type_id: str) -> Iterator[OtherName]:
    """Return the first otherName entries of one type."""
    return islice((n for n in presented_names(certificate).others if n.type_id == type_id), MAX_SHOWN)


def srv_name_unusable(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each SRVName that no endpoint looks for."""
    for name in _others(certificate, SRV_NAME):
        why = name.problem
        if not why and name.service != COLLAB_EDGE:
            why = f"no endpoint looks for the service {name.service}" if name.service else "it names no service"
        elif not why and "." not in name.domain:
            why = "no domain follows the service"
        if why:
            yield Evidence(
                label="SRVName", expected=f"{COLLAB_EDGE}.DOMAIN", seen=f"{name.text}: {why}", where="subjectAltName"
            )


def srv_name_only(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence for each registration domain that the SAN has only as SRVName."""
    dns = presented_names(certificate).dns
    for name in _others(certificate, SRV_NAME):
        domain = name.domain if name.service == COLLAB_EDGE else ""
        if "." in domain and domain not in dns and f"collab-edge.{domain}" not in dns:
            yield Evidence(
                label="registration domain", expected=f"dNSName {domain}", seen=str(name), where="subjectAltName"
            )


def eku_absent(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the certificate lists no purposes."""
    if not has_extension(certificate, x509.ExtendedKeyUsage):
        yield Evidence(
            label="extended key usage",
            expected="serverAuth, clientAuth",
            seen="absent",
            where="extendedKeyUsage",
            says="The certificate has no extended key usage.",
        )


CLIENT_BOX = "Upload server certificate file as client certificate"
SERVER_ONLY_COMMAND = "xConfiguration XCP TLS Certificate CVS EnableServerEkuUpload: On"


def why_purpose_refused(certificate: x509.Certificate, use: CertificateUse, *, server_only: bool) -> str:
    """Return why the product refuses to load a certificate without clientAuth; empty if it does not.

    Sources: Cisco TAC 225482 (FAQ) for versions before X15.5, Cisco TAC 225693 for the client store of X15.5.

    Args:
        certificate: the certificate of the upload.
        use: version, role and store.
        server_only: the switch of X15.4 is on.

    Returns:
        One sentence, or an empty text.
    """
    if allows(certificate, ExtendedKeyUsageOID.CLIENT_AUTH):
        return ""
    lacks = f"the certificate has no clientAuth (its extended key usage is {format_ekus(certificate)})"
    if use.store is Purpose.CLIENT:
        return (
            f"{lacks}, and the client certificate store takes none without it; a server certificate can be copied here by the "
            f"box {CLIENT_BOX!r} of the page Server certificate"
        )
    if not use.version.has(UPLOAD_NEEDS_CLIENT_AUTH):
        return ""
    if use.version.has(SERVER_ONLY_SWITCH) and use.role is Role.EXPRESSWAY_E:
        switch = f"on Expressway-E, `{SERVER_ONLY_COMMAND}` lifts that (off by default: inferred)"
        return "" if server_only else f"{lacks}, and {use.version} refuses the upload; {switch}"
    return f"{lacks}, and {use.version} refuses the upload of a certificate without it"


def temporary_certificate(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the temporary CA of a new installation signed the certificate."""
    if is_temporary(certificate.issuer):
        seen = format_name(certificate.issuer)
        says = f"The certificate is from the temporary CA of the installation ({seen}), which no other machine trusts."
        yield Evidence(label="issuer", expected="a CA that others trust", seen=seen, where="issuer", says=says)


def is_temporary(name: x509.Name) -> bool:
    """True for the name of the CA that comes with a new installation."""
    return any(str(a.value).lower().startswith("temporary ca") for a in name)


def serial_invalid(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    """Evidence that the serial number is not positive, or too long."""
    serial = serial_number(certificate)
    if serial <= 0 or serial.bit_length() > 159:
        yield Evidence(
            label="serial number", expected="positive, up to 20 octets", seen=f"{serial:x}"[:80], where="serial"
        )


def chain_incomplete(
    leaf: x509.Certificate, trusted_ca_list: Sequence[x509.Certificate], use: CertificateUse
) -> Iterator[Evidence]:
    """Evidence when the trusted CA list alone does not lead from the leaf to a root."""
    path = build_path(leaf, sent=(), trusted_ca_list=trusted_ca_list, at=use.at)
    if path.anchor is not Anchor.TRUSTED:
        top = path.certificates[-1]
        yield Evidence(
            label=f"issuer of {title(top)}",
            expected="in the trusted CA list",
            seen=f"{format_name(top.issuer)}, which is not in it",
            where=TRUSTED_CA_LIST,
            says=f"The Expressway's own trusted CA list does not have {format_name(top.issuer)}, the issuer of {title(top)}.",
        )


UPLOAD_CHECKS = (Check(CHAIN_INCOMPLETE, chain_incomplete),)
CHECKS = (
    Check(COMMON_NAME_MISSING, common_name_missing),
    Check(COMMON_NAME_UNEXPECTED, common_name_unexpected),
    Check(INTERNAL_DOMAIN, internal_domain),
    Check(XMPP_ADDRESS_FORM, xmpp_address),
    Check(SRV_NAME_UNUSABLE, srv_name_unusable),
    Check(SRV_NAME_ONLY, srv_name_only),
    Check(EKU_ABSENT, eku_absent),
    Check(TEMPORARY_CERTIFICATE, temporary_certificate),
    Check(SERIAL_INVALID, serial_invalid),
)
