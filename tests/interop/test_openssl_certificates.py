"""`check --certs` with certificates made by the plain openssl command: the first cause is right on every affected leg,
and the other legs stay up. `openssl verify` and `openssl s_client` say the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkikit.worlds.issued_world import layout_of
from tests.support.cli import DEPLOYMENT, run
from tests.support.json_documents import assert_follows
from tests.support.openssl import OpensslCa, openssl
from tests.support.worlds import C1, CLUSTER_C, CLUSTER_E, E1, E2, deployment

pytestmark = pytest.mark.needs("openssl")
Legs = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> OpensslCa:
    return OpensslCa(tmp_path_factory.mktemp("openssl") / "ca", "Operator")


@pytest.fixture(scope="module")
def good(authority: OpensslCa, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per party, all by one openssl CA, each with the CA's root as trusted CA list.

    An Expressway's list has the intermediate too: a tunnel builds the chain from that list alone (Cisco TAC 221624).
    """
    folder = tmp_path_factory.mktemp("good")
    for fqdn in deployment().parties:
        layout = layout_of(deployment(), fqdn)
        authority.leaf(folder / fqdn, layout.common_name, layout.dns_names)
        issuers = authority.root + (authority.intermediate if fqdn in deployment().peers else "")
        (folder / fqdn / "trust.pem").write_text(issuers)
    return folder


@pytest.fixture
def certs(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "certs"))


def check(certs: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = run("simulator", "check", DEPLOYMENT, "--certs", str(certs), "--json", *more)
    assert done.returncode in {0, 1}, done.stderr
    document = json.loads(done.stdout)
    assert_follows("check", document)
    return done.returncode, document


def shows(fqdn: str) -> Callable[[dict[str, Any]], bool]:
    return lambda leg: leg["server"] == fqdn or (leg["client"] == fqdn and leg["mutual"])


def is_tunnel(leg: dict[str, Any]) -> bool:
    return str(leg["id"]).startswith("tunnel:")


def is_tftp(leg: dict[str, Any]) -> bool:
    """The traffic server of this product version does not verify Unified CM's certificate."""
    return str(leg["id"]).startswith("ucm-tftp:")


def checks_the_fqdn_of(leg: dict[str, Any], *fqdns: str) -> bool:
    """A tunnel looks for no name, and Jabber, once it has signed in, also accepts the registration domain (ours)."""
    without = ("tunnel:", "mra-sip:", "mra-xmpp:")
    return leg["reference_name"] in fqdns and not str(leg["id"]).startswith(without)


def test_check_of_a_good_folder_exits_0(certs: Path) -> None:
    """The control: without a fault nothing fails, every leg is dialled, and the exit code is 0."""
    code, report = check(certs)
    assert code == 0
    assert report["accepted"] is True
    assert all(leg["dialled"] and leg["outcome"] == "accepted" for leg in report["legs"])


def _no_cluster_fqdn(certs: Path, ca: OpensslCa) -> None:
    names = [n for n in layout_of(deployment(), C1).dns_names if n != CLUSTER_C]
    ca.leaf(certs / C1, CLUSTER_C, names)


def _no_peer_fqdn(certs: Path, ca: OpensslCa) -> None:
    names = [n for n in layout_of(deployment(), E1).dns_names if n != E1]
    ca.leaf(certs / E1, CLUSTER_E, names)


def _unknown_root(certs: Path, ca: OpensslCa) -> None:
    OpensslCa(certs.parent / "rogue", "Rogue").leaf(certs / E1, CLUSTER_E, layout_of(deployment(), E1).dns_names)


def _root_only_lists(certs: Path, ca: OpensslCa) -> None:
    for fqdn in deployment().peers:
        (certs / fqdn / "trust.pem").write_text(ca.root)


def _missing_intermediate(certs: Path, ca: OpensslCa) -> None:
    _root_only_lists(certs, ca)
    ca.leaf(certs / E1, CLUSTER_E, layout_of(deployment(), E1).dns_names, send_intermediate=False)


def _missing_intermediate_everywhere(certs: Path, ca: OpensslCa) -> None:
    _root_only_lists(certs, ca)
    for folder in certs.iterdir():
        first = (folder / "cert.pem").read_text().split("-----END CERTIFICATE-----")[0]
        (folder / "cert.pem").write_text(first + "-----END CERTIFICATE-----\n")


def _expired(certs: Path, ca: OpensslCa) -> None:
    ca.leaf(
        certs / C1, CLUSTER_C, layout_of(deployment(), C1).dns_names, begins="20250101000000Z", ends="20250601000000Z"
    )


def _not_yet_valid(certs: Path, ca: OpensslCa) -> None:
    ca.leaf(
        certs / C1, CLUSTER_C, layout_of(deployment(), C1).dns_names, begins="20480101000000Z", ends="20480601000000Z"
    )


def _server_auth_only(certs: Path, ca: OpensslCa) -> None:
    ca.leaf(certs / C1, CLUSTER_C, layout_of(deployment(), C1).dns_names, eku="serverAuth")


def _swapped(certs: Path, ca: OpensslCa) -> None:
    (certs / E1).rename(certs / "spare")
    (certs / E2).rename(certs / E1)
    (certs / "spare").rename(certs / E2)


def _swapped_certificates_only(certs: Path, ca: OpensslCa) -> None:
    one, two = (certs / fqdn / "cert.pem" for fqdn in (E1, E2))
    texts = one.read_text(), two.read_text()
    one.write_text(texts[1])
    two.write_text(texts[0])


def _key_mismatch(certs: Path, ca: OpensslCa) -> None:
    openssl("genrsa", "-out", str(certs / E1 / "key.pem"), "2048", cwd=certs)


def _sha1(certs: Path, ca: OpensslCa) -> None:
    ca.leaf(certs / E1, CLUSTER_E, layout_of(deployment(), E1).dns_names, digest="sha1")


def on_zone_from_c1(leg: dict[str, Any]) -> bool:
    return str(leg["id"]).startswith((f"zone:uc-traversal:{C1}", f"mra-registration:uc-traversal:{C1}"))


CASES: dict[str, tuple[Callable[[Path, OpensslCa], None], str, Callable[[dict[str, Any]], bool]]] = {
    "no cluster FQDN": (
        _no_cluster_fqdn,
        "names.cluster-fqdn-missing",
        on_zone_from_c1,
    ),
    "no peer FQDN": (
        _no_peer_fqdn,
        "names.peer-fqdn-missing",
        lambda leg: checks_the_fqdn_of(leg, E1) or (leg["id"].startswith("cluster:") and leg["client"] == E1),
    ),
    "unknown root": (_unknown_root, "trust.issuer-unknown", shows(E1)),
    "root-only lists": (_root_only_lists, "trust.intermediate-missing", is_tunnel),
    "missing intermediate": (
        _missing_intermediate,
        "trust.intermediate-missing",
        lambda leg: shows(E1)(leg) or is_tunnel(leg),
    ),
    "missing intermediate, known nowhere": (
        _missing_intermediate_everywhere,
        "trust.intermediate-missing",
        lambda leg: not is_tftp(leg),
    ),
    "expired leaf": (_expired, "validity.expired", shows(C1)),
    "not yet valid": (_not_yet_valid, "validity.not-yet-valid", shows(C1)),
    "serverAuth only": (
        _server_auth_only,
        "eku.client-auth-missing",
        lambda leg: leg["client"] == C1 and leg["mutual"],
    ),
    "swapped peers": (
        _swapped,
        "cluster.peer-certificate-swapped",
        lambda leg: checks_the_fqdn_of(leg, E1, E2) or leg["id"].startswith("cluster:edge"),
    ),
    "swapped certificates, keys left": (
        _swapped_certificates_only,
        "cluster.peer-certificate-swapped",
        lambda leg: shows(E1)(leg) or shows(E2)(leg),
    ),
    "key mismatch": (_key_mismatch, "key.mismatch", shows(E1)),
    "SHA-1": (_sha1, "signature.digest-unsupported", shows(E1)),
}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.fires(cause, watched=False)) for name, (_, cause, _) in CASES.items()
])  # fmt: skip
def test_check_of_a_broken_folder_names_the_first_cause(name: str, certs: Path, authority: OpensslCa) -> None:
    """Every affected leg is dialled, refused, and its first cause is the right one; all others are up."""
    mutate, cause, affected = CASES[name]
    mutate(certs, authority)
    code, report = check(certs)
    assert code == 1
    assert any(affected(leg) for leg in report["legs"])
    for leg in report["legs"]:
        assert leg["dialled"] is True
        if affected(leg):
            assert leg["outcome"] == "rejected", leg["id"]
            assert leg["causes"][0] == cause, leg["id"]
            assert leg["rejected_by"] in {"client", "server"}
            assert any(f["rule"] == cause and f["evidence"] and f["fix"] for f in leg["findings"])
        else:
            assert (leg["outcome"], leg["causes"]) == ("accepted", []), leg["id"]


def test_root_only_lists_leave_the_zone_up_and_the_tunnels_down(certs: Path, authority: OpensslCa) -> None:
    """A TLS peer sends its intermediate, so the zone is up; a tunnel needs it in the verifier's own list."""
    _root_only_lists(certs, authority)
    _, report = check(certs)
    zone = [leg for leg in report["legs"] if leg["id"].startswith("zone:uc-traversal:")]
    tunnels = [leg for leg in report["legs"] if is_tunnel(leg)]
    assert len(zone) == len(tunnels) == 4
    assert {leg["outcome"] for leg in zone} == {"accepted"}
    assert {(leg["outcome"], leg["causes"][0]) for leg in tunnels} == {("rejected", "trust.intermediate-missing")}


def test_intermediate_in_an_expressways_list_completes_a_chain_without_it(certs: Path, authority: OpensslCa) -> None:
    """E1's file has its leaf alone, and the lists have the intermediate: every leg is up."""
    _missing_intermediate(certs, authority)
    for fqdn in deployment().peers:
        (certs / fqdn / "trust.pem").write_text(authority.root + authority.intermediate)
    code, report = check(certs)
    assert code == 0
    assert {leg["outcome"] for leg in report["legs"]} == {"accepted"}


def test_check_without_a_key_judges_and_does_not_dial(certs: Path) -> None:
    """A bought certificate whose key is elsewhere can still be judged."""
    (certs / E1 / "key.pem").unlink()
    code, report = check(certs)
    assert code == 0
    for leg in report["legs"]:
        assert leg["dialled"] is not shows(E1)(leg), leg["id"]


def test_check_at_a_later_time_reports_expiry(certs: Path) -> None:
    """Ten years on, every leaf has expired, and the report says at which instant. Only TFTP is not verified."""
    code, report = check(certs, "--at", "2036-01-01T00:00:00Z")
    assert code == 1
    assert report["at"].startswith("2036-01-01T00:00")
    assert {leg["causes"][0] for leg in report["legs"] if not is_tftp(leg)} == {"validity.expired"}
    assert {leg["outcome"] for leg in report["legs"] if is_tftp(leg)} == {"accepted"}


@pytest.mark.parametrize(("mutate", "purpose", "error"), [
    (lambda c, a: None, "sslserver", ""),
    (_unknown_root, "sslserver", "unable to get local issuer certificate"),
    (_missing_intermediate, "sslserver", "unable to get local issuer certificate"),
])  # fmt: skip
def test_openssl_verify_agrees_with_pkikit_about_a_chain(
    mutate: Any, purpose: str, error: str, certs: Path, authority: OpensslCa
) -> None:
    """The same chain before the same list: openssl's own judge, C's view of E1, and pkikit's."""
    mutate(certs, authority)
    certificate, trust = certs / E1 / "cert.pem", certs / C1 / "trust.pem"
    arguments = ("-purpose", purpose, "-CAfile", str(trust), "-untrusted", str(certificate), str(certificate))
    by_openssl = openssl("verify", *arguments, cwd=certs, check=False)
    by_pkikit = run("pkikit", "verify", str(certificate), "--trust", str(trust), "--json")
    assert (by_openssl.returncode == 0) == (by_pkikit.returncode == 0) == (not error)
    assert error in by_openssl.stderr
    assert json.loads(by_pkikit.stdout)["accepted"] is not bool(error)
