"""Names: our answer in OpenSSL's name is the answer of the OpenSSL library that runs here, on generated certificates."""

from __future__ import annotations

import ipaddress
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pkikit.design.csr import fast_key
from pkikit.issue.authority import Authority, create_root
from pkikit.judge.matching.name_matching import match_name, match_openssl
from pkikit.model.certificates.facts import presented_names
from simulator.world.craft import DAY, craft
from tests.support.openssl_store import ask
from tests.support.worlds import AT

WANTED = "e1.example.com"
HOSTNAME_MISMATCH, IP_MISMATCH = 62, 64
# Around the name that is looked for: other labels, wildcards in odd places, and everything that makes a name unusable.
LABEL = st.sampled_from(["e1", "e2", "*", "e*", "*1", "e*1", "xn--e1", "E1", "example", "com", "_x", "a-", "-a", ""])
SPOILT = st.sampled_from(
    ["{}.", " {}", "{} ", "{}\n", "{}\0", "\0{}", "{}\0.evil.example", ".{}", "{}..", "\t{}", "{}\r\n"]
)
NAME = st.one_of(
    st.lists(LABEL, min_size=1, max_size=4).map(".".join),
    st.tuples(LABEL, st.just("example.com")).map(".".join),
    st.sampled_from([WANTED, "*.example.com", "example.com", "*.com", "*", "192.0.2.1", "E1.EXAMPLE.com"]),
    SPOILT.map(lambda form: form.format(WANTED)),
)


@cache
def root() -> Authority:
    return create_root("Names Root CA", at=AT - DAY)


@cache
def key() -> object:
    return fast_key()


def leaf(dns: list[str], common_name: str, addresses: list[str], uris: list[str]) -> x509.Certificate:
    general: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(a)) for a in addresses]
    general += [x509.DNSName._init_without_validation(n) for n in dns]
    general += [x509.UniformResourceIdentifier(u) for u in uris]
    return craft(
        (),
        root(),
        at=AT,
        common_name=common_name or "no host",
        general=general,
        key=key(),  # type: ignore[arg-type]
    ).leaf


@settings(max_examples=400, deadline=None)
@given(st.lists(NAME, max_size=3), st.one_of(st.just(""), NAME.filter(lambda n: 0 < len(n) <= 64)), st.booleans())
@example(["e1.example.com."], WANTED, False)
@example([], WANTED, True)
@example(["*.example.com"], "", False)
def test_domain_name_matches_as_in_openssl(dns: list[str], common_name: str, with_uri: bool) -> None:
    """Found or not as X509_check_host says; the product finds nothing more, but for SIP URIs."""
    certificate = leaf(dns, common_name, [], ["sip:example.org"] if with_uri else [])
    presented = presented_names(certificate)
    answer = ask(certificate, trusted=[root().certificate], at=AT, name=WANTED)
    assert answer.code in {0, HOSTNAME_MISMATCH}, answer.words
    assert match_openssl(WANTED, presented).matched == answer.accepted, (presented, answer)
    if match_name(WANTED, presented).matched:
        assert answer.accepted, presented


@pytest.mark.parametrize("form", ["{}.", " {}", "{} ", "{}\n", "{}\0", "{}\0.evil.example", ".{}"])
def test_spoilt_name_matches_nothing_as_in_openssl(form: str) -> None:
    """OpenSSL answers 62, and so do all our answers; the reason names the entry."""
    certificate = leaf([form.format(WANTED)], WANTED, [], [])
    presented = presented_names(certificate)
    assert ask(certificate, trusted=[root().certificate], at=AT, name=WANTED).code == HOSTNAME_MISMATCH
    assert not match_name(WANTED, presented).matched
    assert not match_openssl(WANTED, presented).matched
    assert len(presented.refused) == 1
    assert any(word in presented.refused[0].reason for word in ("dot", "NUL", "blank"))
    good = leaf([WANTED], WANTED, [], [])
    assert ask(good, trusted=[root().certificate], at=AT, name=WANTED).accepted
    assert match_name(WANTED, presented_names(good)).matched


def test_raw_utf8_name_matches_nothing_as_in_openssl() -> None:
    """A U-label in raw UTF-8 or Latin-1 is not the A-label that a client looks for."""
    wanted, stand_in = "xn--exmple-cua.com", b"exqqmple.com"
    for raw in ("exämple.com".encode(), "exä".encode("latin-1") + b"ample.com"):
        assert len(raw) == len(stand_in)
        der = leaf([stand_in.decode()], "", [], []).public_bytes(Encoding.DER)
        certificate = x509.load_der_x509_certificate(der.replace(stand_in, raw))
        # OpenSSL compares names before signatures, so the broken signature does not hide the answer.
        assert ask(certificate, trusted=[root().certificate], at=AT, name=wanted).code == HOSTNAME_MISMATCH
        presented = presented_names(certificate)
        assert not match_name(wanted, presented).matched
        assert not match_openssl(wanted, presented).matched


@pytest.mark.parametrize(("reference", "presented", "found"), [
    ("192.0.2.10", "192.0.2.10", True),
    ("192.0.2.10", "192.0.2.11", False),
    ("2001:db8::1", "2001:0db8:0:0:0:0:0:1", True),
    ("2001:DB8::1", "2001:db8::1", True),
    ("::ffff:192.0.2.10", "192.0.2.10", False),
    ("192.0.2.10", "::ffff:192.0.2.10", False),
])  # fmt: skip
def test_ip_address_matches_as_in_openssl(reference: str, presented: str, found: bool) -> None:
    """IP addresses are compared as addresses with the iPAddress entries, as X509_check_ip does."""
    certificate = leaf([WANTED], WANTED, [presented], [])
    answer = ask(certificate, trusted=[root().certificate], at=AT, name=reference)
    assert answer.code == (0 if found else IP_MISMATCH)
    assert match_openssl(reference, presented_names(certificate)).matched is found
    assert match_name(reference, presented_names(certificate)).matched is found


def test_address_as_dns_name_or_common_name_matches_no_address() -> None:
    """`DNS:192.0.2.10` and `CN=192.0.2.10` satisfy nobody who looks for the address."""
    for certificate in (leaf(["192.0.2.10"], "", [], []), leaf([], "192.0.2.10", [], [])):
        assert ask(certificate, trusted=[root().certificate], at=AT, name="192.0.2.10").code == IP_MISMATCH
        assert not match_name("192.0.2.10", presented_names(certificate)).matched
        assert not match_openssl("192.0.2.10", presented_names(certificate)).matched
