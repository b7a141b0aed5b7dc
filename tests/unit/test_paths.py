"""Lists that lead astray: what is wrong, and advice that names the certificate and helps when it is followed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from pkikit.issue.authority import Authority, ca_name, create_root
from pkikit.judge.linting.lint import lint_trust_list
from pkikit.judge.paths import trust
from pkikit.judge.paths.trust import build_path, effective_trust
from pkikit.judge.questions import CertificateUse
from pkikit.judge.verify import verify_certificate
from pkikit.model.findings import Finding, Severity, Verdict
from pkikit.model.leg import NameCheck, Purpose
from pkikit.model.version import ProductVersion
from simulator.world.craft import DAY, craft
from tests.support.worlds import AT

LONG_AGO = AT - 3000 * DAY
judge = partial(
    verify_certificate, purpose=Purpose.SERVER, at=AT, verifier="c1.example.com", presenter="e1.example.com"
)


def leaf_of(authority: Authority, *, identifiers: bool = True) -> x509.Certificate:
    return craft(("e1.example.com",), authority, at=AT, identifiers=identifiers).leaf


def only(verdict: Verdict, rule: str) -> Finding:
    assert [f.rule for f in verdict.errors] == [rule]
    return verdict.errors[0]


class CrossSigned:
    """A root, its copy signed by an older root, and an issuing CA below it."""

    def __init__(self, *, old_lifetime: int = 3650) -> None:
        self.old = create_root("Old Root CA", at=LONG_AGO, lifetime=old_lifetime * DAY)
        self.root = create_root("New Root CA", at=AT - 100 * DAY)
        self.copy = self.old.intermediate("New Root CA", at=AT - 100 * DAY, key=self.root.key, path_length=None)
        self.issuing = self.root.intermediate("Issuing CA", at=AT - 50 * DAY)
        self.leaf = leaf_of(self.issuing)
        self.sent = [self.issuing.certificate]


@pytest.mark.fires("trust.cross-signed-copy")
@pytest.mark.near_miss("trust.cross-signed-copy", "trust.issuer-unknown")
def test_cross_signed_copy_before_its_root_breaks_the_path() -> None:
    """The copy comes first and its root is absent: remove the copy. Behind its twin, or with its root, it does no harm."""
    made = CrossSigned()
    copy, root, old = made.copy.certificate, made.root.certificate, made.old.certificate
    found = only(judge(made.leaf, sent=made.sent, trusted_ca_list=[copy, root]), "trust.cross-signed-copy")
    assert found.fix.startswith("Remove New Root CA (issued by CN=Old Root CA")
    assert "c1.example.com" in found.fix
    for fine in ([root], [root, copy], [copy, old, root]):
        assert judge(made.leaf, sent=made.sent, trusted_ca_list=fine).accepted
    assert "trust.issuer-unknown" in [
        f.rule for f in judge(made.leaf, sent=made.sent, trusted_ca_list=[copy]).errors
    ], "without the twin nothing is in the way: the old root is missing"


@pytest.mark.fires("validity.expired")
@pytest.mark.near_miss("validity.expired")
def test_cross_signed_copy_below_an_expired_root_is_to_be_removed() -> None:
    """The copy leads to a root that has ended: remove both, renew nothing."""
    made = CrossSigned(old_lifetime=2990)
    listed = [made.old.certificate, made.copy.certificate, made.root.certificate]
    found = only(judge(made.leaf, sent=made.sent, trusted_ca_list=listed), "validity.expired")
    assert "Remove New Root CA" in found.fix
    assert "and Old Root CA" in found.fix
    assert "enew" not in found.fix
    assert judge(made.leaf, sent=made.sent, trusted_ca_list=[made.root.certificate]).accepted


def renewed(*, same_key: bool) -> tuple[Authority, Authority]:
    """A root that has ended, and its successor with the same name."""
    old = create_root("Corp Root CA", at=LONG_AGO, lifetime=2990 * DAY)
    return old, create_root("Corp Root CA", at=AT - 100 * DAY, key=old.key if same_key else None)


@pytest.mark.near_miss("validity.expired", "trust.same-subject-ambiguous")
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_renewed_root_with_the_same_key_is_used(order: tuple[int, int]) -> None:
    """OpenSSL picks the copy that is valid, wherever it is in the list."""
    both = renewed(same_key=True)
    listed = [both[i].certificate for i in order]
    assert effective_trust(listed) == (tuple(listed), ())
    verdict = judge(leaf_of(both[1]), trusted_ca_list=listed)
    assert verdict.accepted
    assert verdict.findings == ()


@pytest.mark.fires("trust.same-subject-ambiguous")
@pytest.mark.parametrize("identifiers", [True, False])
def test_second_root_of_one_subject_is_not_used(identifiers: bool) -> None:
    """The product uses the first. Not `ca.not-a-ca`; where the first has ended, the advice is to remove it."""
    old, new = renewed(same_key=False)
    found = only(
        judge(leaf_of(new, identifiers=identifiers), trusted_ca_list=[old.certificate, new.certificate]),
        "trust.same-subject-ambiguous",
    ) if identifiers else next(
        f for f in judge(leaf_of(new, identifiers=False), trusted_ca_list=[old.certificate, new.certificate]).errors
        if f.rule == "trust.same-subject-ambiguous"
    )  # fmt: skip
    assert found.fix.startswith("Remove Corp Root CA (self-signed, ends 20")
    assert "enew" not in found.fix
    first, second = (create_root("Twin Root CA", at=AT - 100 * DAY) for _ in range(2))
    found = only(
        judge(leaf_of(second), trusted_ca_list=[first.certificate, second.certificate]), "trust.same-subject-ambiguous"
    )
    assert "Use CA-signed certificates" in found.fix, "both are current: nobody can say which one may go"


@pytest.mark.fires("trust.same-subject-ambiguous")
def test_first_of_two_namesake_roots_works_with_a_warning() -> None:
    """What the first root signed is accepted; the order of the list decides, so a warning says so."""
    first, second = (create_root("Twin Root CA", at=AT - 100 * DAY) for _ in range(2))
    verdict = judge(leaf_of(first), trusted_ca_list=[first.certificate, second.certificate])
    assert verdict.accepted
    assert [(f.rule, f.severity) for f in verdict.findings] == [("trust.same-subject-ambiguous", Severity.WARNING)]


@pytest.mark.fires("trust.chain-signature-invalid")
@pytest.mark.near_miss("trust.intermediate-missing", "trust.chain-signature-invalid")
@pytest.mark.parametrize("identifiers", [True, False])
@pytest.mark.parametrize("in_list", [True, False])
def test_namesake_intermediate_with_another_key_is_reported(identifiers: bool, in_list: bool) -> None:
    """It is not missing: the certificate of that name has another key, and the evidence shows which one."""
    root = create_root("Corp Root CA", at=AT - 100 * DAY)
    right, wrong = (root.intermediate("Issuing CA", at=AT - 50 * DAY) for _ in range(2))
    leaf = leaf_of(right, identifiers=identifiers)
    sent = [] if in_list else [wrong.certificate]
    listed = [root.certificate, *([wrong.certificate] if in_list else [])]
    found = only(judge(leaf, sent=sent, trusted_ca_list=listed), "trust.chain-signature-invalid")
    assert found.evidence
    if identifiers:
        assert "another key" in found.evidence[0].seen
        assert "Issuing CA" in found.evidence[0].seen
        assert ("trusted CA list of c1" if in_list else "file of e1") in found.fix
    assert judge(leaf, sent=[right.certificate], trusted_ca_list=[root.certificate]).accepted


@pytest.mark.fires("trust.intermediate-missing")
@pytest.mark.near_miss("trust.intermediate-missing")
def test_path_ignores_sent_certificates_after_the_list_was_used() -> None:
    """The list holds the lower intermediate, the upper one is only sent: OpenSSL does not go back (error 2)."""
    root = create_root("Corp Root CA", at=AT - 100 * DAY)
    upper = root.intermediate("Upper CA", at=AT - 50 * DAY, path_length=None)
    lower = upper.intermediate("Lower CA", at=AT - 50 * DAY)
    leaf = leaf_of(lower)
    listed = [root.certificate, lower.certificate]
    found = only(judge(leaf, sent=[upper.certificate], trusted_ca_list=listed), "trust.intermediate-missing")
    assert "Append Upper CA" in found.fix
    assert judge(leaf, sent=[], trusted_ca_list=[*listed, upper.certificate]).accepted
    assert judge(leaf, sent=[lower.certificate, upper.certificate], trusted_ca_list=[root.certificate]).accepted


@pytest.mark.fires("ca.not-a-ca")
@pytest.mark.near_miss("ca.not-a-ca")
def test_namesake_that_may_not_sign_breaks_the_path() -> None:
    """OpenSSL chooses by name, and refuses afterwards; behind the right CA the same certificate does no harm."""
    root = create_root("Corp Root CA", at=AT - 100 * DAY)
    impostor = craft((), None, at=AT, subject=ca_name("Corp Root CA"), key=root.key, ca=True, ekus=None).leaf
    leaf = leaf_of(root)
    found = only(judge(leaf, trusted_ca_list=[impostor, root.certificate]), "ca.not-a-ca")
    assert found.fix.startswith("Remove Corp Root CA")
    assert judge(leaf, trusted_ca_list=[root.certificate, impostor]).accepted


def test_fix_names_the_machine_and_the_certificate() -> None:
    """Unknown root, missing intermediate, expired CA: who does what, where."""
    root = create_root("Corp Root CA", at=AT - 100 * DAY, organisation="Corp")
    issuing = root.intermediate("Corp Issuing CA", at=AT - 50 * DAY, organisation="Corp")
    leaf = leaf_of(issuing)
    other = create_root("Other Root CA", at=AT - DAY).certificate
    unknown = only(
        judge(leaf, sent=[issuing.certificate, root.certificate], trusted_ca_list=[other]), "trust.issuer-unknown"
    )
    assert "Append the root Corp Root CA" in unknown.fix
    assert "e1.example.com" in unknown.fix
    assert "c1.example.com" in unknown.fix
    missing = only(judge(leaf, trusted_ca_list=[root.certificate]), "trust.intermediate-missing")
    assert "Corp Issuing CA" in missing.fix
    assert "e1.example.com" in missing.fix
    ended = root.intermediate("Corp Old CA", at=AT - 90 * DAY, lifetime=10 * DAY, organisation="Corp")
    for sent, listed, place in (
        ([ended.certificate], [root.certificate], "file of e1.example.com"),
        ([], [root.certificate, ended.certificate], "list of c1.example.com"),
    ):
        expired = only(judge(leaf_of(ended), sent=sent, trusted_ca_list=listed), "validity.expired")
        assert "successor of Corp Old CA" in expired.fix
        assert place in expired.fix


@pytest.mark.fires("names.reference-not-presented", "names.ip-address-used")
def test_fix_of_a_name_says_what_to_enter_where() -> None:
    """A missing name: reissue, or configure a name that is there; a spoilt one: how; an address: the FQDN instead."""
    root = create_root("Corp Root CA", at=AT - 100 * DAY)
    good = leaf_of(root)
    spoilt = craft((), root, at=AT, general=[x509.DNSName("e2.example.com.")]).leaf

    def fix(leaf: x509.Certificate, name: str) -> str:
        check = NameCheck(any_of=(name,), why="dialled")
        verdict = judge(leaf, trusted_ca_list=[root.certificate], name_checks=[check])
        return verdict.errors[0].fix

    assert "reissued with the dNSName e2.example.com" in fix(good, "e2.example.com")
    assert "configure e1.example.com" in fix(good, "e2.example.com")
    assert "'e2.example.com.' ends with a dot" in fix(spoilt, "e2.example.com")
    address = fix(good, "192.0.2.1")
    assert address.startswith("In the configuration of c1.example.com, enter e1.example.com in place of")
    assert "192.0.2.1" in address


def list_findings(*certificates: x509.Certificate) -> dict[str, Finding]:
    use = CertificateUse(at=AT, version=ProductVersion.parse("X15.5"))
    return {f.rule: f for f in lint_trust_list(certificates, use).findings}


@pytest.mark.fires("validity.expired", "trust-list.same-subject")
@pytest.mark.near_miss("trust-list.root-absent", "trust-list.same-subject")
def test_expired_root_in_a_list_is_to_be_removed() -> None:
    """Beside a successor with its key a warning, else an error; the advice is to remove it, and names it."""
    old, same = renewed(same_key=True)
    found = list_findings(old.certificate, same.certificate)
    assert found["validity.expired"].severity is Severity.WARNING
    assert "is in the list already" in found["validity.expired"].fix
    assert "trust-list.same-subject" not in found
    assert "trust-list.root-absent" not in found
    old, other = renewed(same_key=False)
    for listed in ((old.certificate, other.certificate), (old.certificate,)):
        found = list_findings(*listed)
        assert found["validity.expired"].severity is Severity.ERROR
        assert found["validity.expired"].fix.startswith("Remove Corp Root CA (self-signed, ends ")
        assert "enew" not in found["validity.expired"].fix
    found = list_findings(old.certificate, other.certificate)
    assert found["trust-list.same-subject"].fix.startswith("Remove Corp Root CA (self-signed, ends ")
    first, second = (create_root("Twin Root CA", at=AT - 100 * DAY).certificate for _ in range(2))
    assert "which of the CAs named Twin Root CA" in list_findings(first, second)["trust-list.same-subject"].fix


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every signature check that path building and its diagnosis ask for, cached or not."""
    made: list[object] = []

    def counted(child: x509.Certificate, issuer: x509.Certificate) -> bool:
        made.append((child, issuer))
        return original(child, issuer)

    original = trust.is_issued_by
    monkeypatch.setattr(trust, "is_issued_by", counted)
    return made


def _twins(count: int, *, selves: bool) -> list[x509.Certificate]:
    """CAs of one name with keys of their own and without identifiers: each may have signed anything of that name."""
    above = create_root("Hostile Root CA", at=AT - DAY)
    name, key = ca_name("Twin CA"), ec.generate_private_key(ec.SECP256R1())
    make = partial(craft, (), at=AT, subject=name, ca=True, can_sign=True, ekus=None, identifiers=False)
    if selves:
        return [make(None).leaf for _ in range(count)]
    return [make(above, key=key, serial=n + 1).leaf for n in range(count)]


@pytest.mark.parametrize("selves", [True, False])
def test_path_search_in_a_hostile_list_bounds_signature_checks(checks: list[object], selves: bool) -> None:
    """Ten times the namesakes, the same bound on signature checks."""
    signer = craft((), None, at=AT, subject=ca_name("Twin CA"), ca=True, can_sign=True, ekus=None, identifiers=False)
    assert signer.key is not None
    leaf = leaf_of(Authority(certificate=signer.leaf, key=signer.key), identifiers=False)
    counts = []
    for size in (20, 200):
        checks.clear()
        assert not judge(leaf, trusted_ca_list=_twins(size, selves=selves)).accepted
        counts.append(len(checks))
    assert counts[1] <= counts[0] + trust.MAX_TRIES * trust.MAX_REMOVALS


def test_path_search_in_a_lattice_walks_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lattice of CAs that certify each other on every level has 4^20 ways up; one is walked."""
    asked: list[object] = []
    original = trust.may_be_issuer

    def counted(child: x509.Certificate, candidate: x509.Certificate) -> bool:
        asked.append(candidate)
        return original(child, candidate)

    monkeypatch.setattr(trust, "may_be_issuer", counted)
    width, depth = 4, 20
    lattice: list[x509.Certificate] = []
    below: Sequence[Authority] = [create_root("Level 0", at=AT - DAY)]
    for level in range(1, depth):
        own = [
            below[n % len(below)].intermediate(f"Level {level}", at=AT - DAY, path_length=None) for n in range(width)
        ]
        lattice += [a.certificate for a in own]
        below = own
    leaf = leaf_of(below[-1])
    path = build_path(leaf, sent=lattice, trusted_ca_list=(), at=AT)
    assert len(path.certificates) > 1
    assert len(asked) <= 2 * width * depth
