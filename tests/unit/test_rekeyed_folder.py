"""Folders of `--certs`: their counterparts with other keys, client certificates, and what rests on stand-ins."""

from __future__ import annotations

import stat
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.design.csr import fast_key
from pkikit.design.legs import legs_of
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import judge_of
from pkikit.judge.legs.leg_verdict import LegVerdict, judge_leg
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import is_issued_by, key_of
from pkikit.model.world import World
from pkikit.worlds.brought import bring_certificates, decides_nothing, kept_from_lab, trusting_lab
from pkikit.worlds.issued_world import issue_world
from simulator.wire.memory import MemoryDialler
from simulator.world.craft import CLIENT, DAY, SERVER, craft
from tests.support.certs_folder import write_certs, write_rekeyed
from tests.support.worlds import AT, C1, CLUSTER_C, E1, E2, JABBER, PARTNER, UCM1, changed, stranger
from tests.support.worlds.builder import WorldBuilder


@cache
def two_stores() -> World:
    """A world of X15.5 in which c1 has a server certificate without clientAuth, and a client certificate."""
    made = issue_world(changed(version="X15.5"), at=AT - DAY, rsa=False)
    names = made.world.parties[C1].credential
    assert names is not None
    dns = [n.value for n in names.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value]
    server, client = (craft(dns, made.authority, at=AT, common_name=CLUSTER_C, ekus=(use,)) for use in (SERVER, CLIENT))
    return made.world.with_party(replace(made.world.parties[C1], credential=server, client=client))


def lab_of(world: World) -> World:
    """What another lab issues for the same deployment."""
    return issue_world(world.deployment, at=AT - DAY, rsa=False).world


def verdicts(world: World) -> dict[str, LegVerdict]:
    return {leg.id: judge_leg(leg, world, AT) for leg in legs_of(world.deployment)}


def assessed(world: World) -> dict[str, LegVerdict]:
    """What `expressway-sim check` decides before it dials."""
    judge = judge_of(world, AT)
    return {leg.id: judge(leg) for leg in legs_of(world.deployment)}


def answers(world: World) -> dict[str, tuple[object, ...]]:
    return {leg: (v.accepted, v.rejected_by, v.causes) for leg, v in verdicts(world).items()}


def verifies(verdict: LegVerdict) -> bool:
    """True unless neither side looks at the other's certificate."""
    return verdict.leg.client_verifies or verdict.leg.mutual


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_client_certificate_of_the_folder_is_what_a_peer_presents_when_it_dials(tmp_path: Path) -> None:
    """X15.5: c1's server certificate has no clientAuth, and its zones come up because of client.pem."""
    world = bring_certificates(lab_of(two_stores()), write_certs(two_stores(), tmp_path))
    assert world.parties[C1].client == two_stores().parties[C1].client
    assert all(verdict.accepted for verdict in verdicts(world).values())
    (tmp_path / C1 / "client.pem").unlink()
    refused = {leg for leg, v in verdicts(bring_certificates(lab_of(two_stores()), tmp_path)).items() if not v.accepted}
    assert any(leg.startswith(f"zone:uc-traversal:{C1}") for leg in refused)


@pytest.mark.parametrize(("version", "owner"), [("X15.4", C1), ("X15.5", UCM1)])
def test_client_certificate_that_nobody_presents_is_noted_once(tmp_path: Path, version: str, owner: str) -> None:
    """Older versions have one store, and so has every other machine."""
    world = issue_world(changed(version=version), at=AT - DAY, rsa=False).world
    credential = world.parties[owner].credential
    write_certs(world.with_party(replace(world.parties[owner], client=credential)), tmp_path)
    (note,) = decides_nothing(world.deployment, tmp_path)[:1]
    assert f"{owner}/client.pem: not used, because only Expressways of X15.5 and later" in note
    assert bring_certificates(world, tmp_path).parties[owner].client is None


def test_certificates_of_services_are_read_for_their_ports(tmp_path: Path) -> None:
    """cert-callmanager.pem is presented on 5061, cert.pem (tomcat) on 8443."""
    world = WorldBuilder().world
    brought = bring_certificates(lab_of(world), write_certs(world, tmp_path))
    assert brought.parties[UCM1].services == world.parties[UCM1].services
    assert brought.parties[UCM1].services[5061] != brought.parties[UCM1].credential


def test_counterpart_of_a_folder_dials_as_the_originals_are_judged(tmp_path: Path) -> None:
    """Without one original private key: every connection is dialled, and ends as it was judged."""
    builder = WorldBuilder().reissue(E1, by=stranger()).trust((stranger().root,), C1)
    original = write_certs(builder.world, tmp_path / "certificates")
    made = write_rekeyed(original, tmp_path / "rekeyed")
    judged, dialled = (bring_certificates(lab_of(builder.world), d) for d in (original, tmp_path / "rekeyed"))
    dialler = MemoryDialler(dialled, AT)
    assert answers(judged) == answers(dialled)
    assert {v.accepted for v in verdicts(judged).values()} == {True, False}
    for leg in legs_of(dialled.deployment):
        assert dialler.dial(leg).outcome.value == ("accepted" if answers(judged)[leg.id][0] else "rejected"), leg.id
    assert {stat.S_IMODE(((tmp_path / "rekeyed") / key).stat().st_mode) for key in made.keys} == {0o600}
    assert files(tmp_path / "rekeyed") == files(original) | set(made.keys)


def test_key_that_does_not_belong_to_its_certificate_still_does_not(tmp_path: Path) -> None:
    """A swapped key stays the other machine's key; a strange one stays strange."""
    world = WorldBuilder().swap(E1, E2, keys=False).world
    alien = world.parties[PARTNER].credential
    assert alien is not None
    world = world.with_party(replace(world.parties[PARTNER], credential=Credential(chain=alien.chain, key=fast_key())))
    folder = write_certs(world, tmp_path / "in", keys=True)
    write_rekeyed(folder, tmp_path / "out")
    after = bring_certificates(lab_of(world), tmp_path / "out")
    assert answers(after) == answers(world)
    shown = {fqdn: after.parties[fqdn].credential for fqdn in (E1, E2, PARTNER)}
    assert not any(c is None or c.key_matches for c in shown.values())


def test_certificate_without_a_key_file_of_the_product_gets_none(tmp_path: Path) -> None:
    """Ed25519 has no key file: such a machine is judged, not dialled."""
    key = ed25519.Ed25519PrivateKey.generate()
    builder = x509.CertificateBuilder(x509.Name([]), x509.Name([]), key.public_key(), 5, AT - DAY, AT + DAY)
    folder = tmp_path / "in" / E1
    folder.mkdir(parents=True)
    (folder / "cert.pem").write_bytes(builder.sign(key, None).public_bytes(Encoding.PEM))
    made = write_rekeyed(tmp_path / "in", tmp_path / "out")
    assert made.without_key == (f"{E1}/cert.pem",)
    assert files(tmp_path / "out") == {f"{E1}/cert.pem"}


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    """Files of c1 and e1 only; e1's certificate is of a CA that c1 does not trust."""
    builder = WorldBuilder().reissue(E1, by=stranger())
    return write_certs(builder.world, tmp_path / "certificates", [C1, E1])


def test_connections_that_depend_on_the_lab_name_the_machines(partial: Path) -> None:
    """Without files of Unified CM the lab issues them; c1 refuses these, and the result says that they are stand-ins."""
    world = bring_certificates(lab_of(WorldBuilder().world), partial)
    found = verdicts(world)
    zone = found[f"zone:uc-traversal:{C1}>{E1}"]
    assert (zone.stand_ins, zone.accepted) == ((), False)
    of_ucm = [v for v in found.values() if (v.leg.client, v.leg.server) == (C1, UCM1) and verifies(v)]
    assert of_ucm
    assert all(UCM1 in v.stand_ins and not v.lacks for v in of_ucm)
    assert "the lab's own CA issues" in kept_from_lab(world, partial)


def test_imported_folder_claims_nothing_about_machines_without_files(partial: Path) -> None:
    """What c1 and e1 know of each other counts; connections of machines without files are not assessed."""
    (partial.parent / "import.json").write_text("{}")
    world = bring_certificates(lab_of(WorldBuilder().world), partial)
    found = assessed(world)
    down = {(v.leg.client, v.leg.server) for v in found.values() if not v.accepted}
    assert down == {(C1, E1)}
    others = {UCM1, PARTNER, JABBER, E2}
    unknown = {leg for leg, v in found.items() if verifies(v) and others & {v.leg.client, v.leg.server}}
    assert unknown <= {leg for leg, v in found.items() if v.state is State.NOT_ASSESSED}
    assert not any(f for v in found.values() for f in v.findings if v.leg.server == UCM1)


def test_imported_folder_still_says_what_is_wrong_with_a_known_certificate(tmp_path: Path) -> None:
    """e1's certificate has expired: every machine that reads it refuses it, also one without files."""
    builder = WorldBuilder().reissue(E1, begins=-90 * DAY, ends=-DAY)
    folder = write_certs(builder.world, tmp_path / "certificates", [E1])
    (tmp_path / "import.json").write_text("{}")
    found = assessed(bring_certificates(lab_of(builder.world), folder))
    causes = {v.causes for v in found.values() if v.leg.server == E1 and v.leg.client_verifies and not v.leg.permissive}
    assert causes == {("validity.expired",)}


def test_permissive_cluster_link_does_not_warn_of_the_lab(partial: Path) -> None:
    """The link stays up; a warning about the list of e2, which the lab made, would tell people to trust the lab's CA."""
    (partial.parent / "import.json").write_text("{}")
    lab = lab_of(WorldBuilder().deploy(clusters__1__cluster_tls="permissive").world)
    link = assessed(bring_certificates(lab, partial))[f"cluster:edge:{E1}>{E2}"]
    assert link.state is State.NOT_ASSESSED
    assert link.findings == ()


def test_counterparts_share_no_key_with_their_originals(tmp_path: Path) -> None:
    """Not one public key of the originals is in the counterparts, and chains still fit."""
    folder = write_certs(WorldBuilder().world, tmp_path / "in", [E1])
    write_rekeyed(folder, tmp_path / "out")
    before, after = (
        bring_certificates(lab_of(WorldBuilder().world), d).parties[E1] for d in (folder, tmp_path / "out")
    )
    assert before.credential is not None
    assert after.credential is not None
    old, new = ({key_of(c) for c in (*p.credential.chain, *p.listed)} for p in (before, after))  # type: ignore[union-attr]
    assert not old & new
    assert len(old) == len(new)
    assert is_issued_by(after.credential.leaf, after.credential.chain[1])


def test_list_of_a_client_outside_does_not_make_the_same_list_of_others_unknown(tmp_path: Path) -> None:
    """The MRA client trusts the one root that was brought, and so does Unified CM: only the client's list is the lab's."""
    folder = write_certs(WorldBuilder().world, tmp_path / "certificates", [C1, UCM1])
    (tmp_path / "import.json").write_text("{}")
    found = assessed(bring_certificates(lab_of(WorldBuilder().world), folder))
    between = [v for v in found.values() if {v.leg.client, v.leg.server} == {C1, UCM1}]
    assert any(v.leg.mutual for v in between)
    assert all(v.state is State.UP for v in between if v.leg.client == C1 and v.leg.port == 5061)


def test_brought_lists_accept_what_the_lab_issues_when_they_trust_its_ca(tmp_path: Path) -> None:
    """c1's own list refuses Unified CM's lab certificate; with --trust-lab it does not."""
    folder = write_certs(WorldBuilder().trust((stranger().root,), C1, only=True).world, tmp_path, [C1])
    lab = lab_of(WorldBuilder().world)
    brought = bring_certificates(lab, folder)
    (leg,) = (i for i in legs_of(lab.deployment) if (i.client, i.server, i.port) == (C1, UCM1, 5061))
    assert [judge_leg(leg, world, AT).by_client.accepted for world in (brought, trusting_lab(brought, lab))] == [
        False,
        True,
    ]
