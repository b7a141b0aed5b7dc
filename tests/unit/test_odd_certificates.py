"""Certificates that OpenSSL 3 reads and a strict parser refuses: read, judged, and reported once.

What OpenSSL itself says of each of them is compared in tests/interop/test_openssl_reads.py.
"""

from __future__ import annotations

import copy
import json
import pickle
import warnings
from collections.abc import Iterable
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning

from pkikit.errors import EncodingError
from pkikit.files import parse
from pkikit.judge.linting.lint import lint_authority, lint_certificate
from pkikit.judge.matching.name_matching import match_name
from pkikit.judge.questions import CertificateUse
from pkikit.judge.verify import verify_certificate
from pkikit.model.certificates.canonical_name import canonical, format_name
from pkikit.model.certificates.facts import extension, has_extension, is_issued_by, is_unreadable, presented_names
from pkikit.model.findings import Finding, Verdict
from pkikit.model.leg import NameCheck, Purpose
from pkikit.reading import load_certificate
from pkikit.reading.odd.certificate import OddCertificate
from pkikit.reading.pem import to_pem
from pkikit.view.description import describe_certificate
from tests.support import odd_der
from tests.support.odd_cases import CERTIFICATES, REFUSED_BY_OPENSSL_ALONE
from tests.support.odd_der import HOST, Change, Lab, lab
from tests.support.worlds import AT

# OpenSSL refuses to read these (d2i_X509); everything else in CERTIFICATES it reads.
REFUSED = {
    "name-visible-latin1", "name-utf8-invalid", "name-bmp-odd-length", "name-bmp-lone-surrogate", "name-universal-odd-length",
    "name-universal-too-high", "name-integer-value", "name-general-string", "name-graphic-string", "name-videotex",
    "name-three-in-attribute", "name-no-value", "serial-padded", "serial-padded-negative", "serial-empty",
    "begins-not-a-time", "algorithm-two-nulls", "algorithm-null-with-content", "key-rsa-two-nulls",
    "unique-id-unused-bits", "critical-empty-boolean", "extension-extra-element", "extension-no-value",
    "extension-bit-string-value", "extension-bad-oid", "outer-extra-element",
}  # fmt: skip
READ = sorted(set(CERTIFICATES) - REFUSED)
USE = CertificateUse(at=AT)
ABSENT = {"names.common-name-only", "ca.basic-constraints-missing", "ca.key-usage-missing"}


@pytest.fixture(autouse=True)
def quiet() -> Iterable[None]:
    """`cryptography` warns of odd serial numbers and countries; the rules report those."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield


def verified(made: Lab, purpose: Purpose = Purpose.SERVER) -> Verdict:
    return verify_certificate(
        load_certificate(made.leaf),
        sent=(load_certificate(made.issuing),),
        trusted_ca_list=(load_certificate(made.root),),
        purpose=purpose,
        at=AT,
        name_checks=(NameCheck(any_of=(HOST,), why="test"),),
    )


def found(verdict: Verdict) -> set[str]:
    return {f.rule for f in verdict.findings}


def only(verdict: Verdict, rule: str) -> Finding:
    """The one finding of that rule."""
    (one,) = [f for f in verdict.findings if f.rule == rule]
    return one


@pytest.mark.parametrize("label", READ)
def test_odd_certificate_that_openssl_reads_is_judged(label: str) -> None:
    """Whatever OpenSSL reads can be read, described, linted and judged as leaf and as CA."""
    made = lab(leaf=CERTIFICATES[label]), lab(issuing=CERTIFICATES[label])
    for der in (made[0].leaf, made[1].issuing):
        certificate = load_certificate(der)
        # What follows the certificate is not part of it.
        own = der.removesuffix(b"\0\0\0") if label == "trailing-bytes" else der
        assert certificate.fingerprint(hashes.SHA256()) == sha256(own).digest()
        assert certificate.public_bytes(Encoding.DER) in der
        json.dumps(describe_certificate(certificate, AT))
        lint_certificate(certificate, USE)
        lint_authority(certificate, USE)
    for one in made:
        verified(one)


@pytest.mark.parametrize("label", sorted(REFUSED))
def test_odd_certificate_that_openssl_refuses_is_refused(label: str) -> None:
    with pytest.raises(EncodingError, match="is a certificate that OpenSSL does not read either") as caught:
        parse(to_pem(lab(leaf=CERTIFICATES[label]).leaf, "CERTIFICATE"), where="list.pem")
    assert str(caught.value).startswith("list.pem: ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "label", [n for n in READ if n.startswith(("extension-", "duplicate-")) and n != "extension-san-empty"]
)
def test_odd_extension_is_never_called_absent(label: str) -> None:
    """An extension that is there is never called absent, whether it is the odd one or another."""
    certificate = load_certificate(lab(leaf=CERTIFICATES[label]).leaf)
    for kind in (x509.BasicConstraints, x509.KeyUsage, x509.SubjectAlternativeName, x509.ExtendedKeyUsage):
        assert has_extension(certificate, kind)
    authority = load_certificate(lab(issuing=CERTIFICATES[label]).issuing)
    for verdict in (lint_certificate(certificate, USE), lint_authority(authority, USE)):
        claims = [(f.rule, e) for f in verdict.findings if f.rule in ABSENT for e in f.evidence]
        assert not [(rule, e) for rule, e in claims if e.seen in {"absent", "no names", "no SAN"}]


@pytest.mark.fires("chain.extension-unreadable")
@pytest.mark.parametrize(
    "label", ["san-broken", "ku-broken", "eku-bad-oid", "ski-raw", "aki-octets", "crldp-empty-point"]
)
def test_unreadable_extension_is_reported_once(label: str) -> None:
    made = lab(leaf=CERTIFICATES[f"extension-{label}"])
    verdict = verified(made)
    assert len(only(verdict, "chain.extension-unreadable").evidence) == 1
    assert "leaf" in only(verdict, "chain.extension-unreadable").evidence[0].label
    assert only(lint_certificate(load_certificate(made.leaf), USE), "chain.extension-unreadable")


@pytest.mark.near_miss("chain.extension-unreadable")
@pytest.mark.fires("certificate.encoding-odd")
@pytest.mark.parametrize(
    "label",
    [
        "policies-notice-latin1",
        "bc-default-encoded",
        "san-latin1",
        "san-ip-3",
        "eku-trailing",
        "crldp-latin1",
        "sct-garbage",
    ],
)
def test_oddity_that_openssl_ignores_is_a_warning(label: str) -> None:
    verdict = verified(lab(leaf=CERTIFICATES[f"extension-{label}"]))
    assert verdict.accepted
    assert only(verdict, "certificate.encoding-odd").severity.value == "warning"


@pytest.mark.near_miss("certificate.encoding-odd", "certificate.part-unreadable")
def test_valid_certificate_has_no_oddities() -> None:
    verdict = verified(lab())
    assert verdict.accepted
    assert not verdict.findings


@pytest.mark.fires("chain.extension-unreadable")
@pytest.mark.parametrize("label", ["bc", "ku", "eku", "san", "ski", "aki", "crldp", "nc"])
def test_duplicate_extension_that_openssl_refuses_is_an_error(label: str) -> None:
    verdict = verified(lab(leaf=CERTIFICATES[f"duplicate-{label}"]))
    assert "once" in only(verdict, "chain.extension-unreadable").evidence[0].seen or not verdict.accepted
    assert not verdict.accepted


@pytest.mark.parametrize("label", ["aia", "policies", "unknown", "ian"])
def test_duplicate_extension_that_openssl_ignores_is_accepted(label: str) -> None:
    assert verified(lab(leaf=CERTIFICATES[f"duplicate-{label}"])).accepted


@pytest.mark.fires("validity.unreadable")
@pytest.mark.parametrize("label", [n for n in READ if n.startswith(("begins-utc-", "ends-utc-o"))])
def test_unreadable_date_is_reported_as_written(label: str) -> None:
    """The date is reported as it is written; the certificate is neither called expired nor not yet valid."""
    made = lab(leaf=CERTIFICATES[label])
    assert only(verified(made), "validity.unreadable").evidence[0].label.endswith("leaf")
    assert not {r for r in found(lint_certificate(load_certificate(made.leaf), USE)) if r.startswith("validity.")} - {
        "validity.unreadable"
    }


@pytest.mark.near_miss("validity.unreadable")
@pytest.mark.parametrize("label", ["begins-generalized-early", "begins-generalized-1949", "begins-generalized-year-0"])
def test_unusual_date_that_openssl_reads_is_accepted(label: str) -> None:
    assert verified(lab(leaf=CERTIFICATES[label])).accepted


@pytest.mark.fires("certificate.openssl-cannot-read")
@pytest.mark.parametrize("label", sorted(REFUSED_BY_OPENSSL_ALONE))
def test_certificate_that_only_a_strict_parser_reads_is_refused(label: str) -> None:
    assert not verified(lab(leaf=CERTIFICATES[label])).accepted


@pytest.mark.near_miss("certificate.openssl-cannot-read")
@pytest.mark.parametrize("label", ["name-bmp", "name-universal", "name-numeric-letters", "name-t61-nul"])
def test_unusual_string_that_openssl_reads_is_accepted(label: str) -> None:
    assert verified(lab(leaf=CERTIFICATES[label])).accepted


@pytest.mark.fires("certificate.part-unreadable")
def test_certificate_with_too_many_extensions_is_not_assessed() -> None:
    def change(fields: odd_der.Fields) -> None:
        fields.subject = odd_der.name([odd_der.attribute(odd_der.O, b"a_b", odd_der.PRINTABLE)])
        fields.more_extensions = tuple(odd_der.extension(f"1.2.3.{n}", b"x") for n in range(1001))

    verdict = verified(lab(leaf=change))
    assert not verdict.accepted
    assert "list of extensions" in only(verdict, "certificate.part-unreadable").evidence[0].label


@pytest.mark.parametrize("label", ["name-printable-amp", "name-t61-latin1", "name-unsorted-rdn", "name-empty-rdn"])
def test_odd_root_in_a_trusted_list_leaves_other_paths(label: str) -> None:
    """The odd root is among good ones; both the paths through it and those beside it are found."""
    odd, good = lab(root=CERTIFICATES[label]), lab()
    listed = parse(
        b"".join(to_pem(der, "CERTIFICATE") for der in (good.root, odd.root)), where="trust.pem"
    ).certificates
    assert len(listed) == 2
    for made in (odd, good):
        verdict = verify_certificate(
            load_certificate(made.leaf),
            sent=(load_certificate(made.issuing),),
            trusted_ca_list=listed,
            purpose=Purpose.SERVER,
            at=AT,
        )
        assert verdict.accepted, found(verdict)


@pytest.mark.parametrize("label", ["algorithm-outer-other", "algorithm-outer-no-null", "algorithm-inner-no-null"])
def test_certificate_with_two_signature_algorithms_is_refused(label: str) -> None:
    assert not verified(lab(leaf=CERTIFICATES[label])).accepted


def _changed(change: Change) -> Lab:
    def both(fields: odd_der.Fields) -> None:
        CERTIFICATES["name-printable-amp"](fields)
        change(fields)

    return lab(leaf=both)


def test_signature_of_an_odd_certificate_is_checked_over_its_bytes() -> None:
    made = _changed(lambda fields: None)
    leaf, issuing = load_certificate(made.leaf), load_certificate(made.issuing)
    assert isinstance(leaf, OddCertificate)
    assert is_issued_by(leaf, issuing)
    tampered = load_certificate(made.leaf.replace(b"Smith & Sons", b"Smyth & Sons"))
    assert not is_issued_by(tampered, issuing)
    assert tampered != leaf


def test_odd_certificate_compares_and_hashes_by_value() -> None:
    der = _changed(lambda fields: None).leaf
    one, same = load_certificate(der), OddCertificate(der)
    assert one == same
    assert hash(one) == hash(same)
    assert copy.deepcopy(one) is one
    assert pickle.loads(pickle.dumps(same)) == one
    assert one != load_certificate(lab().leaf)
    assert parse(one.public_bytes(Encoding.PEM), where="x").certificates == (one,)


def test_unreadable_san_matches_no_name() -> None:
    """The common name does not stand in for names that nobody can read."""
    certificate = load_certificate(lab(leaf=CERTIFICATES["extension-san-broken"]).leaf)
    assert is_unreadable(certificate, x509.SubjectAlternativeName)
    assert not match_name(HOST, presented_names(certificate)).matched


def test_readable_names_beside_an_odd_one_match() -> None:
    for label in ("san-latin1", "san-ip-3", "san-x400", "san-email-latin1", "san-dn-latin1"):
        certificate = load_certificate(lab(leaf=CERTIFICATES[f"extension-{label}"]).leaf)
        assert match_name(HOST, presented_names(certificate)).matched, label


def test_key_identifier_with_issuer_or_serial_alone_is_compared() -> None:
    assert verified(lab(leaf=CERTIFICATES["extension-aki-serial-only"])).accepted
    assert not verified(lab(leaf=CERTIFICATES["extension-aki-wrong-serial-only"])).accepted


def test_undecodable_name_is_displayed_as_latin1() -> None:
    certificate = load_certificate(lab(leaf=CERTIFICATES["name-t61-latin1"]).leaf)
    assert "Zürich" in format_name(certificate.subject)


def test_name_comparison_ignores_case_of_ascii_only() -> None:
    """As OpenSSL compares: a name in another case of ü is another name."""

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    assert canonical(name("Odd  CA")) == canonical(name(" odd ca"))
    assert canonical(name("ZÜRICH")) != canonical(name("zürich"))
    assert canonical(name("zürICH")) == canonical(name("zürich"))
    assert canonical(name("a\u00a0b")) != canonical(name("a b"))


def test_unreadable_extension_is_described() -> None:
    certificate = load_certificate(lab(leaf=CERTIFICATES["extension-san-broken"]).leaf)
    listed = {e["name"]: e for e in describe_certificate(certificate, AT)["extensions"]}
    assert listed["subjectAltName"]["error"]
    assert listed["extendedKeyUsage"]["value"] == "serverAuth, clientAuth"
    assert extension(certificate, x509.ExtendedKeyUsage) is not None


def test_signature_with_unused_bits_is_invalid() -> None:
    """OpenSSL refuses it; a strict parser passes over it when the unused bits are 0, as they are in half of all signatures."""
    good = lab()
    for number in range(12):

        def change(fields: odd_der.Fields, number: int = number) -> None:
            fields.serial = odd_der.integer(1000 + number)
            CERTIFICATES["signature-unused-bits"](fields)

        assert not is_issued_by(load_certificate(lab(leaf=change).leaf), load_certificate(good.issuing))
