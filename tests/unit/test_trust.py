"""Intermediate missing or root unknown: what a verifier that was sent only a leaf can still tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509

from pkikit.issue.authority import create_root
from pkikit.judge.advice import list_advice
from pkikit.judge.paths.trust import Anchor, build_path, chain_to_present, effective_trust, may_be_issuer
from pkikit.judge.verify import verify_certificate
from pkikit.model.findings import Finding, Severity
from pkikit.model.leg import Purpose
from pkikit.rules import trust_rules
from pkikit.rules.trust_rules import TRUST_LIST_CHANGE
from simulator.world.craft import DAY, craft
from simulator.world.remedies import TOLD, Action
from tests.support.worlds import AT

BEFORE = AT - 100 * DAY
ROOT = create_root("Test Root CA", at=BEFORE)


def causes(issuer: tuple[str, str], root: tuple[str, str], known: tuple[x509.Certificate, ...] = ()) -> list[str]:
    """A leaf of `issuer` (CN, O), alone, before a list that holds `root`; the real root of the issuer is another."""
    trusted = create_root(root[0], at=BEFORE, organisation=root[1])
    middle = create_root("Whatever", at=BEFORE).intermediate(issuer[0], at=BEFORE, organisation=issuer[1])
    leaf = craft(("a.example.com",), middle, at=AT).leaf
    verdict = verify_certificate(
        leaf, trusted_ca_list=(trusted.certificate,), purpose=Purpose.SERVER, at=AT, known=known
    )
    return [f.rule for f in verdict.errors]


@pytest.mark.parametrize(("issuer", "root", "expected"), [
    (("Acme Issuing CA 3", ""), ("Acme Root CA", ""), "trust.intermediate-missing"),
    (("Test Intermediate", "Test"), ("Test Root", "Test"), "trust.intermediate-missing"),
    (("inter", ""), ("root", ""), "trust.intermediate-missing"),
    (("Lab SubCA", ""), ("Lab Root", ""), "trust.intermediate-missing"),
    (("Acme Issuing CA", "Acme"), ("Other Root CA", "Other"), "trust.issuer-unknown"),
    (("Rogue Intermediate CA", ""), ("Lab Root CA", ""), "trust.issuer-unknown"),
    (("Rogue Root CA", ""), ("Lab Root CA", ""), "trust.issuer-unknown"),
    (("Other CA", "Lab"), ("Lab Root CA", "Lab"), "trust.issuer-unknown"),
])  # fmt: skip
def test_unknown_issuer_of_a_trusted_family_is_a_missing_intermediate(
    issuer: tuple[str, str], root: tuple[str, str], expected: str
) -> None:
    """An issuing CA of a trusted root's family is a missing intermediate; anything else an unknown root."""
    assert causes(issuer, root) == [expected]


def test_known_issuer_below_the_list_is_a_missing_intermediate() -> None:
    """Whatever the names say, a known issuer whose own path leads into the list is a missing intermediate."""
    root = create_root("Alpha", at=BEFORE)
    middle = root.intermediate("Omega", at=BEFORE)
    leaf = craft(("a.example.com",), middle, at=AT).leaf

    def rules(known: tuple[x509.Certificate, ...]) -> list[str]:
        verdict = verify_certificate(
            leaf, trusted_ca_list=(root.certificate,), purpose=Purpose.SERVER, at=AT, known=known
        )
        return [f.rule for f in verdict.errors]

    assert rules(()) == ["trust.issuer-unknown"]
    assert rules((middle.certificate, root.certificate)) == ["trust.intermediate-missing"]


def test_key_identifier_with_a_trusted_issuer_means_missing_intermediate() -> None:
    """`authorityKeyIdentifier=issuer:always` names the issuer's issuer: a trusted root there settles it."""
    from cryptography.hazmat.primitives import hashes

    from pkikit.design.csr import fast_key
    from pkikit.issue.authority import ca_name

    root = create_root("Alpha", at=BEFORE)
    middle = root.intermediate("Omega", at=BEFORE)
    key = fast_key()
    identifier = x509.AuthorityKeyIdentifier(
        None, [x509.DirectoryName(root.certificate.subject)], middle.certificate.serial_number
    )
    leaf = (
        x509.CertificateBuilder()
        .subject_name(ca_name("a.example.com"))
        .issuer_name(middle.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(BEFORE)
        .not_valid_after(AT + DAY)
        .add_extension(identifier, critical=False)
        .sign(middle.key, hashes.SHA256())
    )
    verdict = verify_certificate(leaf, trusted_ca_list=(root.certificate,), purpose=Purpose.SERVER, at=AT)
    assert [f.rule for f in verdict.errors] == ["trust.intermediate-missing"]
    assert may_be_issuer(leaf, middle.certificate)
    assert not may_be_issuer(leaf, root.certificate)


def test_path_of_issuers_in_a_loop_ends_untrusted() -> None:
    """Two CAs that signed each other: the path ends, and is not trusted."""
    one = create_root("One", at=BEFORE)
    two = create_root("Two", at=BEFORE)
    one_by_two = two.intermediate("One", at=BEFORE, key=one.key, path_length=None)
    two_by_one = one.intermediate("Two", at=BEFORE, key=two.key, path_length=None)
    leaf = craft(("a.example.com",), one, at=AT).leaf
    path = build_path(leaf, sent=(one_by_two.certificate, two_by_one.certificate), trusted_ca_list=(), at=AT)
    assert path.anchor is Anchor.ISSUER_NOT_FOUND
    assert len(path.certificates) == 3


def test_presented_chain_is_completed_only_for_a_lone_leaf() -> None:
    """A chain in the file is sent as it is; a lone leaf is completed from the peer's own list."""
    root = create_root("Alpha", at=BEFORE)
    middle = root.intermediate("Omega", at=BEFORE)
    leaf = craft(("a.example.com",), middle, at=AT).leaf
    own_list = (root.certificate, middle.certificate)
    assert chain_to_present((leaf, root.certificate), own_list, AT) == (leaf, root.certificate)
    assert chain_to_present((leaf,), own_list, AT) == (leaf, middle.certificate, root.certificate)
    assert chain_to_present((leaf,), (), AT) == (leaf,)


def test_second_self_signed_certificate_of_one_subject_is_not_used() -> None:
    """Of two self-signed certificates with one subject only the first is used; the same one twice is no conflict."""
    first, second = (create_root("Twin", at=BEFORE).certificate for _ in range(2))
    assert effective_trust((first, second, first)) == ((first,), (second,))


@pytest.mark.fires("chain.extension-unreadable")
@pytest.mark.near_miss("chain.extension-unreadable")
def test_unreadable_san_reports_extension_unreadable() -> None:
    """A SAN that is no SEQUENCE: chain.extension-unreadable; the certificate as it was made is accepted."""
    from cryptography.hazmat.primitives.serialization import Encoding

    good = craft(("e1.example.com",), ROOT, at=AT).leaf
    der = good.public_bytes(Encoding.DER)
    san = x509.SubjectAlternativeName([x509.DNSName("e1.example.com")]).public_bytes()
    assert san in der
    broken = x509.load_der_x509_certificate(der.replace(san, b"\x31" + san[1:]))
    for certificate, rules in (
        (good, set()),
        (broken, {"chain.extension-unreadable", "trust.chain-signature-invalid"}),
    ):
        verdict = verify_certificate(certificate, trusted_ca_list=[ROOT.certificate], purpose=Purpose.SERVER, at=AT)
        assert {f.rule for f in verdict.errors} == rules
        assert "chain.extension-unreadable" in verdict.checked


@pytest.mark.product("H-04", "I-08", "P4-1")
def test_fix_that_changes_a_list_says_at_once_for_sip_and_restart_to_be_sure() -> None:
    """One sentence for rules, remedies and the pages; below the findings of a command where no fix has it yet."""
    for rule in (trust_rules.ISSUER_UNKNOWN, trust_rules.INTERMEDIATE_MISSING, trust_rules.SELF_SIGNED_LEAF):
        assert rule.fix.endswith(TRUST_LIST_CHANGE)
    assert TOLD[Action.TRUST].endswith(TRUST_LIST_CHANGE)
    assert all(
        words in TRUST_LIST_CHANGE
        for words in ("SIP TLS", "at once", "XCP and the SSH tunnels", "to be sure", "contradict")
    )
    found = Finding(
        rule=trust_rules.ISSUER_UNKNOWN.id, severity=Severity.ERROR, subject="e1", message="no", evidence=(),
        fix="Append it (Maintenance > Security > Trusted CA certificate).",
    )  # fmt: skip
    assert list_advice([found]) == TRUST_LIST_CHANGE
    assert list_advice([replace(found, fix=f"{found.fix} {TRUST_LIST_CHANGE}")]) == ""
    assert list_advice([replace(found, fix="Append it to CallManager-trust.")]) == ""
