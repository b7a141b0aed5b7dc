"""The public cases (docs/sources.md) that need no running server: each leads to its cause, in the first place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs7

from pkikit.design.legs import legs_of
from pkikit.design.san import design_sans
from pkikit.errors import EncodingError
from pkikit.files import parse, product_objections
from pkikit.judge.diagnose import diagnose_trace
from pkikit.judge.legs.leg_verdict import judge_leg
from pkikit.judge.linting.lint import lint_certificate, lint_form
from pkikit.judge.linting.preflight import AcmeFacts, CaaRecord, pending_not_deployed, preflight
from pkikit.judge.paths.trust import build_path
from pkikit.judge.questions import CertificateUse
from pkikit.judge.revocation.revocation_status import judge_revocation
from pkikit.model.deployment import Revocation
from pkikit.model.findings import Finding
from pkikit.model.leg import Consumer
from pkikit.model.revocation import NOTHING_HELD, CrlSource, RevocationQuestion
from pkikit.model.trace import Alert, Failed, HandshakeTrace, Side, Step
from pkikit.rules.catalogue import rank_causes
from simulator.world.craft import DAY, SERVER, craft
from tests.support.credential_files import CREDENTIAL, LEAF, PEM
from tests.support.keys import rsa_8192, rsa_key
from tests.support.worlds import AT, CASES, CLUSTER_E, E1, E2, UCM1, WorldBuilder, changed, deployment, issued

FULL = changed("clustered-full")
EDGE = CertificateUse(at=AT, layout=design_sans(FULL, E1))
BY_ID = {case.id: case for case in CASES}


def world(case_id: str) -> Callable[[], tuple[str, ...]]:
    """The first affected leg of a broken world of the agreement test."""

    def causes() -> tuple[str, ...]:
        case = BY_ID[case_id]
        made = case.broken(WorldBuilder()).world
        leg = next(leg for leg in legs_of(made.deployment) if case.affected(leg))
        return judge_leg(leg, made, AT).causes

    return causes


def leg_of(change: Callable[[WorldBuilder], WorldBuilder], prefix: str, server: str) -> Callable[[], tuple[str, ...]]:
    def causes() -> tuple[str, ...]:
        made = change(WorldBuilder()).world
        leg = next(leg for leg in legs_of(made.deployment) if leg.id.startswith(prefix) and leg.server == server)
        return judge_leg(leg, made, AT).causes

    return causes


def without(*names: str) -> Callable[[], tuple[str, ...]]:
    """A certificate of E1 in clustered-full that lacks these names, as lint sees it before it is uploaded."""
    layout = design_sans(FULL, E1)
    kept = tuple(n for n in layout.dns_names if n not in names)
    return lambda: ranked(
        lint_certificate(craft(kept, None, at=AT, key=rsa_key(), common_name=CLUSTER_E).leaf, EDGE).findings
    )


def linted(**properties: object) -> Callable[[], tuple[str, ...]]:
    names = design_sans(FULL, E1).dns_names
    made = {"key": rsa_key(), "common_name": CLUSTER_E, **properties}
    return lambda: ranked(lint_certificate(craft(names, None, at=AT, **made).leaf, EDGE).findings)  # type: ignore[arg-type]


def ranked(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    return rank_causes(findings)


def file(data: bytes) -> Callable[[], tuple[str, ...]]:
    def causes() -> tuple[str, ...]:
        try:
            contents = parse(data, where="upload")
        except EncodingError as error:
            return (error.rule,)
        return ranked(lint_form("upload", product_objections(contents)).findings)

    return causes


def handshake(*details: tuple[Side, object]) -> Callable[[], tuple[str, ...]]:
    steps = tuple(Step(seq=n, at=AT, side=side, detail=d) for n, (side, d) in enumerate(details))  # type: ignore[arg-type]
    return lambda: ranked(diagnose_trace(HandshakeTrace(steps=steps), "x"))


def acme(**facts: object) -> Callable[[], tuple[str, ...]]:
    peers = {E1: "192.0.2.1", E2: "192.0.2.2"}
    names = design_sans(deployment(), E1).dns_names
    good: dict[str, object] = {"addresses": dict.fromkeys(names, tuple(peers.values())), "peers": peers}
    made = AcmeFacts(authority="ca.example", **{**good, **facts})  # type: ignore[arg-type]
    return lambda: ranked(preflight(design_sans(deployment(), E1), made).findings)


def ldap() -> tuple[str, ...]:
    """Revoked in the manual CRL only: LDAP does not see it, so the server is accepted, and that is told."""
    authority = issued().authority
    leaf = craft(("ldap.corp.example.com",), authority, at=AT).leaf
    path = build_path(leaf, sent=authority.intermediates, trusted_ca_list=(authority.root,), at=AT)
    data = NOTHING_HELD.with_crls(CrlSource.MANUAL, [authority.crl([leaf.serial_number], at=AT)])
    question = RevocationQuestion(settings=Revocation(checking=True), data=data, consumer=Consumer.LDAP)
    verdict = judge_revocation(path, question, AT)
    assert verdict.accepted
    return tuple(f.rule for f in verdict.findings)


def pending() -> tuple[str, ...]:
    current, waiting = (craft((E1,), None, at=AT, ends=ends).leaf for ends in (-DAY / 2, 60 * DAY))
    return ranked(pending_not_deployed(current, waiting, owner=E1, at=AT))


INSIDE = design_sans(changed(domains__registration=["corp.local"]), E1)
X14_2 = {"version": "X14.2", "unified_cm__0__tls_verify": False}

# case: (how it is judged, cause); None: it should work, so there is no cause
TABLE: dict[str, tuple[Callable[[], tuple[str, ...]], str | None]] = {
    "E leaf lacks cluster FQDN, C dials it": (world("cluster-fqdn-dialled-and-missing-on-e"), "names.cluster-fqdn-missing"),
    "E leaf lacks peer FQDN": (world("peer-fqdn-missing-on-e"), "names.peer-fqdn-missing"),
    "verify subject name on E is none of C's names": (world("verify-subject-name-differs"), "names.reference-not-presented"),
    "root not in E's list": (world("root-not-in-list"), "trust.issuer-unknown"),
    "intermediate not sent and not in list": (world("intermediate-neither-sent-nor-in-list"), "trust.intermediate-missing"),
    "C has old root, E renewed under a new one": (world("c-has-the-old-root"), "trust.issuer-unknown"),
    "serverAuth-only leaf from a public CA on C": (world("server-auth-only-on-c"), "eku.client-auth-missing"),
    "ACME leaf without clientAuth on E, E dials neighbour": (
        lambda: judge_leg(
            next(leg for leg in legs_of(deployment()) if leg.id.startswith(f"zone:partner:{E1}")),
            WorldBuilder().reissue(E1, ekus=(SERVER,)).world, AT,
        ).causes,
        "eku.client-auth-missing",
    ),
    "leaf expired": (world("leaf-expired"), "validity.expired"),
    "intermediate expired": (world("intermediate-expired"), "validity.expired"),
    "cross-signed root expired, another path exists": (
        leg_of(BY_ID["root-expired"].near_miss, "zone:uc-traversal", E1), None,
    ),
    "clock of one peer behind": (world("clock-two-days-behind"), "validity.not-yet-valid"),
    "peer address is an IP": (world("peer-address-is-an-ip"), "names.ip-address-used"),
    "wildcard from a web team": (world("wildcard-from-the-web-team"), "names.wildcard-unsupported"),
    "certificate swapped between peers": (world("certificates-and-keys-swapped-on-e"), "cluster.peer-certificate-swapped"),
    "CSR discarded before the answer came back": (world("request-discarded-before-the-answer"), "key.mismatch"),
    "8192-bit key": (
        lambda: ranked(lint_certificate(craft(design_sans(FULL, E1).dns_names, None, at=AT, common_name=CLUSTER_E,
            key=rsa_8192()).leaf, EDGE).findings),
        "key.too-long",
    ),
    "foreign OIDs in the subject, SSH tunnel down": (world("foreign-oid-in-the-subject-and-the-ssh-tunnel"), "oid.unsupported"),
    "CA without BasicConstraints": (world("ca-without-basic-constraints"), "ca.basic-constraints-missing"),
    "end-entity used as issuer": (world("end-entity-used-as-issuer"), "ca.not-a-ca"),
    "CallManager and tomcat self-signed with one CN": (
        world("call-manager-and-tomcat-with-one-subject"), "trust.same-subject-ambiguous",
    ),
    "tomcat SAN lacks node (X14.2)": (
        leg_of(lambda b: b.deploy(**X14_2).reissue(UCM1, names=("ucm-pub.corp.example.com",)), "ucm-https:", UCM1),
        "names.reference-not-presented",
    ),
    "registration domain missing": (world("registration-domain-missing"), "names.registration-domain-missing"),
    "CollabEdgeDNS chosen, only the apex is there": (
        world("collab-edge-looked-for-and-only-the-apex-there"), "names.collab-edge-missing",
    ),
    "chat alias missing on E": (without("conference-1.example.com"), "names.chat-alias-missing"),
    "federation domain missing": (
        lambda: ranked(lint_certificate(
            craft(tuple(n for n in design_sans(FED, E1).dns_names if n != "fed.example.com"), None, at=AT, key=rsa_key()).leaf,
            CertificateUse(at=AT, layout=design_sans(FED, E1)),
        ).findings),
        "names.federation-domain-missing",
    ),
    "security profile name missing on C": (world("security-profile-missing"), "names.security-profile-missing"),
    "CRL expired": (world("crl-expired"), "revocation.crl-expired"),
    "CDP unreachable with fallback revoked": (
        world("distribution-point-unreachable-and-fallback-revoked"), "revocation.crl-unavailable",
    ),
    "OCSP answer by an unauthorised signer": (world("ocsp-answer-signed-by-nobody-authorised"), "revocation.ocsp-untrusted"),
    "OCSP says revoked, older CRL says good": (
        world("ocsp-says-revoked-and-the-older-crl-says-good"), "revocation.revoked",
    ),
    "LDAP server revoked only in the manual CRL": (ldap, "revocation.source-not-consulted"),
    "port 80 blocked": (acme(port_80={"192.0.2.1": "timed out", "192.0.2.2": "timed out"}), "acme.http-01-unreachable"),
    "DNS points to somebody else": (acme(addresses={E1: ("198.51.100.1",)}), "acme.dns-missing"),
    "internal name in an ACME CSR": (
        lambda: ranked(preflight(INSIDE, AcmeFacts(authority="ca.example")).findings), "acme.name-not-public",
    ),
    "CAA forbids": (acme(caa={"example.com": (CaaRecord(tag="issue", value="other.example"),)}), "acme.caa-forbids"),
    "pending certificate never deployed": (pending, "acme.pending-not-deployed"),
    "DER uploaded as PEM": (file(LEAF.public_bytes(Encoding.DER)), "encoding.not-pem"),
    "PEM with CRLF": (file(PEM.replace(b"\n", b"\r\n")), None),
    "PEM with BOM": (file(b"\xef\xbb\xbf" + PEM), None),
    "PEM with text preamble": (file(b"subject=CN = e1\n" + PEM), None),
    "PEM without last newline": (file(PEM.rstrip()), None),
    "encrypted key": (
        file(CREDENTIAL.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))), "key.encrypted",
    ),
    "PKCS#7 instead of PEM": (file(pkcs7.serialize_certificates([LEAF], Encoding.DER)), "encoding.not-pem"),
    "TLS 1.0-only neighbour": (
        handshake((Side.CLIENT, Alert(sent=False, name="protocol_version", fatal=True)), (Side.CLIENT, Failed(reason="closed"))),
        "tls.protocol-mismatch",
    ),
    "not TLS at all on the port": (handshake((Side.CLIENT, Failed(reason="wrong version number"))), "tls.not-tls"),
    "CA's path length exceeded": (world("path-length-exceeded"), "ca.path-length-exceeded"),
    "dates beyond 2049": (linted(ends=timedelta(days=9000)), None),
}  # fmt: skip
FED = changed("clustered-full", domains__federation=["fed.example.com"])


@pytest.mark.parametrize("case", TABLE)
def test_diagnosis_of_every_clinic_case_puts_the_true_cause_first(case: str) -> None:
    """causes[0], and for what should work, none."""
    judged, cause = TABLE[case]
    causes = judged()
    assert causes[:1] == ((cause,) if cause else ()), causes


def test_clinic_cases_are_at_least_forty() -> None:
    """Fewer would not cover the causes."""
    assert len(TABLE) >= 40
