"""Name constraints and critical CRL extensions: our answer is that of the OpenSSL that runs here."""

from __future__ import annotations

import ipaddress
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pkikit.issue.authority import Authority, ca_name, create_root
from pkikit.judge.paths.constraints import looks_like_host
from pkikit.judge.verify import verify_certificate
from pkikit.model.certificates.credential import PrivateKey
from pkikit.model.deployment import Revocation
from pkikit.model.leg import Purpose
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationQuestion
from simulator.world.craft import DAY, craft
from tests.support.openssl_store import ask
from tests.support.worlds import AT

SERIAL = 77
CONSTRAINT_ERRORS = {47, 48, 49, 51, 52, 53}
HOSTS = ["example.com", "e1.example.com", ".example.com", "xexample.com", "e1.example.com.", "*.example.com", "192.0.2.1", "corp",
         "E1.EXAMPLE.com", "e1-.example.com", "e1..example.com", "-e1.example.com", "e_1.example.com", "two words.example.com",
         "sub.e1.example.com", "com", ""]  # fmt: skip
ADDRESSES = ["192.0.2.1", "198.51.100.7", "2001:db8::1"]
NETWORKS = ["192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32", "0.0.0.0/0"]
MAILBOXES = ["a@example.com", "A@example.com", "a@EXAMPLE.com", "a@mail.example.com", "example.com", "a@b@example.com"]
MAIL_BASES = ["example.com", ".example.com", "a@example.com", "@example.com", "other.example"]
URIS = [
    "https://example.com/x",
    "https://e1.example.com:8443/",
    "sip:example.com",
    "http://[2001:db8::1]/",
    "ldap://e1.example.com",
    "example.com",
]
ORGANISATIONS = ["Corp", "corp", "Corp  Ltd", "Other"]


def _dn(organisation: str, common_name: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]
    if common_name:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


NAME: st.SearchStrategy[x509.GeneralName] = st.one_of(
    st.sampled_from(HOSTS).filter(bool).map(x509.DNSName._init_without_validation),
    st.sampled_from(ADDRESSES).map(lambda a: x509.IPAddress(ipaddress.ip_address(a))),
    st.sampled_from(MAILBOXES).map(x509.RFC822Name._init_without_validation),
    st.sampled_from(URIS).map(x509.UniformResourceIdentifier._init_without_validation),
    st.sampled_from(ORGANISATIONS).map(lambda o: x509.DirectoryName(_dn(o))),
    st.just(x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x01a")),
    st.just(x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4"))),
)
SUBTREE: st.SearchStrategy[x509.GeneralName] = st.one_of(
    st.sampled_from([h for h in HOSTS if " " not in h and "*" not in h]).map(x509.DNSName._init_without_validation),
    st.sampled_from(NETWORKS).map(lambda n: x509.IPAddress(ipaddress.ip_network(n))),
    st.sampled_from(MAIL_BASES).map(x509.RFC822Name._init_without_validation),
    st.sampled_from(["example.com", ".example.com", "e1.example.com"]).map(
        x509.UniformResourceIdentifier._init_without_validation
    ),
    st.sampled_from(ORGANISATIONS).map(lambda o: x509.DirectoryName(_dn(o))),
    st.just(x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x01a")),
    st.just(x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4"))),
)
TREES = st.lists(SUBTREE, max_size=2)


@cache
def root() -> Authority:
    return create_root("Constraints Root CA", at=AT - DAY)


@cache
def key() -> PrivateKey:
    return root().intermediate("unused", at=AT).key


def both(leaf: x509.Certificate, sent: list[x509.Certificate]) -> tuple[int, set[str]]:
    """(OpenSSL's error, our errors)."""
    answer = ask(leaf, sent=sent, trusted=[root().certificate], at=AT)
    verdict = verify_certificate(leaf, sent=sent, trusted_ca_list=[root().certificate], purpose=Purpose.SERVER, at=AT)
    return answer.code, {f.rule for f in verdict.errors}


@settings(max_examples=500, deadline=None)
@given(
    names=st.lists(NAME, max_size=3), common_name=st.sampled_from(HOSTS), organisation=st.sampled_from(["", *ORGANISATIONS]),
    permitted=TREES, excluded=TREES,
)  # fmt: skip
@example([], "192.0.2.1", "", [x509.DNSName("example.com")], [])
@example(
    [x509.UniformResourceIdentifier("sip:example.com")],
    "",
    "Corp",
    [],
    [x509.UniformResourceIdentifier("other.example")],
)
def test_name_constraints_are_judged_as_by_openssl(
    names: list[x509.GeneralName], common_name: str, organisation: str,
    permitted: list[x509.GeneralName], excluded: list[x509.GeneralName],
) -> None:  # fmt: skip
    """Accepted or violated as OpenSSL says, over every kind of name and of constraint."""
    if not permitted and not excluded:
        permitted = [x509.DNSName("example.com")]
    constraint = x509.NameConstraints(permitted or None, excluded or None)
    middle = root().intermediate("Constrained CA", at=AT - DAY, key=key(), extra=[constraint])
    subject = (
        _dn(organisation, common_name) if organisation else (ca_name(common_name) if common_name else x509.Name([]))
    )
    leaf = craft((), middle, at=AT, subject=subject, general=names, key=key()).leaf
    code, ours = both(leaf, [middle.certificate])
    assert code == 0 or code in CONSTRAINT_ERRORS, code
    assert ours == ({"ca.name-constraint-violated"} if code else set()), (code, ours)


@pytest.mark.product("P1-9")
@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("aZ9_-. "), min_size=1, max_size=8))
def test_common_names_count_as_host_names_as_in_openssl(text: str) -> None:
    """A constraint that no host satisfies is violated exactly by the common names that OpenSSL takes for hosts."""
    constraint = x509.NameConstraints([x509.DNSName("nowhere.invalid")], None)
    middle = root().intermediate("Constrained CA", at=AT - DAY, key=key(), extra=[constraint])
    leaf = craft((), middle, at=AT, subject=ca_name(text), key=key()).leaf
    code, ours = both(leaf, [middle.certificate])
    assert looks_like_host(text) is (code == 47), code
    assert ours == ({"ca.name-constraint-violated"} if code else set())


@pytest.mark.parametrize(("kind", "code"), [(_ASN1Type.IA5String, 0), (_ASN1Type.UTF8String, 53)])
def test_mail_address_in_the_wrong_string_type_is_refused_below_a_constrained_ca(kind: _ASN1Type, code: int) -> None:
    """Below a constrained CA OpenSSL refuses an emailAddress that is not an IA5String, whatever the constraint is about."""
    constraint = x509.NameConstraints([x509.DNSName("example.com")], None)
    middle = root().intermediate("Constrained CA", at=AT - DAY, key=key(), extra=[constraint])
    subject = x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, "a@example.com", kind)])
    leaf = craft(("e1.example.com",), middle, at=AT, subject=subject, key=key()).leaf
    found, ours = both(leaf, [middle.certificate])
    assert found == code
    assert ours == ({"ca.name-constraint-violated"} if code else set())


def crl(*, own: bool, entry: bool, critical: bool, serial: int = 99, age: int = 1) -> x509.CertificateRevocationList:
    """A CRL with an extension that nobody knows, in itself or in its entry, critical or not."""
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    builder = x509.CertificateRevocationListBuilder().issuer_name(root().certificate.subject)
    builder = builder.last_update(AT - age * DAY).next_update(AT + 7 * DAY)
    revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(AT - age * DAY)
    if own:
        builder = builder.add_extension(unknown, critical=critical)
    if entry:
        revoked = revoked.add_extension(unknown, critical=critical)
    return builder.add_revoked_certificate(revoked.build()).sign(root().key, hashes.SHA256())


@pytest.mark.product("P1-9")
@pytest.mark.fires("revocation.crl-critical-extension", watched=False)
@pytest.mark.near_miss("revocation.crl-critical-extension", watched=False)
@pytest.mark.parametrize("fallback", ["revoked", "not-revoked"])
@pytest.mark.parametrize(("crls", "code"), [
    ((crl(own=False, entry=False, critical=True),), 0),
    ((crl(own=True, entry=False, critical=True),), 36),
    ((crl(own=True, entry=True, critical=False),), 0),
    ((crl(own=False, entry=True, critical=True),), 36),
    ((crl(own=True, entry=False, critical=True, serial=SERIAL),), 36),
    ((crl(own=False, entry=False, critical=True, serial=SERIAL),), 23),
    ((crl(own=True, entry=False, critical=True), crl(own=False, entry=False, critical=True, age=2)), 0),
    ((crl(own=False, entry=False, critical=True, age=2), crl(own=True, entry=False, critical=True)), 0),
])  # fmt: skip
def test_crl_with_an_unknown_critical_extension_is_refused(
    crls: tuple[x509.CertificateRevocationList, ...], code: int, fallback: str
) -> None:
    """An unknown critical extension refuses, whatever the fallback; a clean CRL beside it is used instead."""
    leaf = craft(("e1.example.com",), root(), at=AT, serial=SERIAL).leaf
    answer = ask(leaf, trusted=[root().certificate], at=AT, crls=crls, check_crls=True)
    assert answer.code == code, answer.words
    question = RevocationQuestion(
        settings=Revocation(checking=True, fallback="revoked" if fallback == "revoked" else "not-revoked"),
        data=NOTHING_HELD.with_crls(CrlSource.MANUAL, crls),
    )
    verdict = verify_certificate(
        leaf, trusted_ca_list=[root().certificate], purpose=Purpose.SERVER, at=AT, revocation=question
    )
    expected = {0: [], 23: ["revocation.revoked"], 36: ["revocation.crl-critical-extension"]}[code]
    assert [f.rule for f in verdict.errors] == expected
