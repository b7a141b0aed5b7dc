"""Rules over a trusted CA list and over each CA certificate in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography import x509

from pkikit.judge.registry import Subject, rule
from pkikit.judge.trust import effective_trust
from pkikit.judge.use import CertificateUse
from pkikit.model.facts import distinguished, extension, title
from pkikit.model.findings import Evidence, Severity


@rule(
    "trust-list.same-subject",
    Severity.WARNING,
    on=Subject.TRUST_LIST,
    requirement="A trusted CA list holds no two self-signed certificates with one subject: only the first is used.",
    source="X12.5 guide, 'Cisco Unified Communications Manager Certificates'",
    fix="Use CA-signed certificates, or self-signed ones with different common names.",
)
def same_subject(certificates: Sequence[x509.Certificate], use: CertificateUse) -> Iterator[Evidence]:
    for dropped in effective_trust(certificates)[1]:
        yield Evidence(label="subject", expected="once", seen=distinguished(dropped.subject), where="trusted CA list")


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
