"""Revocation: the whole decision table, the sources that each service reads, and answers that must not be believed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from pkikit.design.csr import fast_key
from pkikit.issue.authority import Authority, Profile, create_root
from pkikit.judge.paths.trust import build_path
from pkikit.judge.revocation.revocation_list import unknown_critical
from pkikit.judge.revocation.revocation_status import SEES, check_status, judge_revocation
from pkikit.model.deployment import Revocation
from pkikit.model.findings import Verdict
from pkikit.model.leg import Consumer
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationData, RevocationQuestion
from simulator.world.craft import BOTH, DAY, craft
from tests.support.worlds import AT, RESPONDER

CA = create_root("Revoking CA", at=AT - 100 * DAY)
FOREIGN = Authority(certificate=CA.certificate, key=fast_key())
STRANGER = create_root("Stranger CA", at=AT - DAY)
SERIAL = 4711


@cache
def leaf(responder: bool) -> x509.Certificate:
    pointers = Profile(ocsp_url=RESPONDER).pointers() if responder else ()
    return craft(("e1.example.com",), CA, at=AT, pointers=pointers, serial=SERIAL).leaf


@cache
def crl(state: str) -> tuple[x509.CertificateRevocationList, ...]:
    match state:
        case "good":
            return (CA.crl([SERIAL + 1], at=AT - DAY),)
        case "revoked":
            return (CA.crl([(SERIAL, AT - 2 * DAY, x509.ReasonFlags.key_compromise)], at=AT - DAY),)
        case "expired":
            return (CA.crl(at=AT - 8 * DAY),)
        case "foreign":
            return (FOREIGN.crl([SERIAL], at=AT - DAY),)
        case _:
            return ()


@cache
def answers(state: str, responder: bool) -> tuple[ocsp.OCSPResponse, ...]:
    certificate = leaf(responder)
    match state:
        case "good":
            return (CA.ocsp_answer(certificate, at=AT),)
        case "revoked":
            return (CA.ocsp_answer(certificate, at=AT, status=ocsp.OCSPCertStatus.REVOKED),)
        case "untrusted":
            return (CA.ocsp_answer(certificate, at=AT, signer=(STRANGER.certificate, STRANGER.key)),)
        case "stale":
            return (CA.ocsp_answer(certificate, at=AT - 2 * DAY),)
        case "unknown":
            return (CA.ocsp_answer(certificate, at=AT, status=ocsp.OCSPCertStatus.UNKNOWN),)
        case _:
            return ()


def judge(
    data: RevocationData, settings: Revocation, *, responder: bool = False, consumer: Consumer = Consumer.SIP_TLS
) -> Verdict:
    path = build_path(leaf(responder), sent=(), trusted_ca_list=(CA.certificate,), at=AT)
    return judge_revocation(path, RevocationQuestion(settings=settings, data=data, consumer=consumer), AT)


OCSP_RULE = {"none": "ocsp-unavailable", "stale": "ocsp-unavailable", "unknown": "ocsp-unavailable",
             "untrusted": "ocsp-untrusted", "revoked": "revoked", "good": ""}  # fmt: skip
CRL_RULE = {
    "none": "crl-unavailable",
    "foreign": "crl-untrusted",
    "expired": "crl-expired",
    "revoked": "revoked",
    "good": "",
}


def expected(use_ocsp: bool, use_crls: bool, responder: bool, of_ocsp: str, of_crl: str) -> str:
    """The product's order of sources (docs/sources.md), one line each: OCSP first if allowed and named (or answered for); CRLs if not."""
    if use_ocsp and (responder or of_ocsp != "none"):
        return OCSP_RULE[of_ocsp]
    return CRL_RULE[of_crl] if use_crls else "ocsp-unavailable"


@pytest.mark.parametrize("responder", [False, True])
@pytest.mark.parametrize("of_ocsp", OCSP_RULE)
@pytest.mark.parametrize("of_crl", CRL_RULE)
def test_revocation_decision_matches_the_table(of_crl: str, of_ocsp: str, responder: bool) -> None:
    """Every combination of settings over every state of the two sources."""
    data = NOTHING_HELD.with_crls(CrlSource.MANUAL, crl(of_crl)).with_answers(answers(of_ocsp, responder))
    for use_ocsp, use_crls, fallback in itertools.product((True, False), (True, False), ("revoked", "not-revoked")):
        settings = Revocation(checking=True, use_ocsp=use_ocsp, use_crls=use_crls, fallback=fallback)  # type: ignore[arg-type]
        verdict = judge(data, settings, responder=responder)
        rule = expected(use_ocsp, use_crls, responder, of_ocsp, of_crl)
        assert [f.rule for f in verdict.findings] == ([f"revocation.{rule}"] if rule else [])
        decided_by_fallback = rule not in {"", "revoked", "crl-expired"}
        assert verdict.accepted == (not rule or (decided_by_fallback and fallback == "not-revoked"))
        assert all(f.evidence and f.fix for f in verdict.findings)


def test_revocation_check_that_is_off_asks_nothing() -> None:
    """With checking off nothing is asked and nothing is said to have been asked."""
    verdict = judge(NOTHING_HELD.with_crls(CrlSource.MANUAL, crl("revoked")), Revocation())
    assert verdict.findings == verdict.checked == ()


@pytest.mark.product("G-31")
@pytest.mark.parametrize(("consumer", "source"), [
    pytest.param(c, s, marks=[getattr(pytest.mark, kind)("revocation.source-not-consulted")])
    for c in Consumer for s in CrlSource for kind in ("near_miss" if s in SEES[c] else "fires",)
])  # fmt: skip
def test_service_reads_only_its_own_crl_sources(consumer: Consumer, source: CrlSource) -> None:
    """A revocation in a source that the service does not read has no effect, and the verdict says so."""
    verdict = judge(
        NOTHING_HELD.with_crls(source, crl("revoked")), Revocation(checking=True, fallback="revoked"), consumer=consumer
    )
    rule = "revocation.revoked" if source in SEES[consumer] else "revocation.source-not-consulted"
    assert [f.rule for f in verdict.findings] == [rule]
    assert verdict.accepted == (source not in SEES[consumer])


@pytest.mark.product("G-31")
def test_crl_consumers_match_the_guide() -> None:
    """LDAP reads only the CA file, policy services only the manual upload; only SIP TLS fetches from a CDP."""
    assert SEES[Consumer.LDAP] == {CrlSource.CA_FILE}
    assert SEES[Consumer.POLICY] == {CrlSource.MANUAL}
    assert [c for c in Consumer if CrlSource.CDP in SEES[c]] == [Consumer.SIP_TLS]


@pytest.mark.product("G-31")
def test_downloaded_crl_overrides_uploads_for_https_only() -> None:
    """HTTPS believes the automatic download alone; SIP TLS reads both."""
    data = NOTHING_HELD.with_crls(CrlSource.MANUAL, crl("revoked")).with_crls(CrlSource.AUTOMATIC, crl("good"))
    settings = Revocation(checking=True)
    assert judge(data, settings, consumer=Consumer.HTTPS).accepted
    assert not judge(data, settings).accepted


def test_expired_crl_beside_a_current_one_is_ignored() -> None:
    """The newest CRL decides."""
    data = NOTHING_HELD.with_crls(CrlSource.MANUAL, (*crl("expired"), *crl("good")))
    assert judge(data, Revocation(checking=True)).findings == ()


def _partial(**scope: bool) -> x509.CertificateRevocationList:
    parts = {
        "only_contains_user_certs": False, "only_contains_ca_certs": False, "indirect_crl": False,
        "only_contains_attribute_certs": False, **scope,
    }  # fmt: skip
    point = x509.IssuingDistributionPoint(full_name=None, relative_name=None, only_some_reasons=None, **parts)
    return _with(point)


def _with(extension: x509.ExtensionType) -> x509.CertificateRevocationList:
    builder = x509.CertificateRevocationListBuilder().issuer_name(CA.certificate.subject)
    builder = builder.last_update(AT).next_update(AT + DAY).add_extension(extension, critical=True)
    return builder.sign(CA.key, hashes.SHA256())


@pytest.mark.fires("revocation.crl-unsupported")
@pytest.mark.near_miss("revocation.crl-unsupported")
@pytest.mark.parametrize(
    "odd",
    [_with(x509.DeltaCRLIndicator(1)), _partial(indirect_crl=True), _partial(only_contains_ca_certs=True)],
    ids=["delta", "indirect", "only CAs"],
)
def test_partial_crl_is_never_used_as_complete(odd: x509.CertificateRevocationList) -> None:
    """Partial CRLs are recognised and reported; beside a complete one they are only a warning."""
    settings = Revocation(checking=True, fallback="revoked")
    alone = judge(NOTHING_HELD.with_crls(CrlSource.MANUAL, (odd,)), settings)
    assert {f.rule for f in alone.findings} == {"revocation.crl-unsupported", "revocation.crl-unavailable"}
    beside = judge(NOTHING_HELD.with_crls(CrlSource.MANUAL, (odd, *crl("good"))), settings)
    assert [f.rule for f in beside.findings] == ["revocation.crl-unsupported"]
    assert beside.accepted
    assert judge(NOTHING_HELD.with_crls(CrlSource.MANUAL, crl("good")), settings).findings == ()


@pytest.mark.parametrize(
    "case", ["no OCSPSigning", "another CA", "expired responder", "authorised", "sha1", "nonce", "own nonce"]
)
def test_ocsp_answer_counts_only_from_an_authorised_responder(case: str) -> None:
    """Only a responder whose certificate this CA issued for the purpose, in time, with SHA-256 and for this request."""
    purposes = (x509.ExtendedKeyUsageOID.OCSP_SIGNING,) if case != "no OCSPSigning" else BOTH  # type: ignore[attr-defined]
    by = create_root("Other CA", at=AT - DAY) if case == "another CA" else CA
    ends = -DAY / 2 if case == "expired responder" else DAY
    signer = craft(("ocsp.example.com",), by, at=AT, ekus=purposes, begins=-2 * DAY, ends=ends)
    assert signer.key is not None
    nonce = {"nonce": b"another request's", "own nonce": b"ours"}.get(case)
    answer = CA.ocsp_answer(leaf(True), at=AT, signer=(signer.leaf, signer.key), nonce=nonce)
    if case == "sha1":
        answer = _sha1_answer()
    data = RevocationData(ocsp_answers=(answer,), nonce=b"ours" if "nonce" in case else None)
    verdict = judge(data, Revocation(checking=True, fallback="revoked"), responder=True)
    good = case in {"authorised", "own nonce"}
    assert [f.rule for f in verdict.findings] == ([] if good else ["revocation.ocsp-untrusted"])


def _sha1_answer() -> ocsp.OCSPResponse:
    """A good answer whose signature algorithm is rewritten to ecdsa-with-SHA1, as an old responder would send it."""
    from cryptography.hazmat.primitives.serialization import Encoding

    der = CA.ocsp_answer(leaf(True), at=AT).public_bytes(Encoding.DER)
    sha256, sha1 = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06072a8648ce3d0401")
    assert sha256 in der
    return _reencoded(der, sha256, sha1)


def _reencoded(der: bytes, old: bytes, new: bytes) -> ocsp.OCSPResponse:
    """Replace inside nested DER and mend every length above it."""

    def walk(data: bytes) -> bytes:
        out = b""
        position = 0
        while position < len(data):
            tag, start, end = _header(data, position)
            body = data[start:end]
            if old in body and data[position:end] != old:
                body = walk(body)
            element = bytes([tag]) + _length(len(body)) + body
            out += new if data[position:end] == old else element
            position = end
        return out

    return ocsp.load_der_ocsp_response(walk(der))


def _header(data: bytes, at: int) -> tuple[int, int, int]:
    tag, first = data[at], data[at + 1]
    if first < 0x80:
        return tag, at + 2, at + 2 + first
    size = first & 0x7F
    length = int.from_bytes(data[at + 2 : at + 2 + size], "big")
    return tag, at + 2 + size, at + 2 + size + length


def _length(n: int) -> bytes:
    if n < 0x80:
        return bytes([n])
    body = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(body)]) + body


@pytest.mark.product("G-31")
def test_revoked_intermediate_revokes_the_leaf_below_it() -> None:
    """Certificates below a revoked intermediate count as revoked; the steps name the source of each answer."""
    middle = CA.intermediate("Revoked Issuing CA", at=AT - DAY)
    below = craft(("e1.example.com",), middle, at=AT).leaf
    path = build_path(below, sent=(middle.certificate,), trusted_ca_list=(CA.certificate,), at=AT)
    crls = (CA.crl([middle.certificate.serial_number], at=AT), middle.crl(at=AT))
    question = RevocationQuestion(
        settings=Revocation(checking=True), data=NOTHING_HELD.with_crls(CrlSource.CA_FILE, crls)
    )
    steps = check_status(path, question, AT)
    assert [(s.certificate, s.said) for s in steps] == [
        ("e1.example.com", "not in it"),
        ("Revoked Issuing CA", "revoked"),
    ]
    (found,) = judge_revocation(path, question, AT).findings
    assert found.subject == "Revoked Issuing CA"


def test_crl_from_the_future_is_not_used() -> None:
    """Its last update lies in the future: no status can be had from it."""
    data = NOTHING_HELD.with_crls(CrlSource.MANUAL, (CA.crl(at=AT + timedelta(hours=1)),))
    verdict = judge(data, Revocation(checking=True, fallback="revoked"))
    assert [f.rule for f in verdict.findings] == ["revocation.crl-unavailable"]
    assert "future" in verdict.findings[0].evidence[0].seen


class _UnreadEntries:
    """A CRL whose entries nobody may read one by one."""

    def __init__(self, crl: x509.CertificateRevocationList) -> None:
        self._crl = crl

    def __getattr__(self, name: str) -> object:
        return getattr(self._crl, name)

    def __iter__(self) -> Iterator[x509.RevokedCertificate]:
        raise AssertionError("the entries were read")


def test_serial_number_like_a_boolean_does_not_make_the_entries_be_read() -> None:
    """A large CRL has such serial numbers by chance, and reading a million entries takes seconds."""
    crl = CA.crl([0x0101FF, 0x20101FF17], at=AT - DAY)
    assert unknown_critical(cast("x509.CertificateRevocationList", _UnreadEntries(crl))) == ""


def test_unknown_critical_extension_of_an_entry_refuses_the_crl() -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(SERIAL + 1)
        .revocation_date(AT)
        .add_extension(unknown, critical=True)
    )
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(CA.certificate.subject)
        .last_update(AT)
        .next_update(AT + DAY)
    )
    crl = builder.add_revoked_certificate(entry.build()).sign(CA.key, hashes.SHA256())
    assert unknown_critical(crl) == f"the critical extension 1.2.3.4 of its entry {SERIAL + 1:x} is not understood"
