"""The certificate that came back: is it what the request asked for? (guide, appendices 5 and 6)"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.errors import AcmeMisissued
from pkikit.judge.names import presented_names
from pkikit.judge.registry import Subject, declare, finding
from pkikit.judge.rules.certificate import allows, shown_ekus
from pkikit.judge.rules.chain import KEY_MISMATCH
from pkikit.judge.trust import may_be_issuer
from pkikit.model.credential import spki
from pkikit.model.facts import distinguished, is_self_issued, issued, title
from pkikit.model.findings import Evidence, Finding, Severity, Verdict

_SIGN = "X12.5 guide, appendix 6 'Authorizing a Request and Generating a Certificate'"

NAME_DROPPED = declare(
    "answer.name-dropped",
    Severity.ERROR,
    on=Subject.ANSWER,
    requirement="The CA keeps every name that the request asks for.",
    source=_SIGN,
    fix="Ask the CA why it left the name out (policy, validation, template without 'supply in the request'); have it reissued.",
)
NAME_ADDED = declare(
    "answer.name-added",
    Severity.INFO,
    on=Subject.ANSWER,
    requirement="The CA adds no names to those of the request.",
    source=_SIGN,
    fix="Nothing breaks; know that whoever holds the key can also answer for this name.",
)
SUBJECT_CHANGED = declare(
    "answer.subject-changed",
    Severity.WARNING,
    on=Subject.ANSWER,
    requirement="The subject comes back as it was asked for; public CAs drop what they did not validate.",
    source="X12.5 guide, 'Generate a Certificate Signing Request for ACME'; CA/Browser Forum BR §7.1.2.7",
    fix="Check that the common name is still the one that services read; the other fields may go.",
)
CHAIN_ABSENT = declare(
    "answer.chain-absent",
    Severity.INFO,
    on=Subject.ANSWER,
    requirement="The issuer's certificate comes with the answer, or is at hand for the trusted CA list.",
    source="X12.5 guide, 'Managing the Trusted CA Certificate List'",
    fix="Download the CA's chain too (certsrv: 'Download certificate chain'), and append it to the trusted CA list.",
)
_CHECKED = (
    KEY_MISMATCH, NAME_DROPPED, NAME_ADDED, SUBJECT_CHANGED, CHAIN_ABSENT,
    "eku.client-auth-missing", "eku.server-auth-missing",
)  # fmt: skip


def lint_answer(request: x509.CertificateSigningRequest, certificates: Sequence[x509.Certificate]) -> Verdict:
    """Compare the first certificate with the request; the others are its chain."""
    leaf, *chain = certificates
    subject = title(leaf)
    return Verdict(
        question=f"is {subject} what the request asked for?",
        findings=tuple(_findings(request, leaf, chain, subject)),
        checked=_CHECKED,
    )


def _findings(
    request: x509.CertificateSigningRequest, leaf: x509.Certificate, chain: Sequence[x509.Certificate], subject: str
) -> Iterator[Finding]:
    if spki(request.public_key()) != spki(leaf.public_key()):
        evidence = Evidence(label="public key", expected="that of the request", seen="another", where="certificate")
        yield finding(KEY_MISMATCH, subject, [evidence])
    asked, given = presented_names(request), presented_names(leaf)
    for rule_id, names in (
        (NAME_DROPPED, [n for n in asked.all_names if n not in given.all_names]),
        (NAME_ADDED, [n for n in given.all_names if n not in asked.all_names]),
    ):
        if names:
            shown = [asked.shown(), given.shown()]
            yield finding(
                rule_id,
                subject,
                [Evidence(label=f"name {n}", expected=shown[0], seen=shown[1], where="subjectAltName") for n in names],
            )
    for purpose, oid in (("client", ExtendedKeyUsageOID.CLIENT_AUTH), ("server", ExtendedKeyUsageOID.SERVER_AUTH)):
        if allows(request, oid) and not allows(leaf, oid):
            evidence = Evidence(
                label="extended key usage",
                expected=shown_ekus(request),
                seen=shown_ekus(leaf),
                where="extendedKeyUsage",
            )
            yield finding(f"eku.{purpose}-auth-missing", subject, [evidence])
    if request.subject != leaf.subject:
        evidence = Evidence(
            label="subject",
            expected=distinguished(request.subject),
            seen=distinguished(leaf.subject),
            where="subject",
        )
        yield finding(SUBJECT_CHANGED, subject, [evidence])
    if not is_self_issued(leaf) and not any(may_be_issuer(leaf, c) for c in chain):
        evidence = Evidence(label="issuer", expected=distinguished(leaf.issuer), seen="not in the file", where="file")
        yield finding(CHAIN_ABSENT, subject, [evidence])


_REFUSED = frozenset({KEY_MISMATCH, NAME_DROPPED, NAME_ADDED})


def require_answer(request: x509.CertificateSigningRequest, certificates: Sequence[x509.Certificate]) -> None:
    """AcmeMisissued unless this is a certificate for the request's key and names with the chain that signed it.

    Extended key usages are not looked at: a public CA leaves clientAuth out on purpose, and the legs say what that costs.
    """
    if not certificates:
        raise AcmeMisissued(["it holds no certificate"])
    found = [f for f in lint_answer(request, certificates).findings if f.rule in _REFUSED]
    wrong = [f"{e.label}: expected {e.expected}, found {e.seen}" for f in found for e in f.evidence[:3]]
    for child, issuer in pairwise(certificates):
        if not issued(child, issuer):
            wrong.append(f"{title(child)} is not signed by the next certificate of its chain, {title(issuer)}")
    if wrong:
        raise AcmeMisissued(wrong)
