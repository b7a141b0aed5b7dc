"""Every kind of party is data: once it is in the file, addresses, DNS, picture, layouts, explorer and judges know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pkikit.design.choices import CHOICES, options_of
from pkikit.design.cluster_judge import ClusterJudge
from pkikit.design.legs import legs_of
from pkikit.design.nodes import design_nodes
from pkikit.design.san import design_sans
from pkikit.errors import DeploymentError
from pkikit.judge.legs.leg_verdict import judge_leg, missing_name_rule
from pkikit.judge.linting.lint import lint_deployment
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.deployment_file.fields import FileValue, Fqdn, Label
from pkikit.model.parties import Domains, LegKind, NodeCertificate, NodeList, PartyGroup, PartyKind, Side, WantedName
from pkikit.view.topology.systems import systems_of
from pkikit.worlds.issued_world import IssuedWorld, issue_world, layout_of
from simulator.connections.addresses import AddressPlan
from simulator.connections.network import inside_names, zone_of
from simulator.world.craft import DAY, craft
from simulator.world.remedies import Action, targets
from tests.support.both_judges import refused
from tests.support.worlds import AT, E1, deployment


@dataclass(frozen=True, kw_only=True)
class Added:
    """Keys added to the file, the machines that come with them, and the legs that C or a client dials."""

    kind: PartyKind
    keys: Mapping[str, Any]
    node: str
    leg_kinds: frozenset[LegKind]

    def to(self, base: str, **more: Any) -> Deployment:
        return deployment_from({**deployment(base).model_dump(mode="json"), **self.keys, **more})


UNITY = Added(
    kind=PartyKind.UNITY_CONNECTION,
    keys={"unity_connection": [{"name": "cuc", "nodes": ["cuc1.corp.example.com", "cuc2.corp.example.com"]}]},
    node="cuc1.corp.example.com",
    leg_kinds=frozenset({LegKind.UNITY_CONNECTION, LegKind.MESSAGE_WAITING}),
)
JOIN = "join.example.com"
MEETINGS = Added(
    kind=PartyKind.MEETING_SERVER,
    keys={"meeting_servers": [{"name": "cms", "join_host": JOIN, "nodes": ["cms1.corp.example.com"]}]},
    node="cms1.corp.example.com",
    leg_kinds=frozenset({LegKind.WEB_BRIDGE, LegKind.WEB_PROXY}),
)
ADDED = [pytest.param(UNITY, id="unity-connection"), pytest.param(MEETINGS, id="meeting-server")]


def drawn_on(side: Side, wanted: Deployment) -> set[str]:
    return {name for system in systems_of(wanted) if system.side is side for name in system.members}


def world_of(wanted: Deployment) -> IssuedWorld:
    return issue_world(wanted, at=AT - DAY, rsa=False)


@pytest.mark.parametrize("added", ADDED)
def test_new_party_has_an_address_dns_records_and_a_place_in_the_picture(added: Added) -> None:
    """Nothing but the file names the party; all that is drawn or served from `groups` has it."""
    wanted = added.to("clustered-mra")
    with_address = AddressPlan(wanted)
    try:
        zone = zone_of(wanted, with_address)
        assert zone.addresses[added.node] == [with_address.by_name[added.node]]
    finally:
        with_address.close()
    assert added.node in inside_names(wanted)
    assert added.node in drawn_on(Side.INSIDE, wanted)
    assert added.node in targets(Action.RENEW, wanted)
    assert added.node in layout_of(wanted, added.node).dns_names


@pytest.mark.parametrize("added", ADDED)
def test_legs_of_a_new_party_come_up_for_both_judges(added: Added) -> None:
    """The legs are there beside those of before, with ids of their kind, and real TLS agrees that they come up."""
    before, wanted = legs_of(deployment("clustered-mra")), added.to("clustered-mra")
    new = [leg for leg in legs_of(wanted) if leg not in before]
    assert {leg.kind for leg in new} == added.leg_kinds
    assert all(leg.id == f"{leg.kind}:{leg.group}:{leg.client}>{leg.server}" for leg in new)
    assert refused(world_of(wanted).world) == set()


@pytest.mark.parametrize("added", ADDED)
def test_new_party_without_its_name_fails_its_own_legs_only(added: Added) -> None:
    """A certificate for another name: the legs to this node fail at the client that verifies, and no others."""
    made = world_of(added.to("clustered-mra", version="X15.5"))
    other = craft(("other.corp.example.com",), made.authority, at=AT)
    party = made.world.parties[added.node]
    failing = refused(made.world.with_party(replace(party, credential=other)))
    assert {leg.server for leg in failing} == {added.node}
    assert failing == {leg for leg in legs_of(made.world.deployment) if leg.server == added.node}


@pytest.mark.parametrize("added", ADDED)
def test_file_without_the_new_keys_is_as_before(added: Added) -> None:
    """The group is empty, and no address moves when the key is written and empty."""
    plain = deployment("clustered-mra")
    assert not [group for group in plain.groups if group.kind is added.kind]
    empty = deployment_from({**plain.model_dump(mode="json"), **dict.fromkeys(added.keys, ())})
    assert (legs_of(empty), empty.parties) == (legs_of(plain), plain.parties)


@pytest.mark.parametrize("added", ADDED)
def test_explorer_counts_a_new_party_as_ours(added: Added) -> None:
    """Who runs the Expressways runs it too: it takes a private root without being asked."""
    plain, wanted = deployment("clustered-mra"), added.to("clustered-mra")
    strangers = []
    for chosen in (plain, wanted):
        cluster = chosen.cluster("core")
        option = next(o for o in options_of(chosen, cluster, _all_choices(chosen)) if o.authority == "private")
        strangers.append(ClusterJudge(chosen, cluster).judge(option).roots_to_hand_out)
    assert strangers[0] == strangers[1]


def _all_choices(chosen: Deployment) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(cluster.name, key): values for cluster in chosen.clusters for key, values in CHOICES.items()}


@pytest.mark.parametrize(
    ("version", "tls_verify", "verifies"),
    [("X12.5", True, True), ("X14.0.7", False, False), ("X14.0.8", False, True), ("X15.5", True, True)],
)
def test_verification_of_unity_connection_follows_its_setting_until_x14_0_8(
    version: str, tls_verify: bool, verifies: bool
) -> None:
    """TLS verify mode decides; from X14.0.8 on the traffic server verifies for MRA whatever the mode is."""
    keys = {"unity_connection": [{"name": "cuc", "nodes": [UNITY.node], "tls_verify": tls_verify}]}
    wanted = UNITY.to("clustered-mra", version=version, **keys)
    legs = [leg for leg in legs_of(wanted) if leg.kind is LegKind.UNITY_CONNECTION]
    assert [leg.client for leg in legs] == list(wanted.cluster("core").peers)
    assert {leg.client_verifies for leg in legs} == {verifies}


def test_lint_warns_of_unity_connection_that_is_not_verified() -> None:
    """As of Unified CM: with TLS verify mode off anybody who answers is believed."""
    keys = {"unity_connection": [{"name": "cuc", "nodes": [UNITY.node], "tls_verify": False}]}
    for wanted, expected in ((UNITY.to("clustered-mra", **keys), 1), (UNITY.to("clustered-mra"), 0)):
        found = [
            e for f in lint_deployment(wanted).findings if f.rule == "deployment.verification-off" for e in f.evidence
        ]
        assert [(e.label, e.where) for e in found if "Unity" in e.label] == [
            ("Unity Connection cuc, TLS verify", "unity_connection")
        ] * expected


def test_unity_connection_has_a_multi_server_tomcat_certificate() -> None:
    """All nodes and nothing of the Expressways: Expressway-C needs no further name for it."""
    wanted = UNITY.to("clustered-mra")
    tomcat = next(made for made in design_nodes(wanted) if UNITY.node in made.nodes)
    assert tomcat.service == "tomcat"
    assert set(tomcat.nodes) <= set(tomcat.layout.dns_names)
    assert all(leg.kind in UNITY.leg_kinds for entry in tomcat.layout.entries for leg in entry.legs)
    for peer in wanted.peers:
        assert design_sans(wanted, peer) == design_sans(deployment("clustered-mra"), peer)


def test_join_url_is_a_name_of_every_expressway_e_and_leads_there_outside() -> None:
    """Browsers outside dial it: E has it in its certificate and in DNS, C has not; the Web Bridges stay hidden."""
    wanted = MEETINGS.to("clustered-mra")
    for peer in wanted.peers:
        entry = next((e for e in design_sans(wanted, peer).entries if e.value == JOIN), None)
        assert (entry is not None) == (peer in wanted.cluster("edge").peers)
        if entry is not None:
            assert entry.needed_by == ("Meeting Server web proxy", f"web-proxy:cms:browser.{JOIN}>{peer}")
    plan = AddressPlan(wanted)
    try:
        zone = zone_of(wanted, plan)
        assert zone.addresses[JOIN] == [plan.by_name[peer] for peer in wanted.cluster("edge").peers]
        assert zone.services[f"_cms-web._tls.{JOIN}"] == [(MEETINGS.node, 443)]
    finally:
        plan.close()
    assert JOIN in targets(Action.DNS, wanted)
    hidden = inside_names(wanted)
    assert {MEETINGS.node, f"_cms-web._tls.{JOIN}"} <= hidden
    assert JOIN not in hidden
    assert f"browser.{JOIN}" in drawn_on(Side.OUTSIDE, wanted)


@pytest.mark.near_miss("names.join-url-missing", watched=False)
def test_expressway_e_with_the_join_url_is_accepted_by_browsers() -> None:
    """A certificate of its own that has the name, in capitals: names compare without case."""
    made = issue_world(MEETINGS.to("clustered-mra"), at=AT - DAY, rsa=False)
    names = tuple(name.upper() if name == JOIN else name for name in design_sans(made.world.deployment, E1).dns_names)
    other = craft(names, made.authority, at=AT, common_name="cluster-e.example.com")
    assert refused(made.world.with_party(replace(made.world.parties[E1], credential=other))) == set()


@pytest.mark.fires("names.join-url-missing")
def test_expressway_e_without_the_join_url_turns_browsers_away_only() -> None:
    """The name is forgotten in one certificate: browsers refuse that peer, and nobody else does."""
    made = issue_world(MEETINGS.to("clustered-mra"), at=AT - DAY, rsa=False)
    layout = design_sans(made.world.deployment, E1).without(JOIN)
    forgotten = made.world.with_party(replace(made.world.parties[E1], credential=made.sign(layout, at=AT, rsa=False)))
    (leg,) = refused(forgotten)
    assert leg.id == f"web-proxy:cms:browser.{JOIN}>{E1}"
    assert judge_leg(leg, forgotten, AT).causes == ("names.join-url-missing",)


@pytest.mark.parametrize(("version", "verifies"), [("X12.5", False), ("X14.0.8", True)])
def test_web_bridge_is_verified_where_the_traffic_server_verifies(version: str, verifies: bool) -> None:
    """A browser always verifies; Expressway-C does from X14.0.8 on."""
    legs = legs_of(MEETINGS.to("clustered-mra", version=version))
    assert {leg.client_verifies for leg in legs if leg.kind is LegKind.WEB_PROXY} == {True}
    assert {leg.client_verifies for leg in legs if leg.kind is LegKind.WEB_BRIDGE} == {verifies}


def test_join_url_may_not_be_a_registration_domain() -> None:
    """Both would have to lead to different services on one name."""
    keys = {"meeting_servers": [{**MEETINGS.keys["meeting_servers"][0], "join_host": "example.com"}]}
    with pytest.raises(DeploymentError, match=r"meeting_servers.*example\.com is a registration domain too"):
        MEETINGS.to("clustered-mra", **keys)


def test_every_group_has_a_side_and_every_party_a_group() -> None:
    """Groups are all there is: no party without one, and peers stand in the core or on the edge."""
    wanted = MEETINGS.to("clustered-mra", **UNITY.keys)
    members = [name for group in wanted.groups for name in group.members]
    assert set(wanted.parties) | {wanted.mra_client, f"browser.{JOIN}"} == set(members)
    assert len(members) == len(set(members))
    assert set(wanted.members_on(Side.CORE, Side.EDGE)) == set(wanted.peers)


def test_neighbour_of_expressway_c_is_inside() -> None:
    """A gateway of C is inside, also if E dials it too; the partner of E alone stays outside, and so does its DNS name."""
    wanted = deployment("clustered-mra").model_dump(mode="json")
    wanted["zones"] += [
        {"name": "cube", "type": "neighbour", "cluster": "core", "peer_addresses": ["cube.corp.example.com"]},
        {"name": "both", "type": "neighbour", "cluster": "edge", "peer_addresses": ["cube.corp.example.com"]},
    ]
    read = deployment_from(wanted)
    assert "cube.corp.example.com" in read.members_on(Side.INSIDE)
    assert [n for n in read.members_on(Side.OUTSIDE) if n in read.parties] == ["sip.partner.example.net"]
    hidden = inside_names(read)
    assert "cube.corp.example.com" in hidden
    assert "sip.partner.example.net" not in hidden
    assert len(read.parties) == len(set(read.parties))


class _FaxServer(FileValue):
    """A kind of party that only this test knows: found by SRV, known by a further name, wanted in E's certificate."""

    name: Label
    nodes: tuple[Fqdn, ...]

    def group(self, key: str, domains: Domains) -> PartyGroup:
        wanted = WantedName(
            name="fax.example.com", reason="fax", rule="names.reference-not-presented", service="Fax", side=Side.EDGE
        )
        return PartyGroup(
            kind=PartyKind.SERVER,
            name=self.name,
            side=Side.INSIDE,
            members=self.nodes,
            hosts=("all-fax.corp.example.com",),
            services=(("_fax._tls.example.com", 4559),),
            identities=("fax-domain.example.com",),
            certificates=(NodeCertificate(service="web", port=443), NodeCertificate(service="fax", port=4559)),
            wants=(wanted,),
            clients=("sender.example.net",),
        )


class _WithFax(Deployment):
    fax: tuple[_FaxServer, ...] = ()

    @property
    def node_lists(self) -> dict[str, Sequence[NodeList]]:
        return {**super().node_lists, "fax": self.fax}


def test_kind_of_party_is_added_by_its_class_and_its_key_alone() -> None:
    """The walk of CONTRIBUTING, as far as `groups` goes: no shipped code names this kind, and all of it has the party."""
    node = "fax1.corp.example.com"
    wanted = _WithFax.model_validate(
        {**deployment().model_dump(mode="json"), "fax": [{"name": "fax", "nodes": [node]}]}
    )
    plan = AddressPlan(wanted)
    try:
        zone = zone_of(wanted, plan)
    finally:
        plan.close()
    assert zone.addresses["all-fax.corp.example.com"] == zone.addresses[node]
    assert zone.services["_fax._tls.example.com"] == [(node, 4559)]
    assert {node, "all-fax.corp.example.com", "_fax._tls.example.com"} <= inside_names(wanted)
    assert node in drawn_on(Side.INSIDE, wanted)
    assert "sender.example.net" in drawn_on(Side.OUTSIDE, wanted)
    assert "fax-domain.example.com" in layout_of(wanted, node).dns_names
    assert "fax.example.com" in design_sans(wanted, E1).dns_names
    assert {made.service for made in design_nodes(wanted) if node in made.nodes} == {"web", "fax"}
    world = issue_world(wanted, at=AT - DAY, rsa=False).world
    assert set(world.parties[node].services) == {4559}
    assert world.parties["sender.example.net"].credential is None
    assert missing_name_rule(wanted, E1, ["fax.example.com"]).id == "names.reference-not-presented"
