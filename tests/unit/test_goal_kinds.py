"""Goals that change more than one CA: two stores, private CA, another domain, another name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.errors import InputError
from pkikit.files import load_deployment
from pkikit.issue.authority import create_root
from pkikit.judge.checks.certificate_checks import allows
from pkikit.judge.legs.client_auth_end import is_public
from pkikit.judge.legs.known_parts import State
from pkikit.judge.legs.known_verdict import judge_as_known
from pkikit.model.certificates.facts import presented_names
from pkikit.model.parties import Role
from pkikit.model.places import deployment_with
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.world import StandIns, World
from pkikit.planning.goals.apply import apply_goals
from pkikit.planning.goals.given_ca import read_goal
from pkikit.planning.goals.on_the_way import change_of
from pkikit.planning.goals.outcome import GoalResult
from pkikit.planning.planner import make_plan
from pkikit.worlds.issued_world import ORGANISATION, IssuedWorld, issue_world

AT = datetime(2026, 11, 26, tzinfo=UTC)
FOLDER = Path(__file__).parents[2] / "notebooks" / "deployments"
NAMES = ("single-pair", "clustered-mra", "clustered-full", "voicemail-and-meetings")
WITH_MRA = NAMES[1:]


@pytest.fixture(scope="module")
def issued() -> dict[str, IssuedWorld]:
    return {name: issue_world(load_deployment(FOLDER / f"{name}.yaml"), at=AT, rsa=False) for name in NAMES}


def reached(made: IssuedWorld, *goals: str, world: World | None = None, with_keys: bool = True) -> GoalResult:
    issuers = (made.authority, made.root) if with_keys else ()
    return apply_goals([read_goal(goal) for goal in goals], world or made.world, at=AT, issuers=issuers)


def down(world: World) -> list[str]:
    return [verdict.leg.id for verdict in judge_as_known(world, AT) if not verdict.accepted]


def changed(result: GoalResult) -> set[str]:
    return {n for n, party in result.tomorrow.parties.items() if party != result.today.parties.get(n)}


@pytest.mark.parametrize("name", NAMES)
def test_two_stores_give_each_expressway_a_client_certificate_and_keep_the_server_certificate(
    name: str, issued: dict[str, IssuedWorld]
) -> None:
    result = reached(issued[name], "two-stores")
    assert result.tomorrow.deployment.version == TWO_STORES.first
    assert changed(result) == set(result.today.deployment.peers)
    for fqdn in result.today.deployment.peers:
        before, after = (w.parties[fqdn] for w in (result.today, result.tomorrow))
        assert after.credential == before.credential
        assert after.client is not None
        assert after.client.key_matches
        assert not allows(after.client.leaf, ExtendedKeyUsageOID.SERVER_AUTH)
    assert not down(result.tomorrow)


def test_two_stores_that_are_there_already_are_nothing_to_plan(issued: dict[str, IssuedWorld]) -> None:
    made = issued["single-pair"]
    with pytest.raises(InputError, match="a client certificate of a private CA already; there is nothing to plan"):
        reached(made, "two-stores", world=reached(made, "two-stores").tomorrow)


@pytest.mark.parametrize("name", NAMES)
def test_private_ca_replaces_a_public_one_that_is_assumed_for_a_deployment_file(
    name: str, issued: dict[str, IssuedWorld]
) -> None:
    result = reached(issued[name], "leave-public-ca")
    edge = result.today.deployment.peers_of(Role.EXPRESSWAY_E)
    today, tomorrow = ({n: w.parties[n].credential for n in edge} for w in (result.today, result.tomorrow))
    assert all(held is not None and is_public(held.leaf) for held in today.values())
    assert not any(held is not None and is_public(held.leaf) for held in tomorrow.values())
    assert any(said.startswith("A public CA issued the certificates of") for said in result.assumptions)
    assert down(result.today) == down(result.tomorrow) == []
    for fqdn in result.tomorrow.deployment.peers:
        names = [c.subject.rfc4514_string() for c in result.tomorrow.parties[fqdn].trusted_ca_list]
        assert not any("Public" in name for name in names), "nothing leads to the public root any more"
    if name in WITH_MRA:
        assert "jabber.example.com" in changed(result), "clients outside need the private root"


def test_certificates_of_a_private_ca_leave_no_public_ca(issued: dict[str, IssuedWorld]) -> None:
    with pytest.raises(InputError, match="has a certificate that shows a public CA"):
        reached(issued["single-pair"], "leave-public-ca", with_keys=False)


@pytest.mark.parametrize("goal", ["renew:all", "renew:e1"])
def test_renewal_by_a_public_ca_loses_client_auth_and_says_so(goal: str, issued: dict[str, IssuedWorld]) -> None:
    today = reached(issued["clustered-mra"], "leave-public-ca").today
    result = reached(issued["clustered-mra"], goal, world=today)
    new = result.tomorrow.parties["e1.example.com"].credential
    assert new is not None
    assert not allows(new.leaf, ExtendedKeyUsageOID.CLIENT_AUTH)
    assert is_public(new.leaf)
    assert down(result.tomorrow)
    assert any("two-stores" in said and "leave-public-ca" in said and "e1" in said for said in result.assumptions)


def test_client_store_keeps_its_certificate_when_the_public_renewal_has_no_client_auth(
    issued: dict[str, IssuedWorld],
) -> None:
    made = issued["voicemail-and-meetings"]
    today = reached(made, "leave-public-ca").today
    result = reached(made, "renew:e1", world=today)
    old, new = (w.parties["e1.example.com"] for w in (result.today, result.tomorrow))
    assert new.client == old.credential
    assert new.credential != old.credential
    assert not down(result.tomorrow)


@pytest.mark.parametrize("name", WITH_MRA)
def test_added_domain_is_in_the_certificates_of_the_edge_and_in_dns(name: str, issued: dict[str, IssuedWorld]) -> None:
    result = reached(issued[name], "add-domain:New.Example.net.")
    edge = set(result.today.deployment.peers_of(Role.EXPRESSWAY_E))
    assert changed(result) == edge
    assert result.tomorrow.deployment.domains.registration[-1] == "new.example.net"
    for fqdn in edge:
        old, new = (w.parties[fqdn].credential for w in (result.today, result.tomorrow))
        assert old is not None
        assert new is not None
        assert {*presented_names(new.leaf).dns} - {*presented_names(old.leaf).dns} == {"new.example.net"}
    missing = result.today.unresolved - result.tomorrow.unresolved
    assert any(n.endswith("new.example.net") for n in missing)
    assert not down(result.tomorrow)
    lacking = {v.leg.id for v in judge_as_known(result.tomorrow, AT) if v.leg.discovered_by in missing}
    assert lacking, "connections depend on the names that only tomorrow has in DNS"


@pytest.mark.parametrize("name", WITH_MRA)
@pytest.mark.parametrize(("old", "new"), [("e1.example.com", "edge1.example.net"), ("c2", "core2.corp.example.com")])
def test_renamed_peer_has_both_names_on_the_way(name: str, old: str, new: str, issued: dict[str, IssuedWorld]) -> None:
    result = reached(issued[name], f"rename-peer:{old}={new}")
    (between,) = result.between
    fqdn = next(p for p in result.today.deployment.peers if p == old or p.startswith(f"{old}."))
    assert new in result.tomorrow.deployment.peers
    assert repr(fqdn) not in repr(result.tomorrow.deployment)
    both, last = between.parties[fqdn].credential, result.tomorrow.parties[new].credential
    assert both is not None
    assert last is not None
    assert {fqdn, new} <= {*presented_names(both.leaf).dns}
    assert fqdn not in presented_names(last.leaf).dns
    assert {n for n, p in between.parties.items() if p != result.today.parties[n]} == {fqdn}
    assert new in result.today.unresolved - between.unresolved
    assert fqdn in result.tomorrow.unresolved
    for world in (result.today, between, result.tomorrow):
        assert not down(world)


@pytest.mark.parametrize(
    ("goal", "says"),
    [
        ("add-domain:example.com", "example.com is a registration domain of clustered-mra already"),
        ("add-domain:company", "add-domain: 'company' is not fully qualified"),
        ("add-domain:*.example.com", "add-domain: "),
        ("add-domain:10.0.0.1", "is an IP address where a fully qualified domain name belongs"),
        ("rename-peer:e1=e2.example.com", "e2.example.com is a machine of clustered-mra already"),
        ("rename-peer:e1=edge", "rename-peer: 'edge' is not fully qualified"),
        ("rename-peer:e9=edge1.example.com", "'e9' is not a peer of clustered-mra"),
        ("rename-peer:e1=e1.example.com", "e1.example.com has that name already"),
        ("rename-peer:cluster-e.example.com=x.example.com", "is the name of the cluster 'edge', not of a peer"),
        ("rename-peer:e1=cluster-e.example.com", "cluster-e.example.com is a cluster of clustered-mra already"),
        ("rename-peer:=x.example.com", "'' is not a peer"),
    ],
)
def test_impossible_goal_gets_one_sentence(goal: str, says: str, issued: dict[str, IssuedWorld]) -> None:
    with pytest.raises(InputError) as raised:
        reached(issued["clustered-mra"], goal)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_domain_without_mobile_and_remote_access_is_refused(issued: dict[str, IssuedWorld]) -> None:
    with pytest.raises(InputError, match="has no Mobile and Remote Access"):
        reached(issued["single-pair"], "add-domain:new.example.com")


def test_goals_combine(issued: dict[str, IssuedWorld]) -> None:
    goals = ("rename-peer:e1=edge1.example.com", "two-stores", "add-domain:new.example.com")
    result = reached(issued["clustered-mra"], *goals)
    rename, stores, domain = result.words.split(", ")
    assert rename == "rename e1.example.com to edge1.example.com"
    assert (stores, domain) == ("two certificate stores", "add the domain new.example.com")
    last = result.tomorrow.parties["edge1.example.com"]
    assert last.credential is not None
    assert {"new.example.com", "edge1.example.com"} <= {*presented_names(last.credential.leaf).dns}
    assert last.client is not None
    assert last.client != last.credential
    assert not down(result.tomorrow)


@pytest.mark.parametrize("name", WITH_MRA)
def test_renamed_peer_loads_and_restarts_twice_and_nothing_works_too_early(
    name: str, issued: dict[str, IssuedWorld]
) -> None:
    change = reached(issued[name], "rename-peer:e1=edge1.example.net").change
    assert change is not None
    restart, again = "restart e1.example.com", "restart e1.example.com again"
    assert change.by_key[again].activates == tuple(key for key in change.restart_of if change.restart_of[key] == again)
    (rename,) = (step for step in change.steps if step.renames)
    assert change.restart_of[rename.key] == again
    orders = {(order.first, order.then) for order in change.precedences}
    assert {(restart, rename.key), (restart, "load-certificate e1.example.com again")} <= orders
    everything = change.world(frozenset(change.by_key))
    assert "edge1.example.net" in everything.deployment.peers
    assert everything.unresolved == change.tomorrow.unresolved
    assert not down(everything)
    plan = make_plan(change)
    assert plan.order_exists
    assert plan.order.index(restart) < plan.order.index(rename.key) < plan.order.index(again)


@pytest.mark.parametrize("goal", ["renew:c1", "two-stores", "leave-public-ca", "add-domain:new.example.net"])
def test_steps_of_a_goal_lead_to_its_tomorrow(goal: str, issued: dict[str, IssuedWorld]) -> None:
    result = reached(issued["clustered-mra"], goal)
    change = change_of(result, at=AT)
    everything = change.world(frozenset(change.by_key))
    assert everything.deployment == result.tomorrow.deployment
    assert everything.unresolved == result.tomorrow.unresolved
    assert {n: p.listed for n, p in everything.parties.items()} == {
        n: p.listed for n, p in result.tomorrow.parties.items()
    }
    assert not down(everything)
    assert set(result.assumptions) <= set(change.assumptions)


def with_gaps(made: IssuedWorld) -> World:
    """An import: nobody gave keys, e2's certificate, Unified CM's list, or anything of clients outside."""
    world = made.world
    for party in world.parties.values():
        credential = replace(party.credential, key=None) if party.credential is not None else None
        services = {port: replace(held, key=None) for port, held in party.services.items()}
        world = world.with_party(replace(party, credential=credential, services=services))
    world = world.with_party(replace(world.parties["e2.example.com"], credential=None, trusted_ca_list=()))
    for fqdn in ("ucm1.corp.example.com", "jabber.example.com"):
        world = world.with_party(replace(world.parties[fqdn], trusted_ca_list=()))
    return replace(world, stand_ins=StandIns(unknown=True), published={})


@pytest.mark.parametrize(
    "goal", ["renew:c1", "two-stores", "leave-public-ca:{file}", "new-root:{file}", "rename-peer:e1=edge1.example.net"]
)
def test_goal_for_an_import_claims_nothing_about_what_nobody_gave(
    goal: str, issued: dict[str, IssuedWorld], tmp_path: Path
) -> None:
    made = issued["clustered-mra"]
    today = with_gaps(made)
    before = {v.leg.id: v.state for v in judge_as_known(today, AT)}
    assert State.NOT_ASSESSED in before.values()
    file = tmp_path / "root.pem"
    file.write_bytes(create_root("My Root CA", at=AT).certificate.public_bytes(Encoding.PEM))
    written = goal.format(file=file)
    if goal.startswith("leave"):
        today = today.with_party(
            replace(
                today.parties["e1.example.com"],
                credential=reached(made, "leave-public-ca").today.parties["e1.example.com"].credential,
            )
        )
    result = reached(made, written, world=today, with_keys=False)
    states = {v.leg.id: v.state for v in judge_as_known(result.tomorrow, AT)}
    stays = [note for note in result.notes if " in the trusted CA list" in note]
    assert bool(stays) is goal.startswith("new-root")
    assert State.DOWN not in states.values()
    assert State.NOT_ASSESSED in states.values()
    assert {v.leg.id: v.state for v in judge_as_known(result.today, AT)}.keys() == before.keys()
    change = result.change or change_of(result, at=AT)
    if goal.startswith("new-root"):
        first = {order.first for order in change.precedences if order.rule == "trust-first"}
        assert first == {f"append-ca {n}" for n in ("e2.example.com", "ucm1.corp.example.com", "jabber.example.com")}
    everything = change.world(frozenset(change.by_key))
    assert State.DOWN not in {v.state for v in judge_as_known(everything, AT)}


@pytest.mark.parametrize("goal", ["new-root:{file}", "renew:all", "two-stores", "leave-public-ca"])
def test_new_certificates_are_accepted_where_an_unknown_status_counts_as_revoked(goal: str, tmp_path: Path) -> None:
    strict = {"revocation.checking": True, "revocation.fallback": "revoked"}
    made = issue_world(deployment_with(load_deployment(FOLDER / "clustered-mra.yaml"), strict), at=AT, rsa=False)
    file = tmp_path / "root.pem"
    file.write_bytes(create_root("My Root CA", at=AT).certificate.public_bytes(Encoding.PEM))
    result = reached(made, goal.format(file=file))
    assert down(result.today) == down(result.tomorrow) == []
    assert any("publishes a CRL" in said for said in result.assumptions) == goal.startswith("new-root")


@pytest.mark.parametrize(
    "places",
    [
        {"addresses": {"e1.example.com": "203.0.113.5"}},
        {"version": "X8.10"},  # the common name is that of the peer
        {"clusters.1.certificate": "shared"},
        {
            "clusters.1.aliases": {"e1.example.com": ["e1-in.corp.example.com"]},
            "zones.0.peer_addresses": ["e1-in.corp.example.com", "e2.example.com"],
        },
    ],
    ids=["addresses", "old-version", "shared", "inner-interface"],
)
def test_rename_goes_through_the_whole_configuration(places: dict[str, Any]) -> None:
    deployment = deployment_with(load_deployment(FOLDER / "clustered-mra.yaml"), places)
    result = reached(issue_world(deployment, at=AT, rsa=False), "rename-peer:e1=edge1.example.net")
    assert result.change is not None
    everything = result.change.world(frozenset(result.change.by_key))
    assert repr("e1.example.com") not in repr(everything.deployment)
    for world in (*result.between, result.tomorrow, everything):
        assert not down(world)
    last = result.tomorrow.parties["edge1.example.net"].credential
    assert last is not None
    assert "e1.example.com" not in {*presented_names(last.leaf).dns, *presented_names(last.leaf).common_names}


def test_new_root_with_the_name_of_the_old_one_is_planned_with_a_warning(
    issued: dict[str, IssuedWorld], tmp_path: Path
) -> None:
    twin = create_root("Lab Root CA", at=AT, organisation=ORGANISATION)
    (tmp_path / "root.pem").write_bytes(twin.certificate.public_bytes(Encoding.PEM))
    result = reached(issued["single-pair"], f"new-root:{tmp_path / 'root.pem'}")
    assert any("has the same subject as one that is trusted today" in note for note in result.notes)
    assert not make_plan(change_of(result, at=AT)).order_exists


def test_missing_private_ca_gets_a_stand_in_that_is_said(issued: dict[str, IssuedWorld]) -> None:
    made = issued["single-pair"]
    world = reached(made, "leave-public-ca").today
    public = world.parties["expe.example.com"]
    world = world.with_party(replace(world.parties["expc.corp.example.com"], credential=public.credential))
    result = reached(made, "leave-public-ca", world=world)
    assert any(
        said.startswith("You set up a private CA; New private CA takes its place") for said in result.assumptions
    )
    new = result.tomorrow.parties["expe.example.com"].credential
    assert new is not None
    assert new.leaf in result.stand_ins


def test_two_stores_with_a_new_root_get_client_certificates_of_it(
    issued: dict[str, IssuedWorld], tmp_path: Path
) -> None:
    file = tmp_path / "root.pem"
    file.write_bytes(create_root("My Root CA", at=AT).certificate.public_bytes(Encoding.PEM))
    result = reached(issued["clustered-mra"], "two-stores", f"new-root:{file}", "rename-peer:e1=edge1.example.com")
    for fqdn in result.tomorrow.deployment.peers:
        issuers = {c.leaf.issuer.rfc4514_string() for c in result.tomorrow.parties[fqdn].credentials}
        assert issuers == {"CN=My Root CA"}
    assert not down(result.tomorrow)


@pytest.mark.parametrize(
    ("goals", "order"),
    [
        (("add-domain:new.example.net",), ("restart e2.example.com", "set domains", "change-dns new services")),
        (
            ("rename-peer:expc.corp.example.com=new.corp.example.com",),
            ("change-dns new names", "restart expc.corp.example.com again", "change-dns old names"),
        ),
    ],
)
def test_names_are_in_dns_when_they_can_be_used(
    goals: tuple[str, ...], order: tuple[str, ...], issued: dict[str, IssuedWorld]
) -> None:
    result = reached(issued["clustered-mra" if "add" in goals[0] else "single-pair"], *goals)
    plan = make_plan(result.change or change_of(result, at=AT))
    assert plan.order_exists
    assert sorted(order, key=plan.order.index) == list(order)
    assert not any(prediction.refused for prediction in plan.predictions)
