"""What an import puts together from configurations and certificates: a fixed point of the dump, questions, contradictions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pkikit.errors import InputError
from pkikit.intake.assembly import Assembly, Origin, assemble
from pkikit.intake.assembly.output.deployment_yaml import deployment_yaml
from pkikit.intake.assembly.output.import_markdown import import_markdown
from pkikit.intake.material import LooseCertificates, LooseKind, Material, ServerMaterial
from pkikit.model.deployment import Deployment, parse_deployment
from tests.support.material import configuration, held, material_of, peer_material
from tests.support.worlds import C1, C2, CLUSTER_C, E1, E2, UCM1, changed, deployment, issued

IDS = {"core": CLUSTER_C, "edge": "cluster-e.example.com"}
# What no dump has, as one would answer it.
ANSWERS = {
    "single-pair": {"clusters/core/name": "inside", "clusters/edge/name": "outside", "name": "single-pair"},
    "clustered-mra": {
        "name": "clustered-mra",
        "unified_cm/cucm/security_profiles": "secure.profiles.corp.example.com",
        "im_presence": "imp1.corp.example.com",
    },
    "clustered-full": {
        "name": "clustered-full",
        "domains/federation": "example.com",
        "chat_aliases": "conference-1.example.com,conference-2.example.com",
        "unified_cm/cucm/security_profiles": "secure.profiles.corp.example.com,softphone.profiles.corp.example.com",
        "im_presence": "imp1.corp.example.com,imp2.corp.example.com",
        "unity_connection": "cuc1.corp.example.com,cuc2.corp.example.com",
        "meeting_servers": "[{name: cms, join_host: join.example.com, nodes: [cms1.corp.example.com, cms2.corp.example.com]}]",
        "federated_servers": "[{domain: federated.example.net, nodes: [xmpp.federated.example.net]}]",
        "b2b_partners": "[{domain: callee.example.org, nodes: [sip.callee.example.org]}]",
        "servers/syslog.corp.example.com/name": "log",
    },
}


def kinds(made: Assembly) -> set[str]:
    return {found.kind for found in made.contradictions}


def comparable(read: Deployment) -> dict[str, Any]:
    """A deployment without the order of its servers, and without default zones that ask nobody for a certificate."""
    data = read.model_dump()
    data["servers"] = sorted(data["servers"], key=lambda s: s["name"])
    data["zones"] = [z for z in data["zones"] if z["type"] != "default" or z["mutual_tls"]]
    return data


@pytest.mark.parametrize("name", ANSWERS)
def test_dump_of_a_deployment_imports_to_that_deployment(name: str) -> None:
    source = deployment(name)
    enforced = {f"clusters/{c.fqdn or c.peers[0]}/cluster_tls": "enforce" for c in source.clusters}
    answers = {**ANSWERS[name], **enforced}
    if name == "single-pair":
        answers = {
            k.replace("core", "expc.corp.example.com").replace("edge", "expe.example.com"): v
            for k, v in answers.items()
        }
    made = assemble(material_of(source), answers)
    assert made.questions == ()
    assert made.deployment is not None
    assert comparable(made.deployment) == comparable(source)
    assert kinds(made) == set()
    again = parse_deployment(deployment_yaml(made))
    assert again == made.deployment, "the file says something else than what was put together"


def test_fact_names_file_line_and_setting() -> None:
    facts = {fact.key: fact for fact in assemble(material_of(deployment()), {}).facts}
    subject = facts["zones/uc-traversal/tls_verify_subject_name"]
    assert subject.origin is Origin.READ
    assert subject.evidence[0].source.file == "xconf_dump_e1_2026-03-01_120000.txt"
    assert subject.evidence[0].source.line > 0
    assert "TLS Verify Subject Name" in subject.evidence[0].written
    assert facts["version"].value == "X12.5"
    permissive = facts[f"clusters/{CLUSTER_C}/cluster_tls"]
    assert (permissive.origin, bool(permissive.why), bool(permissive.how)) == (Origin.ASSUMED, True, True)


def test_assumed_value_gives_way_to_an_answer() -> None:
    made = assemble(material_of(deployment()), {"clusters/core/cluster_tls": "enforce", "mra": "no"})
    assert made.deployment is not None
    assert made.deployment.cluster("core").cluster_tls == "enforce"
    assert not made.deployment.mra
    assert {f.key for f in made.of(Origin.ANSWERED)} == {f"clusters/{CLUSTER_C}/cluster_tls", "mra"}


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("vresion", "X15.5", "Did you mean version?"),
        ("version", "X99", "allowed are X8.1 to X15.5"),
        ("clusters/core/cluster_tls", "sometimes", "answer clusters/core/cluster_tls: clusters[0].cluster_tls"),
        ("mra", "perhaps", "write on or off"),
        ("unified_cm/cucm/tls_verfy", "on", "Did you mean unified_cm/cucm/tls_verify?"),
        ("b2b_partners", "sip.example.net", "write a list as in a deployment file"),
    ],
)
def test_wrong_answer_is_one_sentence(key: str, value: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        assemble(material_of(deployment()), {key: value})
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_version_that_no_file_states_is_asked_for() -> None:
    source = deployment()
    material = Material(peers=tuple(peer_material(source, p, version=False) for p in source.peers))
    made = assemble(material, {})
    assert [q.key for q in made.questions] == ["version"]
    assert made.deployment is None
    answered = assemble(material, {"version": "X14.0"}).deployment
    assert answered is not None
    assert answered.version == "X14.0"


def test_setting_that_only_the_newest_version_has_says_the_version() -> None:
    source = changed(version="X15.5")
    material = Material(peers=tuple(peer_material(source, p, version=False) for p in source.peers))
    made = assemble(material, {})
    assert made.deployment is not None
    assert made.deployment.version == "X15.5"
    assert next(f for f in made.facts if f.key == "version").origin is Origin.ASSUMED


def test_role_without_traversal_zone_is_asked_for() -> None:
    source = deployment("single-pair")
    lone = Material(peers=(peer_material(source, "expc.corp.example.com", _without_zones),))
    assert [q.key for q in assemble(lone, {}).questions] == ["clusters/expc.corp.example.com/role"]
    made = assemble(lone, {"clusters/expc.corp.example.com/role": "expressway-c"})
    assert made.deployment is not None
    assert made.deployment.zones == ()


def _without_zones(values: dict[str, str]) -> None:
    for key in [k for k in values if k.startswith("Zones Zone ")]:
        del values[key]


def _by_ip(values: dict[str, str]) -> None:
    values.update({"Alternates Peer 1 Address": "192.0.2.11", "Alternates Peer 2 Address": "192.0.2.12"})


def test_peers_by_ip_address_are_named_by_their_archives_or_asked_for() -> None:
    source = deployment()
    both = assemble(material_of(source, c1=_by_ip, c2=_by_ip), {})
    assert both.deployment is not None
    assert both.deployment.cluster("core").peers == (C1, C2)
    assert kinds(both) == {"cluster-peer-is-ip"}
    only_c1 = Material(peers=(peer_material(source, C1, _by_ip), peer_material(source, E1)))
    asked = assemble(only_c1, {})
    assert [q.key for q in asked.questions] == [f"clusters/{CLUSTER_C}/peers"]
    with pytest.raises(InputError, match=r"1 FQDN, but the configuration lists .*: give one for each"):
        assemble(only_c1, {f"clusters/{CLUSTER_C}/peers": C1})
    for key in (f"clusters/{CLUSTER_C}/peers", "clusters/core/peers"):
        made = assemble(only_c1, {key: f"{C1},{C2}"})
        assert made.deployment is not None
        assert made.deployment.cluster("core").peers == (C1, C2)


def test_zone_that_dials_an_ip_address_keeps_it_and_says_whose_it_is() -> None:
    def by_ip(values: dict[str, str]) -> None:
        values["Zones Zone 1 TraversalClient Peer 2 Address"] = "198.51.100.22"

    def own(values: dict[str, str]) -> None:
        values["Ethernet 1 IP V4 Address"] = "198.51.100.22"

    for changes, origin in (({"e2": own}, Origin.READ), ({}, Origin.ASSUMED)):
        made = assemble(material_of(deployment(), c1=by_ip, c2=by_ip, **changes), {})
        assert made.deployment is not None
        assert made.deployment.zones[0].peer_addresses == (E1, "198.51.100.22")  # type: ignore[union-attr]
        assert made.deployment.addresses == {E2: "198.51.100.22"}
        assert next(f for f in made.facts if f.key == f"addresses/{E2}").origin is origin
        assert kinds(made) == {"address-is-ip"}


def test_peer_that_the_other_cluster_does_not_know_is_left_out_and_told() -> None:
    def stranger(values: dict[str, str]) -> None:
        values["Zones Zone 1 TraversalClient Peer 2 Address"] = "e9.example.com"
        values["Zones Zone 1 TraversalClient Peer 3 Address"] = "e8.example.com"

    made = assemble(material_of(deployment(), c1=stranger, c2=stranger), {})
    assert made.deployment is not None
    assert made.deployment.zones[0].peer_addresses == (E1,)  # type: ignore[union-attr]
    assert kinds(made) == {"traversal-peer-unknown"}
    told = assemble(
        material_of(deployment(), c1=stranger, c2=stranger),
        {"aliases/e9.example.com": E2, "aliases/e8.example.com": "none"},
    )
    assert told.deployment is not None
    assert told.deployment.cluster("edge").aliases == {E2: ("e9.example.com",)}


def test_inner_names_of_two_interfaces_become_aliases_by_certificate_and_elimination() -> None:
    inner = {E1: ["e1-inner.corp.example.com"], E2: ["e2-inner.corp.example.com"]}
    source = changed(clusters__1__aliases=inner, zones__0__peer_addresses=[inner[E1][0], inner[E2][0]])
    material = material_of(source)
    asked = assemble(material, {})
    assert {q.key for q in asked.questions} == {f"aliases/{name}" for (name,) in inner.values()}
    made = assemble(material, {f"aliases/{inner[E1][0]}": E1})
    assert made.deployment is not None
    assert made.deployment.cluster("edge").aliases == {peer: tuple(names) for peer, names in inner.items()}
    by_peer = assemble(
        material, {f"clusters/edge/aliases/{E1}": inner[E1][0], f"clusters/edge/aliases/{E2}": inner[E2][0]}
    )
    assert by_peer.deployment == made.deployment


def test_peers_of_a_cluster_that_disagree_are_told() -> None:
    def off(values: dict[str, str]) -> None:
        values["Zones Zone 2 Neighbor SIP TLS Verify Mode"] = "Off"

    made = assemble(material_of(deployment(), e2=off), {})
    assert kinds(made) == {"peers-differ"}
    assert "Zones Zone 2 Neighbor SIP TLS Verify Mode" in made.contradictions[0].message
    assert made.deployment is not None
    assert made.deployment.zones[1].tls_verify is True  # type: ignore[union-attr]


@pytest.mark.parametrize(("key", "value"), [
    ("Ciphers sshd_pfwd_pubkeyalgorithms Value", "ssh-rsa"), ("Log Level", "9"), ("SIP TLS Certificate Revocation Checking Mode", "x"),
])  # fmt: skip
def test_value_that_the_setting_does_not_have_is_told(key: str, value: str) -> None:
    made = assemble(
        material_of(deployment(), e1=lambda v: v.update({key: value}), e2=lambda v: v.update({key: value})), {}
    )
    assert "value-unknown" in kinds(made)
    assert made.deployment is not None
    assert made.deployment.cluster("edge").log_level == 1
    assert made.deployment.revocation.checking is key.endswith("Checking Mode"), "a switch that refuses counts as on"


def test_traversal_zone_without_an_address_is_left_out() -> None:
    def empty(values: dict[str, str]) -> None:
        for number in range(1, 7):
            values[f"Zones Zone 1 TraversalClient Peer {number} Address"] = ""

    made = assemble(material_of(deployment(), c1=empty, c2=empty), {})
    assert made.deployment is not None
    assert [zone.name for zone in made.deployment.zones] == ["partner", "default"]
    assert "no peer address" in made.left_out[0].why


def test_files_of_two_customers_are_refused() -> None:
    source = deployment("single-pair")

    def stranger(values: dict[str, str]) -> None:
        values.update({"IP DNS Domain Name": "other.test", "SIP Domain 1 Name": "other.test"})
        values["Zones Zone 1 TraversalServer SIP TLS Verify Subject Name"] = "core.other.test"

    mixed = Material(
        peers=(peer_material(source, "expc.corp.example.com"), peer_material(source, "expe.example.com", stranger))
    )
    with pytest.raises(InputError, match="2 deployments that nothing connects"):
        assemble(mixed, {})
    assert assemble(mixed, {"one_deployment": "yes"}).deployment is not None


def test_unified_cm_of_another_customer_is_refused() -> None:
    tomcat = issued().world.parties[UCM1].credential
    assert tomcat is not None
    node = ServerMaterial(
        label="ucm", fqdn="ucm1.other.test", kind="unified_cm", own={"tomcat": held(tomcat.chain, "ucm.txt")}
    )
    mixed = replace(material_of(deployment()), servers=(node,))
    with pytest.raises(InputError, match=r"nothing connects ucm1\.other\.test with"):
        assemble(mixed, {})
    made = assemble(mixed, {"one_deployment": "yes"}).deployment
    assert made is not None
    assert "ucm1.other.test" in made.unified_cm[0].nodes


def test_one_half_alone_brings_what_its_zone_names() -> None:
    source = deployment()
    core = assemble(Material(peers=tuple(peer_material(source, p) for p in (C1, C2))), {})
    assert [q.key for q in core.questions] == [f"clusters/{E1}/fqdn"]
    core = assemble(Material(peers=(peer_material(source, C1),)), {f"clusters/{E1}/fqdn": "cluster-e.example.com"})
    assert core.deployment is not None
    assert core.deployment.cluster("edge").peers == (E1, E2)
    edge = assemble(Material(peers=(peer_material(source, E1),)), {})
    assert edge.deployment is not None
    assert [c.name for c in edge.deployment.clusters] == ["edge"]
    assert f"clusters/{CLUSTER_C}/peers" in {m.key for m in edge.missing}
    both = assemble(Material(peers=(peer_material(source, E1),)), {f"clusters/{CLUSTER_C}/peers": f"{C1},{C2}"})
    assert both.deployment is not None
    assert both.deployment.cluster("core").peers == (C1, C2)


def test_certificates_reach_the_folders_of_their_machines() -> None:
    source, world = deployment(), issued().world
    parts = tuple(peer_material(source, p, world=world) for p in (C1, E1))
    tomcat, other = world.parties[UCM1].credential, world.parties[C2].credential
    assert tomcat is not None
    assert other is not None
    node = ServerMaterial(
        label="ucm1", fqdn=UCM1, own={"tomcat": held(tomcat.chain, "ucm.txt"), "CallManager": held(other.chain, "ucm.txt")},
        trusted={"CallManager": held(world.parties[C1].trusted_ca_list, "ucm.txt")},
    )  # fmt: skip
    loose = LooseCertificates(kind=LooseKind.CERTIFICATE, held=held(other.chain, "c2.pem"))
    made = assemble(Material(peers=parts, servers=(node,), loose=(loose,)), {})
    files = {f.path: f.content for f in made.placed}
    assert set(files) == {
        f"{C1}/cert.pem", f"{C1}/trust.pem", f"{E1}/cert.pem", f"{E1}/trust.pem", f"{C2}/cert.pem",
        f"{UCM1}/cert.pem", f"{UCM1}/cert-callmanager.pem", f"{UCM1}/trust-callmanager.pem",
    }  # fmt: skip
    assert files[f"{C2}/cert.pem"] == other.pem()
    assert kinds(made) == set()


def test_certificate_of_another_machine_and_different_lists_are_told() -> None:
    source, world = deployment(), issued().world
    c1, c2 = (peer_material(source, p, world=world) for p in (C1, C2))
    e1 = peer_material(source, E1, world=world)
    assert c2.trusted is not None
    shorter = held(c2.trusted.certificates[:1], "ca_c2.pem")
    assert len(c2.trusted.certificates) > 1
    made = assemble(Material(peers=(replace(c1, server=e1.server), replace(c2, trusted=shorter), e1)), {})
    assert kinds(made) == {"certificate-of-other-machine", "trust-lists-differ"}


def test_same_peer_twice_counts_the_newer_archive() -> None:
    source = deployment()

    def renamed(values: dict[str, str]) -> None:
        values["Zones Zone 1 Name"] = "new-name"

    old = tuple(peer_material(source, p) for p in source.peers)
    newer = peer_material(source, C1, renamed, day=20)
    made = assemble(Material(peers=(*old, newer)), {})
    assert {"peer-twice", "times-differ"} <= kinds(made)
    assert made.deployment is not None
    assert made.deployment.zones[0].name == "new-name"
    assert "peer-twice" not in kinds(assemble(Material(peers=(*old, old[0])), {}))


@pytest.mark.parametrize("hostile", ["../../etc/passwd", "<script>alert(1)</script>", "a\0b", "x" * 5000, "c1/../../x"])
def test_hostile_host_name_is_refused_and_hostile_texts_are_escaped(hostile: str) -> None:
    source = deployment()
    with pytest.raises(InputError) as refused:
        assemble(material_of(source, c1=lambda values: values.update({"IP DNS Hostname": hostile})), {})
    assert len(str(refused.value)) < 1500
    assert "\0" not in str(refused.value)
    named = {"Zones Zone 2 Name": hostile, "Zones Zone 2 Neighbor Peer 2 Address": hostile}
    made = assemble(material_of(source, e1=lambda v: v.update(named), e2=lambda v: v.update(named)), {})
    assert made.deployment is not None
    assert kinds(made) == {"address-unreadable"}
    page, yaml_text = import_markdown(made), deployment_yaml(made)
    assert "<script>" not in page
    assert "\0" not in page + yaml_text
    assert parse_deployment(yaml_text) == made.deployment


def test_no_configuration_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="no file has the configuration of an Expressway"):
        assemble(Material(), {})
    source = deployment()
    unnamed = configuration({"SIP TLS Mode": "On"}, "capture.txt")
    part = replace(peer_material(source, C1), configuration=unnamed, label="capture.txt")
    assert "machines/capture.txt" in {q.key for q in assemble(Material(peers=(part,)), {}).questions}
    made = assemble(Material(peers=(part,)), {"machines/capture.txt": C1, "version": "X14.0"})
    assert [q.key for q in made.questions] == [f"clusters/{C1}/role"]
