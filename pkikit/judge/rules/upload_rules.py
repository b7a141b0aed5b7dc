"""Warnings about a server certificate that is uploaded, beyond the certificate rules (X8.10 and later)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from cryptography import x509

from pkikit.judge.linting.lint_question import CertificateUse
from pkikit.judge.name_matching import presented_names
from pkikit.judge.registry import Subject, declare, rule
from pkikit.judge.rules.certificate_rules import MAX_SHOWN
from pkikit.judge.trust import Anchor, build_path
from pkikit.model.certificates.facts import common_name, distinguished, has_extension, serial_number, title
from pkikit.model.findings import Evidence, Severity
from pkikit.model.parties import Role
from pkikit.values.names import printable
from pkikit.values.other_names import COLLAB_EDGE, SRV_NAME, XMPP_ADDRESS, OtherName
from pkikit.values.public_names import why_internal

_UPLOAD = "X14.0 guide, 'Loading Certificates and Keys Onto Expressway' (warnings from X8.10)"


@rule(
    "names.common-name-missing",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="A server certificate has a common name. MRA, Jabber Guest and the Meeting Server web proxy do not work without "
    "one; the upload warns, and alarm 40052 is raised.",
    source=_UPLOAD,
    fix="Generate a request with the FQDN of the Expressway, or of its cluster, as common name, and have a new "
    "certificate issued.",
    versions="X8.10-",
)
def common_name_missing(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if not common_name(certificate.subject).strip():
        seen = distinguished(certificate.subject)
        yield Evidence(label="common name", expected="an FQDN", seen=f"none (subject {seen})", where="subject")


@rule(
    "names.common-name-unexpected",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="The common name is the FQDN of the Expressway. On a clustered Expressway it is the FQDN of the cluster (before "
    "X9, of the peer).",
    source="X12.5 guide, 'Overview of Certificate Use on the Expressway'; X8.x guides, same chapter",
    fix="Nothing to do while the SAN holds the names. Generate the next request with this common name.",
)
def common_name_unexpected(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if use.layout is None:
        return
    seen = common_name(certificate.subject)
    if seen and seen.lower().rstrip(".") != use.layout.common_name:
        yield Evidence(label="common name", expected=use.layout.common_name, seen=printable(seen), where="subject")


@rule(
    "names.internal-domain",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="The certificate of Expressway-E holds public names only: clients outside look for no others, and public CAs do "
    "not issue for others.",
    source="X12.5 guide, 'Expressway-E server certificate requirements' (private domains need not be there)",
    fix="Leave the private name out of the next request. Only the domains that clients use outside have to be in the "
    "certificate.",
)
def internal_domain(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if use.role is not Role.EXPRESSWAY_E:
        return
    for name in presented_names(certificate).identities:
        why = why_internal(name)
        if why:
            yield Evidence(label="name", expected="a public name", seen=f"{name}: {why}", where="subjectAltName")


@rule(
    "names.xmpp-address-form",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="XMPP federation domains are dNSNames. A CA may not support the XMPPAddress form, and later versions may not "
    "either.",
    source="X12.5 guide, 'Expressway-E server certificate requirements'",
    fix="Choose the format DNS for the federation domains on the request page, and have a new certificate issued.",
)
def xmpp_address(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    for name in _others(certificate, XMPP_ADDRESS):
        yield Evidence(label="name", expected="a dNSName", seen=str(name), where="subjectAltName")


def _others(certificate: x509.Certificate, type_id: str) -> Iterator[OtherName]:
    """The otherName entries of one type, the first of them."""
    return islice((n for n in presented_names(certificate).others if n.type_id == type_id), MAX_SHOWN)


@rule(
    "names.srv-name-unusable",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="A SRVName of the SAN is `_collab-edge._tls.DOMAIN`, as an IA5String: endpoints look for no other service.",
    source="Cisco TAC 211304 (issue 3: 'corresponding SRVName'); RFC 4985 §2",
    fix="Leave the SRVName out, and have the registration domain entered as dNSName: format DNS or CollabEdgeDNS on the "
    "request page.",
)
def srv_name_unusable(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
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


@rule(
    "names.srv-name-only",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="A registration domain is in the SAN as dNSName: the domain itself or collab-edge.DOMAIN. Endpoints of the X8 "
    "time accept the SRVName _collab-edge._tls.DOMAIN in its place; later request pages do not offer it, and public CAs may "
    "not sign it.",
    source="X12.5 guide, 'Expressway-E server certificate requirements'; Cisco TAC 211304; CA/Browser Forum BR §7.1.2.7.12",
    fix="Request the next certificate with the format DNS or CollabEdgeDNS for the registration domains.",
)
def srv_name_only(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    dns = presented_names(certificate).dns
    for name in _others(certificate, SRV_NAME):
        domain = name.domain if name.service == COLLAB_EDGE else ""
        if "." in domain and domain not in dns and f"collab-edge.{domain}" not in dns:
            yield Evidence(
                label="registration domain", expected=f"dNSName {domain}", seen=str(name), where="subjectAltName"
            )


@rule(
    "eku.absent",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="A server certificate lists its purposes. Without a list every purpose is allowed. No document tells whether the "
    "upload accepts it; the MRA guide X15.0 says that a certificate without clientAuth is refused.",
    source="MRA guide X15.0, 'Requirements'; RFC 5280 §4.2.1.12; ours",
    fix="Have the certificate issued with the extended key usages serverAuth and clientAuth.",
    versions="X8.10-",
)
def eku_absent(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if not has_extension(certificate, x509.ExtendedKeyUsage):
        yield Evidence(
            label="extended key usage", expected="serverAuth, clientAuth", seen="absent", where="extendedKeyUsage"
        )


@rule(
    "upload.temporary-certificate",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="The certificate that a new installation makes for itself, signed by its own temporary CA, is replaced before "
    "use.",
    source="X14.0 guide, 'Loading Certificates and Keys Onto Expressway'",
    fix="Generate a request on the Expressway, have it signed by a CA that the other machines trust, and upload the "
    "certificate.",
)
def temporary_certificate(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if is_temporary(certificate.issuer):
        seen = distinguished(certificate.issuer)
        yield Evidence(label="issuer", expected="a CA that others trust", seen=seen, where="issuer")


def is_temporary(name: x509.Name) -> bool:
    """True for the name of the CA that a new installation brings along."""
    return any(str(a.value).lower().startswith("temporary ca") for a in name)


@rule(
    "certificate.serial-invalid",
    Severity.WARNING,
    on=Subject.CERTIFICATE,
    requirement="A serial number is positive and has at most 20 octets.",
    source="RFC 5280 §4.1.2.2",
    fix="Tell the CA, and have the certificate reissued: some tools refuse it, and revocation lists may miss it.",
)
def serial_invalid(certificate: x509.Certificate, use: CertificateUse) -> Iterator[Evidence]:
    if use.is_request:
        return
    serial = serial_number(certificate)
    if serial <= 0 or serial.bit_length() > 159:
        yield Evidence(
            label="serial number", expected="positive, up to 20 octets", seen=f"{serial:x}"[:80], where="serial"
        )


CHAIN_INCOMPLETE = declare(
    "upload.chain-incomplete",
    Severity.WARNING,
    on=Subject.UPLOAD,
    requirement="The Expressway's own trusted CA list holds every CA of the server certificate's chain when the certificate is "
    "uploaded.",
    source=_UPLOAD,
    fix="First append the missing CA certificates under Maintenance > Security > Trusted CA certificate. Then upload the "
    "server certificate.",
    versions="X8.10-",
)
ENCRYPTED_KEY = declare(
    "key.encrypted",
    Severity.ERROR,
    on=Subject.FILE,
    requirement="A private key is uploaded without a passphrase: Expressway does not accept an encrypted key.",
    source="X12.5 guide, 'Loading a Server Certificate and Private Key Onto Expressway'",
    fix="Remove the passphrase where the key is (`pkikit convert KEY --to pem --out FILE`), upload FILE, and delete it.",
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
            seen=f"{distinguished(top.issuer)} is not",
            where="trusted CA list",
        )
