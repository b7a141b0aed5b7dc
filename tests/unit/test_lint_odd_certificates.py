"""What lint says about names, keys and extensions that are unusual, and what it must not say about them."""

from __future__ import annotations

from importlib.resources import files
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pkikit.design.csr import fast_key
from pkikit.files import parse
from pkikit.issue.authority import Authority
from pkikit.judge.checks.certificate_checks import MAX_SHOWN
from pkikit.judge.legs.tunnel_verdict import judge_ssh_certificate
from pkikit.judge.linting.lint import lint_authority, lint_certificate, lint_request
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.public_key import digest_name
from pkikit.model.findings import Severity, Verdict
from pkikit.model.version import ProductVersion
from simulator.world.craft import BOTH, DAY, craft
from tests.support.keys import rsa_key
from tests.support.worlds import AT, CLUSTER_E, E1

PRIVATE = x509.ObjectIdentifier("1.3.6.1.4.1.55555.9.1")
PRIVATE_EXTENSION = x509.UnrecognizedExtension(PRIVATE, b"\x05\x00")


def use(version: str = "X12.5") -> CertificateUse:
    return CertificateUse(at=AT, version=ProductVersion.parse(version))


def named(*attributes: tuple[str, str]) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, E1)]
        + [x509.NameAttribute(x509.ObjectIdentifier(oid), value) for oid, value in attributes]
    )


def rules(verdict: Verdict) -> set[str]:
    return {f.rule for f in verdict.findings}


def odd_authority() -> Authority:
    """A root whose own name holds an attribute that OpenSSL prints as a number."""
    key = fast_key()
    subject = named((PRIVATE.dotted_string, "x"))
    root = craft((), None, at=AT - DAY, key=key, subject=subject, ca=True, ekus=None, can_sign=True)
    return Authority(certificate=root.leaf, key=key)


@pytest.mark.near_miss("oid.unsupported")
@pytest.mark.parametrize("critical", [False, True])
def test_private_extension_does_not_report_oid_unsupported(critical: bool) -> None:
    """The guide looks at the names alone. A critical extension that nobody knows is another rule's business."""
    where = {"critical": (PRIVATE_EXTENSION,)} if critical else {"pointers": (PRIVATE_EXTENSION,)}
    leaf = craft((E1,), None, at=AT, key=rsa_key(), **where).leaf  # type: ignore[arg-type]
    verdict = lint_certificate(leaf, use())
    assert "oid.unsupported" in verdict.checked
    assert "oid.unsupported" not in rules(verdict)
    assert ("chain.critical-extension-unknown" in rules(verdict)) is critical


@pytest.mark.fires("oid.unsupported")
def test_issuer_name_with_an_unknown_attribute_reports_oid_unsupported() -> None:
    """The server certificate shows the name of its CA, so the tunnel fails, although its own subject is fine."""
    root = odd_authority()
    leaf = craft((E1,), root, at=AT, key=rsa_key()).leaf
    [found] = [f for f in lint_certificate(leaf, use()).errors if f.rule == "oid.unsupported"]
    assert [(e.where, e.seen) for e in found.evidence] == [("issuer", PRIVATE.dotted_string)]
    assert "issuing CA" in found.fix
    assert not judge_ssh_certificate(leaf).accepted


@pytest.mark.fires("oid.unsupported")
def test_ca_name_with_an_unknown_attribute_is_a_warning() -> None:
    """SSH reads no CA certificate: what a CA signs will show the name. The name of a CA above it never matters."""
    root = odd_authority()
    [found] = [f for f in lint_authority(root.certificate, use()).findings if f.rule == "oid.unsupported"]
    assert found.severity is Severity.WARNING
    assert len(found.evidence) == 1
    issuing = root.intermediate("Issuing CA", at=AT - DAY)
    assert "oid.unsupported" not in rules(lint_authority(issuing.certificate, use()))
    assert "oid.unsupported" not in rules(lint_certificate(craft((E1,), issuing, at=AT, key=rsa_key()).leaf, use()))


@pytest.mark.near_miss("oid.unsupported")
@pytest.mark.parametrize(
    ("oid", "value"),
    [
        ("2.5.4.20", "+44 20 7946 0000"), ("2.5.4.13", "edge"), ("2.5.4.97", "NTRGB-12345678"), ("2.5.4.15", "Business"),
        ("1.2.840.113549.1.9.2", "e1"), ("0.9.2342.19200300.100.1.3", "pki@example.com"),
        ("1.3.6.1.4.1.311.60.2.1.1", "Dover"),
    ],
)  # fmt: skip
def test_attribute_that_openssl_names_is_not_reported(oid: str, value: str) -> None:
    """Rare attributes are accepted when OpenSSL prints them by name."""
    leaf = craft((E1,), None, at=AT, key=rsa_key(), subject=named((oid, value))).leaf
    assert "oid.unsupported" not in rules(lint_certificate(leaf, use()))


@pytest.mark.fires("oid.unsupported")
def test_evidence_of_thousands_of_attributes_is_bounded() -> None:
    """A name may hold thousands of attributes."""
    subject = named(*((f"1.3.6.1.4.1.55555.{n}", "x") for n in range(MAX_SHOWN + 9)))
    [found] = [f for f in lint_certificate(craft((E1,), None, at=AT, key=rsa_key(), subject=subject).leaf, use()).errors
               if f.rule == "oid.unsupported"]  # fmt: skip
    assert len(found.evidence) == MAX_SHOWN


@pytest.mark.product("P1-12")
@pytest.mark.fires("key.type-untested")
@pytest.mark.near_miss("key.type-untested")
@pytest.mark.parametrize(
    ("version", "warned"), [("X12.5", True), ("X14.2.7", True), ("X14.3", False), ("X14.3.1", False), ("X15.5", False)]
)
def test_elliptic_key_is_accepted_from_x14_3_on(version: str, warned: bool) -> None:
    """Supported from X14.3 on."""
    for key in (fast_key(), ec.generate_private_key(ec.SECP384R1())):
        found = lint_certificate(craft((E1,), None, at=AT, key=key).leaf, use(version))
        assert ("key.type-untested" in rules(found)) is warned
    # The markers ask both of each case.
    lint_certificate(craft((E1,), None, at=AT, key=fast_key()).leaf, use("X12.5"))
    lint_certificate(craft((E1,), None, at=AT, key=rsa_key()).leaf, use())


@pytest.mark.product("P2-2")
@pytest.mark.fires("names.common-name-only")
@pytest.mark.parametrize("names", [(), ("example.com",), (CLUSTER_E, "example.com")])
def test_common_name_missing_from_the_san_is_reported(names: tuple[str, ...]) -> None:
    """With names in the SAN nobody reads the common name at all; without any, not everybody does."""
    leaf = craft(names, None, at=AT, key=rsa_key(), common_name=E1).leaf
    [found] = [f for f in lint_certificate(leaf, use()).findings if f.rule == "names.common-name-only"]
    assert found.severity is Severity.WARNING
    assert E1 in found.evidence[0].expected
    assert "names.common-name-only" not in lint_certificate(leaf, use("X8.11")).checked


@pytest.mark.near_miss("names.common-name-only")
@pytest.mark.parametrize(
    ("common_name", "names"),
    [
        (E1.upper(), (E1,)),  # case does not matter
        ("Expressway E1", (E1,)),  # nobody looks for a label with a blank
        ("ucm1-ms.corp.example.com", ("ucm1.corp.example.com", "ucm2.corp.example.com", "corp.example.com")),
    ],
)
def test_multi_server_common_name_missing_from_the_san_is_not_reported(
    common_name: str, names: tuple[str, ...]
) -> None:
    """The `-ms` name of a multi-server certificate is in no SAN, by design of Unified CM."""
    assert "names.common-name-only" not in rules(
        lint_certificate(craft(names, None, at=AT, key=rsa_key(), common_name=common_name).leaf, use())
    )


@pytest.mark.near_miss("eku.critical")
def test_critical_key_usage_is_not_reported_as_critical_purposes() -> None:
    """Key usage and basic constraints are critical in every certificate of the lab; the purposes are not."""
    verdict = lint_certificate(craft((E1,), None, at=AT, key=rsa_key(), ekus=BOTH).leaf, use())
    assert "eku.critical" in verdict.checked
    assert "eku.critical" not in rules(verdict)


def vector(name: str) -> x509.Certificate:
    return parse((files("cryptography_vectors") / "x509" / "custom" / name).read_bytes(), where=name).certificates[0]


@pytest.mark.near_miss("signature.digest-unsupported")
def test_sha1_signature_of_a_root_is_not_reported() -> None:
    """Many public roots are still signed with SHA-1: a verifier trusts their key, and never checks that signature."""
    root = vector("bc_path_length_zero.pem")
    assert digest_name(root) == "sha1"
    assert "signature.digest-unsupported" not in rules(lint_authority(root, use()))


@pytest.mark.fires("signature.digest-unsupported")
@pytest.mark.parametrize("name", ["basic_constraints_not_critical.pem", "all_key_usages.pem"])
def test_sha1_signature_below_a_root_is_reported(name: str) -> None:
    """A CA below a root, and a server certificate, also one that signed itself."""
    certificate = vector(name)
    judge = lint_authority if "basic" in name else lint_certificate
    assert "signature.digest-unsupported" in rules(judge(certificate, use()))


@pytest.mark.fires("names.common-name-missing")
def test_empty_common_name_counts_as_missing() -> None:
    """The attribute is there, and there is nothing in it."""
    blank = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, " ", _validate=False)])
    assert "names.common-name-missing" in rules(
        lint_certificate(craft((E1,), None, at=AT, key=rsa_key(), subject=blank).leaf, use())
    )


@pytest.mark.near_miss("csr.no-names")
def test_request_with_only_an_address_in_the_san_reports_the_common_name() -> None:
    """An address in the SAN does not make the common name disappear."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(named())
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("192.0.2.1"))])
    verdict = lint_request(builder.add_extension(address, critical=False).sign(rsa_key(), hashes.SHA256()), use())
    assert "csr.no-names" in verdict.checked
    assert "csr.no-names" not in rules(verdict)


def test_request_for_a_ca_without_names_is_judged_as_a_request() -> None:
    """It looks self-issued and self-signed; it is a request, and its digest is looked at."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    verdict = lint_request(builder.sign(rsa_key(), hashes.SHA256()), use())
    assert "signature.digest-unsupported" in verdict.checked
    assert {"csr.no-names", "names.common-name-missing"} <= rules(verdict)
