"""DNS zones: TLS verify mode, TLS verify subject name, and the mapping of calls in; both directions with mutual TLS."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pkikit.design.xconfiguration import xconfiguration
from pkikit.errors import DeploymentError
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Severity
from pkikit.model.leg import Leg
from pkikit.model.parties import LegKind
from pkikit.model.trace import NameJudged, Permitted
from pkikit.model.world import World
from pkikit.worlds.issued_world import IssuedWorld, issue_world
from simulator.world.craft import CLIENT, DAY, SERVER, craft
from tests.support.asked import Asked, ask_both, down
from tests.support.worlds import AT, E1, changed

FULL, CLOUD, NODE = "clustered-full", "callservice.example.net", "l2sip.example.net"


def webex(*, subject: str | None = CLOUD, mapping: bool = True, verify: bool = True, **partner: Any) -> Deployment:
    """clustered-full with a partner like Webex behind a DNS zone of its own."""
    zones = changed(FULL).model_dump(mode="json")["zones"]
    zones.append(
        {"name": "hybrid", "type": "dns", "cluster": "edge", "tls_verify": verify,
         "tls_verify_subject_name": subject, "inbound_mapping": mapping}
    )  # fmt: skip
    described = {"domain": CLOUD, "nodes": [NODE], "dns_zone": "hybrid", "mutual_tls": True, **partner}
    return changed(FULL, zones=zones, b2b_partners=[described])


def calls(leg: Leg) -> bool:
    return leg.kind is LegKind.B2B


def issued(deployment: Deployment) -> IssuedWorld:
    return issue_world(deployment, at=AT - DAY, rsa=False)


def with_names(made: IssuedWorld, *names: str, **properties: Any) -> World:
    """The same world; the partner's certificate has these names."""
    from dataclasses import replace

    credential = craft(names, made.authority, at=AT, **properties)
    return made.world.with_party(replace(made.world.parties[NODE], credential=credential))


def at_e1(asked: list[Asked], *, out: bool) -> Asked:
    return next(one for one in asked if (one.leg.client if out else one.leg.server) == E1)


@pytest.mark.product("E-26", "E-27", "P1-10")
@pytest.mark.parametrize(
    ("subject", "names", "up"),
    [
        (None, (CLOUD,), True),  # empty: the domain called
        (None, (NODE,), False),
        ("webex.example.net", ("webex.example.net",), True),  # a subject name: that name, and not the domain
        ("webex.example.net", (CLOUD, NODE), False),
    ],
)
def test_verifying_dns_zone_looks_for_its_subject_name_or_the_domain_called(
    subject: str | None, names: tuple[str, ...], up: bool
) -> None:
    """E calls; the server's certificate has these names."""
    world = with_names(issued(webex(subject=subject, mapping=False)), *names)
    out = at_e1(ask_both(world, only=calls), out=True)
    assert out.up is up
    assert out.verdict.causes == (() if up else ("names.reference-not-presented",))
    assert out.leg.discovered_by == f"_sips._tcp.{CLOUD}"


@pytest.mark.product("E-26")
def test_dns_zone_verifies_nobody_by_default() -> None:
    """TLS verify mode is off by default: the wrong names do not matter to E."""
    world = with_names(issued(webex(verify=False, mapping=False, mutual_tls=False)), "anything.example.net")
    assert down(ask_both(world, only=calls)) == {}


@pytest.mark.product("F-14", "A-30")
@pytest.mark.parametrize("port", [5061, 5062])
def test_partner_with_mutual_tls_is_dialled_with_a_certificate_and_calls_the_mutual_port(port: int) -> None:
    """E opens to 5061 or 5062 and shows its client certificate; the partner opens to 5062, and both verify."""
    made = issued(webex(port=port))
    asked = ask_both(made.world, only=calls)
    assert down(asked) == {}
    out, into = at_e1(asked, out=True), at_e1(asked, out=False)
    assert (out.leg.port, out.leg.mutual) == (port, True)
    assert (into.leg.port, into.leg.mutual, into.leg.client) == (5062, True, NODE)
    shown = made.world.parties[E1].as_client(out.leg.port).credential
    assert shown is not None
    assert shown.leaf in out.trace.seen_by_server


@pytest.mark.product("I-15")
def test_default_port_of_a_partner_is_the_one_of_tac_225693() -> None:
    """Cisco shows 5061 and 5062 for Webex; without the key, 5061, and the text of the key names both documents."""
    dialled = {one.leg.port for one in ask_both(issued(webex()).world, only=calls) if one.leg.client == E1}
    assert dialled == {5061}
    text = type(webex().b2b_partners[0]).__doc__ or ""
    assert "TAC 225693" in text
    assert "TAC 212475" in text


@pytest.mark.product("A-56")
def test_partner_with_mutual_tls_refuses_e_without_client_auth() -> None:
    """What E shows as a client has serverAuth alone: the call out fails at the partner, the call in is not touched."""
    from dataclasses import replace

    made = issued(webex())
    names = (E1, "cluster-e.example.com", "example.com")
    bare = craft(names, made.authority, at=AT, ekus=(SERVER,))
    party = replace(made.world.parties[E1], credential=bare, client=bare)
    found = down(ask_both(made.world.with_party(party), only=lambda leg: calls(leg) and E1 in {leg.client, leg.server}))
    assert found == {f"b2b:{CLOUD}:{E1}>{NODE}": ("eku.client-auth-missing",)}


@pytest.mark.product("P1-10")
def test_caller_with_the_subject_name_is_mapped_to_the_dns_zone() -> None:
    """The name is in the caller's certificate: E finds it and says nothing."""
    into = at_e1(ask_both(issued(webex()).world, only=calls), out=False)
    assert not into.verdict.findings
    judged = [s.detail for s in into.trace.steps if isinstance(s.detail, NameJudged) and CLOUD in s.detail.looked_for]
    assert [found.matched for found in judged] == [CLOUD]


def test_caller_without_the_subject_name_is_accepted_and_arrives_in_the_default_zone() -> None:
    """A warning, not a refusal: nothing maps the call to the DNS zone (Cisco TAC 212475)."""
    world = with_names(issued(webex()), NODE, ekus=(CLIENT, SERVER))
    into = at_e1(ask_both(world, only=calls), out=False)
    assert into.up
    (finding,) = into.verdict.findings
    assert (finding.rule, finding.severity) == ("names.reference-not-presented", Severity.WARNING)
    assert "arrives in the default zone" in finding.message
    assert any(isinstance(s.detail, Permitted) for s in into.trace.steps)


def test_mistyped_subject_name_breaks_calls_out_and_the_mapping_of_calls_in() -> None:
    """One wrong letter in the zone: E refuses the server that it calls, and no call in is mapped."""
    asked = ask_both(issued(webex(subject="calservice.example.net")).world, only=calls)
    assert {leg.partition(":")[2].partition(">")[0] for leg in down(asked)} == {
        f"{CLOUD}:{e}" for e in (E1, "e2.example.com")
    }
    assert at_e1(asked, out=False).verdict.findings[0].severity is Severity.WARNING


def test_dump_has_subject_name_and_inbound_mapping_of_each_dns_zone() -> None:
    """As Cisco TAC 212475 prints them; a zone without a name has an empty one."""
    values = dict(xconfiguration(webex(), E1))
    hybrid = next(
        key.split()[2]
        for key, value in values.items()
        if re.fullmatch(r"Zones Zone \d+ Name", key) and value == "hybrid"
    )
    prefix = f"Zones Zone {hybrid} DNS SIP TLS Verify"
    assert [values[f"{prefix} {name}"] for name in ("Mode", "Subject Name", "InboundClassification")] == [
        "On",
        CLOUD,
        "On",
    ]
    b2b = next(key.split()[2] for key, value in values.items() if key.endswith(" Name") and value == "b2b")
    assert values[f"Zones Zone {b2b} DNS SIP TLS Verify Subject Name"] == ""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"subject": None}, "so the zone needs that name"),
        ({"dns_zone": "nowhere"}, "does not exist; there are b2b, hybrid"),
        ({"port": 5090}, "5061 or 5062"),
    ],
)
def test_contradictory_dns_zone_or_partner_is_refused(changes: dict[str, Any], sentence: str) -> None:
    """One sentence with the key and what is allowed."""
    with pytest.raises(DeploymentError, match=sentence):
        webex(**changes)
