"""The rules over one certificate, request or list: each with a world that fires it and a near miss that does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from importlib.resources import files

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pkikit.design.csr import build_csr, fast_key
from pkikit.design.nodes import design_nodes
from pkikit.design.san import design_sans
from pkikit.files import parse
from pkikit.issue.authority import Authority, ca_name, create_root
from pkikit.judge.linting.lint import (
    lint_authority,
    lint_certificate,
    lint_deployment,
    lint_request,
    lint_trust_list,
    lint_upload,
)
from pkikit.judge.questions import CertificateUse
from pkikit.model.certificates.credential import Credential
from pkikit.model.findings import Verdict
from pkikit.model.parties import Role
from pkikit.model.version import ProductVersion, guide_version
from simulator.world.craft import BOTH, CLIENT, DAY, SERVER, craft
from tests.support.keys import rsa_key
from tests.support.odd import der_with_serial
from tests.support.worlds import AT, CLUSTER_E, E1, changed, deployment, issued

USE = CertificateUse(at=AT, version=guide_version())
FULL = CertificateUse(at=AT, version=guide_version(), layout=design_sans(deployment("clustered-full"), E1))
NAMES = ("e1.example.com", "cluster-e.example.com")


def leaf(
    names: tuple[str, ...] = NAMES, use: CertificateUse = USE, bits: int = 2048, **properties: object
) -> Callable[[], Verdict]:
    def judge() -> Verdict:
        made = craft(names, None, at=AT, **{"key": rsa_key(bits=bits), **properties})  # type: ignore[arg-type]
        return lint_certificate(made.leaf, use)

    return judge


def subject(oid: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, E1), x509.NameAttribute(x509.ObjectIdentifier(oid), "x")])


def full(*missing: str) -> Callable[[], Verdict]:
    return leaf(
        tuple(n for n in (FULL.layout.dns_names if FULL.layout else ()) if n not in missing),
        FULL,
        common_name=CLUSTER_E,
    )


def collab_edge(*names: str) -> Callable[[], Verdict]:
    return leaf(
        names, CertificateUse(at=AT, version=guide_version(), layout=design_sans(deployment(), E1, "collab-edge-dns"))
    )


def deploy(**paths: object) -> Callable[[], Verdict]:
    return lambda: lint_deployment(changed("clustered-full", **paths))


def request_with(
    *attributes: tuple[x509.ObjectIdentifier, str], names: tuple[str, ...] = NAMES
) -> Callable[[], Verdict]:
    subject_name = x509.Name([
        x509.NameAttribute(NameOID.COMMON_NAME, E1), *(x509.NameAttribute(o, v, _validate=False) for o, v in attributes),
    ])  # fmt: skip
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject_name)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    return lambda: lint_request(builder.sign(rsa_key(), hashes.SHA256()), USE)


def old_request(version: str) -> Callable[[], Verdict]:
    names = [f"host-{n:02}.long-domain-name.example.com" for n in range(40)]
    builder = x509.CertificateSigningRequestBuilder().subject_name(ca_name(E1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    return lambda: lint_request(
        builder.sign(rsa_key(), hashes.SHA256()), CertificateUse(at=AT, version=ProductVersion.parse(version))
    )


def trust_list(*certificates: x509.Certificate, version: str = "X14.0") -> Callable[[], Verdict]:
    return lambda: lint_trust_list(certificates, CertificateUse(at=AT, version=ProductVersion.parse(version)))


def xmpp_address() -> x509.ExtensionType:
    return x509.SubjectAlternativeName([
        x509.DNSName(E1), x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5"), b"\x0c\x0bexample.com"),
    ])  # fmt: skip


def tampered_request() -> x509.CertificateSigningRequest:
    from cryptography.hazmat.primitives.serialization import Encoding

    der = build_csr(design_sans(deployment(), E1), rsa_key()).public_bytes(Encoding.DER)
    return x509.load_der_x509_csr(der.replace(b"e1.example.com", b"e2.example.com"))


def nameless_request() -> x509.CertificateSigningRequest:
    return x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(rsa_key(), hashes.SHA256())


ROOT = issued().authority.root


@cache
def good_request() -> x509.CertificateSigningRequest:
    return build_csr(design_sans(deployment(), E1), rsa_key())


@cache
def ca_without_constraints() -> x509.Certificate:
    return craft((), None, at=AT, subject=ca_name("Bare CA"), ca=None, ekus=None, key=rsa_key()).leaf


@cache
def cross_root() -> Authority:
    return create_root("Crossed Root CA", at=AT, key=rsa_key())


@cache
def cross_signed() -> x509.Certificate:
    absent = create_root("Absent Root CA", at=AT, key=rsa_key())
    return absent.intermediate("Crossed Root CA", at=AT, key=rsa_key(), path_length=None).certificate


TWINS = [
    craft(("ucm1.example.com",), None, at=AT, subject=ca_name("ucm1"), ca=True, can_sign=True).leaf for _ in range(2)
]

B2B = changed("clustered-full", domains__sip=["video.example.net"], sip_domains_in_certificate=True)
TOMCAT = next(n.layout for n in design_nodes(deployment("clustered-full")) if n.service == "tomcat")
EDGE = CertificateUse(at=AT, version=guide_version(), role=Role.EXPRESSWAY_E)


@cache
def chained() -> Credential:
    return craft(NAMES, issued().authority, at=AT, key=rsa_key())


TEMPORARY = create_root("Temporary CA 6f1e", at=AT - DAY)
VERSION_1 = parse((files("cryptography_vectors") / "x509" / "v1_cert.pem").read_bytes(), where="v1").certificates[0]
# Built by hand: the library's builder refuses what a careless CA does not.
NEGATIVE_SERIAL = der_with_serial(-0x7A6B5C4D3E2F1A0B)

# rule: (fires, does not)
PAIRS: dict[str, tuple[Callable[[], Verdict], Callable[[], Verdict]]] = {
    "validity.expired": (leaf(ends=timedelta(seconds=-1)), leaf(ends=timedelta(0))),
    "validity.not-yet-valid": (leaf(begins=timedelta(seconds=1)), leaf(begins=timedelta(0))),
    "validity.after-2050": (leaf(ends=26 * 365 * DAY), leaf(ends=23 * 365 * DAY)),
    "eku.client-auth-missing": (leaf(ekus=(SERVER,)), leaf(ekus=BOTH)),
    "eku.server-auth-missing": (leaf(ekus=(CLIENT,)), leaf(ekus=None)),
    "eku.critical": (leaf(ekus=None, critical=(x509.ExtendedKeyUsage(BOTH),)), leaf()),
    "names.wildcard-unsupported": (leaf(("*.example.com",)), leaf(("wildcard.example.com",))),
    "names.ip-address-used": (leaf(("192.0.2.1", E1)), leaf(("a192-0-2-1.example.com",))),
    "names.common-name-only": (leaf((), common_name=E1), leaf((E1,), common_name=E1)),
    "key.too-long": (leaf(bits=4104), leaf(bits=4096)),
    "key.too-short": (leaf(bits=1024), leaf()),
    "key.type-untested": (leaf(key=ec.generate_private_key(ec.SECP256R1())), leaf()),
    "oid.unsupported": (
        leaf(subject=subject("1.3.6.1.4.1.311.60.2.1.4")),
        leaf(subject=subject("1.3.6.1.4.1.311.60.2.1.2")),
    ),
    "csr.signature-invalid": (lambda: lint_request(tampered_request(), USE), lambda: lint_request(good_request(), USE)),
    "csr.no-names": (lambda: lint_request(nameless_request(), USE), lambda: lint_request(good_request(), USE)),
    "ca.basic-constraints-missing": (
        lambda: lint_authority(ca_without_constraints(), USE),
        lambda: lint_authority(ROOT, USE),
    ),
    "trust-list.same-subject": (
        lambda: lint_trust_list(TWINS, USE),
        lambda: lint_trust_list([TWINS[0], TWINS[0], ROOT], USE),
    ),
    "trust-list.leaf-in-list": (
        lambda: lint_trust_list([craft((E1,), None, at=AT, key=rsa_key()).leaf], USE),
        lambda: lint_trust_list([ROOT], USE),
    ),
    "names.common-name-missing": (leaf(subject=x509.Name([])), leaf()),
    "names.common-name-unexpected": (
        leaf(FULL.layout.dns_names, FULL, common_name=E1),  # type: ignore[union-attr]
        leaf(FULL.layout.dns_names, FULL, common_name=CLUSTER_E.upper()),  # type: ignore[union-attr]
    ),
    "names.internal-domain": (leaf((E1, "ucm.corp.local"), EDGE), leaf((E1, "local.example.com"), EDGE)),
    "names.unusable": (leaf((E1, "under score!.example.com")), leaf((E1, "under_score.example.com"))),
    "certificate.key-identifiers-absent": (leaf(identifiers=False), leaf()),
    "certificate.may-sign": (leaf(can_sign=True), leaf()),
    "ca.key-usage-missing": (
        lambda: lint_authority(craft((), None, at=AT, ca=True, ekus=None, usage=False, key=rsa_key()).leaf, USE),
        lambda: lint_authority(ROOT, USE),
    ),
    "certificate.version-old": (lambda: lint_certificate(VERSION_1, USE), leaf()),
    "names.xmpp-address-form": (leaf((), pointers=(xmpp_address(),)), leaf()),
    "eku.absent": (leaf(ekus=None), leaf()),
    "upload.temporary-certificate": (
        lambda: lint_certificate(craft(NAMES, TEMPORARY, at=AT, key=rsa_key()).leaf, USE),
        lambda: lint_certificate(chained().leaf, USE),
    ),
    "certificate.serial-invalid": (lambda: lint_certificate(NEGATIVE_SERIAL, USE), leaf(serial=1)),
    "upload.chain-incomplete": (
        lambda: lint_upload(chained().leaf, [ROOT], USE),
        lambda: lint_upload(chained().leaf, [ROOT, *chained().intermediates], USE),
    ),
    "csr.san-too-long": (
        old_request("X8.9"),
        lambda: lint_request(good_request(), CertificateUse(at=AT, version=ProductVersion.parse("X8.5.2"))),
    ),
    "csr.purposes-not-requested": (request_with(), lambda: lint_request(good_request(), USE)),
    "csr.country-form": (
        request_with((NameOID.COUNTRY_NAME, "GBR")),
        request_with((NameOID.COUNTRY_NAME, "GB")),
    ),
    "trust-list.same-common-name": (
        trust_list(
            create_root("Twice", at=AT, organisation="A").root, create_root("Twice", at=AT, organisation="B").root
        ),
        trust_list(ROOT, ROOT, TEMPORARY.root),
    ),
    "trust-list.root-absent": (
        lambda: trust_list(*chained().intermediates)(),
        lambda: trust_list(ROOT, *chained().intermediates)(),
    ),
    "trust-list.cross-signed-copy": (
        lambda: trust_list(cross_signed(), cross_root().root)(),
        lambda: trust_list(cross_root().root, cross_signed())(),
    ),
    "trust-list.temporary-ca": (trust_list(TEMPORARY.root), trust_list(ROOT)),
    "zone.subject-name-not-designed": (
        deploy(zones__0__tls_verify_subject_name="other.corp.example.com"),
        deploy(zones__0__tls_verify_subject_name=None),
    ),
    "zone.peer-address-not-designed": (
        deploy(addresses={E1: "192.0.2.1"}, zones__0__peer_addresses=["192.0.2.1", "e2.example.com"]),
        deploy(zones__0__peer_addresses=[CLUSTER_E]),
    ),
    "deployment.registration-domain-internal": (
        deploy(domains__registration=["corp.local"]),
        deploy(domains__registration=["local.example.com"]),
    ),
    "deployment.registration-domain-absent": (
        deploy(domains__registration=[]),
        deploy(domains__registration=[], mra=False),
    ),
    "deployment.chat-aliases-unused": (deploy(domains__federation=[]), deploy(domains__federation=[], chat_aliases=[])),
    "deployment.b2b-domain-not-designed": (
        deploy(domains__sip=["video.example.net"]),
        deploy(domains__sip=["video.example.net"], sip_domains_in_certificate=True),
    ),
    "deployment.verification-off": (deploy(zones__1__tls_verify=False), deploy(zones__0__tls_verify=False)),
    "deployment.common-name-too-long": (
        deploy(clusters__1__fqdn="e" * 50 + ".cluster.example.com"),
        deploy(clusters__1__fqdn="e" * 40 + ".cluster.example.com"),
    ),
    "names.sip-domain-missing": (
        leaf(NAMES, CertificateUse(at=AT, version=guide_version(), layout=design_sans(B2B, E1))),
        leaf(
            design_sans(B2B, E1).dns_names, CertificateUse(at=AT, version=guide_version(), layout=design_sans(B2B, E1))
        ),
    ),
    "names.node-fqdn-missing": (
        leaf(("corp.example.com",), CertificateUse(at=AT, version=guide_version(), layout=TOMCAT)),
        leaf(TOMCAT.dns_names, CertificateUse(at=AT, version=guide_version(), layout=TOMCAT)),
    ),
    "names.peer-fqdn-missing": (full(E1), full()),
    "names.cluster-fqdn-missing": (full(CLUSTER_E), full()),
    "names.registration-domain-missing": (full("example.org"), full()),
    "names.chat-alias-missing": (full("conference-2.example.com"), full()),
    "names.collab-edge-missing": (
        collab_edge(E1, CLUSTER_E, "example.com"),
        collab_edge(E1, CLUSTER_E, "collab-edge.example.com"),
    ),
}


@pytest.mark.parametrize(
    "rule", [pytest.param(r, marks=[pytest.mark.fires(r), pytest.mark.near_miss(r)]) for r in PAIRS]
)
def test_rule_fires_on_its_world_and_not_on_the_near_miss(rule: str) -> None:
    """Both worlds were checked for the rule; only one breaks it, and says how."""
    fires, near_miss = (verdict() for verdict in PAIRS[rule])
    found = [f for f in fires.findings if f.rule == rule]
    assert found
    assert all(f.evidence and f.fix and f.message for f in found)
    assert rule in fires.checked
    assert rule in near_miss.checked
    assert rule not in {f.rule for f in near_miss.findings}


@pytest.mark.fires("names.federation-domain-missing")
@pytest.mark.near_miss("names.federation-domain-missing")
def test_federation_domain_missing_from_the_san_is_reported() -> None:
    """A federation domain that is not a registration domain has its own rule."""
    from tests.support.worlds import changed

    layout = design_sans(changed("clustered-full", domains__federation=["fed.example.com"]), E1)
    use = CertificateUse(at=AT, version=guide_version(), layout=layout)
    missing = lint_certificate(
        craft(tuple(n for n in layout.dns_names if not n.startswith("fed.")), None, at=AT, key=rsa_key()).leaf, use
    )
    assert [f.rule for f in missing.errors] == ["names.federation-domain-missing"]
    assert lint_certificate(craft(layout.dns_names, None, at=AT, key=rsa_key()).leaf, use).accepted


def test_valid_certificate_has_no_finding() -> None:
    """The control for all the worlds above."""
    verdict = full()()
    assert verdict.findings == ()
    assert len(verdict.checked) > 15


@pytest.mark.near_miss("signature.digest-unsupported")
def test_sha1_request_is_an_error_from_x8_10_on() -> None:
    """The digest rule holds from X8.10 on: before that the product itself offered SHA-1."""
    good = craft(NAMES, None, at=AT, key=rsa_key()).leaf
    old = lint_certificate(good, CertificateUse(at=AT, version=ProductVersion.parse("X8.8")))
    assert "signature.digest-unsupported" not in old.checked
    assert "signature.digest-unsupported" in lint_certificate(good, USE).checked


def test_request_with_an_elliptic_key_is_judged_like_its_certificate() -> None:
    """Requests are judged by the rules of the certificate that they would become."""
    verdict = lint_request(build_csr(design_sans(deployment(), E1), fast_key()), USE)
    assert [f.rule for f in verdict.findings] == ["key.type-untested"]
    assert verdict.accepted
