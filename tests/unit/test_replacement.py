"""A new certificate beside the one that it replaces: each difference, whom it concerns, and what is no difference."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import build_csr, fast_key
from pkikit.design.nodes import design_nodes
from pkikit.design.san import design_sans
from pkikit.files import parse
from pkikit.issue.authority import create_root
from pkikit.judge.linting.issued_certificate import lint_answer
from pkikit.judge.linting.replacement import lint_replacement
from pkikit.judge.questions import CertificateUse
from pkikit.model.findings import Severity, Verdict
from pkikit.model.parties import Role
from pkikit.model.version import ProductVersion, guide_version
from simulator.world.craft import DAY, SERVER, craft
from tests.support.cli import pkikit_json, run
from tests.support.keys import rsa_key
from tests.support.worlds import AT, C1, CLUSTER_E, E1, deployment, issued

LAYOUT = design_sans(deployment(), E1)
CA = issued().authority
OTHER_CA = create_root("Other Root CA", at=AT - DAY)
SERIAL = 0x1234567
USE = CertificateUse(at=AT, version=guide_version())
AT_E1 = CertificateUse(at=AT, version=guide_version(), role=Role.EXPRESSWAY_E, layout=LAYOUT)
DAYS_90 = 90 * DAY


def made(**changes: object) -> x509.Certificate:
    """A certificate of e1; `changes` are arguments of craft, and `names` and `issuer`."""
    properties: dict[str, object] = {
        "names": LAYOUT.dns_names, "issuer": CA, "key": rsa_key(), "common_name": CLUSTER_E, "ends": DAYS_90, **changes,
    }  # fmt: skip
    names, issuer = properties.pop("names"), properties.pop("issuer")
    return craft(names, issuer, at=AT, **properties).leaf  # type: ignore[arg-type]


OLD = made(serial=SERIAL)
RENEWED = made(key=rsa_key(2), begins=timedelta(0), ends=DAYS_90 + DAY)


def weights(verdict: Verdict) -> dict[str, str]:
    return {f.rule: f.severity.value for f in verdict.findings}


@pytest.mark.fires("replacement.key-changed", "replacement.lifetime-changed")
@pytest.mark.near_miss(
    "replacement.same-certificate", "replacement.name-removed", "replacement.name-added", "replacement.subject-changed",
    "replacement.issuer-changed", "replacement.key-kept", "replacement.algorithm-changed", "replacement.serial-reused",
    "replacement.validity-worse", "eku.client-auth-missing", "eku.server-auth-missing",
)  # fmt: skip
def test_ordinary_renewal_has_two_facts_and_no_warning() -> None:
    """A new key and other dates, nothing else: two facts, and the answer is yes."""
    verdict = lint_replacement(OLD, made(key=rsa_key(2), begins=-timedelta(hours=1)), AT_E1)
    assert weights(verdict) == {"replacement.key-changed": "info", "replacement.lifetime-changed": "info"}
    assert verdict.accepted


@pytest.mark.fires("replacement.same-certificate")
def test_replacement_by_the_same_file_reports_only_that() -> None:
    """The one finding says that the file is the same."""
    assert weights(lint_replacement(OLD, OLD, USE)) == {"replacement.same-certificate": "warning"}


@pytest.mark.fires("replacement.key-kept")
@pytest.mark.near_miss("replacement.key-changed", "replacement.lifetime-changed")
def test_replacement_with_the_same_key_is_a_fact() -> None:
    """Keeping the key is reported as a fact, not as an error."""
    assert weights(lint_replacement(OLD, made(), USE)) == {"replacement.key-kept": "info"}


DIFFERENCES: list[tuple[str, dict[str, object], dict[str, str]]] = [
    ("a name less", {"names": LAYOUT.dns_names[1:]}, {"replacement.name-removed": "warning"}),
    ("a name more", {"names": (*LAYOUT.dns_names, "www.example.com")}, {"replacement.name-added": "info"}),
    ("another common name", {"common_name": E1}, {"replacement.subject-changed": "warning"}),
    ("another CA", {"issuer": OTHER_CA}, {"replacement.issuer-changed": "warning"}),
    ("signed by itself", {"issuer": None}, {"replacement.issuer-changed": "warning"}),
    ("server only", {"ekus": (SERVER,)}, {"eku.client-auth-missing": "error"}),
    ("serial number again", {"serial": SERIAL, "ends": 91 * DAY},
     {"replacement.serial-reused": "warning", "replacement.lifetime-changed": "info"}),
    ("ends before the old one", {"ends": 30 * DAY},
     {"replacement.validity-worse": "warning", "replacement.lifetime-changed": "info"}),
    ("begins after the old one", {"begins": 91 * DAY, "ends": 182 * DAY}, {"replacement.validity-worse": "warning"}),
]  # fmt: skip
FIRED = sorted({rule for *_, found in DIFFERENCES for rule in found})


@pytest.mark.fires(*FIRED)
def test_replacement_difference_is_reported_once() -> None:
    """And nothing beside it, but that the key is the same."""
    for name, changes, found in DIFFERENCES:
        assert weights(lint_replacement(OLD, made(**changes), USE)) == {**found, "replacement.key-kept": "info"}, name


@pytest.mark.fires("replacement.algorithm-changed")
@pytest.mark.parametrize(
    ("key", "weight"),
    [
        (fast_key(), "warning"),
        (rsa.generate_private_key(public_exponent=65537, key_size=1024), "warning"),
        (rsa.generate_private_key(public_exponent=65537, key_size=3072), "info"),
    ],
    ids=["elliptic", "shorter", "longer"],
)
def test_replacement_by_a_weaker_key_is_a_warning(key: object, weight: str) -> None:
    """Weaker, or a kind that old peers do not support: a warning. Stronger: a fact."""
    found = weights(lint_replacement(OLD, made(key=key), USE))
    assert found == {"replacement.key-changed": "info", "replacement.algorithm-changed": weight}


@pytest.mark.fires("replacement.issuer-changed")
def test_replacement_by_a_namesake_ca_is_reported() -> None:
    """The name alone does not show it; the key identifier does."""
    twin = create_root("Twin CA", at=AT - DAY)
    other = create_root("Twin CA", at=AT - DAY)
    old, new = made(issuer=twin), made(issuer=other)
    assert old.issuer == new.issuer
    assert weights(lint_replacement(old, new, USE))["replacement.issuer-changed"] == "warning"
    assert "replacement.issuer-changed" not in weights(lint_replacement(old, made(issuer=twin), USE))


@pytest.mark.fires("replacement.name-removed")
def test_replacement_without_a_needed_name_lists_the_legs() -> None:
    """With the layout of the peer: an error with the connections, or a fact when nothing looks for the name."""
    needed = lint_replacement(OLD, made(names=tuple(n for n in LAYOUT.dns_names if n != E1)), AT_E1)
    [found] = [f for f in needed.findings if f.rule == "replacement.name-removed"]
    assert found.severity is Severity.ERROR
    assert any(leg in found.evidence[0].seen for leg in LAYOUT.entries[0].needed_by)
    extra = made(names=(*LAYOUT.dns_names, "www.example.com"))
    assert weights(lint_replacement(extra, made(), AT_E1))["replacement.name-removed"] == "info"


@pytest.mark.fires("replacement.name-removed")
def test_replacement_of_a_sole_common_name_is_a_lost_name() -> None:
    """Without a SAN the common name was the name: another one in its place is a name less."""
    old, new = made(names=(), common_name=E1), made(names=(), common_name=C1)
    [found] = [f for f in lint_replacement(old, new, USE).findings if f.rule == "replacement.name-removed"]
    assert E1 in found.evidence[0].label
    moved = lint_replacement(old, made(names=(E1,), common_name=E1), USE)
    assert "replacement.name-removed" not in weights(moved)


def test_replacement_without_client_auth_is_judged_by_version() -> None:
    """X15.4 accepts server-only certificates on Expressway-E, with a warning here; two stores of X15.5 do not need it."""
    for version, expected in (("X14.0", "error"), ("X15.4", "warning"), ("X15.5", None)):
        use = CertificateUse(at=AT, role=Role.EXPRESSWAY_E, version=ProductVersion.parse(version))
        assert weights(lint_replacement(OLD, made(ekus=(SERVER,)), use)).get("eku.client-auth-missing") == expected


# What a CA made of a request, by who will upload it.
REQUEST = build_csr(LAYOUT, rsa_key())
MORE = [made(names=(*LAYOUT.dns_names, "www.e1.example.com"), subject=REQUEST.subject), *CA.intermediates]
NODE = CertificateUse(
    at=AT, version=guide_version(), layout=next(n.layout for n in design_nodes(deployment("clustered-full")))
)


@pytest.mark.fires("answer.name-added")
@pytest.mark.parametrize(("use", "weight"), [(None, "warning"), (USE, "warning"), (NODE, "error"), (AT_E1, "info")])
def test_replacement_with_an_added_name_is_refused_by_ucm_only(use: CertificateUse | None, weight: str) -> None:
    """Unified CM and IM&P refuse the upload, Expressway does not; of an unknown machine both are said."""
    verdict = lint_answer(REQUEST, MORE, use)
    assert weights(verdict) == {"answer.name-added": weight}
    assert "Unified CM and IM&P refuse" in verdict.findings[0].fix


@pytest.mark.fires("key.mismatch")
def test_replacement_of_a_request_with_an_unreadable_key_reports_another_key() -> None:
    """It is for another key than the certificate: the bytes of the two differ."""
    rsa_key, unknown = bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d01017f")
    [request] = parse(REQUEST.public_bytes(Encoding.DER).replace(rsa_key, unknown), where="unknown key").requests
    assert weights(lint_answer(request, MORE))["key.mismatch"] == "error"


@pytest.mark.near_miss("answer.name-added", "answer.name-dropped")
def test_replacement_of_a_request_without_names_compares_no_names() -> None:
    """The way round that Cisco gives; a CA that repeats the common name in the SAN adds nothing either."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(REQUEST.subject)
    bare = builder.sign(rsa_key(), hashes.SHA256())
    repeated = [made(names=(CLUSTER_E,), subject=REQUEST.subject), *CA.intermediates]
    assert "answer.name-added" not in weights(lint_answer(bare, repeated, NODE))
    assert weights(lint_answer(bare, MORE, NODE))["answer.name-added"] == "info"


@pytest.mark.product("P4-4")
@pytest.mark.fires("answer.name-added", "replacement.name-added")
def test_replacement_with_an_added_email_is_a_difference() -> None:
    """Unified CM compares the whole SAN: an e-mail address that a CA adds is a difference, too."""
    for extra in (x509.RFC822Name("pki@example.com"), x509.UniformResourceIdentifier("https://example.com/")):
        leaf = made(general=(extra,), subject=REQUEST.subject)
        assert weights(lint_answer(REQUEST, [leaf, *CA.intermediates], NODE)) == {"answer.name-added": "error"}
        assert weights(lint_replacement(OLD, made(general=(extra,)), USE))["replacement.name-added"] == "info"


def test_replacement_in_a_bundle_compares_the_server_certificate(tmp_path: Path) -> None:
    """The server certificate is compared, wherever it is in its file."""
    for name, leaf in (("new.pem", RENEWED), ("old.pem", OLD)):
        chain = (*reversed(CA.intermediates), leaf)
        (tmp_path / name).write_bytes(b"".join(c.public_bytes(Encoding.PEM) for c in chain))
    arguments = (str(tmp_path / "new.pem"), "--request", str(tmp_path / "old.pem"), "--at", "2026-11-25T12:00:00Z")
    done = run("pkikit", "lint", *arguments, "--json")
    found = {f["rule"] for f in json.loads(done.stdout)["findings"]}
    assert "replacement.key-changed" in found
    assert "replacement.same-certificate" not in found


def test_lint_command_compares_with_a_request_or_a_certificate(tmp_path: Path) -> None:
    """`--request` with a request, with an old certificate, and with neither."""
    new, old, request, neither = (str(tmp_path / n) for n in ("new.pem", "old.pem", "request.pem", "crl.pem"))
    for path, made_of in ((new, RENEWED), (old, OLD), (request, REQUEST), (neither, CA.crl((), at=AT))):
        Path(path).write_bytes(made_of.public_bytes(Encoding.PEM))

    def found(before: str, code: int) -> set[str]:
        document = pkikit_json("lint", new, "--request", before, "--at", "2026-11-25T12:00:00Z", code=code)
        return {f["rule"] for f in document["findings"]}

    assert "replacement.key-changed" in found(old, 0)
    assert "key.mismatch" in found(request, 1)
    done = run("pkikit", "lint", new, "--request", neither)
    assert done.returncode == 2
    assert "neither a certificate request nor a certificate" in done.stderr
