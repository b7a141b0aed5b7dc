"""Files that operators have, read into values: archives, folders, dumps, terminal captures, certificates, Unified CM output."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from pkikit.errors import InputError
from pkikit.intake.material import Configuration, LooseKind, Material, PeerMaterial
from pkikit.intake.reading import read_material
from tests.support.worlds import E1, issued

STAMP = "2026-03-01_120000"
DUMP = """\
*c xConfiguration Alternates Cluster Name: "cluster-e.example.com"
*c xConfiguration Alternates ConfigurationPrimary: "1"
*c xConfiguration Alternates Peer 1 Address: "e1.example.com"
*c xConfiguration Alternates Peer 2 Address: "e2.example.com"
*c xConfiguration IP DNS Domain Name: "example.com"
*c xConfiguration IP DNS Hostname: "e1"
*c xConfiguration SIP TLS Mode: "On"
*c xConfiguration SNMP CommunityName: "CANARY-community"
*c xConfiguration Zones Zone 1 Name: "UC traversal"
*c xConfiguration Zones Zone 1 TraversalServer SIP TLS Verify Mode: "On"
*c xConfiguration Zones Zone 1 TraversalServer SIP TLS Verify Subject Name: "cluster-c.corp.example.com"
*c xConfiguration Zones Zone 1 Type: "TraversalServer"
"""
STATUS = '*s SystemUnit: /\n  Name: "Edge one"\n  Software:\n    Version: "X15.5"\n*s/end\n'


@cache
def chain() -> bytes:
    credential = issued().world.parties[E1].credential
    assert credential is not None
    return credential.pem()


@cache
def trusted() -> bytes:
    return b"".join(c.public_bytes(Encoding.PEM) for c in issued().world.parties[E1].trusted_ca_list)


def files_of(host: str, dump: str = DUMP) -> dict[str, bytes]:
    return {
        f"loggingsnapshot_{host}_{STAMP}.txt": b"a log\n" * 100,
        f"xconf_dump_{host}_{STAMP}.txt": dump.replace('Hostname: "e1"', f'Hostname: "{host}"').encode(),
        f"xstat_dump_{host}_{STAMP}.txt": STATUS.encode(),
        f"eth0_diagnostic_logging_tcpdump00_{host}_{STAMP}.pcap": b"\xd4\xc3\xb2\xa1" + bytes(500),
        f"ca_{host}_{STAMP}.pem": trusted(),
        f"server_{host}_{STAMP}.pem": chain(),
        f"client_{host}_{STAMP}.pem": chain(),
    }


def tarred(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def read(folder: Path, **files: bytes) -> Material:
    """Read files that are written into a folder; `__` in a name is a dot."""
    named = {name.replace("__", "."): content for name, content in files.items()}
    written(folder, named)
    return read_material([folder / name for name in named])


def settings(configuration: Configuration | None) -> dict[str, str]:
    assert configuration is not None
    return {" ".join(key): stated.value for key, stated in configuration.settings.items()}


def assert_whole(peer: PeerMaterial, host: str) -> None:
    assert peer.host == host
    assert settings(peer.configuration)["IP DNS Hostname"] == host
    assert peer.status is not None
    assert peer.status.values["SystemUnit", "Software", "Version"].value == "X15.5"
    assert peer.trusted is not None
    assert peer.server is not None
    assert peer.client is not None
    assert (len(peer.logs), len(peer.captures)) == (1, 1)


@pytest.mark.parametrize(
    "form", ["tar.gz", "zip", "folder", "archive in archive", "folders in one archive", "loose files"]
)
def test_diagnostic_archive_in_every_form_gives_whole_peers(form: str, tmp_path: Path) -> None:
    """Two peers, packed as people pack them, are two peers with everything that belongs to them."""
    one, two = files_of("e1"), files_of("e2")
    match form:
        case "tar.gz":
            written(tmp_path, {"a.tar.gz": tarred(one), "b.tar.gz": tarred(two)})
        case "zip":
            written(tmp_path, {"a.zip": zipped(one), "b.zip": zipped(two)})
        case "folder":
            written(tmp_path / "a", one)
            written(tmp_path / "b", two)
        case "archive in archive":
            written(tmp_path, {"case.zip": zipped({"x/e1.tar.gz": tarred(one), "x/e2.tar.gz": tarred(two)})})
        case "folders in one archive":
            both = {
                f"{folder}/{name}": data for folder, files in (("p", one), ("q", two)) for name, data in files.items()
            }
            written(tmp_path, {"case.tar.gz": tarred(both)})
        case _:
            written(tmp_path, one | two)
    found = read_material([tmp_path])
    assert [peer.host for peer in found.peers] == ["e1", "e2"]
    for peer in found.peers:
        assert_whole(peer, peer.host)
    assert not found.loose
    assert not found.servers


def test_fact_keeps_file_member_and_line(tmp_path: Path) -> None:
    """A value says from which line of which member of which file it is."""
    found = read(tmp_path, a__tar__gz=tarred(files_of("e1")))
    assert found.peers[0].configuration is not None
    stated = found.peers[0].configuration.settings["IP", "DNS", "Domain", "Name"]
    assert str(stated.source) == f"{tmp_path / 'a.tar.gz'}: xconf_dump_e1_{STAMP}.txt, line 5"


def test_certificate_file_without_an_owner_is_loose(tmp_path: Path) -> None:
    """A certificate and a list of CAs of nobody: their kind is told, a CRL or a PKCS#7 bundle is read as well."""
    bundle = pkcs7.serialize_certificates(list(issued().world.parties[E1].trusted_ca_list), Encoding.DER)
    found = read(tmp_path, mine__pem=chain(), ca_bundle__pem=trusted(), all__p7b=bundle)
    kinds = {Path(one.held.source.file).name: one.kind for one in found.loose}
    assert kinds == {
        "mine.pem": LooseKind.CERTIFICATE, "ca_bundle.pem": LooseKind.TRUST_LIST, "all.p7b": LooseKind.TRUST_LIST
    }  # fmt: skip


def test_snapshot_of_several_servers_gives_each_of_them(tmp_path: Path) -> None:
    """A list of answers of Unified CM nodes; an entry without a certificate is told and not fatal."""
    pem = chain().decode()
    answers = [
        {"server": "ucm1.corp.example.com", "identities": [{"service": "CallManager", "certificate": pem}],
         "trusts": [{"service": "CallManager", "certificate_data": [{"filename": "a.pem", "certificate": trusted().decode()}]}]},
        {"server": "imp1.corp.example.com", "identities": [{"service": "cup-xmpp", "certificate": "PUT A PEM HERE"}]},
    ]  # fmt: skip
    found = read(tmp_path, snapshot__json=json.dumps(answers).encode())
    ucm, imp = found.servers
    assert (ucm.fqdn, ucm.kind, imp.fqdn, imp.kind) == (
        "ucm1.corp.example.com", "unified_cm", "imp1.corp.example.com", "im_presence"
    )  # fmt: skip
    assert set(ucm.own) == set(ucm.trusted) == {"CallManager"}
    assert not imp.own
    assert "identity cup-xmpp has no certificate" in found.files[0].refused


PRINTED = """\
admin:show cert list own
tomcat/tomcat.pem: Certificate Signed by Lab Root CA
CallManager/CallManager.pem: Self-signed certificate generated by system
admin:show cert own tomcat
[
  Version: V3
  Serial Number: 1
]
{chain}
admin:show cert trust tomcat-trust/Lab_Root_CA.pem
{trusted}
admin:
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_unified_cm_terminal_gives_own_and_trusted_certificates(end: str, tmp_path: Path) -> None:
    """`show cert list own`, `show cert own tomcat` and `show cert trust …` in one capture."""
    text = PRINTED.format(chain=chain().decode(), trusted=trusted().decode()).replace("\n", end)
    (server,) = read(tmp_path, ucm__log=text.encode()).servers
    assert (list(server.own), list(server.trusted), server.kind) == (["tomcat"], ["tomcat"], "unified_cm")
    assert server.listed == {"tomcat": ("tomcat.pem",), "CallManager": ("CallManager.pem",)}


def test_nothing_usable_is_one_sentence(tmp_path: Path) -> None:
    """A folder without anything that is read is refused, and the sentence names it."""
    with pytest.raises(InputError, match="nothing in it that import reads"):
        read_material([tmp_path])
