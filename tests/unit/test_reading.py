"""Files that operators have, read into values: archives, folders, dumps, terminal captures, certificates, Unified CM output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs7, pkcs12

from pkikit.errors import InputError
from pkikit.intake.material import Configuration, LooseKind, Material, PeerMaterial
from pkikit.intake.reading import read_material
from tests.support.brought_files import DUMP, STAMP, files_of, tarred, trusted, written, zipped
from tests.support.credential_files import BEHIND, CHAIN, CREDENTIAL, LEAF
from tests.support.worlds import AT, E1, issued


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
    found = read(tmp_path, mine__pem=CHAIN, ca_bundle__pem=trusted(), all__p7b=bundle)
    kinds = {Path(one.held.source.file).name: one.kind for one in found.loose}
    assert kinds == {
        "mine.pem": LooseKind.CERTIFICATE, "ca_bundle.pem": LooseKind.TRUST_LIST, "all.p7b": LooseKind.TRUST_LIST
    }  # fmt: skip


def test_snapshot_of_several_servers_gives_each_of_them(tmp_path: Path) -> None:
    """A list of answers of Unified CM nodes; an entry without a certificate is told and not fatal."""
    pem = CHAIN.decode()
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
    text = PRINTED.format(chain=CHAIN.decode(), trusted=trusted().decode()).replace("\n", end)
    (server,) = read(tmp_path, ucm__log=text.encode()).servers
    assert (list(server.own), list(server.trusted), server.kind) == (["tomcat"], ["tomcat"], "unified_cm")
    assert server.listed == {"tomcat": ("tomcat.pem",), "CallManager": ("CallManager.pem",)}


def test_pager_inside_a_printed_certificate_is_removed(tmp_path: Path) -> None:
    """Unified CM stops at the end of the screen, in the middle of a certificate as well."""
    half = len(CHAIN) // 4
    cut = CHAIN[: CHAIN.index(b"\n", half) + 1]
    pager = b"Press <enter> for 1 line, <space> for one page, or <q> to quit\b\b\b   \b\b\b"
    text = b"admin:show cert own CallManager/CallManager.pem\r\n" + cut + pager + CHAIN[len(cut) :]
    (server,) = read(tmp_path, ucm__txt=text).servers
    assert list(server.own) == ["CallManager"]


def test_capture_with_settings_and_certificates_gives_both(tmp_path: Path) -> None:
    """One session: `xConfiguration`, then the certificate as text."""
    found = read(tmp_path, session__txt=DUMP.encode() + b"OK\n" + CHAIN)
    assert settings(found.peers[0].configuration)["IP DNS Hostname"] == "e1"
    assert [one.kind for one in found.loose] == [LooseKind.CERTIFICATE]


def test_files_of_an_operating_system_are_passed_over(tmp_path: Path) -> None:
    """macOS adds a file with attributes for each file of a zip archive."""
    extra = {f"__MACOSX/._{name}": b"\0\5\x16\7" + bytes(100) for name in files_of("e1")}
    (peer,) = read(tmp_path, a__zip=zipped(files_of("e1") | extra)).peers
    assert_whole(peer, "e1")


def test_folders_of_parties_belong_to_peers_and_to_other_machines(tmp_path: Path) -> None:
    """The layout of `--certs`: a folder that a configuration names is a peer's, another one is a machine's."""
    names = ("cert.pem", "trust.pem", "client.pem", "trust-tomcat.pem", "key.pem")
    written(tmp_path / "e1.example.com", dict(zip(names, (CHAIN, trusted(), CHAIN, trusted(), b"x"), strict=True)))
    written(tmp_path / "ucm1.corp.example.com", {"cert.pem": CHAIN, "trust-tomcat.pem": trusted()})
    written(tmp_path, {"xconf_e1.txt": DUMP.encode()})
    found = read_material([tmp_path])
    by_host = {peer.host: peer for peer in found.peers}
    assert set(by_host) == {"e1", "e1.example.com"}
    assert by_host["e1.example.com"].client is not None
    (ucm,) = found.servers
    assert (ucm.fqdn, list(ucm.own), list(ucm.trusted)) == ("ucm1.corp.example.com", [""], ["tomcat"])


def test_two_collections_of_one_host_in_a_folder_are_two_values(tmp_path: Path) -> None:
    """Files from January and from March are not mixed."""
    later = {name.replace(STAMP, "2026-06-01_080000"): data for name, data in files_of("e1").items()}
    found = read_material([written(tmp_path, files_of("e1") | later)])
    assert [peer.host for peer in found.peers] == ["e1", "e1"]
    for peer in found.peers:
        assert_whole(peer, "e1")
        stamps = {held.source.file[-21:-4] for held in (peer.trusted, peer.server, peer.client) if held is not None}
        assert len(stamps) == 1


def test_file_name_with_more_than_the_host_joins_its_host(tmp_path: Path) -> None:
    """`xconf_e1_x8.txt` states the host e1; the certificate of e1 in the same folder is its."""
    found = read(tmp_path, xconf_e1_x8__txt=DUMP.encode(), server_e1__pem=CHAIN)
    (peer,) = found.peers
    assert peer.server is not None


def test_revocation_list_is_kept_with_its_peer_or_for_everybody(tmp_path: Path) -> None:
    """A CRL beside one peer's files is that peer's; one of nobody is everybody's."""
    crl = issued().authority.crl([], at=AT).public_bytes(Encoding.PEM)
    found = read_material([written(tmp_path / "a", files_of("e1") | {"crl.pem": crl})])
    assert len(found.peers[0].held.crls) == 1
    alone = read(tmp_path / "b", ours__crl=crl, mine__pem=CHAIN)
    assert len(alone.held.crls) == 1


def test_encrypted_store_is_opened_with_the_passphrase(tmp_path: Path) -> None:
    """PKCS#12: the certificates are kept, the key is not."""
    assert CREDENTIAL is not None
    assert CREDENTIAL.key is not None
    store = pkcs12.serialize_key_and_certificates(
        b"x", CREDENTIAL.key, LEAF, BEHIND, BestAvailableEncryption(b"secret")
    )
    written(tmp_path, {"a.pfx": store})
    (loose,) = read_material([tmp_path], passphrase=lambda: b"secret").loose
    assert loose.held.certificates[0] == LEAF


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-le"])
def test_dump_in_another_encoding_is_read(encoding: str, tmp_path: Path) -> None:
    """As PowerShell and Windows editors save text."""
    (peer,) = read(tmp_path, dump__txt=DUMP.replace("\n", "\r\n").encode(encoding)).peers
    assert settings(peer.configuration)["Zones Zone 1 Name"] == "UC traversal"


def test_nothing_usable_is_one_sentence(tmp_path: Path) -> None:
    """A folder without anything that is read is refused, and the sentence names it."""
    with pytest.raises(InputError, match="nothing in it that import reads"):
        read_material([tmp_path])
