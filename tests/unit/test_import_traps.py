"""Files that look complete and whose connections do not come up: an import says so, and judges by the strictest reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.intake.assembly import Assembly, assemble
from pkikit.intake.assembly.output.deployment_yaml import deployment_yaml
from pkikit.intake.material import Material
from pkikit.intake.reading import read_material
from tests.support.material import held, material_of, peer_material
from tests.support.worlds import E1, E2, deployment, issued


def kinds(made: Assembly) -> set[str]:
    return {found.kind for found in made.contradictions}


def _set(**values: str) -> Callable[[dict[str, str]], None]:
    """A change of settings; `__` stands for a blank, and an empty value takes the setting out."""

    def change(found: dict[str, str]) -> None:
        for key, value in values.items():
            words = key.replace("__", " ")
            assert words in found, words
            if value:
                found[words] = value
            else:
                del found[words]

    return change


_CHECKING = "SIP__TLS__Certificate__Revocation__Checking__"
_HALF = {"c": "Zones__Zone__1__TraversalClient__", "e": "Zones__Zone__1__TraversalServer__"}
_SILENT_TRAPS = {
    "a dump that ends before the type of a zone": ("e", {"Zones__Zone__2__Type": ""}, "zone-without-type"),
    "ports that never meet": ("c", {_HALF["c"] + "SIP__Port": "7005"}, "zone-halves-differ"),
    "a UC zone that does not verify": ("e", {_HALF["e"] + "SIP__TLS__Verify__Mode": "Off"}, "uc-zone-not-verified"),
    "SIP over TLS off": ("e", {"SIP__TLS__Mode": "Off"}, "sip-tls-off"),
    "remote access on one side only": ("e", {"CollaborationEdge__Enabled": "Off"}, "mra-on-one-side-only"),
    "peers without a domain": (
        "e", {"Alternates__Peer__1__Address": "e1", "Alternates__Peer__2__Address": "e2"}, "peer-not-qualified",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", _SILENT_TRAPS)
def test_setting_that_keeps_connections_down_is_told(what: str) -> None:
    side, values, kind = _SILENT_TRAPS[what]
    made = assemble(material_of(deployment(), **{f"{side}{n}": _set(**values) for n in (1, 2)}), {})
    assert kinds(made) == {kind}, what
    assert made.deployment is not None


def test_strictest_revocation_checking_counts_for_all() -> None:
    strict = _set(**{_CHECKING + "Mode": "On", _CHECKING + "Source__Inaccessibility__Behavior": "Fail"})
    made = assemble(material_of(deployment(), c1=strict, c2=strict), {})
    assert made.deployment is not None
    assert made.deployment.revocation.checking
    assert made.deployment.revocation.fallback == "revoked"
    assert kinds(made) == {"clusters-differ"}


def test_side_that_verifies_counts_for_both_halves_of_a_zone() -> None:
    def plain(half: str, verify: str) -> Callable[[dict[str, str]], None]:
        return _set(**{_HALF[half] + "Collaboration__Edge": "Off", _HALF[half] + "SIP__TLS__Verify__Mode": verify})

    made = assemble(
        material_of(deployment(), c1=plain("c", "Off"), c2=plain("c", "Off"), e1=plain("e", "On"), e2=plain("e", "On")),
        {},
    )
    zone = next(f for f in made.facts if f.key == "zones/uc-traversal/tls_verify")
    assert zone.value is True
    assert kinds(made) == {"zone-halves-differ"}


def test_only_peer_that_is_dialled_already_gets_no_second_name() -> None:
    source = deployment("single-pair")

    def dials_more(values: dict[str, str]) -> None:
        values["Zones Zone 1 TraversalClient Peer 2 Address"] = "other.example.com"

    made = assemble(material_of(source, expc=dials_more), {})
    assert kinds(made) == {"traversal-peer-unknown"}


def test_certificate_behind_its_chain_is_put_first_and_told() -> None:
    source, world = deployment(), issued().world
    e1 = peer_material(source, E1, world=world)
    assert e1.server is not None
    assert e1.trusted is not None
    backwards = held((*e1.trusted.certificates, *e1.server.certificates), "server_e1.pem")
    made = assemble(Material(peers=(replace(e1, server=backwards),)), {})
    assert kinds(made) == {"chain-order"}
    placed = next(f.content for f in made.placed if f.path == f"{E1}/cert.pem")
    leaf = e1.server.certificates[0].public_bytes(Encoding.PEM)
    assert placed.startswith(leaf)


def test_subject_name_without_domain_never_matches() -> None:
    short = _set(**{_HALF["e"] + "SIP__TLS__Verify__Subject__Name": "cluster-c"})
    made = assemble(material_of(deployment(), e1=short, e2=short), {})
    assert kinds(made) == {"subject-name-unreadable"}
    assert made.deployment is not None
    assert next(f.value for f in made.facts if f.key.endswith("/tls_verify_subject_name")) == "cluster-c.invalid"


def test_verify_mode_that_nobody_can_read_counts_as_on() -> None:
    odd = _set(Zones__Zone__2__Neighbor__SIP__TLS__Verify__Mode="Onn")
    made = assemble(material_of(deployment(), e1=odd, e2=odd), {})
    assert kinds(made) == {"value-unknown"}
    assert next(f.value for f in made.facts if f.key == "zones/partner/tls_verify") is True


def test_certificate_of_another_peer_is_told_though_it_has_the_name_of_the_cluster() -> None:
    source, world = deployment(), issued().world
    e1, e2 = (peer_material(source, p, world=world) for p in (E1, E2))
    made = assemble(Material(peers=(e1, replace(e2, server=e1.server))), {})
    assert "certificate-of-other-machine" in kinds(made)


def test_order_of_the_files_decides_nothing() -> None:
    source, world = deployment(), issued().world
    parts = [peer_material(source, p, world=world) for p in source.peers]
    made = [assemble(Material(peers=tuple(given)), {}) for given in (parts, parts[::-1], parts[2:] + parts[:2])]
    assert len({deployment_yaml(one) for one in made}) == 1


def test_text_that_ends_before_its_xml_does_not_count(tmp_path: Path) -> None:
    """A dump that was cut between two zones looks whole; the XML of the same dump has them all."""
    xml = "<Configuration><IP><DNS><Hostname>e1</Hostname></DNS></IP><Log><Level>2</Level></Log></Configuration>"
    (tmp_path / "xconf_dump_e1_2026-03-01_120000.xml").write_text(xml)
    text = tmp_path / "xconf_dump_e1_2026-03-01_120000.txt"
    text.write_text('*c xConfiguration IP DNS Hostname: "e1"\n')
    read = read_material([tmp_path])
    assert [p.configuration.source.file for p in read.peers if p.configuration] == [str(text.with_suffix(".xml"))]
    assert ["is cut off" in file.refused for file in read.files if file.refused] == [True]
    text.write_text('*c xConfiguration IP DNS Hostname: "e1"\n*c xConfiguration Log Level: "2"\n')
    read = read_material([tmp_path])
    assert [p.configuration.source.file for p in read.peers if p.configuration] == [str(text)]
