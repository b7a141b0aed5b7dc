"""Our own CA: what it signs, what it refuses, its CRL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.csr import build_csr, fast_key
from pkikit.design.san import design_sans
from pkikit.errors import IssuanceRefused
from pkikit.issue.authority import LEAF_LIFETIME, Profile, create_root
from pkikit.model.certificates.credential import spki
from pkikit.model.certificates.facts import extension, is_issued_by
from tests.support.worlds import AT, E1, deployment

ROOT = create_root("Root CA", at=AT)
CA = ROOT.intermediate("Issuing CA", at=AT)
KEY = fast_key()
REQUEST = build_csr(design_sans(deployment(), E1), KEY)


def test_issued_leaf_has_subject_key_and_names_of_the_request() -> None:
    """Subject, key, SANs and both EKUs of the request; the CA's name, dates from `at`."""
    leaf = CA.issue(REQUEST, at=AT)
    assert leaf.subject == REQUEST.subject
    assert extension(leaf, x509.SubjectAlternativeName) == extension(REQUEST, x509.SubjectAlternativeName)
    assert extension(leaf, x509.ExtendedKeyUsage) == extension(REQUEST, x509.ExtendedKeyUsage)
    assert is_issued_by(leaf, CA.certificate)
    assert is_issued_by(CA.certificate, ROOT.certificate)
    assert leaf.not_valid_after_utc == AT + LEAF_LIFETIME
    assert leaf.not_valid_before_utc < AT
    assert CA.intermediates == (CA.certificate,)
    assert CA.root == ROOT.certificate
    assert spki(leaf.public_key()) == spki(KEY.public_key()) != spki(CA.certificate.public_key())


def test_issued_leaf_lacks_client_auth_when_the_profile_does() -> None:
    """A CA that no longer issues clientAuth leaves it out, whatever the request asks for."""
    narrow = Profile(
        ekus=(ExtendedKeyUsageOID.SERVER_AUTH,), lifetime=timedelta(days=47), crl_url="http://crl.example.com/ca.crl"
    )
    leaf = CA.issue(REQUEST, at=AT, profile=narrow)
    usage = extension(leaf, x509.ExtendedKeyUsage)
    assert usage is not None
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert leaf.not_valid_after_utc == AT + timedelta(days=47)
    assert extension(leaf, x509.CRLDistributionPoints) is not None


def test_authority_refuses_a_changed_request_and_an_empty_profile() -> None:
    """A request that was changed after signing; a profile that allows none of the purposes."""
    der = REQUEST.public_bytes(Encoding.DER).replace(b"e1.example.com", b"e9.example.com")
    with pytest.raises(IssuanceRefused, match="not signed with the key"):
        CA.issue(x509.load_der_x509_csr(der), at=AT)
    with pytest.raises(IssuanceRefused, match="none of the key purposes"):
        CA.issue(REQUEST, at=AT, profile=Profile(ekus=(ExtendedKeyUsageOID.CODE_SIGNING,)))


def test_crl_lists_exactly_the_given_serial_numbers() -> None:
    """Signed by the CA, for a stated time, holding exactly the serial numbers given."""
    leaf, other = CA.issue(REQUEST, at=AT), CA.issue(REQUEST, at=AT)
    crl = CA.crl([leaf.serial_number], at=AT, lifetime=timedelta(days=2))
    assert crl.is_signature_valid(CA.key.public_key())
    assert not crl.is_signature_valid(ROOT.key.public_key())
    assert crl.get_revoked_certificate_by_serial_number(leaf.serial_number) is not None
    assert crl.get_revoked_certificate_by_serial_number(other.serial_number) is None
    assert crl.next_update_utc == AT + timedelta(days=2)


def test_repr_of_an_authority_hides_its_key() -> None:
    """An authority in an output cell gives nothing away."""
    assert "key=" not in repr(CA)
