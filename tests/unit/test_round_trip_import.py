"""Archives that the lab's own peers make become the deployment again: every shipped one, and that of every clinic case."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from pkikit.design.legs import legs_of
from pkikit.intake.assembly import Origin
from pkikit.model.deployment import Deployment
from pkikit.model.zones import DefaultZone
from pkikit.worlds.issued_world import issue_world
from simulator.clinic.case import cases
from simulator.world.craft import DAY
from tests.support.archives import archives_of
from tests.support.round_trip import canonical, imported, is_unstated
from tests.support.worlds import AT, DEPLOYMENTS, changed, deployment

SHIPPED = {path.stem: deployment(path.stem) for path in DEPLOYMENTS.glob("*.yaml")}
# Many cases change nothing in the deployment, or the same.
ALL: dict[str, Deployment] = {
    made.model_dump_json(): made for made in (*SHIPPED.values(), *(c.changed() for c in cases().values()))
}
_CUCM = {"name": "cucm", "nodes": ["ucm1.corp.example.com", "ucm2.corp.example.com"]}
_SECOND = {
    "name": "second",
    "type": "traversal",
    "client": "core",
    "server": "edge",
    "peer_addresses": ["e1.example.com"],
}
_INNER = {"name": "inner", "type": "neighbour", "cluster": "core", "peer_addresses": ["cube.corp.example.com"]}
# What the shipped ones do not have.
FURTHER = {
    "switches": changed(
        "clustered-full", version="X15.5", jabber_guest=True, clusters__0__api_access=False, clusters__1__log_level=3,
        clusters__0__verify_origin_server=False, clusters__0__eku_checking=False, servers__1__tls_verify=False,
        clusters__0__ssh_key_algorithms=["x509v3-rsa2048-sha256"],
    ),
    "oauth": changed(version="X15.5", unified_cm=[{**_CUCM, "sip_oauth": True, "tls_verify": True}]),
    "node-by-ip": changed(unified_cm=[{**_CUCM, "server_names": {"ucm2.corp.example.com": "192.0.2.7"}}]),
    "two-unified-cm": changed(unified_cm=[_CUCM, {"name": "other", "nodes": ["ucm9.corp.example.com"], "mixed_mode": True}]),
    "shared": changed(clusters__1__certificate="shared", mra=False),
    "upload": changed(version="X15.4", clusters__1__server_eku_upload=True, clusters__0__cluster_tls="permissive"),
    "zones": changed(zones=[*deployment().model_dump(mode="json")["zones"], {**_SECOND, "tls_verify": False}, _INNER]),
    "dns": changed(
        "clustered-full", zones__2__tls_verify=True, zones__2__tls_verify_subject_name="calls.example.net",
        zones__2__inbound_mapping=True, zones__3__mutual_tls=True, sip_domains_in_certificate=True,
    ),
    "cloud": changed(
        version="X15.5", cloud_services=[{"name": "onboarding", "nodes": ["fos-a.wbx2.com"]}], mra_endpoints=True,
        im_presence__0__file_transfer=True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "original", [*ALL.values(), *FURTHER.values()], ids=[*(d.name for d in ALL.values()), *FURTHER]
)
def test_deployment_comes_back_from_archives_field_by_field(original: Deployment, tmp_path: Path) -> None:
    """Only what no dump states is answered, and every certificate and list is that of its machine."""
    world = issue_world(original, at=AT - DAY, rsa=False).world
    for name, content in archives_of(world, AT).items():
        (tmp_path / name).write_bytes(content)
    made, answers = imported(tmp_path, original)
    assert made.questions == ()
    assert made.deployment is not None
    back, wanted = canonical(made.deployment), canonical(original)
    assert {key: back[key] for key in wanted if back[key] != wanted[key]} == {}
    if not original.b2b_partners or any(isinstance(zone, DefaultZone) for zone in original.zones):
        assert sorted(leg.id for leg in legs_of(made.deployment)) == sorted(leg.id for leg in legs_of(original))
    assert [key for key in answers if not is_unstated(key)] == []
    assert {f.key for f in made.of(Origin.ANSWERED)} <= answers.keys()
    placed = {file.path: file.content for file in made.placed}
    for peer in original.peers:
        party = world.parties[peer]
        assert party.credential is not None
        assert placed[f"{peer}/cert.pem"] == party.credential.pem()
        assert tuple(x509.load_pem_x509_certificates(placed[f"{peer}/trust.pem"])) == party.trusted_ca_list
    for group in original.groups:
        for node in group.members if group.certificates else ():
            assert placed[f"{node}/cert.pem"] == world.parties[node].credential.pem()  # type: ignore[union-attr]
    assert made.secrets > 0
    assert not any(b"{cipher}" in content for content in placed.values())
