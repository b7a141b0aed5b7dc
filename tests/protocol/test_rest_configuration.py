"""The product's REST calls for the configuration, calls that are ours, old addresses, and old versions."""

from __future__ import annotations

import pytest
import yaml

from simulator.peer.api.call_table import PROVISIONING, STATUS, addresses
from simulator.threaded import ThreadedLab
from tests.support.labs import QUICK, lab_fixture
from tests.support.product_api import ProductScript
from tests.support.web_client import Script, ask, basic
from tests.support.worlds import C1, E1, E2, changed

lab = lab_fixture()
V1 = "/api/v1/provisioning"


@pytest.mark.product("D-20")
def test_configuration_calls_answer_from_the_deployment(lab: ThreadedLab) -> None:
    """Zones, domains, MRA, SIP, DNS, servers, system: each value is that of the deployment file."""
    lab.check()
    inside, edge = ProductScript(lab, C1), ProductScript(lab, E1)
    zone = next(z for z in lab.deployment.zones if z.type == "unified-communications-traversal")
    assert inside.json("GET", "/controller/zone/unifiedcommunicationstraversal")[1] == [
        {"Name": zone.name, "Status": "Active", "PeerAddress": list(zone.peer_addresses), "SIPPort": 7001}
    ]
    assert edge.json("GET", "/edge/zone/unifiedcommunicationstraversal")[1] == [
        {
            "Name": zone.name,
            "Status": "Active",
            "SIPTLSVerifySubjectName": zone.tls_verify_subject_name,
            "SIPPort": 7001,
        }
    ]
    assert edge.json("GET", "/edge/zone/traversalserver") == (200, [])
    assert (
        edge.json("GET", "/controller/zone/traversalclient")[0]
        == inside.json("GET", "/edge/zone/traversalserver")[0]
        == 404
    )
    neighbours = [z.name for z in lab.deployment.zones if z.type == "neighbour" and z.cluster == "edge"]
    assert [z["Name"] for z in edge.json("GET", "/common/zone/neighborzone")[1]] == neighbours
    assert edge.json("GET", "/common/mra") == (200, {"Enabled": "On"})
    assert edge.json("GET", "/common/protocol/sip/configuration")[1][0]["TlsPort"] == 5061
    assert [d["Name"] for d in edge.json("GET", "/common/domain")[1]] == list(lab.deployment.domains.registration)
    assert inside.json("GET", "/controller/server/cucm")[1][0]["Publisher"] == lab.deployment.unified_cm[0].nodes[0]
    assert edge.json("GET", "/common/dns/dns") == (200, {"SystemHostName": "e1", "DomainName": "example.com"})
    assert edge.json("GET", "/sysinfo")[1]["SoftwareVersion"] == lab.deployment.version
    status, text = ProductScript(lab, base="").ask("GET", "/status.xml")
    assert (status, f'<Version item="1">{lab.deployment.version}</Version>' in text) == (200, True)


@pytest.mark.product("D-19", "D-20")
def test_zones_and_domains_are_changed_at_once(lab: ThreadedLab) -> None:
    """PUT changes what is there, on all peers of the cluster; a wrong field, name or value changes nothing."""
    path, edge, before = "/edge/zone/unifiedcommunicationstraversal", ProductScript(lab, E1), lab.world
    zone = next(z for z in lab.deployment.zones if z.type == "unified-communications-traversal")
    done = (200, {"Message": "The operation was successful"})
    assert edge.json("PUT", path, {"Name": zone.name, "SIPTLSVerifySubjectName": C1}) == done
    assert ProductScript(lab, E2).json("GET", path)[1][0]["SIPTLSVerifySubjectName"] == C1
    assert {r.leg.id for r in lab.check().down} >= {f"zone:{zone.name}:c2.corp.example.com>{E1}"}
    now = lab.world
    for wrong, status in (
        ({"Name": zone.name, "PeerAddress": [E1]}, 400),
        ({"Name": zone.name, "SIPTLSVerifyMode": "Off"}, 400),
        ({"Name": zone.name, "SIPTLSVerifySubjectName": "not a name"}, 400),
        ({"Name": "nobody"}, 404),
        ({}, 400),
    ):
        assert edge.json("PUT", path, wrong)[0] == status, wrong
    assert lab.world is now
    assert edge.json("POST", "/common/domain", {"Name": "new.example.org", "EdgeSip": "On"}) == done
    assert edge.json("POST", "/common/domain", {"Name": "new.example.org", "EdgeSip": "On"})[0] == 409
    assert edge.json("POST", "/common/domain", {"Name": "other.example.org"})[0] == 400
    assert "new.example.org" in {d["Name"] for d in edge.json("GET", "/common/domain")[1]}
    lab.change(before)


@pytest.mark.product("D-20")
def test_dns_zone_is_read_with_what_it_verifies() -> None:
    """Verify mode, subject name and inbound mapping, as the deployment file has them."""
    zone = {"name": "webex", "type": "dns", "cluster": "edge", "tls_verify": True, "inbound_mapping": True,
            "tls_verify_subject_name": "callservice.example.net"}  # fmt: skip
    zones = [z.model_dump(mode="json") for z in changed().zones]
    with ThreadedLab(changed(zones=[*zones, zone]), settings=QUICK) as running:
        assert ProductScript(running).json("GET", "/common/zone/dnszone/name/webex")[1] == [
            {"Name": "webex", "Status": "On", "SIPTLSVerifyMode": "On", "SIPTLSVerifyInboundClassification": "On",
             "SIPTLSVerifySubjectName": "callservice.example.net"}
        ]  # fmt: skip
        assert ProductScript(running, C1).json("GET", "/common/zone/dnszone") == (200, [])


@pytest.mark.product("D-20")
def test_read_calls_find_one_entry_by_its_name(lab: ThreadedLab) -> None:
    """…/name/<name>, as the summary guide has it; 404 for another name."""
    path = "/controller/zone/unifiedcommunicationstraversal/name"
    found = ProductScript(lab, C1).json("GET", f"{path}/uc-traversal")[1]
    assert [zone["Name"] for zone in found] == ["uc-traversal"]
    assert ProductScript(lab, C1).json("GET", f"{path}/none")[0] == 404


@pytest.mark.product("D-04")
def test_revocation_settings_are_changed_on_all_peers(lab: ThreadedLab) -> None:
    """The message of a write; the other peer has the values, and a wrong value changes none of them."""
    one, two, path = ProductScript(lab, E1), ProductScript(lab, E2), "/common/protocol/sip/certrevokecheck"
    before = one.json("GET", path)[1]
    changes = {"Mode": "On", "CrlNetworkFetchMode": "Off", "SourceInaccessibilityBehavior": "Fail"}
    assert one.json("PUT", path, changes) == (200, {"Message": "The operation was successful"})
    assert two.json("GET", path)[1] == {**before, **changes}
    assert lab.peers[E2].lab.revocation_settings(E2).fallback == "revoked"
    for wrong in (
        {"Mode": "Off", "OcspMode": "maybe"},
        {"Mode": True},
        {"mode": "Off"},
        {"Mode": "Off", "OcspMode": None},
    ):
        assert one.json("PUT", path, wrong)[0] == 400
    assert two.json("GET", path)[1] == {**before, **changes}
    assert one.json("PUT", path, before)[0] == 200


@pytest.mark.product("D-18", "D-21")
def test_calls_that_no_document_has_are_ours(lab: ThreadedLab) -> None:
    """Client certificate, CRLs and revoking are below /api/lab alone, alarms too: their paths are not public."""
    documented = {a.path for a in addresses() if a.call.is_documented}
    assert not [
        path
        for path in documented
        if any(word in path for word in ("client", "crl", "revoke/", "alarm")) and "traversalclient" not in path
    ]
    for path in ("/certs/crl", "/certs/acme/revoke", "/certs/client", "/alarms"):
        assert any(a.path == f"/api/lab{path}" and not a.call.is_documented for a in addresses())
    assert Script(lab).ask("GET", "/alarms")[0] == 200
    text = ask(lab, E1, "GET", "/api/raml", Authorization=basic(lab))[1].decode()
    assert "brought calls for alarms" in " ".join(text.split())


def test_calls_that_the_lab_does_not_simulate_say_so(lab: ThreadedLab) -> None:
    """501 and one sentence; nothing changes."""
    world = lab.world
    silent = [
        a for a in addresses() if a.call.handler is None and a.path.startswith(PROVISIONING[0]) and "{" not in a.path
    ]
    assert len(silent) > 20
    for address in silent:
        peer = C1 if "/controller/" in address.path else E1
        status, body, _ = ask(lab, peer, address.call.method, address.path, b"{}", Authorization=basic(lab))
        assert (status, b"does not simulate" in body) == (501, True), address.path
    for base in STATUS:
        assert ask(lab, E1, "GET", f"{base}/common/upgradestatus", Authorization=basic(lab))[0] == 501
    assert lab.world == world


def test_old_addresses_of_our_calls_answer_for_one_more_release(lab: ThreadedLab) -> None:
    """The same answer, with Deprecation and a link to the new address; where the product has a call, it wins."""
    for path in ("/zones", "/certs/crl", "/sip/revocation", "/certs/pending"):
        old, new = (ask(lab, E1, "GET", base + path, Authorization=basic(lab)) for base in (V1, "/api/lab"))
        assert old[:2] == new[:2]
        assert old[2]["Deprecation"].startswith("@")
        assert old[2]["Link"] == f'</api/lab{path}>; rel="successor-version"'
        assert "Deprecation" not in new[2]
    assert Script(lab).ask("GET", "/certs/server")[1]["fqdn"] == E1
    assert ProductScript(lab, base=V1).ask("GET", "/certs/server")[1].startswith("-----BEGIN CERTIFICATE")


def test_old_version_has_no_rest_api() -> None:
    """X8.5: 404 that names the first version with it; the description lists the lab's own calls alone."""
    with ThreadedLab(changed(version="X8.5"), settings=QUICK) as old:
        status, answer = ProductScript(old).json("GET", "/certs/root")
        assert (status, answer["error"]) == (404, "X8.5 has no such call; it came with X8.8")
        described = yaml.safe_load(ask(old, E1, "GET", "/api/raml", Authorization=basic(old))[1])
        assert "/lab/zones" in described
        assert "/provisioning/certs/root" not in described
