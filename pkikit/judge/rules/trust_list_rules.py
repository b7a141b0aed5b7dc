"""Rules over a trusted CA list and over each CA certificate in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography import x509

from pkikit.judge.linting.lint_question import CertificateUse
from pkikit.judge.registry import Subject, rule
from pkikit.judge.rules.trust_rules import described
from pkikit.judge.rules.upload_rules import is_temporary
from pkikit.judge.trust import Anchor, build_path, effective_trust, is_sound, same_key, trust_index
from pkikit.model.certificates.facts import (
    common_name,
    distinguished,
    extension,
    is_self_signed,
    is_valid_at,
    subject_of,
    title,
)
from pkikit.model.findings import Evidence, Severity
from pkikit.values.names import printable


@rule(
    "trust-list.same-subject",
    Severity.WARNING,
    on=Subject.TRUST_LIST,
    requirement="A trusted CA list holds no two self-signed certificates with one subject and different keys: the product "
    "uses only the first.",
    source="X12.5 guide, 'Cisco Unified Communications Manager Certificates'",
    fix="Use CA-signed certificates, or self-signed ones with different common names.",
)
def same_subject(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    for dropped in effective_trust(certificates)[1]:
        yield Evidence(
            label="subject",
            expected="once",
            seen=f"{described(dropped)}, behind another of that name",
            where="trusted CA list",
        )


@rule(
    "trust-list.leaf-in-list",
    Severity.WARNING,
    on=Subject.TRUST_LIST,
    requirement="A trusted CA list holds CA certificates; a server certificate in it trusts nobody but itself.",
    source="X12.5 guide, 'Managing the Trusted CA Certificate List'",
    fix="Append the CA that signed it instead.",
)
def leaf_in_list(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    for certificate in certificates:
        constraints = extension(certificate, x509.BasicConstraints)
        if constraints is not None and not constraints.ca:
            yield Evidence(label="certificate", expected="a CA", seen=title(certificate), where="trusted CA list")


@rule(
    "trust-list.same-common-name",
    Severity.WARNING,
    on=Subject.TRUST_LIST,
    requirement="No two CA certificates of the list have one common name: logins through an identity provider may fail.",
    source="X14.0 guide, 'Loading Certificates and Keys Onto Expressway'",
    fix="Delete the one that is no longer needed. Ask the CA to give a successor another common name.",
    versions="X14.0-",
)
def same_common_name(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    seen: dict[str, x509.Certificate] = {}
    for certificate in certificates:
        name = common_name(certificate.subject)
        first = seen.setdefault(name, certificate) if name else certificate
        if first != certificate:
            yield Evidence(
                label=f"common name {printable(name)}", expected="once", seen="twice", where="trusted CA list"
            )


@rule(
    "trust-list.root-absent",
    Severity.WARNING,
    on=Subject.TRUST_LIST,
    requirement="An intermediate of the list is of use only together with the root above it.",
    source="X12.5 guide, 'Managing the Trusted CA Certificate List'; RFC 5280 §6.1",
    fix="Append the root and the CAs between it and the intermediate.",
)
def root_absent(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    for certificate in certificates:
        # A self-signed certificate is a root itself. A cross-signed copy of one is a matter for the rule below.
        if is_self_signed(certificate) or self_signed_twin(certificate, certificates):
            continue
        path = build_path(certificate, sent=(), trusted_ca_list=certificates, at=use.at)
        if path.anchor is not Anchor.TRUSTED:
            above = distinguished(path.certificates[-1].issuer)
            yield Evidence(
                label=f"issuer of {title(certificate)}", expected=above, seen="not in the list", where="trusted CA list"
            )


@rule(
    "trust-list.cross-signed-copy",
    Severity.WARNING,
    on=Subject.TRUST_LIST,
    requirement="A cross-signed copy of a root does not stand before the root itself: OpenSSL takes the first of the two, and "
    "never comes back when the copy leads to a root that is absent or has expired.",
    source="OpenSSL, crypto/x509/x509_vfy.c; measured (tests/interop/test_paths_openssl.py)",
    fix="Remove the cross-signed copy from the list. The self-signed root is in it, and is enough.",
)
def cross_signed_copy(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    places = {certificate: n for n, certificate in reversed(list(enumerate(certificates)))}
    for certificate in places:
        twin = self_signed_twin(certificate, certificates)
        if twin is None or places[twin] < places[certificate] or not is_valid_at(certificate, use.at):
            continue
        path = build_path(certificate, sent=(), trusted_ca_list=certificates, at=use.at)
        if not is_sound(path, use.at):
            yield Evidence(
                label="cross-signed copy",
                expected=f"behind {described(twin)}, or not in the list",
                seen=described(certificate),
                where="trusted CA list",
            )


def self_signed_twin(
    certificate: x509.Certificate, certificates: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    """The self-signed certificate of the list with the subject and the key of one that is not self-signed."""
    if is_self_signed(certificate):
        return None
    used = trust_index(certificates).by_subject.get(subject_of(certificate), ())
    return next((c for c in used if is_self_signed(c) and same_key(c, certificate)), None)


@rule(
    "trust-list.temporary-ca",
    Severity.INFO,
    on=Subject.TRUST_LIST,
    requirement="The temporary CA of a new installation is taken out once real certificates are in use.",
    source="X14.0 guide, 'Loading Certificates and Keys Onto Expressway'",
    fix="Replace the list with the CAs that you trust.",
)
def temporary_ca(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    for certificate in certificates:
        if is_temporary(certificate.subject):
            seen = distinguished(certificate.subject)
            yield Evidence(label="CA", expected="one that you chose", seen=seen, where="trusted CA list")
