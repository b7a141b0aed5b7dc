"""A second implementation of RFC 6125 and RFC 9525: service-identity, about the same certificates and names as ours."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import verify_certificate_hostname

from pkikit.judge.matching.name_matching import match_https
from pkikit.model.certificates.facts import presented_names
from tests.support.worlds import AT

PRESENTED = (
    "e1.example.com", "E1.EXAMPLE.com", "e1.example.com.", "e1.example.com ", "example.com", "", "sip:e1.example.com",
    "*.example.com", "*.xn--bcher-kva.example", "*.com", "*", "*.*.com", "e1.*.com", "e*.example.com", "*1.example.com",
    "xn--*.example.com",
)  # fmt: skip
REFERENCES = (
    "e1.example.com", "E1.example.COM", "e1.example.com.", "a.e1.example.com", "example.com", "com", "cn.example.com",
    "xn--a.example.com", "x.xn--bcher-kva.example",
)  # fmt: skip

ROOT_DOT = (
    "we take the dot of the root off a reference, and refuse it in a certificate; service-identity compares as written"
)
WE_ACCEPT = {
    ("e1.example.com", "e1.example.com."): ROOT_DOT,
    ("E1.EXAMPLE.com", "e1.example.com."): ROOT_DOT,
    ("*.example.com", "e1.example.com."): ROOT_DOT,
    ("*.example.com", "xn--a.example.com"): "RFC 6125 kept wildcards away from A-labels; RFC 9525 does not",
    ("*.com", "example.com"): "it wants two labels behind a wildcard; RFC 9525 leaves that to the CA",
}
WE_REFUSE = {
    ("e1.example.com.", "e1.example.com."): ROOT_DOT,
    ("e1.example.com ", "e1.example.com"): "it removes white space; a dNSName has none (RFC 5280)",
    ("e1.example.com ", "E1.example.COM"): "it removes white space; a dNSName has none (RFC 5280)",
}
KEY = ec.generate_private_key(ec.SECP256R1())


def certificate_for(presented: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cn.example.com")])
    san = x509.SubjectAlternativeName([x509.DNSName(presented)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    builder = builder.serial_number(1).not_valid_before(AT).not_valid_after(AT + timedelta(days=1))
    return builder.add_extension(san, critical=False).sign(KEY, hashes.SHA256())


def accepts(certificate: x509.Certificate, reference: str) -> bool:
    """What service-identity decides; a certificate that it cannot use is a no."""
    try:
        verify_certificate_hostname(certificate, reference)
    except (VerificationError, CertificateError):
        return False
    return True


@pytest.mark.parametrize("presented", PRESENTED)
def test_both_give_the_same_answer_or_the_difference_is_listed(presented: str) -> None:
    certificate = certificate_for(presented)
    names = presented_names(certificate)
    answers = {
        reference: (match_https(reference, names).matched, accepts(certificate, reference)) for reference in REFERENCES
    }
    assert {r for r, (ours, theirs) in answers.items() if ours and not theirs} == {
        r for p, r in WE_ACCEPT if p == presented
    }
    assert {r for r, (ours, theirs) in answers.items() if theirs and not ours} == {
        r for p, r in WE_REFUSE if p == presented
    }


def test_every_listed_difference_is_about_a_name_of_the_tables() -> None:
    assert {p for p, _ in (*WE_ACCEPT, *WE_REFUSE)} <= set(PRESENTED)
    assert {r for _, r in (*WE_ACCEPT, *WE_REFUSE)} <= set(REFERENCES)
